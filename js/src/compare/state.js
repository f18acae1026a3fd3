// What a comparison shows: synced with Python, of this page only, and what follows from both.

import { computed, signal } from "@preact/signals-core";
import { trait } from "../kit/model.js";
import { linesOf, nextDifference } from "./lines.js";

/**
 * @typedef {import("../kit/model.js").Model} Model
 * @typedef {import("../kit/kernel.js").Kernel} Kernel
 * @typedef {import("./data.js").CompareData} CompareData
 * @typedef {import("./data.js").Row} Row
 * @typedef {import("./data.js").Sentence} Sentence
 * @typedef {{ line: number, column: number }} Place column 0 is the key
 */

let views = 0;

export class CompareState {
  /** @type {Map<string, Sentence | null>} */
  #told = new Map();

  /**
   * @param {Model} model
   * @param {Kernel} kernel
   * @param {CompareData} data
   * @param {AbortSignal} until
   */
  constructor(model, kernel, data, until) {
    views += 1;
    this.uid = `nbt-cmp-${views}`;
    this.kernel = kernel;
    this.data = data;
    this.until = until;

    // ---- synced with Python
    this.order = trait(model, "runs", /** @type {string[]} */ ([]), until);
    this.chosenBase = trait(model, "base", "", until);
    this.sections = trait(model, "sections", /** @type {string[] | null} */ (null), until);
    this.hideSame = trait(model, "hide_same", true, until);
    this.filter = trait(model, "key_filter", "", until);
    this.height = trait(model, "compare_height", 0, until);

    // ---- of this page only
    this.closed = signal(new Set(["system"]));
    this.opened = signal(/** @type {Set<string>} */ (new Set()));
    this.active = signal(/** @type {Place | null} */ (null));
    /** What the pane below shows: a row in two runs. */
    this.pane = signal(/** @type {{ id: string, run: string } | null} */ (null));
    /** Runs taken away here, the last one first: they can be brought back. */
    this.removed = signal(/** @type {string[]} */ ([]));
    /** Raised when a sentence came that was asked for. */
    this.heard = signal(0);

    // ---- what follows
    this.base = computed(() => {
      this.data.revision.value;
      const here = this.#here();
      const base = this.chosenBase.value;
      return here.includes(base) ? base : (here[0] ?? "");
    });
    /** Runs from left to right, the base first. */
    this.runs = computed(() => {
      this.data.revision.value; // runs may have come while the base stayed
      const base = this.base.value;
      return base ? [base, ...this.#here().filter((run) => run !== base)] : [];
    });
    this.view = computed(() => {
      this.data.revision.value;
      return linesOf(this.data.sections, {
        runs: this.runs.value,
        sections: this.sections.value,
        hideSame: this.hideSame.value,
        filter: this.filter.value,
        closed: this.closed.value,
        opened: this.opened.value,
      });
    });
  }

  #here() {
    const order = this.order.value.length ? this.order.value : [...this.data.heads.keys()];
    return order.filter((run) => this.data.heads.has(run));
  }

  /** The run of a column; the base for the key's column. @param {number} column */
  runAt(column) {
    return this.runs.value[Math.max(0, column - 1)] ?? this.base.value;
  }

  /** @param {string} run */
  setBase(run) {
    if (run !== this.base.value) this.chosenBase.value = run;
  }

  /** @param {string} run */
  remove(run) {
    const left = this.runs.value.filter((each) => each !== run);
    if (left.length < 1) return;
    const base = this.base.value === run ? (left[0] ?? "") : this.base.value;
    this.removed.value = [run, ...this.removed.value];
    this.chosenBase.value = base;
    this.order.value = left;
    if (this.pane.value?.run === run) this.pane.value = null;
  }

  bringBack() {
    const [run, ...rest] = this.removed.value;
    if (!run) return;
    this.removed.value = rest;
    this.order.value = [...this.runs.value, run];
  }

  /**
   * Put a run at another place; the base stays first.
   * @param {string} run
   * @param {number} to its index among all runs
   */
  move(run, to) {
    const rest = this.runs.value.filter((each) => each !== run);
    if (run === this.base.value) return;
    rest.splice(Math.max(1, Math.min(rest.length, to)), 0, run);
    this.order.value = rest;
  }

  /** @param {string} section */
  toggleSection(section) {
    this.closed.value = toggled(this.closed.value, section);
  }

  /** @param {string} metric */
  toggleMetric(metric) {
    this.opened.value = toggled(this.opened.value, metric);
  }

  /**
   * Go to the next difference, or the one before.
   * @param {1 | -1} step
   */
  step(step) {
    const { lines } = this.view.value;
    const from = this.active.value?.line ?? (step > 0 ? -1 : lines.length);
    const to = nextDifference(lines, from, step) ?? nextDifference(lines, step > 0 ? -1 : lines.length, step);
    // the first that stands beside the base, until the reader has chosen another
    const column = Math.max(this.active.value?.column ?? 0, Math.min(2, this.runs.value.length));
    if (to !== null) this.active.value = { line: to, column };
  }

  /** @param {string} id @returns {Row | undefined} */
  row(id) {
    const [section = ""] = id.split("\n");
    return this.data.sections.get(section)?.find((row) => row.id === id);
  }

  /**
   * What a run changed against the base; "" for all. Asked for when the table did not bring it.
   * @param {string} run
   * @returns {Sentence | null}
   */
  sentence(run) {
    const { data } = this;
    const base = this.base.value;
    data.revision.value;
    this.heard.value;
    const only = this.runs.value.length === 2 ? (this.runs.value[1] ?? "") : "";
    const about = run || only;
    const isWhole = this.runs.value.length === data.heads.size;
    const stored = data.base === base && (about || isWhole) ? data.sentences[about] : undefined;
    if (stored || !about || about === base) return stored ?? null;
    const key = `${data.revision.peek()} ${about} ${base}`;
    const told = this.#told.get(key);
    if (told !== undefined) return told;
    this.#told.set(key, null);
    this.kernel.ask({ what: "compare_sentence", run: about, base }).then(
      ({ content }) => {
        this.#told.set(key, content.parts);
        this.heard.value += 1;
      },
      () => {}, // the table says the same in more words
    );
    return null;
  }
}

/**
 * @param {Set<string>} set
 * @param {string} item
 */
function toggled(set, item) {
  const next = new Set(set);
  if (!next.delete(item)) next.add(item);
  return next;
}
