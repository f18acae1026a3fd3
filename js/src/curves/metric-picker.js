// Choose metrics: searched by name, whole prefixes at once.

import { h, replace } from "../kit/dom.js";
import { walk } from "../kit/popover.js";

/** @typedef {import("./curves.js").CurvesPlot} CurvesPlot */

/**
 * @param {CurvesPlot} plot
 * @param {HTMLElement} at
 * @param {() => void} onClose
 */
export function openMetricPicker({ state, popover }, at, onClose) {
  const search = h("input", {
    class: "nbt-metric-search",
    type: "search",
    placeholder: "Find a metric",
    "aria-label": "Find a metric",
  });
  const list = h("div", { class: "nbt-metric-list", role: "group", "aria-label": "Metrics" });
  /** @param {string[]} keys @param {boolean} on */
  const set = (keys, on) => {
    const rest = state.shown.value.filter((key) => !keys.includes(key));
    state.metrics.value = on ? [...rest, ...keys] : rest;
    fill();
  };
  const fill = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const shown = new Set(state.shown.value);
    const found = state.known.value.filter(({ key }) => words.every((word) => key.toLowerCase().includes(word)));
    const keys = found.map(({ key }) => key);
    const lines = found.map(({ key, isCurve }) => {
      const tick = h("input", { type: "checkbox", checked: shown.has(key) });
      tick.addEventListener("change", () => set([key], tick.checked));
      return h(
        "label",
        { class: "nbt-item", title: key },
        tick,
        h("span", {}, key),
        isCurve ? null : h("span", { class: "nbt-detail" }, "one point"),
      );
    });
    const some = words.length > 0 && keys.length > 0 && keys.length < state.known.value.length;
    const all = some
      ? h(
          "button",
          { class: "nbt-plain", type: "button", on: { click: () => set(keys, !keys.every((key) => shown.has(key))) } },
          keys.every((key) => shown.has(key)) ? "Hide these" : `Show these ${keys.length}`,
        )
      : null;
    replace(list, all, ...lines, lines.length ? null : h("div", { class: "nbt-pop-title" }, "no metric has this name"));
  };
  search.addEventListener("input", fill);
  list.addEventListener("keydown", (event) => walk(event, list, "input"));
  search.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown") return;
    event.preventDefault();
    list.querySelector("input")?.focus();
  });
  const automatic = () => {
    state.metrics.value = null;
    fill();
  };
  const foot = h(
    "div",
    { class: "nbt-metric-foot" },
    h("button", { class: "nbt-plain", type: "button", on: { click: automatic } }, "Automatic"),
    h("button", { class: "nbt-plain", type: "button", on: { click: () => set(state.shown.value, false) } }, "None"),
  );
  fill();
  popover.open([search, list, foot], { at, label: "Metrics", onClose });
  search.focus();
}
