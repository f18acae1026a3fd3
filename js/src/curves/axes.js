// The axes of a chart, for uPlot: where marks stand and what they say.

import { DURATIONS, durationTicks, logSplits, numberTicks, timeTicks } from "./ticks.js";

/** @typedef {import("uplot")} uPlot */

const FONT = '11px system-ui, -apple-system, "Segoe UI", sans-serif';
const SECOND = 1000;
const FINE = 10 * SECOND;
const DAY = 86_400 * SECOND;
/** Steps between marks of clock time, in milliseconds. */
const TIMES = [
  ...DURATIONS.slice(0, -4).map((seconds) => seconds * SECOND),
  ...[1, 2, 7, 14, 30, 91, 365].map((n) => n * DAY),
];

/** There is no half step. */
const STEPS = Array.from({ length: 15 }, (_, power) => [1, 2, 5].map((part) => part * 10 ** power)).flat();

/**
 * @param {Required<import("./line-chart.js").Options>} options
 * @param {import("./scales.js").Kind} xScale
 * @param {{ axis: string, grid: string }} colours
 */
export function axes({ xKind, xLabel, logY }, xScale, { axis, grid }) {
  const line = { stroke: grid, width: 1 };
  const look = { stroke: axis, font: FONT, grid: line, ticks: { ...line, size: 4 } };
  const isTime = xKind === "time";
  const incrs = isTime ? TIMES : xKind === "relative" ? DURATIONS : xLabel === "step" ? STEPS : null;
  /** @param {uPlot} u @param {number} _ @param {number} low @param {number} high */
  const wide = (u, _, low, high) => logSplits(low, high, Math.max(2, u.bbox.width / devicePixelRatio / 60));
  /** @param {uPlot} u @param {number} _ @param {number} low @param {number} high */
  const tall = (u, _, low, high) => logSplits(low, high, Math.max(2, u.bbox.height / devicePixelRatio / 30));
  // clock times to the millisecond are longer
  const timeRoom = (
    /** @type {uPlot} */ _,
    /** @type {number} */ __,
    /** @type {number} */ low,
    /** @type {number} */ high,
  ) => (high - low < FINE ? 86 : 62);
  const all = (/** @type {uPlot} */ _, /** @type {number[]} */ at) => at;
  return [
    {
      ...look,
      size: isTime ? 40 : 26,
      space: isTime ? timeRoom : 54,
      ...(incrs ? { incrs } : {}),
      ...(xScale === "linear" ? {} : { splits: wide, filter: all }),
      values: (/** @type {uPlot} */ _, /** @type {number[]} */ at) =>
        isTime ? timeTicks(at) : xKind === "relative" ? durationTicks(at) : numberTicks(at),
    },
    {
      ...look,
      size: (/** @type {uPlot} */ _, /** @type {string[] | null} */ texts) =>
        14 + 6.4 * Math.max(3, ...(texts ?? []).map((text) => text?.length ?? 0)),
      space: 32,
      ...(logY ? { splits: tall, filter: all } : {}),
      values: (/** @type {uPlot} */ _, /** @type {number[]} */ at) => numberTicks(at),
    },
  ];
}
