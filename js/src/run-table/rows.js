// The lines that are in the page: few elements, used again for whichever lines are in sight.

import { h, setAttribute } from "../kit/dom.js";
import { drawGroupCell, drawRunCell, makeCell } from "./cells.js";
import { GUTTER } from "./layout.js";
import { sharedText } from "./texts.js";

/**
 * @typedef {import("./cells.js").Brush} Brush
 * @typedef {import("./cells.js").Cell} Cell
 * @typedef {import("./layout.js").Layout} Layout
 * @typedef {import("./layout.js").Placed} Placed
 * @typedef {import("./entries.js").Entries} Entries
 *
 * @typedef {object} Sight
 * @property {number} first
 * @property {number} last half-open
 * @property {number} origin y of line 0 within the container
 * @property {Placed[]} flow columns in sight
 * @property {number} scrollLeft
 * @property {number} generation raised by everything but scrolling
 */

const HEADER_LINES = 2;

/** One line of the table. */
class Row {
  /** @param {Brush} brush */
  constructor(brush) {
    this.brush = brush;
    this.check = h("span", { class: "nbt-check", role: "checkbox", data: { act: "check" } });
    this.gutter = h(
      "div",
      {
        class: "nbt-cell nbt-gutter",
        role: "gridcell",
        "aria-colindex": 1,
        style: { left: "0px", width: `${GUTTER}px` },
      },
      this.check,
    );
    this.fixed = h("div", { class: "nbt-fixed", role: "presentation" }, this.gutter);
    this.flow = h("div", { class: "nbt-flow", role: "presentation" });
    this.el = h("div", { class: "nbt-row", role: "row" }, this.fixed, this.flow);
    /** @type {Map<string, Cell>} */
    this.cells = new Map();
    this.generation = -1;
    this.code = Number.NaN;
    /** @type {Placed[] | null} */
    this.columns = null;
    this.y = Number.NaN;
    this.left = Number.NaN;
    this.runId = "";
  }

  /** @param {number} y @param {number} left */
  move(y, left) {
    if (this.y !== y) this.el.style.transform = `translateY(${y}px)`;
    if (this.left !== left) this.flow.style.transform = `translateX(${-left}px)`;
    this.y = y;
    this.left = left;
  }

  /**
   * @param {number} line
   * @param {Entries} entries
   * @param {Layout} layout
   * @param {Sight} sight
   */
  draw(line, entries, layout, sight) {
    const code = /** @type {number} */ (entries.codes[line]);
    if (this.generation === sight.generation && this.code === code && this.columns === sight.flow) return;
    this.generation = sight.generation;
    this.code = code;
    this.columns = sight.flow;
    this.el.dataset.line = String(line);
    setAttribute(this.el, "aria-rowindex", line + 1 + HEADER_LINES);
    this.#arrange(layout, sight);
    if (code < 0) this.#drawGroup(line, entries, layout, sight);
    else this.#drawRun(line, code, entries, layout, sight);
  }

  /** @param {number} line @param {number} code @param {Entries} entries @param {Layout} layout @param {Sight} sight */
  #drawRun(line, code, entries, layout, sight) {
    const { state } = this.brush;
    const { store } = state;
    this.runId = store.idAt(code);
    const selected = state.selection.value.has(this.runId);
    this.el.className = "nbt-row";
    this.el.classList.toggle("nbt-selected", selected);
    this.el.classList.toggle("nbt-deleted", store.text("lifecycle_stage", code) === "deleted");
    this.el.classList.toggle("nbt-open", state.details.value === this.runId);
    setAttribute(this.el, "aria-selected", String(selected));
    setAttribute(this.check, "aria-checked", String(selected));
    setAttribute(this.check, "aria-label", `Select ${store.text("name", code) || this.runId}`);
    const place = { depth: entries.depth?.[line] ?? 0, branch: entries.branch?.[line] ?? 0 };
    for (const placed of [...layout.fixed, ...sight.flow]) {
      drawRunCell(this.brush, this.#cell(placed), placed.field, code, place);
    }
  }

  /** @param {number} line @param {Entries} entries @param {Layout} layout @param {Sight} sight */
  #drawGroup(line, entries, layout, sight) {
    const { state } = this.brush;
    const group = entries.groups[-(/** @type {number} */ (entries.codes[line])) - 1];
    if (!group) return;
    this.runId = "";
    const selection = state.selection.value;
    let count = 0;
    if (selection.size) for (const row of group.rows) if (selection.has(state.store.idAt(row))) count += 1;
    const checked = count === 0 ? "false" : count === group.rows.length ? "true" : "mixed";
    this.el.className = "nbt-row nbt-group";
    setAttribute(this.el, "aria-selected", String(checked === "true"));
    setAttribute(this.check, "aria-checked", checked);
    const text = group.value === null ? "no value" : sharedText(state.groupField(), group.value);
    setAttribute(this.check, "aria-label", `Select the ${group.rows.length} runs with ${text}`);
    const open = state.openGroups.value.has(group.key);
    for (const placed of [...layout.fixed, ...sight.flow]) {
      drawGroupCell(this.brush, this.#cell(placed), placed.field, group, open);
    }
  }

  /**
   * Put the cells of the columns in sight where they belong, and drop the others.
   * @param {Layout} layout
   * @param {Sight} sight
   */
  #arrange(layout, sight) {
    const wanted = new Set();
    let width = `${layout.fixedWidth}px`;
    if (this.fixed.style.width !== width) this.fixed.style.width = width;
    for (const [part, columns] of /** @type {[HTMLElement, Placed[]][]} */ ([
      [this.fixed, layout.fixed],
      [this.flow, sight.flow],
    ])) {
      /** @type {HTMLElement | null} */
      let before = part === this.fixed ? this.gutter : null;
      for (const placed of columns) {
        wanted.add(placed.field.id);
        const cell = this.#cell(placed);
        const x = part === this.flow ? placed.x + layout.fixedWidth : placed.x;
        const left = `${x}px`;
        width = `${placed.width}px`;
        if (cell.style.left !== left) cell.style.left = left;
        if (cell.style.width !== width) cell.style.width = width;
        setAttribute(cell, "aria-colindex", placed.index + 1);
        const after = before ? before.nextSibling : part.firstChild;
        if (after !== cell) part.insertBefore(cell, after);
        before = cell;
      }
    }
    for (const [id, cell] of this.cells) {
      if (wanted.has(id)) continue;
      cell.remove();
      this.cells.delete(id);
    }
  }

  /** @param {Placed} placed @returns {Cell} */
  #cell({ field }) {
    let cell = this.cells.get(field.id);
    if (!cell) {
      cell = makeCell(this.brush, field);
      this.cells.set(field.id, cell);
    }
    return cell;
  }
}

/** The lines of one part of the table: those pinned at the top, or those that scroll. */
export class RowPool {
  /** @type {Map<number, Row>} */
  #used = new Map();
  /** @type {Row[]} */
  #free = [];

  /**
   * @param {HTMLElement} container
   * @param {Brush} brush
   */
  constructor(container, brush) {
    this.container = container;
    this.brush = brush;
  }

  /**
   * @param {Entries} entries
   * @param {Layout} layout
   * @param {Sight} sight
   */
  draw(entries, layout, sight) {
    for (const [line, row] of this.#used) {
      if (line >= sight.first && line < sight.last) continue;
      this.#used.delete(line);
      this.#free.push(row);
    }
    const height = this.brush.state.rowHeight;
    for (let line = sight.first; line < sight.last; line += 1) {
      let row = this.#used.get(line);
      if (!row) {
        row = this.#free.pop() ?? new Row(this.brush);
        if (!row.el.isConnected) this.container.append(row.el);
        row.generation = -1;
        this.#used.set(line, row);
      }
      row.move(line * height - sight.origin, sight.scrollLeft);
      row.draw(line, entries, layout, sight);
    }
    for (const row of this.#free.splice(0)) row.el.remove();
  }

  /** @param {number} line */
  row(line) {
    return this.#used.get(line);
  }

  rows() {
    return this.#used.values();
  }
}
