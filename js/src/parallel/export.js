// The picture and the runs as files.

import { saveFile } from "../kit/canvas.js";
import { drawAxes, drawRun } from "./drawing.js";
import { FADED } from "./layers.js";
import { alphaFor, drawing, shuffled } from "./lines.js";
import { canvasPen, fitted, SvgPen } from "./pen.js";
import { brushList, countText, titleText } from "./texts.js";

/**
 * @typedef {import("./parallel.js").ParallelPlot} ParallelPlot
 * @typedef {import("./pen.js").Pen} Pen
 */

const SHARP = 2;
const HEAD = 84;
const FOOT = 22;
const SIDE = 16;
const LEAST_WIDTH = 560;
/** An SVG file with more lines than this is slow to open anywhere. */
const MOST_VECTORS = 20_000;

/** @param {ParallelPlot} plot */
function frame({ layers }) {
  const { height, width } = layers.geometry.value;
  return { width: Math.max(LEAST_WIDTH, width) + 2 * SIDE, height: height + HEAD + FOOT };
}

/** @param {ParallelPlot} plot */
export async function savePng(plot) {
  const { layers, state, view } = plot;
  const { height, width } = frame(plot);
  const canvas = document.createElement("canvas");
  canvas.width = width * SHARP;
  canvas.height = height * SHARP;
  const context = canvas.getContext("2d");
  if (!context) return;
  const pen = canvasPen(context);
  context.scale(SHARP, SHARP);
  pen.box(0, 0, width, height, layers.inks.value.ground, 1);
  writeAround(pen, plot, "");
  context.translate(SIDE, HEAD);
  const { bucket, colours, order } = layers.colouring.value;
  const work = { heights: layers.heights.value, geometry: layers.geometry.value, bucket, colours, order, width: 1 };
  if (view.matched.value.length < view.base.value.length) {
    const grey = { colours: [layers.inks.value.grey], order: [0], bucket: new Uint8Array(view.store.size) };
    const rows = view.base.value;
    for (const _ of drawing(context, { ...work, ...grey, rows, alpha: alphaFor(rows.length), fade: 0.4 }));
  }
  const rows = view.matched.value;
  const fade = layers.strongRuns().length ? FADED : 1;
  for (const _ of drawing(context, { ...work, rows, alpha: alphaFor(rows.length), fade }));
  drawFront(pen, plot);
  /** @type {Blob | null} */
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  if (blob) saveFile(blob, `${fileName(state)}.png`);
}

/** @param {ParallelPlot} plot */
export function saveSvg(plot) {
  saveFile(svgText(plot), `${fileName(plot.state)}.svg`, "image/svg+xml");
}

/**
 * Every line as a vector; a sample where there are very many.
 * @param {ParallelPlot} plot
 */
export function svgText(plot) {
  const { layers, state, view } = plot;
  const { height, width } = frame(plot);
  const pen = new SvgPen();
  const inks = layers.inks.value;
  const geometry = layers.geometry.value;
  const heights = layers.heights.value;
  const { bucket, colours } = layers.colouring.value;
  const all = view.matched.value;
  const rows = all.length > MOST_VECTORS ? shuffled(all).subarray(0, MOST_VECTORS) : all;
  pen.box(0, 0, width, height, inks.ground, 1);
  writeAround(pen, plot, rows.length < all.length ? `; ${rows.length} lines drawn` : "");
  pen.parts.push(`<g transform="translate(${SIDE},${HEAD})">`);
  const isBrushed = all.length < view.base.value.length;
  if (isBrushed && view.base.value.length <= MOST_VECTORS) {
    for (const row of view.base.value) pen.line(lineOf(row, heights, geometry.xs), { colour: inks.grey, alpha: 0.15 });
  }
  const fade = layers.strongRuns().length ? FADED : 1;
  const alpha = Math.round(alphaFor(rows.length) * fade * 100) / 100;
  for (const row of rows)
    pen.line(lineOf(row, heights, geometry.xs), { colour: colours[bucket[row] ?? 0] ?? inks.ink, alpha });
  drawFront(pen, plot);
  pen.parts.push("</g>");
  return pen.done(width, height, `${titleText(state)}, ${countText(state)}`);
}

/** @param {number} row @param {Float32Array[]} heights @param {number[]} xs */
function lineOf(row, heights, xs) {
  return xs.flatMap((x, i) => [x, heights[i]?.[row] ?? 0]);
}

/** Strong runs and axes, over the lines. @param {Pen} pen @param {ParallelPlot} plot */
function drawFront(pen, { layers, state }) {
  const geometry = layers.geometry.value;
  const inks = layers.inks.value;
  const { bucket, colours } = layers.colouring.value;
  for (const { row, width } of layers.strongRuns()) {
    const colour = colours[bucket[row] ?? 0] ?? inks.ink;
    drawRun(pen, row, layers.heights.value, geometry, { colour, width, ground: inks.ground });
  }
  drawAxes(pen, { axes: state.shown.value, geometry, brushes: state.brushes.value, inks });
}

/** Title, legend, names of the axes, and what is brushed. @param {Pen} pen @param {ParallelPlot} plot @param {string} note */
function writeAround(pen, plot, note) {
  const { layers, state } = plot;
  const { gap, xs } = layers.geometry.value;
  const inks = layers.inks.value;
  const { height, width } = frame(plot);
  pen.text(fitted(pen, titleText(state), width * 0.6, 15), SIDE, 20, { colour: inks.ink, size: 15, bold: true });
  const brushed = brushList(state).map(({ label, words }) => `${label} ${words}`);
  const facts = [countText(state) + note, ...brushed].join(" · ");
  pen.text(fitted(pen, facts, width - 2 * SIDE, 11), SIDE, 40, { colour: inks.muted });
  writeLegend(pen, plot, width);
  for (const [i, axis] of state.shown.value.entries()) {
    const name = fitted(pen, axis.label, gap - 8, 12);
    pen.text(name, SIDE + (xs[i] ?? 0), HEAD - 12, { colour: inks.ink, size: 12, bold: true, align: "center" });
  }
  pen.text("nbtrack", width - SIDE, height - 9, { colour: inks.muted, size: 10, align: "right" });
}

/** @param {Pen} pen @param {ParallelPlot} plot @param {number} width */
function writeLegend(pen, { layers, state }, width) {
  const { colours, categories, range } = layers.colouring.value;
  const inks = layers.inks.value;
  const field = state.colourField();
  if (!field) return;
  let x = width - SIDE;
  const write = (/** @type {string} */ text, /** @type {string} */ colour) => {
    pen.text(text, x, 20, { colour, align: "right" });
    x -= pen.measure(text, 11) + 6;
  };
  if (range) {
    write(range.high, inks.ink);
    const steps = 30;
    for (let i = 0; i < steps; i += 1) {
      const colour = colours[Math.round(((steps - 1 - i) / (steps - 1)) * (colours.length - 2))] ?? inks.ink;
      pen.box(x - 3 * (i + 1), 15, 3.2, 10, colour, 1);
    }
    x -= 3 * steps + 6;
    write(range.low, inks.ink);
  } else {
    for (const { colour, text } of [...categories].reverse()) {
      write(fitted(pen, text, 90), inks.ink);
      pen.box(x - 8, 16, 8, 8, colour, 1);
      x -= 16;
    }
  }
  write(field.label, inks.muted);
}

/** The runs on view, one row each: their id, name, and every axis. @param {ParallelPlot} plot */
export function saveCsv(plot) {
  saveFile(csvText(plot), `${fileName(plot.state)}.csv`, "text/csv");
}

/**
 * @param {Pick<ParallelPlot, "state" | "view">} plot
 * @returns {string}
 */
export function csvText({ state, view }) {
  const { store } = view;
  const shown = state.shown.value.map(({ field, source }) => ({ id: source.replace(/\.last$/, ""), source, field }));
  const first = ["run_id", "name", "status"].map((id) => ({ id, source: id, field: null }));
  const columns = [...first, ...shown.filter(({ id }) => !first.some((each) => each.id === id))];
  const cell = (/** @type {string} */ source, /** @type {number} */ row) => {
    const column = store.column(source);
    if (column?.type === "dict") return store.text(source, row) ?? "";
    const value = store.number(source, row);
    if (value === null) return "";
    return column?.type === "time" ? new Date(value).toISOString() : String(value);
  };
  const lines = [columns.map(({ id }) => quoted(id)).join(",")];
  for (const row of view.matched.value) lines.push(columns.map(({ source }) => quoted(cell(source, row))).join(","));
  return `${lines.join("\r\n")}\r\n`;
}

/** @param {string} text */
function quoted(text) {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** @param {import("./state.js").ParallelState} state */
function fileName(state) {
  return titleText(state).replace(/[^\p{L}\p{N}._-]+/gu, "-");
}
