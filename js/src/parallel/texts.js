// What the picture shows, in words: for screen readers, file names and pictures.

import { formatCount, plural } from "../kit/format.js";
import { brushedName } from "./axes.js";
import { brushWords } from "./brush.js";

/** @typedef {import("./state.js").ParallelState} ParallelState */

/** `12 of 40 runs` @param {ParallelState} state */
export function countText({ view }) {
  const shown = view.matched.value.length;
  const total = view.total.value;
  return shown === total ? plural(total, "run") : `${formatCount(shown)} of ${plural(total, "run")}`;
}

/**
 * Every brush in words, also of columns that have no axis on view.
 * @param {ParallelState} state
 * @param {import("../runs/where.js").Extents} [extents] the present brush, or that of a step
 */
export function brushList(state, extents = state.view.extents.value) {
  const { view } = state;
  const axes = new Map(state.shown.value.map((axis) => [brushedName(axis, extents, (key) => view.goalOf(key)), axis]));
  return Object.entries(extents).map(([column, pieces]) => {
    const axis = axes.get(column);
    const source = view.store.column(column) ? column : `${column}.last`;
    const field = axis?.field ?? view.fieldOfColumn(source);
    const format = axis && axis.texts.length === 0 ? axis.format : String;
    const statistic = field?.kind === "metric" ? (/\.(min|max|best)$/.exec(column)?.[1] ?? "") : "";
    const label = `${field?.label ?? column}${statistic ? ` (${statistic})` : ""}`;
    return { column, label, words: brushWords(pieces, format), isOnView: axis !== undefined };
  });
}

/** `12 of 40 runs; brushed lr 0.001–0.1; axes lr, model, loss; coloured by loss` @param {ParallelState} state */
export function ariaText(state) {
  const brushed = brushList(state).map(({ label, words }) => `${label} ${words}`);
  const colour = state.colourAxis.value?.label;
  return [
    countText(state),
    brushed.length ? `brushed ${brushed.join(" and ")}` : "nothing brushed",
    `axes ${state.shown.value.map(({ label }) => label).join(", ")}`,
    colour ? `coloured by ${colour}` : "",
  ]
    .filter(Boolean)
    .join("; ");
}

/** @param {ParallelState} state */
export function titleText(state) {
  const main = state.mainMetric();
  const name = state.view.store.source.value.name.replace(/\.duckdb$/, "");
  return [name, main ? `parallel coordinates of ${main.label}` : "parallel coordinates"].filter(Boolean).join(": ");
}
