// plotly figures: drawn small by ourselves, or by plotly where the page has it and the reader asks.

import { h } from "../../kit/dom.js";
import { plural } from "../../kit/format.js";
import { chartSvg, safeColour } from "../chart.js";
import { heatmap } from "./heatmap.js";
import { messageOf, toolRow } from "./parts.js";

/** @param {import("../preview.js").Look} look */
export function drawPlotly(look) {
  const { facts } = look;
  const stage = h("div", { class: "nbt-chart-stage" }, ...pictures(facts));
  const page = /** @type {any} */ (globalThis);
  const full =
    page.Plotly?.newPlot && facts.can_plotly && !look.offline
      ? h(
          "button",
          {
            class: "nbt-button nbt-look-button",
            type: "button",
            on: { click: () => void withPlotly(look, stage, page.Plotly) },
          },
          "Draw with plotly",
        )
      : null;
  return [
    facts.title ? h("h3", { class: "nbt-chart-name" }, plain(facts.title)) : "",
    stage,
    toolRow(leftOut(facts), full),
  ];
}

/** @param {any} facts */
function pictures(facts) {
  const traces = facts.traces.filter((/** @type {any} */ trace) => trace.type !== "heatmap");
  const maps = facts.traces.filter((/** @type {any} */ trace) => trace.type === "heatmap");
  const names = traces.filter((/** @type {any} */ trace) => trace.name);
  const label = plain(facts.title) || `Figure with ${plural(facts.n_traces, "trace")}`;
  const found = [];
  if (traces.length)
    found.push(chartSvg({ ...facts, x_title: plain(facts.x_title), y_title: plain(facts.y_title), traces, label }));
  if (names.length > 1) {
    found.push(
      h(
        "div",
        { class: "nbt-chart-legend" },
        traces.map((/** @type {any} */ trace, /** @type {number} */ index) =>
          h("span", {}, h("i", { style: { background: safeColour(trace.color, index) } }), plain(trace.name)),
        ),
      ),
    );
  }
  for (const { z, rows, columns } of maps) {
    const values = Float32Array.from(z, (/** @type {any} */ value) => value ?? Number.NaN);
    found.push(heatmap(values, rows, columns, { label, upright: true }));
  }
  return found;
}

/** Titles of plotly may hold `<b>` and the like: shown without. @param {string} text */
function plain(text) {
  return text.replace(/<br\s*\/?>/gi, " ").replace(/<\/?(b|i|em|sup|sub|span|a)\b[^>]*>/gi, "");
}

/** @param {any} facts */
function leftOut(facts) {
  const kinds = Object.entries(facts.left_out).map(([kind, count]) => `${count} ${kind}`);
  const missing = kinds.length ? ` Not drawn: ${kinds.join(", ")}.` : "";
  return `A still picture of ${plural(facts.traces.length, "trace")}, without layout and colours of the template.${missing}`;
}

/** @param {import("../preview.js").Look} look @param {HTMLElement} stage @param {any} plotly */
async function withPlotly(look, stage, plotly) {
  try {
    const { content } = await look.ask({ figure: true });
    const { data, layout } = JSON.parse(content.figure);
    const place = h("div", {});
    stage.replaceChildren(place);
    await plotly.newPlot(place, data, { ...layout, autosize: true, width: undefined }, { responsive: true });
    look.until.addEventListener("abort", () => plotly.purge(place), { once: true });
  } catch (cause) {
    look.say(messageOf(cause));
  }
}
