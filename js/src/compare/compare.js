// A comparison of runs: its parts put together, and what they ask of each other.

import { copyText } from "../kit/clipboard.js";
import { h, replace } from "../kit/dom.js";
import { react } from "../kit/model.js";
import { Popover } from "../kit/popover.js";
import { csv, markdown } from "./copy.js";
import { Files } from "./files.js";
import { Grid } from "./grid.js";
import { listen } from "./keyboard.js";
import { Pane } from "./pane.js";
import { plainText, sentenceEl } from "./sentence.js";
import { Toolbar } from "./toolbar.js";
import { opens } from "./values.js";

/** @typedef {import("./data.js").Row} Row */

const SAID_FOR = 2500;

export class Compare {
  /** @param {import("./state.js").CompareState} state */
  constructor(state) {
    this.state = state;
    /** Notebook shortcuts (d d deletes a cell) must not fire while keys go to the table. */
    this.root = h("div", { class: "nbt", data: { view: "compare", lmSuppressShortcuts: "true" } });
    this.files = new Files(state.kernel);
    this.popover = new Popover(this.root, state.until);
    this.toolbar = new Toolbar(this);
    this.grid = new Grid(this);
    this.pane = new Pane(this);
    this.note = h("p", { class: "nbt-cmp-note nbt-cmp-status", role: "status", hidden: true });
    this.root.append(sentenceEl(state), this.toolbar.el, this.grid.empty, this.grid.el, this.note, this.pane.el);
    listen(this);
    react(state.until, () => {
      const gone = state.kernel.gone.value;
      const rest = "what is here stays, files that are not open cannot be fetched.";
      if (gone) this.#say(`${state.kernel.farewell}: ${rest}`);
      else this.note.hidden = true;
    });
  }

  /** @param {Row} row */
  canOpen(row) {
    return opens(row, this.state.runs.value);
  }

  /** @param {Row} row @param {string} run */
  open(row, run) {
    const { pane, base, runs } = this.state;
    const other = run === base.value ? (pane.value?.run ?? runs.value.find((each) => each !== run) ?? run) : run;
    const isOpen = pane.value?.id === row.id && pane.value.run === other;
    pane.value = isOpen ? null : { id: row.id, run: other };
  }

  closePane() {
    this.state.pane.value = null;
    this.grid.el.focus({ preventScroll: true });
  }

  /** @param {"markdown" | "csv"} format */
  async copyTable(format) {
    const { state } = this;
    const view = {
      lines: state.view.value.lines,
      runs: state.runs.value,
      label: (/** @type {string} */ run) => state.data.label(run),
    };
    await this.copy(
      format === "csv" ? csv(view) : markdown(view),
      `Copied as ${format === "csv" ? "CSV" : "Markdown"}`,
    );
  }

  async copySentence() {
    await this.copy(plainText(this.state.sentence("")), "Sentence copied");
  }

  /** @param {string} text @param {string} done what to say */
  async copy(text, done) {
    const worked = await copyText(text, this.root);
    this.#say(worked ? done : "This page may not write to the clipboard");
    setTimeout(() => {
      this.note.hidden = true;
    }, SAID_FOR);
  }

  /** @param {string} text */
  #say(text) {
    replace(this.note, text);
    this.note.hidden = false;
  }
}
