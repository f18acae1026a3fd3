// Runs that share a value, and the mean and spread of their numbers.

import { formatDate } from "../kit/format.js";
import { toNumber } from "../runs/facts.js";

/**
 * @typedef {import("../kit/run-store.js").RunStore} RunStore
 * @typedef {import("./entries.js").RunGroup} RunGroup
 * @typedef {{ count: number, mean: number, std: number, min: number, max: number, left: number }} Summary std with n - 1; of
 *   `left` runs the value is NaN or infinite: they are not in any of it
 */

/**
 * Split rows by the value of a column, keeping their order; times are split by day.
 * @param {Int32Array} rows
 * @param {RunStore} store
 * @param {string} columnId
 * @returns {RunGroup[]} in the order of first appearance
 */
export function groupRows(rows, store, columnId) {
  const column = store.column(columnId);
  /** @type {Map<string | null, number[]>} */
  const members = new Map();
  for (const row of rows) {
    const number = column?.type === "dict" ? null : store.number(columnId, row);
    let value = column?.type === "dict" ? store.text(columnId, row) : null;
    if (number !== null) value = column?.type === "time" ? formatDate(number).slice(0, 10) : String(number);
    const present = members.get(value);
    if (present) present.push(row);
    else members.set(value, [row]);
  }
  return [...members].map(([value, list]) => ({
    key: `${columnId}=${value === null ? "" : JSON.stringify(value)}`,
    value,
    rows: Int32Array.from(list),
  }));
}

/**
 * Groups in the order of their values (numbers as numbers), or by a metric's mean; runs without a value last.
 * @param {RunGroup[]} groups
 * @param {{ desc: boolean, rank: ((group: RunGroup) => number) | null }} by `rank` null: by value
 * @param {(a: string, b: string) => number} compareText
 */
export function sortGroups(groups, { desc, rank }, compareText) {
  const sign = desc ? -1 : 1;
  const ranks = rank ? new Map(groups.map((group) => [group, rank(group)])) : null;
  return groups.sort((a, b) => {
    if (ranks) {
      const x = ranks.get(a) ?? Number.NaN;
      const y = ranks.get(b) ?? Number.NaN;
      if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y));
      if (x !== y) return (x - y) * sign;
    }
    if (a.value === null || b.value === null) return Number(a.value === null) - Number(b.value === null);
    const x = toNumber(a.value);
    const y = toNumber(b.value);
    const difference = x !== null && y !== null ? x - y : compareText(a.value, b.value);
    return ranks ? difference : difference * sign;
  });
}

/**
 * Mean and sample standard deviation in one pass (Welford 1962) of what is a finite number.
 * @param {Int32Array} rows
 * @param {RunStore} store
 * @param {string} columnId
 * @returns {Summary}
 */
export function summarise(rows, store, columnId) {
  let count = 0;
  let mean = 0;
  let squares = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let left = 0;
  for (const row of rows) {
    const value = store.number(columnId, row);
    if (value === null) continue;
    if (!Number.isFinite(value)) {
      left += 1;
      continue;
    }
    count += 1;
    const step = value - mean;
    mean += step / count;
    squares += step * (value - mean);
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return {
    count,
    mean: count ? mean : Number.NaN,
    std: count > 1 ? Math.sqrt(squares / (count - 1)) : Number.NaN,
    min,
    max,
    left,
  };
}

/**
 * The text that all rows share, or how many different ones there are.
 * @param {Int32Array} rows
 * @param {RunStore} store
 * @param {string} columnId
 * @returns {{ value: string | null, distinct: number }}
 */
export function commonText(rows, store, columnId) {
  const seen = new Set();
  for (const row of rows) seen.add(store.text(columnId, row));
  const [only] = seen;
  return seen.size === 1 ? { value: only, distinct: 1 } : { value: null, distinct: seen.size };
}
