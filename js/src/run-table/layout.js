// Where each shown column stands: pinned ones at the left, the others in a part that scrolls.

import { computed } from "@preact/signals-core";
import { textWidth } from "../kit/measure.js";
import { textOf } from "./texts.js";

/**
 * @typedef {import("../runs/catalog.js").Field} Field
 * @typedef {import("./state.js").TableState} TableState
 * @typedef {{ field: Field, x: number, width: number, index: number }} Placed `x` counts from the start of its part; `index` from 1, after the gutter
 *
 * @typedef {object} Layout
 * @property {Placed[]} fixed
 * @property {Placed[]} flow
 * @property {number[]} starts left edges of the flow columns
 * @property {number} fixedWidth with the gutter
 * @property {number} flowWidth
 * @property {boolean} tight the status is a dot before the name
 */

export const GUTTER = 34;
const TIGHT = 820;
const NARROW = 560;
const PADDING = 22;
const FONT = "12.5px system-ui, sans-serif";
const SPARK = 58;
const SAMPLE = 60;

/** @type {Partial<Record<import("../runs/catalog.js").Kind, [least: number, most: number]>>} */
const LIMITS = {
  number: [42, 72],
  name: [120, 280],
  status: [92, 110],
  time: [92, 130],
  duration: [78, 110],
  tags: [120, 240],
  note: [120, 280],
};

/** Column widths are guessed once, so that new values do not make columns jump. */
export class Widths {
  /** @type {Map<string, number>} */
  #guessed = new Map();

  /** @param {TableState} state */
  constructor(state) {
    this.state = state;
    /** Which metrics have curves, as one text: columns are placed anew only when that changes. */
    this.curved = computed(() => {
      state.store.revision.value;
      const metrics = state.shown.value.filter(({ kind }) => kind === "metric");
      return JSON.stringify(metrics.filter((field) => this.#hasCurve(field)).map(({ id }) => id));
    });
  }

  /** Some run logged more than one point. @param {Field} field */
  #hasCurve({ key }) {
    return this.state.facts.of(`metrics.${key}.count`).max > 1;
  }

  /** @param {Field} field */
  of(field) {
    const chosen = this.state.widths.value[field.id];
    if (chosen !== undefined) return chosen;
    let key = field.id;
    if (field.kind === "metric" && this.state.sparklines.value) {
      this.curved.value;
      if (this.#hasCurve(field)) key += "|curve";
    }
    let width = this.#guessed.get(key);
    if (width === undefined) {
      width = this.fit(field);
      if (this.state.store.size) this.#guessed.set(key, width);
    }
    return width;
  }

  /**
   * The width that the first rows on view need.
   * @param {Field} field
   */
  fit(field) {
    const { state } = this;
    const rows = state.sorted.peek().subarray(0, SAMPLE);
    const head = textWidth(field.label, `500 ${FONT}`) + (field.kind === "metric" ? 46 : 16);
    let body = 0;
    for (const row of rows) body = Math.max(body, textWidth(textOf(state, field, row), FONT));
    if (field.kind === "metric" && state.sparklines.value && this.#hasCurve(field)) body += SPARK;
    if (field.kind === "tags") body *= 1.25;
    if (field.kind === "name") body += 14;
    const [least, most] = LIMITS[field.kind] ?? [74, 240];
    return Math.round(Math.min(most, Math.max(least, head + PADDING, body + PADDING)));
  }
}

/**
 * @param {TableState} state
 * @param {Widths} widths
 * @returns {Layout}
 */
export function layoutOf(state, widths) {
  const total = state.size.value.width || 1000;
  const chooses = state.columns.value === null;
  const tight = chooses && total < TIGHT;
  const narrow = total < NARROW;
  const pinned = new Set(narrow ? ["name"] : ["number", "name", ...state.pinned.value]);
  /** @type {Field[]} */
  const left = [];
  /** @type {Field[]} */
  const right = [];
  for (const field of state.shown.value) {
    if (tight && field.kind === "status") continue;
    (pinned.has(field.id) ? left : right).push(field);
  }
  // little room: results first
  if (narrow && chooses) right.sort((a, b) => Number(a.group === "attributes") - Number(b.group === "attributes"));
  left.sort((a, b) => rankPinned(a, state.pinned.value) - rankPinned(b, state.pinned.value));
  const fixed = place(
    left,
    widths,
    GUTTER,
    1,
    narrow ? Math.max(110, total * 0.44 - GUTTER) : tight ? 180 : Number.POSITIVE_INFINITY,
  );
  const fixedWidth = left.length ? edge(fixed) : GUTTER;
  const flow = place(right, widths, 0, fixed.length + 1, Number.POSITIVE_INFINITY);
  return { fixed, flow, starts: flow.map(({ x }) => x), fixedWidth, flowWidth: edge(flow), tight };
}

/**
 * @param {Field} field
 * @param {string[]} pinned
 */
function rankPinned(field, pinned) {
  if (field.id === "number") return -2;
  return field.id === "name" ? -1 : pinned.indexOf(field.id);
}

/**
 * @param {Field[]} fields
 * @param {Widths} widths
 * @param {number} start
 * @param {number} firstIndex
 * @param {number} most
 * @returns {Placed[]}
 */
function place(fields, widths, start, firstIndex, most) {
  let x = start;
  return fields.map((field, i) => {
    const width = Math.min(most, widths.of(field));
    const placed = { field, x, width, index: firstIndex + i };
    x += width;
    return placed;
  });
}

/** @param {Placed[]} placed */
function edge(placed) {
  const last = placed.at(-1);
  return last ? last.x + last.width : 0;
}
