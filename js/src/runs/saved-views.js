// Views saved by name: open one, save the present one, forget one. They are kept in the store, for everybody who has it.

import { signal } from "@preact/signals-core";
import { h, icon, replace } from "../kit/dom.js";
import { same } from "../kit/model.js";
import { opener } from "../kit/opener.js";
import { walk } from "../kit/popover.js";

/**
 * @typedef {import("./view.js").RunsView} RunsView
 * @typedef {import("../kit/popover.js").Popover} Popover
 * @typedef {Record<string, any>} State values of traits
 */

export class SavedViews {
  /**
   * @param {RunsView} view
   * @param {Popover} popover
   */
  constructor(view, popover) {
    this.view = view;
    this.popover = popover;
    this.known = signal(/** @type {Record<string, State>} */ ({}));
    this.el = opener("star", "Saved", (at, onClose) => this.#open(at, onClose));
    this.el.hidden = this.names.length === 0;
  }

  /** Traits that make up a view; Python says which. @returns {string[]} */
  get names() {
    return this.view.model.get("_view_traits") ?? [];
  }

  /** @returns {State} */
  present() {
    const { model } = this.view;
    return Object.fromEntries(this.names.map((name) => [name, model.get(name) ?? null]));
  }

  /** Take over a saved state; what it does not say stays. @param {State} state */
  apply(state) {
    const { model } = this.view;
    for (const name of this.names) if (name in state) model.set(name, state[name]);
    model.save_changes();
  }

  /** @param {string} name */
  async save(name) {
    const state = this.present();
    await this.view.kernel.edit({ op: "save-view", runs: [], key: name, value: state });
    this.known.value = { ...this.known.value, [name]: state };
  }

  /** @param {string} name */
  async drop(name) {
    await this.view.kernel.edit({ op: "drop-view", runs: [], key: name });
    const { [name]: _, ...others } = this.known.value;
    this.known.value = others;
  }

  /** @param {HTMLElement} at @param {() => void} onClose */
  #open(at, onClose) {
    const list = h("div", { role: "group", "aria-label": "Saved views" });
    const problem = h("div", { class: "nbt-pop-title", role: "status" });
    const tell = (/** @type {Error} */ cause) => replace(problem, cause.message);
    const draw = () => {
      const entries = Object.entries(this.known.value).sort(([a], [b]) => a.localeCompare(b));
      replace(list, entries.length ? entries.map(([name, state]) => this.#line(name, state, draw, tell)) : EMPTY());
    };
    const form = this.#form(draw, tell);
    const content = h("div", { class: "nbt-views" }, list, problem, form);
    content.addEventListener("keydown", (event) => walk(event, content, ".nbt-item, input"));
    this.popover.open([content], { at, label: "Saved views", alignEnd: true, onClose });
    draw();
    this.#ask().then(draw, tell);
    content.querySelector("input")?.focus({ preventScroll: true });
  }

  async #ask() {
    const { content } = await this.view.kernel.ask({ what: "saved-views" });
    this.known.value = content.views ?? {};
  }

  /**
   * @param {string} name
   * @param {State} state
   * @param {() => void} draw
   * @param {(cause: Error) => void} tell
   */
  #line(name, state, draw, tell) {
    const isPresent = same(state, this.present());
    const open = h(
      "button",
      { class: "nbt-item", type: "button", "aria-current": isPresent ? "true" : null },
      h("span", { class: "nbt-tick" }, isPresent ? icon("check", 13) : null),
      h("span", {}, name),
    );
    open.addEventListener("click", () => {
      this.popover.close();
      this.apply(state);
    });
    if (this.view.kernel.offline) return open;
    const drop = h(
      "button",
      { class: "nbt-quiet", type: "button", "aria-label": `Forget the view ${name}` },
      icon("close", 11),
    );
    drop.addEventListener("click", () => this.drop(name).then(draw, tell));
    return h("div", { class: "nbt-view-line" }, open, drop);
  }

  /**
   * @param {() => void} draw
   * @param {(cause: Error) => void} tell
   */
  #form(draw, tell) {
    if (this.view.kernel.offline) return null;
    const input = h("input", {
      class: "nbt-pick-search",
      type: "text",
      placeholder: "Save this view as…",
      "aria-label": "Name of the view",
      maxlength: 200,
    });
    const save = () => {
      const name = input.value.trim();
      if (name)
        this.save(name).then(() => {
          input.value = "";
          draw();
        }, tell);
    };
    // no <form>: JupyterLab lets none be submitted by Enter inside an output
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing) return;
      event.preventDefault();
      save();
    });
    const button = h("button", { class: "nbt-button", type: "button", on: { click: save } }, "Save");
    return h("div", { class: "nbt-view-form" }, input, button);
  }
}

const EMPTY = () => h("div", { class: "nbt-pop-title" }, "No saved views yet");
