// Beside the pointer: which run this line is, and in what it differs from others.

import { h, replace } from "../kit/dom.js";
import { formatNumber } from "../kit/format.js";
import { isCategory } from "./brush.js";

/** @typedef {import("./state.js").ParallelState} ParallelState */

const MOST = 12;
const AWAY = 14;

export class Tooltip {
  #row = -1;

  /** @param {ParallelState} state @param {HTMLElement} host */
  constructor(state, host) {
    this.state = state;
    this.host = host;
    this.el = h("div", { class: "nbt-par-tip", role: "tooltip", hidden: true });
  }

  hide() {
    this.#row = -1;
    this.el.hidden = true;
  }

  /** @param {number} row @param {number} x of the window @param {number} y */
  show(row, x, y) {
    if (row !== this.#row) {
      this.#row = row;
      replace(this.el, ...contentOf(this.state, row));
      this.el.hidden = false;
    }
    const box = this.host.getBoundingClientRect();
    const { offsetHeight: height, offsetWidth: width } = this.el;
    const right = x - box.left + AWAY;
    this.el.style.left = `${right + width > box.width ? Math.max(0, right - width - 2 * AWAY) : right}px`;
    this.el.style.top = `${Math.max(0, Math.min(y - box.top + AWAY, box.height - height))}px`;
  }
}

/**
 * Name, params that differ between runs, and the metrics on view.
 * @param {ParallelState} state
 * @param {number} row
 */
export function contentOf(state, row) {
  const { view } = state;
  const { store } = view;
  const facts = [];
  for (const field of view.catalog.value.values()) {
    if (field.kind !== "param") continue;
    const { constant, present } = view.facts.of(field.source);
    const value = store.text(field.source, row);
    if (present && !constant && value !== null) facts.push([field.label, value]);
  }
  for (const axis of state.shown.value) {
    if (axis.field.kind === "param") continue;
    const number = store.number(axis.source, row);
    const value = number === null ? store.text(axis.source, row) : isCategory(axis) ? null : writeNumber(axis, number);
    if (value !== null) facts.push([axis.label, value]);
  }
  const name = store.text("name", row) || store.idAt(row).slice(0, 8);
  const number = store.number("number", row);
  const isPinned = view.pinnedRuns.value.includes(store.idAt(row));
  return [
    h("div", { class: "nbt-par-tip-title" }, h("b", {}, name), number === null ? null : h("span", {}, `#${number}`)),
    h("dl", {}, ...facts.slice(0, MOST).flatMap(([key, value]) => [h("dt", {}, key), h("dd", {}, value)])),
    h(
      "div",
      { class: "nbt-par-tip-foot" },
      facts.length > MOST ? `${facts.length - MOST} more · ` : null,
      isPinned ? "click unpins" : "click pins this run",
    ),
  ];
}

/** @param {import("./axes.js").Axis} axis @param {number} value */
function writeNumber(axis, value) {
  return axis.field.kind === "metric" ? formatNumber(value) : axis.format(value);
}
