// The line above the charts: metrics, x, smoothing, columns that colour and split, and how many runs are drawn.

import { h, icon, replace } from "../kit/dom.js";
import { plural } from "../kit/format.js";
import { react } from "../kit/model.js";
import { opener } from "../kit/opener.js";
import { openMenu } from "../kit/popover.js";
import { openMetricPicker } from "./metric-picker.js";
import { MOST_DRAWN } from "./state.js";

/**
 * @typedef {import("./curves.js").CurvesPlot} CurvesPlot
 * @typedef {import("../kit/popover.js").Item} Item
 * @typedef {import("@preact/signals-core").Signal<any>} AnySignal
 */

/** @type {[string, string][]} */
const XS = [
  ["step", "Step"],
  ["relative", "Time since the start"],
  ["time", "Clock time"],
];

/** @param {CurvesPlot} plot @param {{ filter: boolean }} options */
export function toolbar(plot, { filter }) {
  const { popover, state, view } = plot;
  const metrics = opener("columns", "Metrics", (at, onClose) => openMetricPicker(plot, at, onClose));
  const x = opener("down", "x", (at, onClose) => openMenu(popover, xMenu(plot), { at, label: "x axis", onClose }));
  x.classList.add("nbt-curve-x");
  const columns = opener("group", "Group", (at, onClose) =>
    openMenu(popover, columnMenu(plot), { at, label: "Colours, dashes and groups", onClose }),
  );
  const more = opener("more", "Options", (at, onClose) =>
    openMenu(popover, moreMenu(plot), { at, label: "Options", alignEnd: true, onClose }),
  );
  react(view.until, () => {
    const known = XS.find(([name]) => name === state.x.value);
    replace(/** @type {Element} */ (x.lastElementChild), `x: ${known ? known[1].toLowerCase() : state.xLabel}`);
  });
  return h(
    "div",
    { class: "nbt-curve-bar", role: "toolbar", "aria-label": "Curves" },
    filter ? filterBox(plot) : null,
    count(plot),
    h(
      "div",
      { class: "nbt-curve-buttons" },
      allCharts(plot),
      zoomReset(plot),
      smoothing(plot),
      x,
      metrics,
      columns,
      more,
    ),
  );
}

/** @param {CurvesPlot} plot */
function filterBox({ view }) {
  const input = h("input", {
    class: "nbt-curve-filter",
    type: "search",
    "aria-label": "Filter runs",
    placeholder: "Filter runs: params.lr < 0.1",
    spellcheck: "false",
  });
  input.addEventListener("input", () => {
    view.filter.value = input.value;
  });
  react(view.until, () => {
    const { error } = view.matcher.value;
    if (input.value !== view.filter.value) input.value = view.filter.value;
    input.setAttribute("aria-invalid", String(error !== null));
    input.title = error?.message ?? "";
  });
  return input;
}

/** @param {CurvesPlot} plot */
function count({ state, view }) {
  const el = h("span", { class: "nbt-curve-count", role: "status" });
  react(view.until, () => {
    const drawn = state.drawn.value.length;
    const all = view.matched.value.length;
    const can = Math.min(all, MOST_DRAWN);
    const drawAll = () => {
      if (state.isSelection.value) view.selected.value = [];
      else state.maxDrawn.value = can;
    };
    const fewer = () => {
      state.maxDrawn.value = 20;
    };
    const isSelection = state.isSelection.value && drawn < all;
    const offer = isSelection
      ? link("draw the newest instead", drawAll)
      : drawn < can
        ? link(can < all ? `draw ${MOST_DRAWN}` : "draw all", drawAll)
        : drawn > 20
          ? link("draw 20", fewer)
          : null;
    const text = drawn === all ? plural(all, "run") : `${drawn} of ${plural(all, "run")} drawn`;
    replace(el, isSelection ? `${plural(drawn, "selected run")}` : text, offer ? " · " : null, offer);
    el.hidden = !view.store.loaded.value;
  });
  return el;
}

/** @param {string} text @param {() => void} click */
function link(text, click) {
  return h("button", { class: "nbt-plain", type: "button", on: { click } }, text);
}

/** @param {CurvesPlot} plot */
function zoomReset({ state, view }) {
  const click = () => {
    state.xRange.value = null;
  };
  const el = h(
    "button",
    { class: "nbt-button", type: "button", title: "Show all of x (double-click on a chart)", on: { click } },
    icon("undo"),
    h("span", { class: "nbt-word" }, "Zoom out"),
  );
  react(view.until, () => {
    el.hidden = state.xRange.value === null;
  });
  return el;
}

/** @param {CurvesPlot} plot */
function allCharts({ state, view }) {
  const click = () => {
    state.largest.value = null;
  };
  const el = h("button", { class: "nbt-button", type: "button", on: { click } }, icon("left"), "All charts");
  react(view.until, () => {
    el.hidden = state.largest.value === null;
  });
  return el;
}

/** @param {CurvesPlot} plot */
function smoothing({ state, view }) {
  const slider = h("input", {
    type: "range",
    min: 0,
    max: 0.99,
    step: 0.01,
    "aria-label": "Smoothing",
    title: "Smoothing: the weight of the past in a moving average",
  });
  const value = h("span", { class: "nbt-curve-smooth-value" });
  slider.addEventListener("input", () => {
    state.smoothing.value = Number(slider.value);
  });
  react(view.until, () => {
    slider.value = String(state.smoothing.value);
    value.textContent = state.smoothing.value ? state.smoothing.value.toFixed(2) : "off";
  });
  return h("label", { class: "nbt-curve-smooth" }, h("span", { class: "nbt-word" }, "Smooth"), slider, value);
}

/** @param {CurvesPlot} plot @returns {(Item | "line" | { title: string })[]} */
function xMenu({ state }) {
  const choose = (/** @type {string} */ name) => () => {
    state.xRange.value = null; // another unit
    state.x.value = name;
  };
  const times = XS.map(([name, label]) => ({ label, checked: state.x.value === name, act: choose(name) }));
  const metrics = state.known.value.filter(({ isCurve }) => isCurve);
  return [
    ...times,
    { title: "Another metric of the same step" },
    ...metrics.slice(0, 100).map(({ key }) => ({
      label: key,
      checked: state.x.value === `metrics.${key}`,
      act: choose(`metrics.${key}`),
    })),
  ];
}

/** @param {CurvesPlot} plot @returns {(Item | "line" | { title: string })[]} */
function columnMenu(plot) {
  const { popover, state, view } = plot;
  const at = () => /** @type {Element} */ (plot.root.querySelector(".nbt-curve-buttons"));
  /** @param {string} label @param {AnySignal} signal @param {string} none */
  const entry = (label, signal, none) => ({
    label,
    detail: signal.value ? (state.field(signal.value)?.label ?? signal.value) : none,
    act: () => openMenu(popover, choices(plot, signal, none), { at: at(), label }),
  });
  const averaged = state.aggregateBy.value.map((id) => state.field(id)?.label ?? id).join(", ");
  return [
    entry("Colour by", view.colourBy, "run"),
    entry("Dash by", state.dashBy, "nothing"),
    entry("A chart for each", state.facetBy, "metric only"),
    {
      label: "Average runs that share",
      detail: averaged || "nothing",
      act: () => openMenu(popover, averages(plot), { at: at(), label: "Average runs that share" }),
    },
  ];
}

/** @param {CurvesPlot} plot @param {AnySignal} signal @param {string} none @returns {Item[]} */
function choices({ state }, signal, none) {
  const set = (/** @type {string | null} */ value) => () => {
    signal.value = value;
  };
  return [
    { label: none, checked: !signal.value, act: set(null) },
    ...state.columns().map(({ id, label }) => ({ label, checked: signal.value === id, act: set(id) })),
  ];
}

/** @param {CurvesPlot} plot @returns {(Item | { title: string })[]} */
function averages({ state }) {
  const present = state.aggregateBy.value;
  const toggle = (/** @type {string} */ id) => () => {
    state.aggregateBy.value = present.includes(id) ? present.filter((other) => other !== id) : [...present, id];
  };
  return [
    {
      label: "Each run by itself",
      checked: !present.length,
      act: () => {
        state.aggregateBy.value = [];
      },
    },
    { title: "Mean ± 95 % confidence interval over runs with the same" },
    ...state.columns().map(({ id, label }) => ({ label, checked: present.includes(id), act: toggle(id) })),
  ];
}

/** @param {CurvesPlot} plot @returns {(Item | "line")[]} */
function moreMenu({ state, view }) {
  /** @param {string} label @param {AnySignal} signal */
  const flip = (label, signal) => ({
    label,
    checked: signal.value,
    act: () => {
      signal.value = !signal.value;
    },
  });
  return [
    flip("Logarithmic x", state.logX),
    {
      ...flip("Logarithmic y", state.logY),
      act: () => {
        state.ownLogY.value = {};
        state.logY.value = !state.logY.value;
      },
    },
    flip("Clip outliers", state.clip),
    "line",
    {
      label: "Show all lines",
      disabled: !state.hidden.value.size,
      act: () => {
        state.hidden.value = new Set();
      },
    },
    {
      label: "Clear selection",
      disabled: !view.selected.value.length,
      act: () => {
        view.selected.value = [];
      },
    },
  ];
}
