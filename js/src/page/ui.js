// `nbtrack ui`: runs, comparison, files, one run as it goes on, and models, of the store on this machine, each at an address of
// its own.

import { effect } from "@preact/signals-core";
import { h, replace } from "../kit/dom.js";
import { Kernel } from "../kit/kernel.js";
import { same } from "../kit/model.js";
import { RunStore } from "../kit/run-store.js";
import { StaticModel } from "../kit/static-model.js";
import { readPlace, writePlace } from "./address.js";
import { Channel } from "./channel.js";
import { fitted, heightOf } from "./fit.js";
import { choices, defaultState, hintOf, labelOf, running } from "./links.js";
import { ModelsOfRun } from "./of-run.js";
import { Stage } from "./stage.js";
import { HttpTransport } from "./transport.js";
import { who } from "./who.js";

const TYPING = 900; // ms: changes closer together are one step back

/**
 * @typedef {{ name: string, title: string, view: string }} Tab
 */

const FIRST = { name: "runs", title: "Runs", view: "board" };
const TABS = [
  FIRST,
  { name: "compare", title: "Compare", view: "compare" },
  { name: "artifacts", title: "Files", view: "artifacts" },
  { name: "live", title: "Live", view: "live" },
  { name: "models", title: "Models", view: "registry" },
];
const MARGIN = 20; // px below a view
const OF_ONE_RUN = ["artifacts", "live"];
const WITHOUT_RUNS = ["runs", "models"]; // these say themselves that there is nothing
const NO_RUNS = "No runs yet. They appear here as soon as one is recorded.";

export class Interface {
  /** Tab -> its views, once somebody looked at it. @type {Map<string, HTMLElement>} */
  #shown = new Map();
  #changed = Number.NEGATIVE_INFINITY;
  #restoring = false;
  /** Who answers what the page itself asks. @type {Kernel | null} */
  #kernel = null;

  /**
   * @param {{ title: string, store: string, state?: Record<string, any>, user?: string }} page
   * @param {HTMLElement} root
   * @param {import("./stage.js").Load} load
   * @param {import("../kit/static-model.js").Transport} transport
   */
  constructor(page, root, load, transport) {
    this.page = page;
    this.current = FIRST.name;
    this.runs = new RunStore();
    this.stage = new Stage(load, (group, state) => this.#model(group, state));
    this.nav = h("nav", { class: "nbt-ui-tabs", "aria-label": "Pages" });
    this.picker = h("select", {
      class: "nbt-ui-picker",
      "aria-label": "Run",
      on: { change: () => this.#pick(this.picker.value) },
    });
    this.said = h("p", { class: "nbt-page-quiet nbt-ui-said", role: "status", hidden: true });
    this.place = h("div", {});
    const name = h("strong", { title: page.store }, page.title);
    this.ofRun = new ModelsOfRun((question) => this.#ask(question));
    const head = h("header", { class: "nbt-ui-head" }, name, this.nav, this.picker, this.ofRun.root, who(page.user));
    replace(root, head, this.said, this.place);
    this.channel = new Channel(transport, {
      runs: (blob) => this.#takeRuns(blob),
      refused: (why) => this.#say(why),
    });
    addEventListener("resize", () => this.#fit());
    addEventListener("popstate", () => this.#restore());
    addEventListener("hashchange", () => this.#restore());
    this.#restore();
    effect(() => {
      this.runs.revision.value;
      this.#draw();
    });
  }

  /** @param {string} group */
  modelOf(group) {
    return this.stage.modelOf({ view: "", group, state: {} });
  }

  /** @param {any} blob */
  #takeRuns(blob) {
    const isFirst = !this.runs.loaded.peek();
    if (this.runs.take(blob) === "gap")
      this.channel.transport.send({ method: "custom", content: { kind: "need", data: true } });
    const isMissing = !this.#shown.has(this.current) && this.runs.size > 0;
    if (isFirst || isMissing) this.#restore(); // now it is known which runs there are
    if (isFirst) for (const { view } of TABS) Promise.resolve(this.stage.load(view)).catch(() => {}); // while there is a server
  }

  /** @param {any} question */
  #ask(question) {
    this.#kernel ??= new Kernel(this.modelOf("page"), new AbortController().signal);
    return this.#kernel.ask(question);
  }

  /** @param {string} run */
  #pick(run) {
    const model = this.modelOf(this.current);
    model.set("_run_title", labelOf(this.runs, run));
    model.set("run_id", run);
    model.save_changes();
  }

  /** @param {string} text */
  #say(text) {
    this.said.textContent = text;
    this.said.hidden = !text;
  }

  /** @param {string} group @param {Record<string, any>} state */
  #model(group, state) {
    const model = new StaticModel(
      { ...this.page.state, ...state },
      this.channel.line(group, () => model.state),
    );
    const set = model.set.bind(model);
    model.set = (name, value) => {
      set(name, value);
      if (!name.startsWith("_")) this.#note(group);
    };
    return model;
  }

  /** Show what the address says. */
  #restore() {
    const { page, state } = readPlace(location.hash);
    this.current = (TABS.find(({ name }) => name === page) ?? FIRST).name;
    const { tab } = this;
    this.#restoring = true;
    const selected = this.stage.models.get("runs")?.get("selected") ?? [];
    const wanted = { ...defaultState(tab.name, this.runs, selected), ...state };
    if (tab.name === "artifacts") wanted._run_title = labelOf(this.runs, wanted.run_id ?? "");
    const needsRuns = !WITHOUT_RUNS.includes(tab.name);
    const isEmpty = needsRuns && this.runs.loaded.peek() && !this.runs.size;
    this.#say(isEmpty ? NO_RUNS : hintOf(tab.name, this.runs, selected, state));
    if (this.#shown.has(tab.name)) this.#apply(tab.name, wanted);
    else if (!needsRuns || this.runs.size) this.#mount(tab, wanted);
    for (const [name, el] of this.#shown) el.hidden = name !== tab.name;
    this.#fit();
    this.#restoring = false;
    this.#draw(true);
  }

  get tab() {
    return TABS.find(({ name }) => name === this.current) ?? FIRST;
  }

  /** A view of a tab of its own is as high as the window. */
  #fit() {
    const { name, view } = this.tab;
    const model = this.stage.models.get(name);
    const room = innerHeight - this.place.getBoundingClientRect().top - MARGIN;
    const height = model && fitted([{ view, group: name, state: {} }], room);
    if (name === FIRST.name || !model || !height) return;
    const isInner = this.#restoring;
    this.#restoring = true;
    for (const [trait, value] of Object.entries(height)) model.set(trait, value);
    this.#restoring = isInner;
  }

  /** @param {string} group @param {Record<string, any>} state */
  #apply(group, state) {
    const model = this.modelOf(group);
    const own = heightOf(this.tab.view);
    for (const name of new Set([...Object.keys(model.state), ...Object.keys(state)])) {
      const isKept = (name.startsWith("_") || (name === own && group !== FIRST.name)) && !(name in state);
      if (!isKept && !same(model.get(name), state[name])) model.set(name, state[name]);
    }
    model.save_changes();
  }

  /** @param {Tab} tab @param {Record<string, any>} state */
  #mount(tab, state) {
    const shown = h("div", { data: { tab: tab.name } });
    this.#shown.set(tab.name, shown);
    this.place.append(shown);
    shown.append(this.stage.mount({ view: tab.view, group: tab.name, state }));
  }

  /** Tabs, the run that is on view, and its models. @param {boolean} [isNew] somebody has just come here */
  #draw(isNew = false) {
    const isRunning = running(this.runs).length > 0;
    const links = TABS.map(({ name, title }) =>
      h(
        "a",
        { href: `#${name}`, "aria-current": name === this.current ? "page" : null },
        title,
        name === "live" && isRunning ? h("span", { class: "nbt-ui-running", title: "A run goes on" }) : null,
      ),
    );
    replace(this.nav, links);
    document.title = `${this.tab.title} · ${this.page.title} · nbtrack`;
    this.picker.hidden = !OF_ONE_RUN.includes(this.current) || !this.runs.size;
    if (this.picker.hidden) {
      void this.ofRun.show("");
      return;
    }
    const chosen = this.modelOf(this.current).get("run_id") ?? "";
    void this.ofRun.show(chosen, isNew);
    const options = choices(this.runs, chosen).map(({ run, label }) =>
      h("option", { value: run, selected: run === chosen }, label),
    );
    replace(this.picker, options);
  }

  /** Something in a view changed: so does the address. @param {string} group */
  #note(group) {
    if (this.#restoring || group !== this.current) return;
    const model = this.modelOf(group);
    const own = group === FIRST.name ? "" : heightOf(this.tab.view);
    const isTold = (/** @type {string} */ name) => !name.startsWith("_") && name !== own;
    const state = Object.fromEntries(Object.entries(model.state).filter(([name]) => isTold(name)));
    const address = writePlace({ page: group, state });
    if (address === location.hash) return;
    const now = performance.now();
    const step = now - this.#changed > TYPING ? "pushState" : "replaceState";
    this.#changed = now;
    history[step](null, "", address);
  }
}

/**
 * @param {any} page
 * @param {HTMLElement} root
 * @param {import("./stage.js").Load} load
 */
export function openInterface(page, root, load) {
  return new Interface(page, root, load, new HttpTransport());
}

export { openInterface as open };
