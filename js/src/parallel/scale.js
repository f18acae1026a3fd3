// One column as an axis: where each run stands on it, and back from a place to a value.

import { byKey } from "../runs/catalog.js";
import { NOTHING, numberIn, readTexts } from "./text-numbers.js";
import {
  clockStep,
  exact,
  formatOf,
  linearTicks,
  logEnds,
  logTicks,
  roundEnds,
  roundStep,
  shortNumber,
  tickTexts,
  timeTicks,
} from "./ticks.js";

/**
 * @typedef {"linear" | "log" | "rank" | "time" | "category" | "boolean"} Kind
 * @typedef {import("../kit/run-store.js").RunStore} RunStore
 * @typedef {import("../kit/run-store.js").StoredColumn} StoredColumn
 *
 * @typedef {object} Scale
 * @property {Kind} kind
 * @property {Float32Array} place by row of the store: 0 to 1, or MISSING, or NAN; a little beyond for infinities
 * @property {{ at: number, text: string }[]} ticks
 * @property {{ at: number, text: string }[]} beyond labels past the ends of the axis, where there are such values
 * @property {string[]} texts categories from the top; [] for numbers
 * @property {Map<string, number>} indexOf of each text, those in "other" too
 * @property {string[]} others texts that share the last place
 * @property {string[]} nothings texts that stand for no value
 * @property {(value: number) => string[]} textsOf how a brush names NaN or an infinity: as it was logged
 * @property {number} distinct
 * @property {boolean} hasMissing
 * @property {boolean} hasNaN
 * @property {(place: number) => number} valueAt
 * @property {(value: number) => number} placeOf
 * @property {(value: number) => string} format
 */

/** No value. */
export const MISSING = -2;
/** A value that is not a number. */
export const NAN = -1;
const BEYOND = 0.03;

const LOG_SPAN = 100;
const SAMPLE = 2000;
const MOST_CATEGORIES = 200;
const TOP = 24;
const FEW = 8;
const BOOLEAN = /^(true|false|yes|no|on|off)$/i;
const YES = /^(true|yes|on)$/i;
const GOLDEN = 0.618033988749895;

/**
 * @param {StoredColumn} column
 * @param {import("../runs/facts.js").Fact} fact
 */
function numericEnds(column, fact) {
  return column.type === "dict" ? readTexts(column.values) : { isNumeric: true, min: fact.min, max: fact.max };
}

/**
 * What an axis is when nobody has chosen.
 * @param {StoredColumn} column
 * @param {import("../runs/facts.js").Fact} fact
 * @returns {Kind}
 */
export function guessKind(column, fact) {
  if (column.type === "time") return "time";
  const { isNumeric, max, min } = numericEnds(column, fact);
  if (column.type === "dict" && !isNumeric) {
    return column.values.length > 0 && column.values.every((text) => BOOLEAN.test(text)) ? "boolean" : "category";
  }
  return min > 0 && max / min > LOG_SPAN && crowdsLow(column, min, max) ? "log" : "linear";
}

/**
 * Whether half of the values stand in the lowest tenth of a linear axis: 1e-5 … 0.1 does, a dropout between 0.0001 and 0.5 does not.
 * @param {StoredColumn} column
 * @param {number} min
 * @param {number} max
 */
function crowdsLow(column, min, max) {
  const values =
    column.type === "dict"
      ? column.values.map((text) => numberIn(text) ?? Number.NaN)
      : column.numbers.subarray(0, SAMPLE).filter((_, row) => column.valid[row] === 1);
  const finite = values.filter((value) => Number.isFinite(value));
  const low = finite.filter((/** @type {number} */ value) => value <= min + (max - min) / 10);
  return low.length * 2 >= finite.length;
}

/**
 * The kinds that a column can be shown as.
 * @param {StoredColumn} column
 * @param {import("../runs/facts.js").Fact} fact
 * @returns {Kind[]}
 */
export function kindsOf(column, fact) {
  if (column.type === "time") return ["time", "rank"];
  const { isNumeric, max } = numericEnds(column, fact);
  if (column.type === "dict" && !isNumeric) return [guessKind(column, fact)];
  /** @type {Kind[]} */
  const kinds = max > 0 ? ["linear", "log", "rank"] : ["linear", "rank"];
  return column.type === "dict" ? [...kinds, "category"] : kinds;
}

/**
 * @param {StoredColumn} column
 * @param {Kind} kind
 * @param {Int32Array} rows of the store that the axis spans
 * @param {number} size of the store
 * @returns {Scale}
 */
export function scaleOf(column, kind, rows, size) {
  const isText = column.type === "dict" && !readTexts(column.values).isNumeric;
  if (column.type === "dict" && (isText || kind === "category" || kind === "boolean")) {
    return categoryScale(column, kind === "boolean" ? kind : "category", rows, size);
  }
  // what was chosen once may not fit what the column has become
  return numberScale(column, kind === "category" || kind === "boolean" ? "linear" : kind, rows, size);
}

/**
 * @param {import("../kit/run-store.js").StoredText} column
 * @param {"category" | "boolean"} kind
 * @param {Int32Array} rows
 * @param {number} size
 * @returns {Scale}
 */
function categoryScale(column, kind, rows, size) {
  const counts = new Int32Array(column.values.length);
  let missing = false;
  for (const row of rows) {
    const code = column.codes[row] ?? -1;
    if (code < 0) missing = true;
    else counts[code] = (counts[code] ?? 0) + 1;
  }
  let codes = [...counts.keys()].filter((code) => counts[code]);
  const distinct = codes.length;
  const text = (/** @type {number} */ code) => column.values[code] ?? "";
  /** @type {string[]} */
  let others = [];
  if (distinct > MOST_CATEGORIES) {
    codes.sort((a, b) => (counts[b] ?? 0) - (counts[a] ?? 0) || byKey(text(a), text(b)));
    others = codes.slice(TOP).map(text);
    codes = codes.slice(0, TOP);
  }
  const texts = codes.map(text).sort(kind === "boolean" ? (a, b) => Number(YES.test(b)) - Number(YES.test(a)) : byKey);
  const indexOf = new Map(texts.map((each, i) => [each, i]));
  const shown = others.length ? [...texts, `other (${others.length})`] : texts;
  for (const other of others) indexOf.set(other, texts.length);
  const bands = Math.max(1, shown.length);
  const centres = Float32Array.from(column.values, (each) => 1 - ((indexOf.get(each) ?? 0) + 0.5) / bands);
  const place = new Float32Array(size).fill(MISSING);
  // runs with one text stand a little apart, so that each line can be followed
  const spread = Math.min(0.5 / bands, 0.03);
  for (let row = 0; row < size; row += 1) {
    const code = column.codes[row] ?? -1;
    if (code >= 0) place[row] = (centres[code] ?? 0.5) + (((row * GOLDEN) % 1) - 0.5) * spread;
  }
  return {
    kind,
    place,
    ticks: shown.map((each, i) => ({ at: 1 - (i + 0.5) / bands, text: each })),
    beyond: [],
    texts: shown,
    indexOf,
    others,
    nothings: [],
    textsOf: () => [],
    distinct,
    hasMissing: missing,
    hasNaN: false,
    valueAt: (at) => Math.min(bands - 1, Math.max(0, Math.floor((1 - at) * bands))),
    placeOf: (index) => 1 - (index + 0.5) / bands,
    format: (index) => shown[index] ?? "",
  };
}

/**
 * The numbers of a column by row, NaN included; `valid` says where there is one.
 * @param {StoredColumn} column
 * @param {number} size
 */
export function numbersOf(column, size) {
  if (column.type !== "dict") return { numbers: column.numbers, valid: column.valid };
  const known = column.values.map((text) => numberIn(text));
  const numbers = new Float64Array(size);
  const valid = new Uint8Array(size);
  for (let row = 0; row < size; row += 1) {
    const value = known[column.codes[row] ?? -1];
    if (value === null || value === undefined) continue;
    valid[row] = 1;
    numbers[row] = value;
  }
  return { numbers, valid };
}

/**
 * @param {StoredColumn} column
 * @param {Kind} kind
 * @param {Int32Array} rows
 * @param {number} size
 * @returns {Scale}
 */
function numberScale(column, kind, rows, size) {
  const { numbers, valid } = numbersOf(column, size);
  const found = survey(numbers, valid, rows, kind);
  const map =
    kind === "rank" ? rankMap(found.sorted) : plainMap(kind, found, column.id === "duration" ? clockStep : roundStep);
  const place = new Float32Array(size).fill(MISSING);
  for (let row = 0; row < size; row += 1) {
    if (!valid[row]) continue;
    const value = /** @type {number} */ (numbers[row]);
    place[row] = Number.isNaN(value) ? NAN : map.placeOf(value);
  }
  const what = kind === "time" || column.type === "time" ? "time" : column.id === "duration" ? "duration" : "number";
  const format = formatOf(what, found.min, found.max);
  // round steps line up under each other; single values stand as they are
  const isEven = what === "number" && kind === "linear" && !found.few;
  const texts = isEven ? tickTexts(map.ticks) : map.ticks.map(what === "number" ? shortNumber : format);
  return {
    kind,
    place,
    ticks: map.ticks.map((value, i) => ({ at: map.placeOf(value), text: texts[i] ?? "" })),
    beyond: found.beyond,
    texts: [],
    indexOf: new Map(),
    others: [],
    nothings: column.type === "dict" ? column.values.filter((text) => NOTHING.test(text)) : [],
    textsOf: (value) =>
      column.type === "dict" ? column.values.filter((text) => Object.is(numberIn(text), value)) : [String(value)],
    distinct: found.few ? found.few.length : Number.POSITIVE_INFINITY,
    hasMissing: found.missing,
    hasNaN: found.nan,
    valueAt: map.valueAt,
    placeOf: map.placeOf,
    format,
  };
}

/**
 * @typedef {{ min: number, max: number, whole: boolean, missing: boolean, nan: boolean,
 *   few: number[] | null, sorted: Float64Array, beyond: { at: number, text: string }[] }} Survey
 * @param {Float64Array} numbers
 * @param {Uint8Array} valid
 * @param {Int32Array} rows
 * @param {Kind} kind
 * @returns {Survey}
 */
function survey(numbers, valid, rows, kind) {
  /** @type {Survey} */
  const found = {
    min: Infinity,
    max: -Infinity,
    whole: true,
    missing: false,
    nan: false,
    few: [],
    sorted: new Float64Array(0),
    beyond: [],
  };
  /** @type {Set<number>} */
  const few = new Set();
  let high = false;
  let low = "";
  for (const row of rows) {
    if (!valid[row]) {
      found.missing = true;
      continue;
    }
    const value = /** @type {number} */ (numbers[row]);
    if (Number.isNaN(value)) found.nan = true;
    if (value === Infinity) high = true;
    else if (value === -Infinity) low ||= "−∞";
    else if (kind === "log" && value <= 0) low = "≤ 0";
    if (!Number.isFinite(value) || (kind === "log" && value <= 0)) continue;
    if (value < found.min) found.min = value;
    if (value > found.max) found.max = value;
    if (found.whole && !Number.isInteger(value)) found.whole = false;
    if (few.size <= FEW) few.add(value);
  }
  if (high) found.beyond.push({ at: 1 + BEYOND, text: "∞" });
  if (low) found.beyond.push({ at: -BEYOND, text: low });
  found.few = few.size <= FEW ? [...few].sort((a, b) => a - b) : null;
  if (kind === "rank") {
    found.sorted = Float64Array.from(
      [...rows].filter((row) => valid[row] && Number.isFinite(numbers[row])),
      (row) => numbers[row] ?? 0,
    ).sort();
  }
  return found;
}

/** @param {number} value @param {number} at */
function withInfinities(value, at) {
  if (value === Infinity) return 1 + BEYOND;
  return value === -Infinity ? -BEYOND : at;
}

/**
 * @param {Kind} kind
 * @param {Survey} found
 * @param {(span: number) => number} stepOf
 */
function plainMap(kind, { min, max, few }, stepOf) {
  if (!(max >= min))
    return { ticks: [], placeOf: (/** @type {number} */ v) => withInfinities(v, 0.5), valueAt: () => 0 };
  if (min === max) return singleMap(min);
  const log = kind === "log";
  const [low, high] = few || kind === "time" ? [min, max] : log ? logEnds(min, max) : roundEnds(min, max, stepOf);
  const write = log ? Math.log : (/** @type {number} */ value) => value;
  const read = log ? Math.exp : (/** @type {number} */ value) => value;
  const from = write(low);
  const span = write(high) - from;
  const ticks =
    few ?? (log ? logTicks(low, high) : kind === "time" ? timeTicks(low, high) : linearTicks(low, high, stepOf));
  return {
    ticks,
    placeOf: (/** @type {number} */ value) => {
      if (log && value <= 0) return -BEYOND; // no place on a log axis: just below its foot
      return withInfinities(value, (write(value) - from) / span);
    },
    valueAt: (/** @type {number} */ at) => read(from + at * span),
  };
}

/** All runs have the same: in the middle, with room to brush around. @param {number} value */
function singleMap(value) {
  const reach = Math.abs(value) || 1;
  return {
    ticks: [value],
    placeOf: (/** @type {number} */ v) => withInfinities(v, Math.min(1, Math.max(0, 0.5 + (v - value) / (2 * reach)))),
    valueAt: (/** @type {number} */ at) => value + (at - 0.5) * 2 * reach,
  };
}

/**
 * Percentiles: equal values share the middle of their ranks.
 * @param {Float64Array} sorted
 */
function rankMap(sorted) {
  const last = Math.max(1, sorted.length - 1);
  const valueAt = (/** @type {number} */ at) => {
    const rank = Math.min(1, Math.max(0, at)) * (sorted.length - 1);
    const left = sorted[Math.floor(rank)] ?? 0;
    return left + ((sorted[Math.ceil(rank)] ?? left) - left) * (rank % 1);
  };
  const placeOf = (/** @type {number} */ value) => {
    if (!Number.isFinite(value)) return withInfinities(value, 0.5);
    const first = bisect(sorted, value, false);
    const after = bisect(sorted, value, true);
    return Math.min(1, Math.max(0, (first + Math.max(first, after - 1)) / 2 / last));
  };
  const ticks = sorted.length ? [0, 0.25, 0.5, 0.75, 1].map((share) => exact(valueAt(share))) : [];
  return { ticks: [...new Set(ticks)], placeOf, valueAt };
}

/**
 * @param {Float64Array} sorted
 * @param {number} value
 * @param {boolean} after equal values
 */
function bisect(sorted, value, after) {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const here = /** @type {number} */ (sorted[middle]);
    if (here < value || (after && here === value)) low = middle + 1;
    else high = middle;
  }
  return low;
}
