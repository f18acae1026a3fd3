// A field over a cell to change its text. It belongs to the run, not to the cell: rows may move below it.

import { h } from "../kit/dom.js";

/** @typedef {import("./table.js").RunTable} RunTable */

export class Editor {
  /** @type {HTMLInputElement | null} */
  #input = null;

  /** @param {RunTable} table */
  constructor(table) {
    this.table = table;
  }

  /**
   * @param {string} runId
   * @param {import("../runs/catalog.js").Field} field
   * @param {HTMLElement} cell
   */
  open(runId, field, cell) {
    this.close();
    const { edits, grid, state } = this.table;
    const row = state.store.rowOf.get(runId) ?? -1;
    const input = h("input", {
      class: "nbt-editor",
      type: "text",
      "aria-label": `Name of ${state.store.text("name", row) ?? runId}`,
      maxlength: 500,
      spellcheck: "false",
      value: state.store.text(field.source, row) ?? "",
    });
    this.#input = input;
    let over = false;
    const finish = (/** @type {boolean} */ save, /** @type {boolean} */ back) => {
      if (over) return;
      over = true;
      const { value } = input;
      this.close();
      if (save) edits.rename(runId, value.trim());
      if (back) grid.el.focus({ preventScroll: true });
    };
    input.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Enter" || event.key === "Escape") {
        event.preventDefault();
        finish(event.key === "Enter", true);
      }
    });
    input.addEventListener("blur", () => finish(true, false));
    const place = () => this.#place(input, cell, runId);
    grid.onDraw = place;
    this.table.body.append(input);
    place();
    input.focus({ preventScroll: true });
    input.select();
  }

  /** Follow the run when the table scrolls or sorts. @param {HTMLInputElement} input @param {HTMLElement} cell @param {string} runId */
  #place(input, cell, runId) {
    const { body, grid } = this.table;
    const column = Number(cell.getAttribute("aria-colindex")) - 1;
    const here = grid.cellAt(grid.lineOf(runId), column);
    const style = input.style;
    style.visibility = here ? "visible" : "hidden";
    if (!here) return;
    const box = here.getBoundingClientRect();
    const origin = body.getBoundingClientRect();
    style.left = `${box.left - origin.left}px`;
    style.top = `${box.top - origin.top}px`;
    style.width = `${Math.max(140, box.width)}px`;
    style.height = `${box.height}px`;
  }

  close() {
    this.table.grid.onDraw = null;
    const input = this.#input;
    this.#input = null;
    input?.remove();
  }
}
