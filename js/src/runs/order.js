// Sorting all runs by several columns, on numbers only: text columns are ranked once per dictionary.

import { parseOrderBy } from "../kit/search/index.js";
import { compareText, numberOf } from "../kit/search/texts.js";
import { columnOf } from "../runs/filter.js";

/**
 * @typedef {import("../kit/run-store.js").RunStore} RunStore
 * @typedef {{ columnId: string, desc: boolean }} OrderTerm
 * @typedef {{ ranks: Float64Array, classes: Uint8Array, desc: boolean }} SortKey
 *   `classes` stay in this order both ways: 0 numbers, 1 NaN, 2 text, 3 missing
 */

const NUMBER = 0;
const NAN = 1;
const TEXT = 2;
const MISSING = 3;

/**
 * The columns that `order_by` names; terms that cannot be read or are not in the table are left out.
 * @param {string[]} texts
 * @param {RunStore} store
 * @param {Record<string, string>} goals
 * @returns {OrderTerm[]}
 */
export function readOrder(texts, store, goals) {
  const terms = [];
  for (const text of texts) {
    try {
      const [term] = parseOrderBy(text);
      const columnId = term ? columnOf(term.field, goals) : "";
      if (term && store.column(columnId)) terms.push({ columnId, desc: term.descending });
    } catch {
      // Python has checked what it sent; what an older page saved may name what is gone
    }
  }
  return terms;
}

/**
 * @param {string} columnId id of a store column
 * @param {string} group
 * @param {string} key
 * @param {boolean} desc
 */
export function writeOrder(columnId, group, key, desc) {
  const direction = desc ? "DESC" : "ASC";
  if (group === "attributes") return `${columnId} ${direction}`;
  const rest = columnId.slice(group.length + 1 + key.length);
  return `${group}.${quoteKey(key)}${rest === ".last" ? "" : rest} ${direction}`; // the last value is what a metric means
}

/** A key as the grammar reads it: in backticks where it is not one plain word. @param {string} key */
export function quoteKey(key) {
  return /^[\p{L}\p{N}_/-]+$/u.test(key) ? key : `\`${key.replaceAll("`", "``")}\``;
}

/**
 * @param {RunStore} store
 * @param {string} columnId
 * @param {boolean} desc
 * @returns {SortKey}
 */
export function sortKey(store, columnId, desc) {
  const ranks = new Float64Array(store.size);
  const classes = new Uint8Array(store.size).fill(MISSING);
  const column = store.column(columnId);
  if (!column) return { ranks, classes, desc };
  if (column.type !== "dict") {
    for (let row = 0; row < store.size; row += 1) {
      if (!column.valid[row]) continue;
      const value = /** @type {number} */ (column.numbers[row]);
      classes[row] = Number.isNaN(value) ? NAN : NUMBER;
      if (classes[row] === NUMBER) ranks[row] = value;
    }
    return { ranks, classes, desc };
  }
  const known = rankValues(column.values, column.group === "params");
  for (let row = 0; row < store.size; row += 1) {
    const code = column.codes[row] ?? -1;
    if (code < 0) continue;
    ranks[row] = known.ranks[code] ?? 0;
    classes[row] = known.classes[code] ?? TEXT;
  }
  return { ranks, classes, desc };
}

/** @type {WeakMap<string[], { size: number, ranks: Float64Array, classes: Uint8Array }>} */
const ranked = new WeakMap();

/**
 * The place of each text among all; params that are numbers sort as numbers.
 * @param {string[]} values
 * @param {boolean} isParam
 */
function rankValues(values, isParam) {
  const before = ranked.get(values);
  if (before?.size === values.length) return before;
  const ranks = new Float64Array(values.length);
  const classes = new Uint8Array(values.length).fill(TEXT);
  const texts = [];
  for (let code = 0; code < values.length; code += 1) {
    const number = isParam ? numberOf(values[code] ?? "") : undefined;
    if (number === undefined) texts.push(code);
    else {
      classes[code] = Number.isNaN(number) ? NAN : NUMBER;
      ranks[code] = Number.isNaN(number) ? 0 : number;
    }
  }
  texts.sort((a, b) => compareText(values[a] ?? "", values[b] ?? ""));
  for (let place = 0; place < texts.length; place += 1) ranks[/** @type {number} */ (texts[place])] = place;
  const known = { size: values.length, ranks, classes };
  ranked.set(values, known);
  return known;
}

/**
 * Sort rows in place; equal rows keep their order, missing values come last both ways.
 * @param {Int32Array} rows
 * @param {SortKey[]} keys
 */
export function sortRows(rows, keys) {
  if (!keys.length) return rows;
  return rows.sort((a, b) => {
    for (const { ranks, classes, desc } of keys) {
      const apart = /** @type {number} */ (classes[a]) - /** @type {number} */ (classes[b]);
      if (apart) return apart;
      const x = /** @type {number} */ (ranks[a]);
      const y = /** @type {number} */ (ranks[b]);
      if (x !== y) return x < y !== desc ? -1 : 1;
    }
    return 0;
  });
}
