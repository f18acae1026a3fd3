// A matrix as a picture: one pixel a value, enlarged without smoothing, with the scale beside it.

import { h } from "../../kit/dom.js";
import { sequential } from "../../kit/palette.js";
import { short } from "./parts.js";

const STEPS = 64;
const LARGEST = 420;

/**
 * @param {Float32Array} values
 * @param {number} rows
 * @param {number} columns
 * @param {{ label: string, upright?: boolean }} options `upright` puts the first row at the foot, as plotly does
 */
export function heatmap(values, rows, columns, { label, upright = false }) {
  const { low, high } = finiteEnds(values);
  const scale = Math.max(1, Math.floor(LARGEST / Math.max(rows, columns)));
  const canvas = h("canvas", {
    width: columns,
    height: rows,
    role: "img",
    "aria-label": `${label}: ${rows} by ${columns} values from ${short(low)} to ${short(high)}`,
  });
  canvas.style.width = `${columns * scale}px`;
  canvas.style.aspectRatio = `${columns} / ${rows}`;
  const context = canvas.getContext("2d");
  if (context) {
    const image = context.createImageData(columns, rows);
    image.data.set(pixels(values, rows, columns, { low, high, upright }));
    context.putImageData(image, 0, 0);
  }
  const bar = h("div", { class: "nbt-heat-bar", "aria-hidden": "true" });
  bar.style.background = `linear-gradient(to right, ${[0, 0.25, 0.5, 0.75, 1].map((at) => sequential(at, true)).join(", ")})`;
  return h(
    "figure",
    { class: "nbt-heat" },
    canvas,
    h("figcaption", {}, h("span", {}, short(low)), bar, h("span", {}, short(high))),
  );
}

/** @param {Float32Array} values */
export function finiteEnds(values) {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? { low, high } : { low: 0, high: 0 };
}

/**
 * RGBA of each value; what is no number stays transparent.
 * @param {Float32Array} values
 * @param {number} rows
 * @param {number} columns
 * @param {{ low: number, high: number, upright: boolean }} how
 */
export function pixels(values, rows, columns, { low, high, upright }) {
  const colours = Array.from({ length: STEPS }, (_, step) =>
    (sequential(step / (STEPS - 1), true).match(/\d+/g) ?? []).map(Number),
  );
  const data = new Uint8ClampedArray(rows * columns * 4);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const value = values[row * columns + column] ?? Number.NaN;
      if (!Number.isFinite(value)) continue;
      const step = high > low ? Math.round(((value - low) / (high - low)) * (STEPS - 1)) : 0;
      const at = ((upright ? rows - 1 - row : row) * columns + column) * 4;
      data.set([...(colours[step] ?? [0, 0, 0]), 255], at);
    }
  }
  return data;
}
