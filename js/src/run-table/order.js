// Sorting all runs by several columns, on numbers only: text columns are ranked once per dictionary.

import { byKey } from "./catalog.js";
import { toNumber } from "./facts.js";

/**
 * @typedef {import("../kit/run-store.js").RunStore} RunStore
 * @typedef {{ path: string, desc: boolean }} OrderTerm
 * @typedef {{ ranks: Float64Array, desc: boolean }} SortKey
 */

const ALIASES = new Map([
  ["metric", "metrics"],
  ["param", "params"],
  ["parameter", "params"],
  ["parameters", "params"],
  ["tag", "tags"],
]);
const NAN = Number.MAX_VALUE;
const MISSING = Number.POSITIVE_INFINITY;
const BIGGEST = 1.797e308;

/**
 * `metrics.acc.max DESC` -> its parts; ascending unless it says otherwise.
 * @param {string} text
 * @returns {OrderTerm}
 */
export function parseOrder(text) {
  const found = /^(.*?)\s+(asc|desc)$/i.exec(text.trim());
  return { path: (found?.[1] ?? text).trim(), desc: found?.[2]?.toLowerCase() === "desc" };
}

/**
 * @param {string} columnId id of a store column
 * @param {string} group
 * @param {string} key
 * @param {boolean} desc
 */
export function writeOrder(columnId, group, key, desc) {
  const rest = group === "attributes" ? "" : columnId.slice(group.length + 1 + key.length);
  const quoted = /^\w+$/.test(key) ? key : `\`${key}\``;
  return `${group === "attributes" ? columnId : `${group}.${quoted}${rest}`} ${desc ? "DESC" : "ASC"}`;
}

/**
 * The store column that a path names; metrics without a statistic mean the last value.
 * @param {string} path
 * @param {RunStore} store
 * @returns {string | null}
 */
export function resolve(path, store) {
  const plain = path.replace(/[`"]/g, "");
  const [head = "", ...rest] = plain.split(".");
  const group = ALIASES.get(head) ?? head;
  const id =
    group === "attributes" || group === "attribute" || group === "run" ? rest.join(".") : [group, ...rest].join(".");
  for (const candidate of [id, `${id}.last`]) if (store.column(candidate)) return candidate;
  return null;
}

/**
 * @param {RunStore} store
 * @param {string} columnId
 * @returns {Float64Array} one rank a row; missing values are +Infinity, so that they end up last
 */
export function ranksOf(store, columnId) {
  const ranks = new Float64Array(store.size).fill(MISSING);
  const column = store.column(columnId);
  if (!column) return ranks;
  if (column.type !== "dict") {
    for (let row = 0; row < store.size; row += 1) {
      if (!column.valid[row]) continue;
      const value = /** @type {number} */ (column.numbers[row]);
      ranks[row] = Number.isNaN(value) ? NAN : Math.max(-BIGGEST, Math.min(BIGGEST, value));
    }
    return ranks;
  }
  const places = rankValues(column.values);
  for (let row = 0; row < store.size; row += 1) {
    const code = column.codes[row] ?? -1;
    if (code >= 0) ranks[row] = places[code] ?? 0;
  }
  return ranks;
}

/**
 * @param {string[]} values
 * @returns {Float64Array} the place of each value among all; numbers in text sort as numbers
 */
function rankValues(values) {
  const numbers = values.map(toNumber);
  if (values.length && numbers.every((number) => number !== null))
    return Float64Array.from(/** @type {number[]} */ (numbers));
  const order = values.map((_, code) => code);
  // the collator is slow: ten thousand distinct names are sorted by code unit instead
  const compare =
    values.length > 10_000 ? (/** @type {string} */ a, /** @type {string} */ b) => (a < b ? -1 : a > b ? 1 : 0) : byKey;
  order.sort((a, b) => compare(values[a] ?? "", values[b] ?? ""));
  const places = new Float64Array(values.length);
  for (let place = 0; place < order.length; place += 1) places[/** @type {number} */ (order[place])] = place;
  return places;
}

/**
 * Sort rows in place; equal rows keep their order, missing values come last both ways.
 * @param {Int32Array} rows
 * @param {SortKey[]} keys
 */
export function sortRows(rows, keys) {
  const [first, ...others] = keys.map(({ ranks, desc }) => (desc ? turned(ranks) : ranks));
  if (!first) return rows;
  return rows.sort((a, b) => {
    let difference = compare(first, a, b);
    for (let i = 0; difference === 0 && i < others.length; i += 1)
      difference = compare(/** @type {Float64Array} */ (others[i]), a, b);
    return difference;
  });
}

/**
 * @param {Float64Array} ranks
 * @param {number} a
 * @param {number} b
 */
function compare(ranks, a, b) {
  const x = /** @type {number} */ (ranks[a]);
  const y = /** @type {number} */ (ranks[b]);
  return x < y ? -1 : x > y ? 1 : 0;
}

/** @param {Float64Array} ranks */
function turned(ranks) {
  return ranks.map((rank) => (rank === MISSING || rank === NAN ? rank : -rank));
}
