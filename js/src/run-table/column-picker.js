// Which columns are on view: searched, by group, all or none at once.

import { h, replace } from "../kit/dom.js";
import { walk } from "../kit/popover.js";
import { GROUPS, isSystemTag } from "../runs/catalog.js";
import { showColumns } from "./view-actions.js";

/** @typedef {import("./state.js").TableState} TableState */

const TITLES = { attributes: "Run", metrics: "Metrics", params: "Params", tags: "Tags" };

/**
 * @param {TableState} state
 * @param {import("../kit/popover.js").Popover} popover
 * @param {{ at: Element, onClose: () => void }} opening
 */
export function openColumnPicker(state, popover, { at, onClose }) {
  const search = h("input", {
    class: "nbt-pick-search",
    type: "search",
    placeholder: "Find a column",
    "aria-label": "Find a column",
  });
  const list = h("div", { class: "nbt-pick-list", role: "group", "aria-label": "Columns" });
  const auto = h("button", { class: "nbt-plain", type: "button" }, "Choose automatically");
  const draw = () => {
    const keep = list.scrollTop;
    replace(list, ...GROUPS.map((group) => section(state, group, search.value, draw)));
    list.scrollTop = keep;
    auto.hidden = state.columns.value === null;
  };
  search.addEventListener("input", draw);
  search.addEventListener("keydown", (event) => walk(event, pop, "input"));
  auto.addEventListener("click", () => {
    state.columns.value = null;
    draw();
  });
  const hide = h("input", { type: "checkbox" });
  hide.checked = state.hideConstant.value;
  hide.addEventListener("change", () => {
    state.hideConstant.value = hide.checked;
    state.columns.value = null;
    draw();
  });
  const foot = h(
    "div",
    { class: "nbt-pick-foot" },
    h("label", { class: "nbt-pick" }, hide, h("span", {}, "Hide what is the same in all runs")),
    auto,
  );
  const pop = popover.open([search, list, foot], { at, label: "Columns", alignEnd: true, onClose });
  pop.classList.add("nbt-picker");
  list.addEventListener("keydown", (event) => walk(event, pop, "input"));
  draw();
  popover.place(at, true);
  search.focus();
}

/**
 * @param {TableState} state
 * @param {import("../runs/catalog.js").Group} group
 * @param {string} wanted
 * @param {() => void} draw
 */
function section(state, group, wanted, draw) {
  const search = wanted.trim().toLowerCase();
  const same = new Map(state.constants.value.map(({ field, value }) => [field.id, value]));
  const fields = [...state.catalog.value.values()].filter(
    (field) =>
      field.group === group &&
      (search ? field.label.toLowerCase().includes(search) : !(field.kind === "tag" && isSystemTag(field.key))),
  );
  if (!fields.length) return null;
  const shown = new Set(state.shown.value.map((field) => field.id));
  const all = (/** @type {boolean} */ show) => {
    showColumns(
      state,
      fields.map(({ id }) => id),
      show,
    );
    draw();
  };
  const rows = fields.map((field) => {
    const box = h("input", { type: "checkbox", tabindex: 0 });
    box.checked = shown.has(field.id);
    box.disabled = field.id === "name";
    box.addEventListener("change", () => {
      showColumns(state, [field.id], box.checked);
      draw();
    });
    const value = same.get(field.id);
    return h(
      "label",
      { class: "nbt-pick" },
      box,
      h("span", { class: "nbt-label" }, field.label === "#" ? "Number" : field.label),
      value === undefined ? null : h("span", { class: "nbt-detail" }, `always ${value}`),
    );
  });
  return h(
    "fieldset",
    { class: "nbt-pick-group" },
    h(
      "legend",
      {},
      h("span", {}, TITLES[group]),
      h(
        "button",
        {
          class: "nbt-plain",
          type: "button",
          "aria-label": `all: ${TITLES[group]}`,
          on: { click: () => all(true) },
        },
        "all",
      ),
      h(
        "button",
        {
          class: "nbt-plain",
          type: "button",
          "aria-label": `none: ${TITLES[group]}`,
          on: { click: () => all(false) },
        },
        "none",
      ),
    ),
    ...rows,
  );
}
