// Which runs are marked: single, ranges, groups, all on view.

import { signal } from "@preact/signals-core";

/** @typedef {import("./state.js").TableState} TableState */

export class Selection {
  /** The line that a range starts from. */
  anchor = 0;
  /** True when a plain click made the selection: the reader may just be looking. */
  passing = signal(false);
  /** What was selected before the last plain click. @type {string[]} */
  #before = [];

  /** @param {TableState} state */
  constructor(state) {
    this.state = state;
  }

  /**
   * The runs of a line: one, or all members of a group.
   * @param {number} line
   * @returns {string[]}
   */
  runsOf(line) {
    const { store } = this.state;
    const { codes, groups } = this.state.entries.value;
    const code = codes[line];
    if (code === undefined) return [];
    if (code >= 0) return [store.idAt(code)];
    return [...(groups[-code - 1]?.rows ?? [])].map((row) => store.idAt(row));
  }

  /** Only this line. @param {number} line */
  only(line) {
    this.anchor = line;
    this.passing.value = true;
    this.#before = this.state.selected.value;
    this.state.selected.value = this.runsOf(line);
  }

  /** The click was the first of two: a double click edits and selects nothing. */
  takeBack() {
    if (this.passing.value) this.state.selected.value = this.#before;
  }

  /** Add a line, or take it out. @param {number} line */
  toggle(line) {
    this.anchor = line;
    this.passing.value = false;
    const runs = this.runsOf(line);
    const next = new Set(this.state.selection.value);
    const every = runs.every((run) => next.has(run));
    for (const run of runs) {
      if (every) next.delete(run);
      else next.add(run);
    }
    this.state.selected.value = [...next];
  }

  /** Every line from the anchor to this one. @param {number} line */
  extend(line) {
    this.passing.value = false;
    const runs = new Set();
    for (let at = Math.min(this.anchor, line); at <= Math.max(this.anchor, line); at += 1) {
      const code = this.state.entries.value.codes[at] ?? -1;
      if (code >= 0) runs.add(this.state.store.idAt(code));
      else if (!this.#isOpen(code)) for (const run of this.runsOf(at)) runs.add(run);
    }
    this.state.selected.value = /** @type {string[]} */ ([...runs]);
  }

  /** @param {number} code of a group */
  #isOpen(code) {
    const group = this.state.entries.value.groups[-code - 1];
    return group !== undefined && this.state.openGroups.value.has(group.key);
  }

  /** All runs that match the filter; none when they are all marked already. */
  toggleAll() {
    const { state } = this;
    this.passing.value = false;
    const all = this.onView();
    const every = all.length > 0 && all.every((run) => state.selection.value.has(run));
    state.selected.value = every ? [] : all;
  }

  clear() {
    if (this.state.selected.value.length) this.state.selected.value = [];
  }

  /** Ids of all runs on view, in the order of the table. @returns {string[]} */
  onView() {
    const { state } = this;
    return Array.from(state.sorted.value, (row) => state.store.idAt(row));
  }

  /** Marked runs that still exist, else those on view: what a copy takes. @returns {number[]} rows */
  rowsOrView() {
    const { selection, sorted, store } = this.state;
    if (!selection.value.size) return [...sorted.value];
    const marked = [...sorted.value].filter((row) => selection.value.has(store.idAt(row)));
    return marked.length
      ? marked
      : this.state.selected.value.map((run) => store.rowOf.get(run) ?? -1).filter((row) => row >= 0);
  }
}
