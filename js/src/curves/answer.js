// The binary answer to the question "curves" as one history a series, and parts of histories put together.

import { lowerBound } from "./scales.js";

/**
 * @typedef {object} History
 * @property {Float64Array} x ascending
 * @property {Float64Array} y NaN where there is no finite value
 * @property {Float64Array | null} low null: every point is here
 * @property {Float64Array | null} high
 * @property {Float64Array | null} count points of each bucket
 * @property {boolean} thinned
 * @property {import("./strokes.js").Bad | null} bad
 *
 * @typedef {{ series: [string, string][], starts: number[], thinned: boolean[] }} Head
 */

/**
 * @param {Head} head
 * @param {any[]} buffers
 * @returns {History[]} in the order of `head.series`
 */
export function decodeCurves(head, buffers) {
  const [x, y, low, high, count, odd] = /** @type {Float64Array[]} */ (buffers.map(doubles));
  if (!x || !y || !low || !high || !count || !odd) throw new Error("curves came without their numbers");
  return head.series.map((_, slot) => {
    const start = head.starts[slot] ?? 0;
    const end = head.starts[slot + 1] ?? start;
    const thinned = head.thinned[slot] ?? false;
    const part = (/** @type {Float64Array} */ all) => (thinned ? all.subarray(start, end) : null);
    const at = x.subarray(start, end);
    return {
      x: at,
      y: y.subarray(start, end),
      low: part(low),
      high: part(high),
      count: part(count),
      thinned,
      bad: oddOf(odd, start, end, x),
    };
  });
}

/**
 * @param {Float64Array} odd index, NaNs, infinities, negative infinities; by index
 * @param {number} start
 * @param {number} end
 * @param {Float64Array} x
 */
function oddOf(odd, start, end, x) {
  /** @type {number[]} */
  const picked = [];
  for (let i = 0; i < odd.length; i += 4) {
    const index = /** @type {number} */ (odd[i]);
    if (index >= start && index < end) picked.push(i);
  }
  if (!picked.length) return null;
  const column = (/** @type {number} */ offset) =>
    Float64Array.from(picked, (i) => /** @type {number} */ (odd[i + offset]));
  return {
    x: Float64Array.from(picked, (i) => /** @type {number} */ (x[/** @type {number} */ (odd[i])])),
    nans: column(1),
    ups: column(2),
    downs: column(3),
  };
}

/** @param {any} buffer */
function doubles(buffer) {
  if (buffer instanceof ArrayBuffer) return new Float64Array(buffer, 0, buffer.byteLength >> 3);
  const bytes = new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  const whole = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
  return new Float64Array(whole.buffer, whole.byteOffset, whole.byteLength >> 3);
}

/**
 * A coarse history with a finer one in the place of a part of it.
 * @param {History} coarse
 * @param {History} fine
 * @returns {History}
 */
export function splice(coarse, fine) {
  if (!fine.x.length) return coarse;
  const from = lowerBound(coarse.x, /** @type {number} */ (fine.x[0]));
  const last = /** @type {number} */ (fine.x[fine.x.length - 1]);
  let to = lowerBound(coarse.x, last);
  if (coarse.x[to] === last) to += 1;
  const join = (/** @type {Float64Array} */ a, /** @type {Float64Array} */ b) => {
    const out = new Float64Array(from + b.length + a.length - to);
    out.set(a.subarray(0, from));
    out.set(b, from);
    out.set(a.subarray(to), from + b.length);
    return out;
  };
  return {
    x: join(coarse.x, fine.x),
    y: join(coarse.y, fine.y),
    low: join(coarse.low ?? coarse.y, fine.low ?? fine.y),
    high: join(coarse.high ?? coarse.y, fine.high ?? fine.y),
    count: null,
    thinned: coarse.thinned || fine.thinned,
    bad: coarse.bad,
  };
}
