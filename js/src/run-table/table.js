// The runs table: its parts put together, and what they ask of each other.

import { copyText } from "../kit/clipboard.js";
import { h } from "../kit/dom.js";
import { plural } from "../kit/format.js";
import { react } from "../kit/model.js";
import { openMenu, Popover } from "../kit/popover.js";
import { NOTE } from "../runs/catalog.js";
import { copyRows } from "./copy.js";
import { Details } from "./details.js";
import { Editor } from "./editor.js";
import { Edits } from "./edits.js";
import { FloatingBar } from "./floating-bar.js";
import { Grid } from "./grid.js";
import { helpContent } from "./help.js";
import { HoverCard } from "./hover-card.js";
import { listenKeys } from "./keyboard.js";
import { keepLive } from "./live.js";
import { columnMenu, rowMenu } from "./menus.js";
import { Notices } from "./notices.js";
import { listenPointer } from "./pointer.js";
import { Scales } from "./scales.js";
import { Selection } from "./selection.js";
import { Sparks } from "./sparks.js";
import { Stale } from "./stale.js";
import { openTagEditor } from "./tag-editor.js";
import { Toolbar } from "./toolbar.js";

/** @typedef {import("./state.js").TableState} TableState */

export class RunTable {
  /** @param {TableState} state */
  constructor(state) {
    this.state = state;
    /** Notebook shortcuts (d d deletes a cell) must not fire while keys go to the table. */
    this.root = h("div", { class: "nbt", data: { view: "run-table", lmSuppressShortcuts: "true" } });
    this.edits = new Edits(state);
    this.selection = new Selection(state);
    this.popover = new Popover(this.root, state.until);
    this.sparks = new Sparks(state.kernel, state.store, () => this.grid.invalidate());
    this.stale = new Stale(state.kernel, state.until);
    /** @type {import("./cells.js").Brush} */
    this.brush = {
      state,
      scales: new Scales(state),
      sparks: this.sparks,
      stale: this.stale,
      colours: { line: "#888", dot: "#888" },
      narrow: false,
    };
    this.grid = new Grid(state, this.brush);
    this.toolbar = new Toolbar(this);
    this.notices = new Notices(this);
    this.details = new Details(this);
    this.editor = new Editor(this);
    this.hover = new HoverCard(state, this.root, this.stale);
    this.bar = new FloatingBar(this);
    this.body = h(
      "div",
      { class: "nbt-body" },
      h("div", { class: "nbt-main" }, this.grid.el, this.notices.empty, this.bar.el),
      this.details.el,
    );
    this.root.append(this.toolbar.el, this.toolbar.filter.error, this.notices.el, this.body);
    react(state.until, () => {
      this.root.dataset.density = state.density.value;
      this.root.dataset.shading = state.shading.value;
    });
    react(state.until, () => {
      if (this.stale.revision.value) this.grid.invalidate();
    });
    listenKeys(this);
    listenPointer(this);
    keepLive(this);
  }

  /** @type {(() => void) | null} shows what differs between the selected runs, where there is room for it */
  onCompare = null;

  /** The run in a line, or null for a group. @param {number} line */
  runAt(line) {
    const code = this.state.entries.value.codes[line];
    return code === undefined || code < 0 ? null : this.state.store.idAt(code);
  }

  /** The field in a column of the grid. @param {number} column */
  fieldAt(column) {
    const { fixed, flow } = this.grid.layout;
    return [...fixed, ...flow].find(({ index }) => index === column)?.field;
  }

  /** @param {string} runId */
  openDetails(runId) {
    const { details } = this.state;
    details.value = details.value === runId ? null : runId;
    this.hover.dismiss();
  }

  /**
   * Change what stands in a cell, when it can be changed.
   * @param {number} line
   * @param {import("../runs/catalog.js").Field} field
   * @returns {boolean}
   */
  edit(line, field) {
    const runId = this.runAt(line);
    const column =
      [...this.grid.layout.fixed, ...this.grid.layout.flow].find((placed) => placed.field === field)?.index ?? 1;
    if (!runId || !["name", "note", "tags"].includes(field.kind)) return false;
    this.hover.dismiss();
    this.grid.show(line, column);
    const cell = this.grid.cellAt(line, column);
    if (!cell) return false;
    if (field.kind === "tags") this.editTags([runId], cell);
    else if (field.kind === "note") this.editNote([runId], cell);
    else this.editor.open(runId, field, cell);
    return true;
  }

  /** @param {string[]} runs @param {Element} at */
  editTags(runs, at) {
    openTagEditor(this, runs, at);
  }

  /** @param {string[]} runs @param {Element} at */
  editNote(runs, at) {
    const [first = ""] = runs;
    const area = h("textarea", {
      class: "nbt-note-input",
      rows: 4,
      "aria-label": "Note",
      placeholder: "What should be remembered about this run?",
    });
    area.value = this.state.store.text(NOTE, this.state.store.rowOf.get(first) ?? -1) ?? "";
    const before = area.value;
    const save = () => {
      this.popover.close();
      if (area.value !== before) this.edits.note(runs, area.value.trim());
    };
    area.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey) return;
      event.preventDefault();
      save();
    });
    const foot = h(
      "div",
      { class: "nbt-pop-foot" },
      h("span", { class: "nbt-faint" }, "Enter saves · Shift+Enter new line"),
      h("button", { class: "nbt-button", type: "button", on: { click: save } }, "Save"),
    );
    this.popover.open([area, foot], { at, label: "Note" });
    area.focus();
  }

  /** @param {import("./copy.js").Format} format */
  async copyRows(format) {
    const rows = this.selection.rowsOrView();
    const names = { csv: "CSV", markdown: "Markdown", pandas: "pandas code" };
    await this.copy(copyRows(this.state, rows, format), `${plural(rows.length, "run")} copied as ${names[format]}`);
  }

  /** @param {string} text @param {string} done what to say */
  async copy(text, done) {
    const worked = await copyText(text, this.root);
    this.bar.say(worked ? done : "This page may not write to the clipboard");
  }

  /** @param {import("../runs/catalog.js").Field} field @param {Element} at */
  openColumnMenu(field, at) {
    openMenu(this.popover, columnMenu(this, field), {
      at,
      label: `Column ${field.label}`,
      alignEnd: at.classList.contains("nbt-menu-button"),
    });
  }

  /** @param {number} line @param {Element | DOMRect} at @param {import("../runs/catalog.js").Field | undefined} field */
  openRowMenu(line, at, field) {
    const runId = this.runAt(line);
    if (runId) openMenu(this.popover, rowMenu(this, line, runId, field), { at, label: "Run" });
  }

  /** Curves are drawn again with the colours of another theme. */
  redrawSparks() {
    for (const canvas of this.grid.el.querySelectorAll(".nbt-spark")) {
      /** @type {import("./cells.js").Cell} */ (canvas.parentElement).spark = null;
    }
  }

  /** To the trash, and out of the selection when the trash is not shown. @param {string[]} runs */
  remove(runs) {
    const { selected, showDeleted } = this.state;
    const gone = new Set(runs);
    this.edits.remove(runs);
    if (!showDeleted.value) selected.value = selected.value.filter((run) => !gone.has(run));
  }

  /** @param {Element} at */
  openHelp(at) {
    this.popover.open([helpContent()], { at, label: "Keys" }).focus();
  }
}
