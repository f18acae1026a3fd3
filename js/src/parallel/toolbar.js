// The line above the plot: how many runs, keep and exclude, the colours, the axes, pictures.

import { h, icon, replace, setAttribute } from "../kit/dom.js";
import { formatCount, plural } from "../kit/format.js";
import { react } from "../kit/model.js";
import { opener } from "../kit/opener.js";
import { openMenu } from "../kit/popover.js";
import { openAxisPicker } from "./axis-picker.js";
import { saveCsv, savePng, saveSvg } from "./export.js";
import { legend } from "./legend.js";

/** @typedef {import("./parallel.js").ParallelPlot} ParallelPlot */

export class Toolbar {
  /** @param {ParallelPlot} plot */
  constructor(plot) {
    const { state, view } = plot;
    const { until } = view;
    this.count = h("span", { class: "nbt-par-count" });
    this.keep = h("button", { class: "nbt-button", type: "button", title: "Only the brushed runs stay" }, "Keep");
    this.exclude = h("button", { class: "nbt-button", type: "button", title: "The brushed runs go" }, "Exclude");
    this.keep.addEventListener("click", () => view.take("keep"));
    this.exclude.addEventListener("click", () => view.take("exclude"));
    this.undo = h(
      "button",
      { class: "nbt-button", type: "button", title: "Take back the last Keep or Exclude" },
      icon("undo"),
      "Restore",
    );
    this.undo.addEventListener("click", () => {
      view.steps.value = view.steps.value.slice(0, -1);
    });
    this.colour = opener("down", "Colour", (at, onClose) =>
      openMenu(plot.popover, colourMenu(plot), { at, label: "Colour by", alignEnd: true, onClose }),
    );
    this.colour.classList.add("nbt-par-colour");
    const axes = opener("columns", "Axes", (at, onClose) => openAxisPicker(plot, at, onClose));
    const more = opener("more", "", (at, onClose) =>
      openMenu(plot.popover, moreMenu(plot), { at, label: "More", alignEnd: true, onClose }),
    );
    setAttribute(more, "aria-label", "More");
    this.el = h(
      "div",
      { class: "nbt-par-bar", role: "toolbar", "aria-label": "Parallel coordinates" },
      this.count,
      this.keep,
      this.exclude,
      this.undo,
      h("span", { class: "nbt-par-right" }, this.colour, axes, more),
    );
    react(until, () => this.#tell(plot));
    react(until, () => {
      const colouring = plot.layers.colouring.value;
      replace(this.colour, ...legend(colouring, state.colourField()));
    });
  }

  /** @param {ParallelPlot} plot */
  #tell({ view }) {
    const shown = view.matched.value.length;
    const total = view.total.value;
    const isAll = shown === total;
    replace(
      this.count,
      h("b", {}, formatCount(shown)),
      isAll ? ` ${total === 1 ? "run" : "runs"}` : ` of ${plural(total, "run")}`,
    );
    const isBrushed = Object.keys(view.extents.value).length > 0;
    this.keep.disabled = !isBrushed;
    this.exclude.disabled = !isBrushed;
    this.undo.hidden = view.steps.value.length === 0;
  }
}

/** @param {ParallelPlot} plot @returns {(import("../kit/popover.js").Item | "line" | { title: string })[]} */
function colourMenu({ state, view }) {
  const present = state.colourField();
  const groups = /** @type {const} */ ([
    ["metrics", "Metrics"],
    ["params", "Params"],
    ["attributes", "Run"],
    ["tags", "Tags"],
  ]);
  const items = [];
  for (const [group, title] of groups) {
    const fields = state
      .candidates()
      .filter((field) => field.group === group && !/^(mlflow|nbtrack)\./.test(field.key));
    if (fields.length) items.push({ title });
    for (const field of fields) {
      const act = () => {
        view.colourBy.value = field.id;
      };
      items.push({ label: field.label === "#" ? "Number" : field.label, checked: field === present, act });
    }
  }
  const plain = () => {
    view.colourBy.value = "";
  };
  return [{ label: "One colour", checked: !present, act: plain }, ...items];
}

/** @param {ParallelPlot} plot @returns {(import("../kit/popover.js").Item | "line")[]} */
function moreMenu(plot) {
  const { importance, state, view } = plot;
  const dots = Object.keys(view.extents.value).length > 0;
  return [
    { label: "Save as PNG", detail: "twice the size", act: () => savePng(plot) },
    { label: "Save as SVG", detail: "vectors", act: () => saveSvg(plot) },
    { label: "Save runs as CSV", detail: plural(view.matched.value.length, "run"), act: () => saveCsv(plot) },
    "line",
    { label: "Show importance", checked: importance.isWanted.value, act: () => importance.toggle() },
    { label: "Clear all brushes", detail: "Esc", disabled: !dots, act: () => state.clear() },
    {
      label: "Axes as at first",
      act: () => {
        state.axes.value = null;
        state.kinds.value = {};
        state.inverted.value = [];
      },
    },
  ];
}
