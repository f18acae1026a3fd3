// Where axes and lines stand, in CSS pixels. Nothing here draws.

import { MISSING, NAN } from "./scale.js";

/**
 * @typedef {import("./axes.js").Axis} Axis
 * @typedef {object} Geometry
 * @property {number} width
 * @property {number} height
 * @property {number} gap from axis to axis, the same for all
 * @property {number[]} xs by axis
 * @property {number} top of the axes
 * @property {number} bottom of the axes
 * @property {number} nanY lane of values that are not numbers; 0 when there is none
 * @property {number} missingY lane of runs without a value; 0 when there is none
 */

const NARROWEST = 108;
const WIDEST = 340;
const TOP = 12;
const FOOT = 10;
const LANE = 20;
/** How far from an axis a pointer belongs to it. */
export const REACH = 18;
const EDGE = 5;

/**
 * @param {Axis[]} axes
 * @param {number} room width of the place that shows them; more axes than fit are scrolled to
 * @param {number} height
 * @returns {Geometry}
 */
export function geometryOf(axes, room, height) {
  const count = Math.max(1, axes.length);
  const gap = Math.min(WIDEST, Math.max(NARROWEST, Math.floor(room / count)));
  const hasMissing = axes.some((axis) => axis.hasMissing);
  const hasNaN = axes.some((axis) => axis.hasNaN);
  const missingY = hasMissing ? height - FOOT : 0;
  const nanY = hasNaN ? height - FOOT - (hasMissing ? LANE : 0) : 0;
  const lanes = (hasMissing ? 1 : 0) + (hasNaN ? 1 : 0);
  return {
    width: gap * count,
    height,
    gap,
    xs: axes.map((_, i) => Math.round(gap * (i + 0.5)) + 0.5),
    top: TOP,
    bottom: height - FOOT - lanes * LANE - (lanes ? 4 : 0),
    nanY,
    missingY,
  };
}

/**
 * @param {Geometry} geometry
 * @param {boolean} inverted
 * @param {number} place
 */
export function yOf({ top, bottom, nanY, missingY }, inverted, place) {
  if (place <= MISSING) return missingY;
  if (place === NAN) return nanY;
  return bottom - (inverted ? 1 - place : place) * (bottom - top);
}

/**
 * The place under a pointer, beyond 0 and 1 as well.
 * @param {Geometry} geometry
 * @param {boolean} inverted
 * @param {number} y
 */
export function placeAt({ top, bottom }, inverted, y) {
  const place = (bottom - y) / Math.max(1, bottom - top);
  return inverted ? 1 - place : place;
}

/**
 * @param {Axis} axis
 * @param {Geometry} geometry
 * @returns {Float32Array} by row of the store
 */
export function heightsOf(axis, geometry) {
  const { place, inverted } = axis;
  const ys = new Float32Array(place.length);
  for (let row = 0; row < ys.length; row += 1) ys[row] = yOf(geometry, inverted, place[row] ?? MISSING);
  return ys;
}

/**
 * @param {Geometry} geometry
 * @param {number} x
 * @returns {number} index of the axis that a pointer belongs to; -1 between axes
 */
export function axisAt({ xs, gap }, x) {
  const index = Math.min(xs.length - 1, Math.max(0, Math.floor(x / gap)));
  return Math.abs(x - (xs[index] ?? -99)) <= REACH ? index : -1;
}

/**
 * What a pointer on an axis would take hold of.
 * @param {Geometry} geometry
 * @param {Axis} axis
 * @param {import("./brush.js").Span[]} spans
 * @param {number} y
 * @returns {{ part: "low" | "high" | "inside", span: import("./brush.js").Span } | { part: "missing" | "nan" | "free", span: null }}
 */
export function gripAt(geometry, axis, spans, y) {
  for (const span of spans) {
    const low = yOf(geometry, axis.inverted, span.low);
    const high = yOf(geometry, axis.inverted, span.high);
    // a short brush keeps a part in its middle to move it by
    const edge = Math.min(EDGE, Math.abs(high - low) / 3 + 2);
    if (Math.abs(y - high) <= edge) return { part: "high", span };
    if (Math.abs(y - low) <= edge) return { part: "low", span };
    if ((y - low) * (y - high) < 0) return { part: "inside", span };
  }
  if (geometry.missingY && y > geometry.missingY - LANE / 2) return { part: "missing", span: null };
  if (geometry.nanY && y > geometry.nanY - LANE / 2) return { part: "nan", span: null };
  return { part: "free", span: null };
}

/**
 * The run whose line passes nearest to a point.
 * @param {Int32Array} rows
 * @param {Float32Array[]} heights by axis, then by row
 * @param {Geometry} geometry
 * @param {number} x
 * @param {number} y
 * @param {number} [within] pixels
 * @returns {number} row; -1 when none is near
 */
export function nearestLine(rows, heights, { xs }, x, y, within = 9) {
  if (!xs.length) return -1;
  let left = 0;
  while (left < xs.length - 2 && (xs[left + 1] ?? 0) <= x) left += 1;
  const right = Math.min(left + 1, xs.length - 1);
  const from = heights[left];
  const to = heights[right];
  if (!from || !to) return -1;
  const x0 = xs[left] ?? 0;
  const span = (xs[right] ?? 0) - x0;
  const share = span ? Math.min(1, Math.max(0, (x - x0) / span)) : 0;
  let best = within;
  let found = -1;
  for (const row of rows) {
    const a = /** @type {number} */ (from[row]);
    const b = /** @type {number} */ (to[row]);
    const away = Math.abs(a + (b - a) * share - y) / Math.hypot(1, span ? (b - a) / span : 0);
    if (away < best) {
      best = away;
      found = row;
    }
  }
  return found;
}
