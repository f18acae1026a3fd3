// Which points stand under the crosshair, and which line the pointer means.

import { nearest } from "./scales.js";

/**
 * @typedef {import("./strokes.js").Series} Series
 * @typedef {{ series: Series, index: number, value: number, top: number }} Point `top`: pixels from the top of the plot
 * @typedef {{ valToPos: (value: number, scale: string) => number }} Placing
 */

const NEAR = 24; // pixels

/** @param {Pick<Series, "id" | "label">} series */
export function idOf({ id, label }) {
  return id ?? label;
}

/**
 * The point of each line that is nearest to an x; lines that end elsewhere have none.
 * @param {Placing} placing
 * @param {Series[]} all
 * @param {number} x
 * @param {number} left where x is, in pixels
 * @returns {Point[]}
 */
export function pointsAt(placing, all, x, left) {
  const points = [];
  for (const series of all) {
    const index = nearest(series.x, x);
    if (index < 0) continue;
    const at = Number(series.x[index]);
    const isInside = x >= Number(series.x[0]) && x <= Number(series.x[series.x.length - 1]);
    if (!isInside && Math.abs(placing.valToPos(at, "x") - left) > NEAR) continue;
    const value = Number(series.y[index]);
    points.push({ series, index, value, top: placing.valToPos(value, "y") });
  }
  return points;
}

/**
 * Id of the line next to the pointer.
 * @param {Point[]} points
 * @param {number} top
 * @returns {string | null}
 */
export function closest(points, top) {
  let best = null;
  let least = NEAR;
  for (const point of points) {
    const far = Math.abs(point.top - top);
    if (far < least) {
      least = far;
      best = idOf(point.series);
    }
  }
  return best;
}
