// The menu of one chart, and what it saves.

import { saveFile } from "../kit/canvas.js";
import { h, icon } from "../kit/dom.js";
import { openMenu } from "../kit/popover.js";

/**
 * @typedef {import("./curves.js").CurvesPlot} CurvesPlot
 * @typedef {import("./line-chart.js").LineChart} LineChart
 */

const LINE = 18;
const SIDE = 12;
const TOP = 34;

/**
 * @param {CurvesPlot} plot
 * @param {string} id of the chart
 */
export function chartMenu(plot, id) {
  const { state } = plot;
  const button = h(
    "button",
    {
      class: "nbt-chart-button",
      type: "button",
      "aria-label": "This chart",
      title: "This chart",
      "aria-haspopup": "menu",
    },
    icon("more"),
  );
  const items = () => {
    const isLarge = state.largest.value === id;
    const chart = /** @type {LineChart} */ (plot.charts.charts.get(id));
    const key = plot.charts.panels.get(id)?.key ?? id;
    return [
      {
        label: isLarge ? "All charts" : "Only this chart, large",
        act: () => {
          state.largest.value = isLarge ? null : id;
        },
      },
      {
        label: "Logarithmic y",
        checked: state.isLogY(id),
        act: () => {
          state.ownLogY.value = { ...state.ownLogY.value, [id]: !state.isLogY(id) };
        },
      },
      /** @type {const} */ ("line"),
      { label: "Save as PNG", act: () => savePng(chart) },
      { label: "Save points as CSV", act: () => saveCsv(chart, key) },
      /** @type {const} */ ("line"),
      {
        label: `Hide ${key}`,
        act: () => {
          state.metrics.value = state.shown.value.filter((metric) => metric !== key);
        },
      },
    ];
  };
  button.addEventListener("click", () =>
    openMenu(plot.popover, items(), { at: button, label: "This chart", alignEnd: true }),
  );
  return button;
}

/**
 * The points of a chart as they are drawn, before smoothing.
 * @param {import("./strokes.js").Series[]} series
 * @param {string} key
 * @param {string} xLabel
 */
export function csvOf(series, key, xLabel) {
  const cell = (/** @type {string} */ text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const lines = [["run", xLabel, key, "low", "high"].map(cell).join(",")];
  for (const { label, x, y, ghost, low, high } of series) {
    for (let i = 0; i < x.length; i += 1) {
      const value = (ghost ?? y)[i];
      lines.push([cell(label), x[i], value, low?.[i] ?? value, high?.[i] ?? value].join(","));
    }
  }
  return `${lines.join("\n")}\n`;
}

/** @param {LineChart} chart @param {string} key */
function saveCsv({ series, options }, key) {
  saveFile(csvOf(series, key, options.xLabel), `${fileName(key)}.csv`, "text/csv");
}

/** @param {LineChart} chart */
function savePng(chart) {
  const source = chart.plot?.ctx.canvas;
  if (!source) return;
  const ratio = globalThis.devicePixelRatio || 1;
  const style = getComputedStyle(chart.root);
  const { legend, height } = legendRows(chart, source.width / ratio);
  const canvas = document.createElement("canvas");
  canvas.width = source.width + 2 * SIDE * ratio;
  canvas.height = source.height + (TOP + height + SIDE) * ratio;
  const pen = canvas.getContext("2d");
  if (!pen) return;
  pen.fillStyle = style.backgroundColor;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(source, SIDE * ratio, TOP * ratio);
  pen.scale(ratio, ratio);
  pen.fillStyle = style.color;
  pen.font = "600 14px system-ui, sans-serif";
  pen.fillText(chart.title, SIDE + 6, 22);
  pen.font = "12px system-ui, sans-serif";
  for (const { left, top, label, colour } of legend) {
    const base = TOP + source.height / ratio + top;
    pen.fillStyle = colour;
    pen.fillRect(SIDE + left, base + 7, 12, 3);
    pen.fillStyle = style.color;
    pen.fillText(label, SIDE + left + 17, base + 13);
  }
  canvas.toBlob((blob) => blob && saveFile(blob, `${fileName(chart.title)}.png`));
}

/** @param {LineChart} chart @param {number} width */
function legendRows({ series }, width) {
  let left = 6;
  let top = 6;
  const legend = series.slice(0, 40).map(({ label, colour }) => {
    const room = 17 + label.length * 6.6 + 14;
    if (left + room > width && left > 6) {
      left = 6;
      top += LINE;
    }
    const place = { left, top, label, colour };
    left += room;
    return place;
  });
  return { legend, height: top + LINE };
}

/** @param {string} text */
function fileName(text) {
  return text.replaceAll(/[^\p{L}\p{N}._-]+/gu, "-");
}
