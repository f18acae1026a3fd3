// A small card beside a name: how this run differs from the pinned one, or which settings it has that others have not.

import { h, replace } from "../kit/dom.js";
import { formatDate } from "../kit/format.js";
import { Popover } from "../kit/popover.js";
import { NOTE } from "../runs/catalog.js";
import { staleList } from "./stale.js";
import { statusText } from "./texts.js";

/** @typedef {import("./state.js").TableState} TableState */

const WAIT = 500;
const MOST = 12;

export class HoverCard {
  /** @type {any} */
  #timer = null;
  #runId = "";

  /**
   * @param {TableState} state
   * @param {HTMLElement} host
   * @param {import("./stale.js").Stale} stale
   */
  constructor(state, host, stale) {
    this.state = state;
    this.stale = stale;
    this.popover = new Popover(host, state.until);
    state.until.addEventListener("abort", () => clearTimeout(this.#timer), { once: true });
  }

  /** @param {string} runId @param {Element} cell */
  expect(runId, cell) {
    if (runId === this.#runId) return;
    this.dismiss();
    this.#runId = runId;
    this.#timer = setTimeout(() => this.#show(runId, cell), WAIT);
  }

  dismiss() {
    clearTimeout(this.#timer);
    this.#runId = "";
    this.popover.close();
  }

  /** @param {string} runId @param {Element} cell */
  #show(runId, cell) {
    const row = this.state.store.rowOf.get(runId);
    if (row === undefined || !cell.isConnected) return;
    const content = h("div", { class: "nbt-card" });
    replace(content, ...cardOf(this.state, row, this.stale.of(runId)));
    const box = cell.getBoundingClientRect();
    this.popover.open([content], {
      at: new DOMRect(box.left + 20, box.top, box.width, box.height),
      label: "Run",
      role: "tooltip",
      mode: "manual",
    });
  }
}

/**
 * @param {TableState} state
 * @param {number} row
 * @param {import("./stale.js").Mark[]} [marks]
 * @returns {(HTMLElement | null)[]}
 */
export function cardOf(state, row, marks = []) {
  const { store } = state;
  const runId = store.idAt(row);
  const baseId = state.pinnedRuns.value.find((id) => id !== runId && store.rowOf.has(id));
  const base = baseId === undefined ? undefined : store.rowOf.get(baseId);
  const start = store.number("start_time", row);
  const note = store.text(NOTE, row);
  const differing = differences(state, row, base);
  const title =
    base === undefined
      ? "Params that differ between runs"
      : `Differs from ${store.text("name", base) ?? "the pinned run"}`;
  return [
    h(
      "div",
      { class: "nbt-card-title" },
      h("strong", {}, store.text("name", row) || runId.slice(0, 8)),
      h("span", { class: "nbt-faint" }, statusText(store.text("status", row))),
    ),
    start === null ? null : h("div", { class: "nbt-faint" }, formatDate(start)),
    staleList(marks),
    note ? h("p", { class: "nbt-note-text" }, note) : null,
    differing.length ? h("div", { class: "nbt-card-head" }, title) : null,
    differing.length
      ? h(
          "dl",
          { class: "nbt-facts" },
          differing
            .slice(0, MOST)
            .flatMap(({ key, value, before }) => [
              h("dt", {}, key),
              h(
                "dd",
                {},
                before === undefined
                  ? (value ?? "–")
                  : [h("span", { class: "nbt-faint" }, `${before ?? "–"} → `), value ?? "–"],
              ),
            ]),
        )
      : null,
    differing.length > MOST ? h("div", { class: "nbt-faint" }, `and ${differing.length - MOST} more`) : null,
  ];
}

/**
 * @param {TableState} state
 * @param {number} row
 * @param {number | undefined} base
 * @returns {{ key: string, value: string | null, before?: string | null }[]}
 */
export function differences(state, row, base) {
  const same = new Set(state.constants.value.map(({ field }) => field.id));
  const found = [];
  for (const field of state.catalog.value.values()) {
    if (field.kind !== "param" || same.has(field.id)) continue;
    const value = state.store.text(field.source, row);
    if (base === undefined) {
      if (value !== null) found.push({ key: field.key, value });
      continue;
    }
    const before = state.store.text(field.source, base);
    if (before !== value) found.push({ key: field.key, value, before });
  }
  return found;
}
