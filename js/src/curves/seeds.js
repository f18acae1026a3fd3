// Several runs as one line: their mean, and how sure it is.

import { lowerBound } from "./scales.js";

/**
 * @typedef {{ x: Float64Array, y: Float64Array }} Line
 * @typedef {{ x: Float64Array, y: Float64Array, low: Float64Array, high: Float64Array, runs: Uint16Array }} Mean `runs`: how many runs there are at each x
 */

const MOST_PLACES = 2000;
/** 97.5 % points of Student's t with 1 to 30 degrees of freedom (NIST/SEMATECH e-Handbook, 1.3.6.7.2). */
const T = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11,
  2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
];
const NORMAL = 1.95996;

/**
 * Half the width of a 95 % confidence interval, in standard errors.
 * @param {number} count of runs, 2 or more
 */
export function student(count) {
  const freedom = count - 1;
  return T[freedom - 1] ?? NORMAL + 2.4 / freedom; // within 0.002 of the table from 30 on
}

/**
 * Mean with a 95 % confidence interval at each x; runs that have no point there are read off their line, but not beyond its ends.
 * @param {Line[]} lines each by x
 * @returns {Mean}
 */
export function meanOf(lines) {
  const x = places(lines);
  const y = new Float64Array(x.length).fill(Number.NaN);
  const low = y.slice();
  const high = y.slice();
  const runs = new Uint16Array(x.length);
  for (let i = 0; i < x.length; i += 1) {
    const values = [];
    for (const line of lines) {
      const value = valueAt(line, /** @type {number} */ (x[i]));
      if (Number.isFinite(value)) values.push(value);
    }
    const count = values.length;
    runs[i] = count;
    if (!count) continue;
    const mean = values.reduce((sum, value) => sum + value, 0) / count;
    const spread = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    const half = count > 1 ? student(count) * Math.sqrt(spread / (count - 1) / count) : 0;
    y[i] = mean;
    low[i] = mean - half;
    high[i] = mean + half;
  }
  return { x, y, low, high, runs };
}

/** All x of all lines, or evenly spread ones where there are too many. @param {Line[]} lines */
function places(lines) {
  const all = new Set();
  for (const { x } of lines) for (const value of x) all.add(value);
  const sorted = Float64Array.from(all).sort();
  if (sorted.length <= MOST_PLACES) return sorted;
  const first = /** @type {number} */ (sorted[0]);
  const span = /** @type {number} */ (sorted[sorted.length - 1]) - first;
  return Float64Array.from({ length: MOST_PLACES }, (_, i) => first + (i / (MOST_PLACES - 1)) * span);
}

/**
 * @param {Line} line
 * @param {number} at
 */
function valueAt({ x, y }, at) {
  const right = lowerBound(x, at);
  const b = Number(y[right]);
  if (x[right] === at) return b;
  if (right === 0 || right === x.length) return Number.NaN;
  const a = /** @type {number} */ (y[right - 1]);
  const from = /** @type {number} */ (x[right - 1]);
  return a + ((b - a) * (at - from)) / (Number(x[right]) - from);
}
