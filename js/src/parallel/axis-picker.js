// Which columns are axes: searched, shown and hidden.

import { h, replace } from "../kit/dom.js";
import { walk } from "../kit/popover.js";
import { GROUPS, isSystemTag } from "../runs/catalog.js";

/** @typedef {import("./parallel.js").ParallelPlot} ParallelPlot */

const TITLES = { attributes: "Run", metrics: "Metrics", params: "Params", tags: "Tags" };

/**
 * @param {ParallelPlot} plot
 * @param {Element} at
 * @param {() => void} onClose
 */
export function openAxisPicker({ popover, state }, at, onClose) {
  const search = h("input", {
    class: "nbt-par-search",
    type: "search",
    placeholder: "Find an axis",
    "aria-label": "Find an axis",
  });
  const list = h("div", { class: "nbt-par-list", role: "group", "aria-label": "Axes" });
  const auto = h("button", { class: "nbt-plain", type: "button" }, "Choose automatically");
  const draw = () => {
    const keep = list.scrollTop;
    replace(list, ...GROUPS.map((group) => section(state, group, search.value, auto)));
    list.scrollTop = keep;
    auto.hidden = state.axes.value === null;
  };
  auto.addEventListener("click", () => {
    state.axes.value = null;
    draw();
  });
  search.addEventListener("input", draw);
  const pop = popover.open([search, list, auto], { at, label: "Axes", alignEnd: true, onClose });
  pop.classList.add("nbt-par-picker");
  pop.addEventListener("keydown", (event) => walk(event, pop, "input"));
  draw();
  popover.place(at, true);
  search.focus();
}

/**
 * @param {import("./state.js").ParallelState} state
 * @param {import("../runs/catalog.js").Group} group
 * @param {string} wanted
 * @param {HTMLElement} auto
 */
function section(state, group, wanted, auto) {
  const words = wanted.trim().toLowerCase();
  const fields = state
    .candidates()
    .filter(
      (field) => field.group === group && (words ? field.label.toLowerCase().includes(words) : !isSystemTag(field.key)),
    );
  if (!fields.length) return null;
  const shown = new Set(state.ids());
  const rows = fields.map((field) => {
    const box = h("input", { type: "checkbox" });
    box.checked = shown.has(field.id);
    box.addEventListener("change", () => {
      state.show(field.id, box.checked);
      auto.hidden = false;
    });
    const { constant, value } = state.view.facts.of(field.source);
    return h(
      "label",
      { class: "nbt-par-pick" },
      box,
      h("span", { class: "nbt-label" }, field.label === "#" ? "Number" : field.label),
      constant ? h("span", { class: "nbt-detail" }, `always ${value}`) : null,
    );
  });
  return h("fieldset", { class: "nbt-par-group" }, h("legend", {}, TITLES[group]), ...rows);
}
