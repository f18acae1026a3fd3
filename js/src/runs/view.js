// Runs as a reader looks at them: what matches, what is brushed, selected, under the pointer, and in which colours.
// Table, parallel coordinates and curves on one board share one of these.

import { computed, signal } from "@preact/signals-core";
import { trait } from "../kit/model.js";
import { catalogOf, guessGoal } from "./catalog.js";
import { Facts } from "./facts.js";
import { matcherOf } from "./filter.js";
import { brushText, whereOf } from "./where.js";

/**
 * @typedef {import("../kit/model.js").Model} Model
 * @typedef {import("../kit/kernel.js").Kernel} Kernel
 * @typedef {import("../kit/run-store.js").RunStore} RunStore
 * @typedef {import("./catalog.js").Field} Field
 * @typedef {import("./catalog.js").Statistic} Statistic
 * @typedef {import("./where.js").Extents} Extents
 * @typedef {import("./where.js").Step} Step
 */

/**
 * @template T
 * @typedef {import("@preact/signals-core").ReadonlySignal<T>} Derived
 */

let views = 0;

export class RunsView {
  /**
   * @param {Model} model
   * @param {Kernel} kernel
   * @param {RunStore} store
   * @param {AbortSignal} until
   */
  constructor(model, kernel, store, until) {
    views += 1;
    /** Makes element ids unique on a page with several views. */
    this.uid = `nbt-${views}`;
    this.model = model;
    this.kernel = kernel;
    this.store = store;
    this.until = until;
    this.facts = new Facts(store);

    // ---- synced with Python
    this.filter = trait(model, "filter", "", until);
    this.steps = trait(model, "steps", /** @type {Step[]} */ ([]), until);
    this.extents = trait(model, "extents", /** @type {Extents} */ ({}), until);
    this.selected = trait(model, "selected", /** @type {string[]} */ ([]), until);
    this.pinnedRuns = trait(model, "pinned_runs", /** @type {string[]} */ ([]), until);
    this.statistics = trait(model, "statistics", /** @type {Record<string, Statistic>} */ ({}), until);
    this.showDeleted = trait(model, "show_deleted", false, until);
    /** Field that colours the lines; null: the view chooses. */
    this.colourBy = trait(model, "colour_by", /** @type {string | null} */ (null), until);

    // ---- of this page only
    /** Run under the pointer, in whichever view it is. */
    this.hovered = signal(/** @type {string | null} run id */ (null));

    // ---- what follows
    this.catalog = computed(() => {
      this.store.shape.value;
      return catalogOf(store);
    });
    this.selection = computed(() => new Set(this.selected.value));
    this.matcher = this.#readable(() => this.filter.value);
    this.taken = this.#readable(() => whereOf("", this.steps.value, {}));
    this.brush = this.#readable(() => brushText(this.extents.value));
    /** Rows that filter and steps leave, in the store's order: what a plot draws. */
    this.base = computed(() => {
      const rows = this.matchRows(this.matcher.value.test);
      const { test } = this.taken.value;
      return test ? rows.filter(test) : rows;
    });
    /** Those of `base` that are brushed, too: what a table lists. */
    this.matched = computed(() => {
      const { test } = this.brush.value;
      return test ? this.base.value.filter(test) : this.base.value;
    });
    /** How many runs there are without filter and brush. */
    this.total = computed(() => this.matchRows(null).length);
    /** Filter, steps and brush as one condition, to show and to copy. */
    this.where = computed(() => whereOf(this.matcher.value.text, this.steps.value, this.extents.value));
  }

  /**
   * A condition compiled; while something half typed cannot be read, the last one that could stays.
   * @param {() => string} write
   */
  #readable(write) {
    let readable = "";
    return computed(() => {
      this.store.shape.value;
      const goals = this.store.goals.value;
      const text = write();
      const matcher = matcherOf(text, this.store, goals);
      if (matcher.error)
        return { test: matcherOf(readable, this.store, goals).test, error: matcher.error, text: readable };
      readable = text;
      return { ...matcher, text };
    });
  }

  /**
   * @param {((row: number) => boolean) | null} test
   * @returns {Int32Array} rows that match, in the store's order
   */
  matchRows(test) {
    this.store.revision.value;
    const { store } = this;
    const deleted = this.showDeleted.value;
    const stages = store.column("lifecycle_stage");
    const trash = stages?.type === "dict" ? stages.values.indexOf("deleted") : -2;
    const rows = new Int32Array(store.size);
    let count = 0;
    for (let row = 0; row < store.size; row += 1) {
      if (trash >= 0 && stages?.type === "dict" && stages.codes[row] === trash && !deleted) continue;
      if (test && !test(row)) continue;
      rows[count] = row;
      count += 1;
    }
    return rows.slice(0, count);
  }

  /**
   * Take the brush into the steps: only what is brushed stays, or all but that.
   * @param {"keep" | "exclude"} op
   */
  take(op) {
    const extents = this.extents.value;
    if (!Object.keys(extents).length) return;
    this.steps.value = [...this.steps.value, { op, extents }];
    this.extents.value = {};
  }

  /** @param {string} key of a metric */
  goalOf(key) {
    const stated = this.store.goals.value[key];
    return { goal: stated ?? guessGoal(key), stated: stated !== undefined };
  }

  /**
   * @param {string} key of a metric
   * @returns {Statistic}
   */
  statisticOf(key) {
    return this.statistics.value[key] ?? "last";
  }

  /**
   * The store column that a field shows and sorts by.
   * @param {Field} field
   * @returns {string}
   */
  sourceOf(field) {
    if (field.kind !== "metric") return field.source;
    const statistic = this.statisticOf(field.key);
    const goal = this.goalOf(field.key).goal ?? "max";
    const source = `metrics.${field.key}.${statistic === "best" ? goal : statistic}`;
    return this.store.column(source) ? source : field.source;
  }

  /** @param {string} columnId @returns {Field | undefined} */
  fieldOfColumn(columnId) {
    const column = this.store.column(columnId);
    if (column?.group === "metrics") return this.catalog.value.get(`metrics.${column.key}`);
    for (const field of this.catalog.value.values()) if (field.source === columnId) return field;
    return undefined;
  }
}
