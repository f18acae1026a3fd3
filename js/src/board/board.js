// Table, parallel coordinates, curves and a comparison over the same runs: one filter, one brush, one selection.

import { computed } from "@preact/signals-core";
import { h, icon, replace } from "../kit/dom.js";
import { react, trait } from "../kit/model.js";
import { RunTable } from "../run-table/table.js";
import { ComparePane } from "./compare-pane.js";

/**
 * @typedef {import("../run-table/state.js").TableState} TableState
 * @typedef {"parallel" | "curves" | "compare"} PaneName
 * @typedef {(name: string) => any} Load gives the room of a pane: at once, as a promise, or undefined where it is not to be had
 * @typedef {{ name: PaneName, title: string, build: (room: any, state: TableState) => HTMLElement, useful: (state: TableState) => boolean }} Pane
 */

/** @type {Pane[]} */
const PANES = [
  {
    name: "parallel",
    title: "Parallel coordinates",
    build: ({ ParallelPlot }, state) => new ParallelPlot(state).root,
    useful: canCompare,
  },
  { name: "curves", title: "Curves", build: ({ CurvesPlot }, state) => new CurvesPlot(state).root, useful: hasCurves },
  { name: "compare", title: "Compare", build: (room, state) => new ComparePane(state, room).root, useful: () => false },
];

export class Board {
  /**
   * @param {TableState} state
   * @param {Load} load
   */
  constructor(state, load) {
    this.state = state;
    this.load = load;
    this.table = new RunTable(state);
    this.table.onCompare = () => this.show("compare");
    /** Panes that are open; null: those that have something to show. */
    this.panes = trait(state.model, "panes", /** @type {PaneName[] | null} */ (null), state.until);
    this.open = computed(() => this.panes.value ?? this.#useful());
    this.root = h(
      "div",
      { class: "nbt nbt-board", data: { view: "board", lmSuppressShortcuts: "true" } },
      this.table.root,
      h(
        "div",
        { class: "nbt-panes" },
        PANES.map((pane) => this.#pane(pane)),
      ),
    );
  }

  #useful() {
    this.state.store.shape.value;
    return PANES.filter(({ useful }) => useful(this.state)).map(({ name }) => name);
  }

  /** @param {Pane} pane */
  #pane(pane) {
    const { name, title } = pane;
    const id = `${this.state.uid}-${name}`;
    const sign = h("span", {});
    const head = h(
      "button",
      { class: "nbt-pane-head", type: "button", "aria-controls": id, on: { click: () => this.toggle(name) } },
      sign,
      title,
    );
    const body = h("div", { class: "nbt-pane-body", id });
    const section = h("section", { class: "nbt-pane", "aria-label": title }, head, body);
    // what nobody has opened costs nothing
    let isBuilt = false;
    react(this.state.until, () => {
      const isOpen = this.open.value.includes(name);
      head.setAttribute("aria-expanded", String(isOpen));
      section.classList.toggle("nbt-open", isOpen);
      replace(sign, icon(isOpen ? "down" : "right", 12));
      body.hidden = !isOpen;
      if (!isOpen || isBuilt) return;
      isBuilt = true;
      this.#fill(body, pane);
    });
    return section;
  }

  /** @param {HTMLElement} body @param {Pane} pane */
  async #fill(body, { name, build }) {
    const hint = h("p", { class: "nbt-pane-hint", role: "status" });
    try {
      const loading = this.load(name);
      if (loading instanceof Promise) body.append(hint);
      hint.textContent = "Loading; a busy kernel sends it when its cell ends.";
      const room = await loading;
      if (this.state.until.aborted) return;
      if (room) return replace(body, h("style", {}, room.style), build(room, this.state));
      hint.textContent = "This page was made without this view.";
    } catch (cause) {
      hint.textContent = String(cause);
    }
    replace(body, hint);
  }

  /** Open a pane and bring it into sight. @param {PaneName} name */
  show(name) {
    const open = this.open.value;
    if (!open.includes(name)) this.panes.value = [...open, name];
    this.root.querySelector(`#${this.state.uid}-${name}`)?.scrollIntoView({ block: "nearest", behavior: "smooth" });
  }

  /** @param {PaneName} name */
  toggle(name) {
    const open = this.open.value;
    this.panes.value = open.includes(name) ? open.filter((each) => each !== name) : [...open, name];
  }
}

/** @param {TableState} state */
function canCompare({ catalog, facts, store, total }) {
  if (total.value < 2) return false;
  store.revision.value;
  const varied = [...catalog.value.values()].filter(({ group, source }) => {
    const { constant, present } = facts.of(source);
    return (group === "params" || group === "metrics") && present > 1 && !constant;
  });
  return varied.length > 1;
}

/** @param {TableState} state */
function hasCurves({ catalog, facts, store }) {
  store.revision.value;
  return [...catalog.value.values()].some(
    ({ kind, key }) => kind === "metric" && facts.of(`metrics.${key}.count`).max > 1,
  );
}
