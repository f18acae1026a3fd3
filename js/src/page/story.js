// A story: steps of text and views. Every step stands in the page as HTML; the views are mounted once and move between steps.

import { h, replace } from "../kit/dom.js";
import { same } from "../kit/model.js";
import { RunStore } from "../kit/run-store.js";
import { Facts } from "../runs/facts.js";
import { brushBetween, ease } from "./between.js";
import { stageOf, stored } from "./export.js";
import { fitted } from "./fit.js";
import { listenSteps } from "./story-keys.js";

const TRAVEL = 700; // ms that a brush takes

/**
 * @typedef {import("./stage.js").Placed} Placed
 * @typedef {{ steps: { views: Placed[] }[], title: string }} StoryPage
 */

export class Story {
  index = -1;
  /** @type {Map<string, HTMLElement>} view and group -> where it is mounted */
  #mounted = new Map();
  #journey = 0;

  /**
   * @param {StoryPage} page
   * @param {HTMLElement} root holds the steps as HTML
   * @param {import("./stage.js").Stage} stage
   * @param {import("./between.js").Domain} domain
   */
  constructor(page, root, stage, domain) {
    this.page = page;
    this.root = root;
    this.stage = stage;
    this.domain = domain;
    this.sections = /** @type {HTMLElement[]} */ ([...root.querySelectorAll(".nbt-step")]);
    this.view = h("div", { class: "nbt-deck-view" });
    this.notes = h("aside", { class: "nbt-deck-notes", "aria-label": "Speaker notes", hidden: true });
    this.bar = h("div", { class: "nbt-deck-bar" });
    this.count = h("span", { class: "nbt-deck-count" });
    this.said = h("div", { class: "nbt-deck-said", role: "status" });
    const button = (/** @type {string} */ label, /** @type {string} */ sign, /** @type {number} */ by) =>
      h(
        "button",
        { type: "button", "aria-label": label, title: label, on: { click: () => this.go(this.index + by) } },
        sign,
      );
    this.deck = h("div", { class: "nbt-deck-body" });
    this.foot = h(
      "footer",
      { class: "nbt-deck-foot" },
      button("Previous step", "‹", -1),
      this.count,
      button("Next step", "›", 1),
    );
    for (const [i, section] of this.sections.entries()) {
      section.setAttribute("role", "group");
      section.setAttribute("aria-roledescription", "step");
      section.setAttribute("aria-label", `${i + 1} of ${this.sections.length}`);
    }
    this.deck.append(...this.sections, this.view);
    replace(root, h("div", { class: "nbt-deck" }, this.deck, this.foot, this.bar), this.notes, this.said);
    root.classList.add("nbt-deck-root");
  }

  /**
   * @param {number} index
   * @param {{ keep?: boolean, jump?: boolean }} [how] `keep`: the address says it already; `jump`: without a journey
   */
  go(index, { keep = false, jump = false } = {}) {
    const next = Math.max(0, Math.min(this.sections.length - 1, index));
    if (next === this.index) return;
    const isFirst = this.index < 0;
    this.index = next;
    for (const [i, section] of this.sections.entries()) section.classList.toggle("nbt-now", i === next);
    const { views } = /** @type {{ views: Placed[] }} */ (this.page.steps[next]);
    this.view.hidden = !views.length;
    const words = this.sections[next]?.querySelector(".nbt-step-text");
    const isBeside = views.length === 1 && (words?.childElementCount ?? 0) > 1;
    this.deck.dataset.layout = !views.length ? "words" : isBeside ? "both" : "view";
    this.view.dataset.views = String(views.length);
    this.#arrange(views, isFirst || jump);
    this.bar.style.width = `${(100 * (next + 1)) / this.sections.length}%`;
    this.count.textContent = `${next + 1} / ${this.sections.length}`;
    const title = words?.firstElementChild?.textContent ?? "";
    this.said.textContent = `Step ${next + 1} of ${this.sections.length}: ${title}`;
    this.#speak();
    if (!keep) history[isFirst ? "replaceState" : "pushState"](null, "", `#${next + 1}`);
  }

  /** The step that the address names. */
  follow() {
    const number = Number(location.hash.slice(1));
    this.go(Number.isInteger(number) && number > 0 ? number - 1 : 0, { keep: number > 0 });
  }

  /** @param {Placed[]} views @param {boolean} jump */
  #arrange(views, jump) {
    const wanted = new Set();
    for (const placed of views) {
      const id = `${placed.view} ${placed.group}`;
      wanted.add(id);
      if (!this.#mounted.has(id)) {
        for (const [name, value] of Object.entries(placed.state)) this.stage.modelOf(placed).state[name] ??= value;
        const el = this.stage.mount(placed);
        this.#mounted.set(id, el);
        this.view.append(el);
      }
    }
    for (const [id, el] of this.#mounted) el.hidden = !wanted.has(id);
    /** @type {Map<string, Record<string, any>>} */
    const states = new Map();
    const fit = fitted(views, this.view.clientHeight);
    for (const { group, state } of views) states.set(group, { ...states.get(group), ...state, ...fit });
    this.#journey += 1;
    for (const [group, state] of states) this.#travel(group, state, jump);
  }

  /** @param {string} group @param {Record<string, any>} state @param {boolean} jump */
  #travel(group, state, jump) {
    const model = this.stage.models.get(group);
    if (!model) return;
    const from = model.get("extents") ?? {};
    const to = state.extents ?? {};
    for (const name of new Set([...Object.keys(model.state), ...Object.keys(state)])) {
      if (name.startsWith("_") || name === "extents" || same(model.get(name), state[name])) continue;
      model.set(name, state[name]);
    }
    const calm = globalThis.matchMedia?.("(prefers-reduced-motion: reduce)").matches;
    if (jump || calm || same(from, to)) {
      model.set("extents", to);
      return;
    }
    const journey = this.#journey;
    const begun = performance.now();
    const move = (/** @type {number} */ now) => {
      if (journey !== this.#journey) return;
      const t = Math.max(0, Math.min(1, (now - begun) / TRAVEL));
      model.set("extents", brushBetween(from, to, ease(t), this.domain));
      if (t < 1) requestAnimationFrame(move);
    };
    requestAnimationFrame(move);
  }

  /** Notes of this step, and what comes next. */
  #speak() {
    const own = this.sections[this.index]?.querySelector(".nbt-step-notes");
    const next = this.sections[this.index + 1]?.querySelector(":is(h1, h2)")?.textContent;
    replace(
      this.notes,
      h(
        "div",
        {},
        own?.hasChildNodes() ? [...own.childNodes].map((node) => node.cloneNode(true)) : "No notes for this step.",
      ),
      h("p", { class: "nbt-page-quiet" }, next ? `Next: ${next}` : "This is the last step."),
    );
  }
}

/**
 * @param {StoryPage} page
 * @param {HTMLElement} root
 * @param {import("./stage.js").Load} load
 */
export async function openStory(page, root, load) {
  const held = await stored(root.ownerDocument);
  const story = new Story(page, root, stageOf(load, held), domainOf(held.runs));
  listenSteps(story);
  story.follow();
  return story;
}

/** How far each column reaches. @param {Uint8Array} runs @returns {import("./between.js").Domain} */
function domainOf(runs) {
  const store = new RunStore();
  if (runs.length) store.take(runs);
  const facts = new Facts(store);
  return (column) => {
    const id = store.column(column) ? column : `${column}.last`;
    const { numeric, min, max } = facts.of(id);
    return numeric && Number.isFinite(min) ? { min, max } : null;
  };
}

export { openStory as open };
