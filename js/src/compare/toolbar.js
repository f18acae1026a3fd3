// The line above the table: keys to show, what is hidden, the way from difference to difference, copies.

import { h, icon, replace, setAttribute } from "../kit/dom.js";
import { plural } from "../kit/format.js";
import { react } from "../kit/model.js";
import { opener } from "../kit/opener.js";
import { openMenu } from "../kit/popover.js";
import { SECTIONS } from "./lines.js";

/** @typedef {import("./compare.js").Compare} Compare */

export class Toolbar {
  /** @param {Compare} compare */
  constructor(compare) {
    const { state } = compare;
    this.input = h("input", {
      class: "nbt-cmp-input",
      type: "search",
      placeholder: "Filter keys",
      "aria-label": "Filter keys",
      spellcheck: "false",
      on: {
        input: () => {
          state.filter.value = this.input.value;
        },
        keydown: (/** @type {KeyboardEvent} */ event) => {
          if (event.key === "Escape" && this.input.value) state.filter.value = "";
          else if (event.key === "Enter" || event.key === "ArrowDown" || event.key === "Escape")
            compare.grid.el.focus({ preventScroll: true });
          else return;
          event.preventDefault();
          event.stopPropagation();
        },
      },
    });
    this.same = h("button", {
      class: "nbt-button nbt-cmp-toggle",
      type: "button",
      on: {
        click: () => {
          state.hideSame.value = !state.hideSame.value;
        },
      },
    });
    this.count = h("span", { class: "nbt-cmp-matches", role: "status" });
    const step = (/** @type {1 | -1} */ by, /** @type {string} */ label, /** @type {string} */ key) =>
      h(
        "button",
        {
          class: `nbt-button nbt-cmp-step${by < 0 ? " nbt-cmp-up" : ""}`,
          type: "button",
          title: `${label} (${key})`,
          "aria-label": label,
          on: { click: () => state.step(by) },
        },
        icon("down", 12),
      );
    this.el = h(
      "div",
      { class: "nbt-cmp-toolbar", role: "toolbar", "aria-label": "Comparison" },
      h("label", { class: "nbt-cmp-filter" }, icon("search", 13), this.input),
      this.count,
      this.same,
      h("span", { class: "nbt-cmp-pair" }, step(-1, "Previous difference", "p"), step(1, "Next difference", "n")),
      opener("columns", "Sections", (at, onClose) =>
        openMenu(compare.popover, sectionItems(compare), { at, label: "Sections", alignEnd: true, onClose }),
      ),
      opener("copy", "Copy", (at, onClose) =>
        openMenu(compare.popover, copyItems(compare), { at, label: "Copy", alignEnd: true, onClose }),
      ),
    );
    react(state.until, () => {
      if (this.input.value !== state.filter.value) this.input.value = state.filter.value;
    });
    react(state.until, () => {
      const { hidden, differ } = state.view.value;
      const hides = state.hideSame.value && state.runs.value.length > 1;
      replace(this.same, hides ? `${plural(hidden, "identical row")} hidden` : "Hide identical rows");
      setAttribute(this.same, "aria-pressed", String(hides));
      setAttribute(this.same, "title", hides ? "Show the rows in which all runs agree" : "Show only what differs");
      this.same.hidden = state.runs.value.length < 2 || (hides && hidden === 0);
      replace(this.count, h("b", {}, String(differ)), differ === 1 ? " difference" : " differences");
      this.count.hidden = state.runs.value.length < 2 || !state.data.loaded.value;
    });
  }
}

/** @param {Compare} compare */
function sectionItems({ state }) {
  const all = [...SECTIONS].filter(([id]) => state.data.sections.has(id));
  const shown = new Set(state.sections.value ?? all.map(([id]) => id));
  const items = all.map(([id, label]) => ({
    label,
    checked: shown.has(id),
    act: () => {
      if (!shown.delete(id)) shown.add(id);
      state.sections.value =
        shown.size === all.length ? null : all.map(([name]) => name).filter((name) => shown.has(name));
    },
  }));
  const statistics = state.data.sections.get("metrics")?.map((row) => row.key) ?? [];
  const isOpen = statistics.length > 0 && state.opened.value.size > 0;
  return [
    ...items,
    /** @type {const} */ ("line"),
    {
      label: "Min, max and points of all metrics",
      checked: isOpen,
      disabled: !statistics.length,
      act: () => {
        state.opened.value = new Set(isOpen ? [] : statistics);
      },
    },
  ];
}

/** @param {Compare} compare */
function copyItems(compare) {
  return [
    { label: "Copy as Markdown", act: () => void compare.copyTable("markdown") },
    { label: "Copy as CSV", act: () => void compare.copyTable("csv") },
    { label: "Copy the sentence", act: () => void compare.copySentence() },
  ];
}
