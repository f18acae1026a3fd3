// The line above the table: the filter, how many runs match, columns, groups, the view.

import { h, icon, replace } from "../kit/dom.js";
import { formatCount, plural } from "../kit/format.js";
import { react } from "../kit/model.js";
import { opener } from "../kit/opener.js";
import { openMenu } from "../kit/popover.js";
import { SavedViews } from "../runs/saved-views.js";
import { openColumnPicker } from "./column-picker.js";
import { FilterBox } from "./filter-box.js";
import { groupMenu, viewMenu } from "./menus.js";
import { setGroup } from "./view-actions.js";

/** @typedef {import("./table.js").RunTable} RunTable */

export class Toolbar {
  /** @param {RunTable} table */
  constructor(table) {
    const { popover, root, state } = table;
    this.filter = new FilterBox(state, root);
    this.filter.onLeave = () => table.grid.el.focus({ preventScroll: true });
    this.count = h("span", { class: "nbt-matches", role: "status" });
    this.columns = opener("columns", "Columns", (at, onClose) => openColumnPicker(state, popover, { at, onClose }));
    this.group = opener("group", "Group", (at, onClose) =>
      openMenu(popover, groupMenu(table), { at, label: "Group by", alignEnd: true, onClose }),
    );
    this.ungroup = h(
      "button",
      {
        class: "nbt-quiet nbt-ungroup",
        type: "button",
        "aria-label": "Do not group",
        on: { click: () => setGroup(state, null) },
      },
      icon("close", 11),
    );
    this.views = new SavedViews(state, popover);
    this.more = opener("more", "View", (at, onClose) =>
      openMenu(popover, viewMenu(table), { at, label: "View", alignEnd: true, onClose }),
    );
    const buttons = h(
      "div",
      { class: "nbt-buttons" },
      h("span", { class: "nbt-pair" }, this.group, this.ungroup),
      this.columns,
      this.views.el,
      this.more,
    );
    this.el = h(
      "div",
      { class: "nbt-toolbar", role: "toolbar", "aria-label": "Runs" },
      this.filter.el,
      this.count,
      buttons,
    );
    react(state.until, () => this.#tell(table));
    react(state.until, () => {
      const field = state.groupField();
      this.group.classList.toggle("nbt-on", field !== undefined);
      replace(/** @type {Element} */ (this.group.lastElementChild), field ? `Group: ${field.label}` : "Group");
      this.ungroup.hidden = field === undefined;
    });
  }

  /** @param {RunTable} table */
  #tell({ state }) {
    const shown = state.sorted.value.length;
    const total = state.total.value;
    const text =
      shown === total
        ? [h("b", {}, formatCount(total)), ` ${total === 1 ? "run" : "runs"}`]
        : [h("b", {}, formatCount(shown)), ` of ${plural(total, "run")}`];
    replace(this.count, ...text);
    this.count.hidden = !state.store.loaded.value;
  }
}
