// A chart under the keyboard: arrows move the crosshair, + and - zoom, 0 shows everything.

import { lowerBound } from "./scales.js";

/** @typedef {import("./line-chart.js").LineChart} LineChart */

const ZOOM = { "+": 0.5, "=": 0.5, "-": 2, _: 2 };

/** @param {LineChart} chart */
export function chartKeys(chart) {
  chart.field.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const isTaken =
      event.key in ZOOM ? zoom(chart, /** @type {any} */ (ZOOM)[event.key]) : move(chart, event.key, event.shiftKey);
    if (!isTaken) return;
    event.preventDefault();
    event.stopPropagation();
  });
  chart.field.addEventListener("blur", () => chart.plot?.setCursor({ left: -10, top: -10 }));
}

/**
 * @param {LineChart} chart
 * @param {number} factor
 */
function zoom(chart, factor) {
  const [low, high] = chart.within;
  const { left = -1 } = chart.plot?.cursor ?? {};
  const middle = left >= 0 && chart.plot ? chart.plot.posToVal(left, "x") : (low + high) / 2;
  const range = /** @type {[number, number]} */ ([middle - (middle - low) * factor, middle + (high - middle) * factor]);
  chart.onZoom(factor > 1 && chart.range === null ? null : range);
  return true;
}

/**
 * @param {LineChart} chart
 * @param {string} key
 * @param {boolean} isFast
 */
function move(chart, key, isFast) {
  if (key === "0" || (key === "Escape" && chart.range)) {
    chart.onZoom(null);
    return true;
  }
  const { plot } = chart;
  const direction = { ArrowLeft: -1, ArrowRight: 1, Home: -2, End: 2 }[key];
  if (direction === undefined || !plot) return false;
  const [low, high] = chart.within;
  const { left = -1 } = plot.cursor;
  const at = left >= 0 ? plot.posToVal(left, "x") : low;
  const to = direction === -2 ? low : direction === 2 ? high : neighbour(chart, at, direction, isFast ? 10 : 1);
  const { series } = chart;
  const told = series.find((each) => (each.id ?? each.label) === chart.highlight) ?? series[0];
  const index = told ? lowerBound(told.x, to) : -1;
  const value = told?.y[Math.min(Math.max(0, index), told.y.length - 1)] ?? 0;
  plot.setCursor({ left: plot.valToPos(to, "x"), top: plot.valToPos(value, "y") });
  return true;
}

/**
 * The x of the next point at least one pixel away.
 * @param {LineChart} chart
 * @param {number} at
 * @param {number} direction
 * @param {number} pixels
 */
function neighbour({ plot, series, within: [low, high] }, at, direction, pixels) {
  const step = ((high - low) / Math.max(1, plot?.over.clientWidth ?? 500)) * pixels;
  const wanted = at + direction * step;
  const x = series[0]?.x;
  if (!x?.length) return Math.min(high, Math.max(low, wanted));
  const index = direction > 0 ? lowerBound(x, wanted) : lowerBound(x, wanted + step * 1e-6) - 1;
  return Math.min(high, Math.max(low, x[Math.min(x.length - 1, Math.max(0, index))] ?? wanted));
}
