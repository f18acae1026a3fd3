// What can be done with one axis.

import { kindsOf } from "./scale.js";

/**
 * @typedef {import("./parallel.js").ParallelPlot} ParallelPlot
 * @typedef {import("./axes.js").Axis} Axis
 * @typedef {import("../kit/popover.js").Item} Item
 */

const KINDS = {
  linear: "Linear",
  log: "Logarithmic",
  rank: "Percentiles",
  time: "Time",
  category: "Categories",
  boolean: "Yes or no",
};
const STATISTICS = /** @type {const} */ (["last", "min", "max", "best"]);

/**
 * @param {ParallelPlot} plot
 * @param {Axis} axis
 * @param {Element | DOMRect} at
 * @returns {(Item | "line" | { title: string })[]}
 */
export function axisMenu(plot, axis, at) {
  const { state, view } = plot;
  const column = view.store.column(axis.source);
  const kinds = column ? kindsOf(column, view.facts.of(axis.source)) : [];
  const ids = state.ids();
  const place = ids.indexOf(axis.id);
  const brushed = (state.brushes.value[place] ?? []).length > 0;
  return [
    { label: "Brush…", icon: "pen", detail: "Enter", act: () => plot.openRange(axis, at) },
    ...(brushed
      ? [
          /** @type {Item} */ ({
            label: "Clear the brush",
            icon: "close",
            detail: "⌫",
            act: () => state.brush(axis, []),
          }),
        ]
      : []),
    { label: "Colour by this", checked: state.colourField() === axis.field, act: () => colourBy(plot, axis) },
    { label: "Invert", checked: axis.inverted, detail: "I", act: () => state.invert(axis.id) },
    ...(kinds.length > 1 ? /** @type {const} */ (["line"]) : []),
    ...(kinds.length > 1
      ? kinds.map((kind) => ({ label: KINDS[kind], checked: axis.kind === kind, act: () => state.setKind(axis, kind) }))
      : []),
    ...metricItems(plot, axis),
    "line",
    {
      label: "Move left",
      icon: "left",
      detail: "Shift ←",
      disabled: place === 0,
      act: () => state.move(axis.id, place - 1),
    },
    {
      label: "Move right",
      icon: "right",
      detail: "Shift →",
      disabled: place === ids.length - 1,
      act: () => state.move(axis.id, place + 1),
    },
    { label: "Hide", icon: "close", detail: "Del", act: () => state.hide(axis.id) },
  ];
}

/** @param {ParallelPlot} plot @param {Axis} axis */
function colourBy({ view }, axis) {
  view.colourBy.value = axis.id;
}

/**
 * Which value of the metric the axis shows, and which way it is better.
 * @param {ParallelPlot} plot
 * @param {Axis} axis
 * @returns {(Item | "line" | { title: string })[]}
 */
function metricItems(plot, axis) {
  const { state, view } = plot;
  const { field } = axis;
  if (field.kind !== "metric") return [];
  const statistic = view.statisticOf(field.key);
  const { goal, stated } = view.goalOf(field.key);
  const set = (/** @type {"min" | "max" | null} */ value) =>
    view.kernel
      .edit({ op: "goal", runs: [], key: field.key, value })
      .catch((/** @type {Error} */ cause) => plot.say(cause.message));
  const offline = view.kernel.offline;
  return [
    "line",
    { title: "Value of each run" },
    ...STATISTICS.map((each) => ({
      label: each,
      checked: statistic === each,
      act: () => state.setStatistic(axis, each),
    })),
    "line",
    {
      title: offline
        ? "Better is (needs a kernel to change)"
        : stated || !goal
          ? "Better is"
          : "Better is (judged by its name)",
    },
    { label: "Lower", icon: "low", checked: goal === "min", disabled: offline, act: () => set("min") },
    { label: "Higher", icon: "high", checked: goal === "max", disabled: offline, act: () => set("max") },
  ];
}
