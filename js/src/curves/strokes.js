// Lines, bands and marks on the canvas of a chart.

import { visible } from "./scales.js";

/**
 * Values that are no numbers: how many of each kind at a place.
 * @typedef {{ x: Float64Array, nans: Float64Array, ups: Float64Array, downs: Float64Array }} Bad
 *
 * @typedef {object} Series
 * @property {string} [id] what hovering tells; the label by default
 * @property {string} label
 * @property {string} colour
 * @property {number[]} [dash]
 * @property {number} [width]
 * @property {Float64Array} x ascending
 * @property {Float64Array} y NaN lifts the pen
 * @property {Float64Array | null} [low] with `high`: a band
 * @property {Float64Array | null} [high]
 * @property {boolean} [edges] the band is made of values, not of a mean's interval: its edges are drawn too
 * @property {Float64Array | null} [ghost] drawn faintly behind, such as the values before smoothing
 * @property {Bad | null} [bad]
 * @property {((index: number) => string) | null} [tell] what the readout says about a point besides its value
 *
 * @typedef {{ x: number, text: string, kind: string }} Mark
 * @typedef {{ left: number, top: number, width: number, height: number }} Box in pixels of the canvas
 *
 * @typedef {object} Field where to draw
 * @property {CanvasRenderingContext2D} pen
 * @property {Box} box
 * @property {(x: number) => number} toX
 * @property {(y: number) => number} toY
 * @property {import("./scales.js").Range} within x on view
 * @property {number} ratio pixels of the canvas for one of CSS
 */

const FAR = 1e6; // canvases stumble over coordinates without bounds

/**
 * @param {Field} field
 * @param {Series} series
 * @param {number} alpha
 * @param {boolean} isStrong
 */
export function drawSeries(field, series, alpha, isStrong) {
  const { pen, ratio } = field;
  const span = visible(series.x, field.within);
  if (series.low && series.high) {
    pen.globalAlpha = alpha * 0.17;
    pen.fillStyle = series.colour;
    fillBand(field, series.x, series.low, series.high, span);
  }
  pen.lineJoin = "round";
  pen.strokeStyle = series.colour;
  pen.setLineDash([]);
  if (series.low && series.high && series.edges) {
    // a spike in one bucket is one pixel wide: as a pale area nobody would see it
    pen.globalAlpha = alpha * 0.45;
    pen.lineWidth = 0.75 * ratio;
    strokeLine(field, series.x, series.high, span);
    strokeLine(field, series.x, series.low, span);
  }
  if (series.ghost) {
    pen.globalAlpha = alpha * 0.3;
    pen.lineWidth = ratio;
    strokeLine(field, series.x, series.ghost, span);
  }
  pen.globalAlpha = alpha;
  pen.lineWidth = ((series.width ?? 1.5) + (isStrong ? 1 : 0)) * ratio;
  pen.setLineDash((series.dash ?? []).map((part) => part * ratio));
  strokeLine(field, series.x, series.y, span);
  pen.setLineDash([]);
  drawDots(field, series, span);
  if (series.bad) drawBad(field, series.bad, series.colour);
  pen.globalAlpha = 1;
}

/** @param {number} value */
function bounded(value) {
  return Math.min(FAR, Math.max(-FAR, value));
}

/**
 * @param {Field} field
 * @param {Float64Array} x
 * @param {Float64Array} y
 * @param {[number, number]} span
 */
function strokeLine({ pen, toX, toY }, x, y, [start, end]) {
  let isDown = false;
  pen.beginPath();
  for (let i = start; i < end; i += 1) {
    const value = toY(/** @type {number} */ (y[i]));
    if (Number.isNaN(value)) {
      isDown = false;
      continue;
    }
    const left = bounded(toX(/** @type {number} */ (x[i])));
    if (isDown) pen.lineTo(left, bounded(value));
    else pen.moveTo(left, bounded(value));
    isDown = true;
  }
  pen.stroke();
}

/**
 * @param {Field} field
 * @param {Float64Array} x
 * @param {Float64Array} low
 * @param {Float64Array} high
 * @param {[number, number]} span
 */
function fillBand({ pen, toX, toY, box }, x, low, high, [start, end]) {
  const floor = box.top + box.height;
  let from = start;
  const close = (/** @type {number} */ to) => {
    if (to - from < 2) return;
    pen.beginPath();
    for (let i = from; i < to; i += 1) {
      pen.lineTo(bounded(toX(/** @type {number} */ (x[i]))), bounded(toY(/** @type {number} */ (high[i]))));
    }
    for (let i = to - 1; i >= from; i -= 1) {
      const bottom = toY(/** @type {number} */ (low[i]));
      // on a logarithmic scale 0 is endlessly far below
      pen.lineTo(bounded(toX(/** @type {number} */ (x[i]))), Number.isNaN(bottom) ? floor : bounded(bottom));
    }
    pen.fill();
  };
  for (let i = start; i < end; i += 1) {
    if (!Number.isNaN(toY(/** @type {number} */ (high[i])))) continue;
    close(i);
    from = i + 1;
  }
  close(end);
}

/**
 * Dots where points stand far apart, and for points without neighbours, which no line would show.
 * @param {Field} field
 * @param {Series} series
 * @param {[number, number]} span
 */
function drawDots({ pen, toX, toY, box, ratio }, { x, y, colour }, [start, end]) {
  const isSparse = (end - start) * 14 * ratio < box.width;
  const isNothing = (/** @type {number} */ i) => i < start || i >= end || Number.isNaN(y[i]);
  pen.fillStyle = colour;
  for (let i = start; i < end; i += 1) {
    if (isNothing(i) || !(isSparse || (isNothing(i - 1) && isNothing(i + 1)))) continue;
    pen.beginPath();
    pen.arc(
      bounded(toX(/** @type {number} */ (x[i]))),
      bounded(toY(/** @type {number} */ (y[i]))),
      2.2 * ratio,
      0,
      2 * Math.PI,
    );
    pen.fill();
  }
}

/**
 * NaN as crosses at the foot, infinities as triangles at the edge that they lie beyond.
 * @param {Field} field
 * @param {Bad} bad
 * @param {string} colour
 */
function drawBad({ pen, box, toX, within, ratio }, bad, colour) {
  const [start, end] = visible(bad.x, within);
  const size = 3 * ratio;
  const foot = box.top + box.height - 2 * size;
  pen.strokeStyle = colour;
  pen.fillStyle = colour;
  pen.lineWidth = 1.4 * ratio;
  let crossed = Number.NEGATIVE_INFINITY;
  for (let i = start; i < end; i += 1) {
    const left = toX(/** @type {number} */ (bad.x[i]));
    if (bad.nans[i] && left - crossed > size) {
      crossed = left;
      pen.beginPath();
      for (const side of [-1, 1]) {
        pen.moveTo(left - side * size, foot - size);
        pen.lineTo(left + side * size, foot + size);
      }
      pen.stroke();
    }
    if (bad.ups[i]) triangle(pen, left, box.top + size, -size);
    if (bad.downs[i]) triangle(pen, left, foot + size, size);
  }
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {number} left
 * @param {number} top
 * @param {number} size downwards when positive
 */
function triangle(pen, left, top, size) {
  pen.beginPath();
  pen.moveTo(left - size, top - size);
  pen.lineTo(left + size, top - size);
  pen.lineTo(left, top + size);
  pen.fill();
}

/**
 * Events as thin upright lines with a flag.
 * @param {Field} field
 * @param {Mark[]} marks
 * @param {string} colour
 */
export function drawMarks({ pen, box, toX, within, ratio }, marks, colour) {
  pen.strokeStyle = colour;
  pen.fillStyle = colour;
  pen.lineWidth = ratio;
  for (const { x, kind } of marks) {
    if (x < within[0] || x > within[1]) continue;
    const left = Math.round(toX(x)) + 0.5;
    pen.setLineDash(kind === "restart" || kind === "stop" ? [] : [3 * ratio, 3 * ratio]);
    pen.beginPath();
    pen.moveTo(left, box.top);
    pen.lineTo(left, box.top + box.height);
    pen.stroke();
    pen.setLineDash([]);
    const size = 4 * ratio;
    if (kind === "checkpoint") pen.fillRect(left - size / 2, box.top, size, size);
    else triangle(pen, left, box.top + size / 2, size / 1.4);
  }
}
