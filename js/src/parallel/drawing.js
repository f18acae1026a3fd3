// Axes, brushes and single lines, drawn with whichever pen: the page's canvas, a picture, a vector file.

import { isCategory, isLaneBrushed, spansOf } from "./brush.js";
import { yOf } from "./geometry.js";
import { fitted } from "./pen.js";

/**
 * @typedef {import("./axes.js").Axis} Axis
 * @typedef {import("./geometry.js").Geometry} Geometry
 * @typedef {import("./pen.js").Pen} Pen
 * @typedef {import("../runs/where.js").Piece} Piece
 * @typedef {{ axis: string, ink: string, muted: string, ground: string, accent: string }} Inks
 */

const APART = 15;
const BRUSH = 6;
const LABEL = 9;

/**
 * @param {Pen} pen
 * @param {{ axes: Axis[], geometry: Geometry, brushes: Piece[][], inks: Inks, grip?: { index: number } | null }} scene
 */
export function drawAxes(pen, { axes, geometry, brushes, inks }) {
  drawLanes(pen, geometry, inks);
  for (let i = 0; i < axes.length; i += 1) {
    const axis = /** @type {Axis} */ (axes[i]);
    const x = geometry.xs[i] ?? 0;
    const pieces = brushes[i] ?? [];
    pen.line([x, geometry.top, x, geometry.bottom], { colour: inks.axis, width: 1.2 });
    drawBrush(pen, axis, geometry, x, pieces, inks);
    drawTicks(pen, axis, geometry, x, inks);
  }
}

/** @param {Pen} pen @param {Geometry} geometry @param {Inks} inks */
function drawLanes(pen, { width, xs, nanY, missingY }, inks) {
  for (const [y, text] of /** @type {[number, string][]} */ ([
    [nanY, "NaN"],
    [missingY, "no value"],
  ])) {
    if (!y) continue;
    pen.line([4, y, width - 4, y], { colour: inks.axis, dash: [2, 4], alpha: 0.8 });
    pen.text(fitted(pen, text, (xs[0] ?? 60) - 5, 10), 3, y - 7, { colour: inks.muted, size: 10, halo: inks.ground });
  }
}

/**
 * @param {Pen} pen
 * @param {Axis} axis
 * @param {Geometry} geometry
 * @param {number} x
 * @param {Inks} inks
 */
function drawTicks(pen, axis, geometry, x, inks) {
  const room = geometry.gap - 18 - (isCategory(axis) ? 4 : 0);
  let last = Number.NaN;
  for (const { at, text } of axis.ticks) {
    const y = yOf(geometry, axis.inverted, at);
    if (Math.abs(y - last) < APART) continue;
    last = y;
    pen.line([x - 4, y, x, y], { colour: inks.axis });
    // the first axis has half a gap to its left
    pen.text(fitted(pen, text, Math.min(room, x - LABEL - 2)), x - LABEL, y, {
      colour: inks.ink,
      align: "right",
      halo: inks.ground,
    });
  }
  // to the right, where no other label stands
  for (const { at, text } of axis.beyond) {
    pen.text(text, x + LABEL - 2, yOf(geometry, axis.inverted, at), { colour: inks.ink, halo: inks.ground });
  }
}

/**
 * @param {Pen} pen
 * @param {Axis} axis
 * @param {Geometry} geometry
 * @param {number} x
 * @param {Piece[]} pieces
 * @param {Inks} inks
 */
function drawBrush(pen, axis, geometry, x, pieces, inks) {
  for (const span of spansOf(axis, pieces)) {
    const a = yOf(geometry, axis.inverted, span.high);
    const b = yOf(geometry, axis.inverted, span.low);
    const top = Math.min(a, b);
    const height = Math.max(3, Math.abs(b - a));
    pen.box(x - BRUSH, top, 2 * BRUSH, height, inks.accent, 0.22, inks.accent);
    pen.line([x - 3, top + 0.5, x + 3, top + 0.5], { colour: inks.accent, width: 2 });
    pen.line([x - 3, top + height - 0.5, x + 3, top + height - 0.5], { colour: inks.accent, width: 2 });
  }
  for (const [lane, y] of /** @type {const} */ ([
    ["missing", geometry.missingY],
    ["nan", geometry.nanY],
  ])) {
    if (y && isLaneBrushed(axis, pieces, lane)) {
      pen.box(x - BRUSH, y - 6, 2 * BRUSH, 12, inks.accent, 0.28, inks.accent);
    }
  }
}

/**
 * One run, drawn over the others.
 * @param {Pen} pen
 * @param {number} row
 * @param {Float32Array[]} heights
 * @param {Geometry} geometry
 * @param {{ colour: string, width: number, ground?: string }} looks with a rim in the colour of the ground
 */
export function drawRun(pen, row, heights, { xs }, { colour, width, ground }) {
  /** @type {number[]} */
  const points = [];
  for (let i = 0; i < xs.length; i += 1) points.push(xs[i] ?? 0, heights[i]?.[row] ?? 0);
  if (xs.length === 1) points.splice(0, 2, (xs[0] ?? 0) - 12, points[1] ?? 0, (xs[0] ?? 0) + 12, points[1] ?? 0);
  if (ground) pen.line(points, { colour: ground, width: width + 2.5, alpha: 0.85 });
  pen.line(points, { colour, width });
}
