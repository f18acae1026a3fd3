// The line above the table: the filter, how many runs match, columns, groups, the view.

import { h, icon, replace, setAttribute } from "../kit/dom.js";
import { formatCount, plural } from "../kit/format.js";
import { react } from "../kit/model.js";
import { openMenu } from "../kit/popover.js";
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
    const button = (
      /** @type {Parameters<typeof icon>[0]} */ picture,
      /** @type {string} */ label,
      /** @type {(at: HTMLElement) => void} */ open,
    ) => {
      const el = h(
        "button",
        { class: "nbt-button", type: "button", "aria-haspopup": "true", "aria-expanded": "false", title: label },
        icon(picture),
        h("span", { class: "nbt-word" }, label),
      );
      el.addEventListener("click", () => {
        open(el);
        setAttribute(el, "aria-expanded", "true");
        const closed = () => setAttribute(el, "aria-expanded", "false");
        popover.el?.addEventListener("toggle", (event) => /** @type {any} */ (event).newState === "closed" && closed());
        watchClose(popover, closed);
      });
      return el;
    };
    this.columns = button("columns", "Columns", (at) => openColumnPicker(state, popover, at));
    this.group = button("group", "Group", (at) =>
      openMenu(popover, groupMenu(table), { at, label: "Group by", alignEnd: true }),
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
    this.more = button("more", "View", (at) =>
      openMenu(popover, viewMenu(table), { at, label: "View", alignEnd: true }),
    );
    const buttons = h(
      "div",
      { class: "nbt-buttons" },
      h("span", { class: "nbt-pair" }, this.group, this.ungroup),
      this.columns,
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
    state.store.revision.value;
    const stages = state.store.column("lifecycle_stage");
    let total = state.store.size;
    if (!state.showDeleted.value && stages?.type === "dict") {
      const trash = stages.values.indexOf("deleted");
      if (trash >= 0) for (let row = 0; row < state.store.size; row += 1) if (stages.codes[row] === trash) total -= 1;
    }
    const text =
      shown === total
        ? [h("b", {}, formatCount(total)), ` ${total === 1 ? "run" : "runs"}`]
        : [h("b", {}, formatCount(shown)), ` of ${plural(total, "run")}`];
    replace(this.count, ...text);
    this.count.hidden = !state.store.loaded.value;
  }
}

/**
 * Tell when what is open now has closed.
 * @param {import("../kit/popover.js").Popover} popover
 * @param {() => void} closed
 */
function watchClose(popover, closed) {
  const { el } = popover;
  if (!el) {
    closed();
    return;
  }
  const watch = new MutationObserver(() => {
    if (el.isConnected) return;
    watch.disconnect();
    closed();
  });
  watch.observe(popover.host, { childList: true });
}
