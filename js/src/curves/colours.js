// The colour of a run: its own, always the same, or that of its value in a column.

import { formatNumber } from "../kit/format.js";
import { CATEGORIES, categorical, sequential } from "../kit/palette.js";
import { byKey } from "../runs/catalog.js";
import { toNumber } from "../runs/facts.js";

/**
 * @typedef {object} Colouring
 * @property {(row: number) => string} of
 * @property {{ text: string, colour: string }[]} legend
 * @property {string[]} [ramp] colours from the first to the last of the legend, where there are more values than it names
 */

const NOTHING = "#8a8a92";
const RAMP = [0, 0.2, 0.4, 0.6, 0.8, 1];

/**
 * Runs started one after the other have different colours, and each keeps its own in every view and session.
 * @param {string} id
 * @param {number | null} number
 */
export function runColour(id, number) {
  return categorical((number ?? Number.parseInt(id.slice(-6), 16)) % CATEGORIES || 0);
}

/**
 * @param {import("../runs/view.js").RunsView} view
 * @param {import("../runs/catalog.js").Field} field
 * @param {number[]} rows that are drawn
 * @param {boolean} dark
 * @returns {Colouring}
 */
export function fieldColours(view, field, rows, dark) {
  const { store } = view;
  const source = view.sourceOf(field);
  const column = store.column(source);
  const texts = new Map(rows.map((row) => [row, column?.type === "dict" ? store.text(source, row) : null]));
  const isText = column?.type === "dict";
  const numbers = new Map(
    rows.map((row) => [row, isText ? toNumber(texts.get(row) ?? undefined) : store.number(source, row)]),
  );
  const distinct = [...new Set(texts.values())].filter((text) => text !== null).sort(byKey);
  const isNumeric = [...numbers].every(([row, value]) => value !== null || texts.get(row) === null);
  if (isText && !(isNumeric && distinct.length > 2)) {
    const colours = new Map(distinct.map((text, i) => [text, categorical(i)]));
    return {
      of: (row) => colours.get(texts.get(row) ?? "") ?? NOTHING,
      legend: distinct.slice(0, CATEGORIES).map((text) => ({ text, colour: colours.get(text) ?? NOTHING })),
    };
  }
  return byNumber(numbers, dark);
}

/**
 * @param {Map<number, number | null>} numbers by row
 * @param {boolean} dark
 * @returns {Colouring}
 */
function byNumber(numbers, dark) {
  const finite = [...numbers.values()].filter((value) => value !== null && Number.isFinite(value)).map(Number);
  const distinct = [...new Set(finite)].sort((a, b) => a - b);
  const isRamp = distinct.length > CATEGORIES;
  const [low = 0] = distinct;
  const high = distinct.at(-1) ?? 0;
  const isWide = low > 0 && high / low >= 50; // learning rates and their like
  // a few values are told apart by their rank: 16, 64, 256
  const place = (/** @type {number} */ value) =>
    isRamp ? (isWide ? Math.log(value) : value) : distinct.indexOf(value);
  const paint = (/** @type {number} */ value) =>
    sequential(high > low ? (place(value) - place(low)) / (place(high) - place(low)) : 0.5, dark);
  return {
    of: (row) => {
      const value = numbers.get(row);
      return value === null || value === undefined || !Number.isFinite(value) ? NOTHING : paint(value);
    },
    legend: (isRamp ? [low, high] : distinct).map((value) => ({ text: formatNumber(value), colour: paint(value) })),
    ...(isRamp ? { ramp: RAMP.map((share) => sequential(share, dark)) } : {}),
  };
}
