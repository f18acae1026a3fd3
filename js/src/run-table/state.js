// All that the table knows: traits (synced with Python), page-only state, and what follows from both.

import { computed, signal } from "@preact/signals-core";
import { trait } from "../kit/model.js";
import { automatic, byKey, constants, userTags } from "../runs/catalog.js";
import { readOrder, sortKey, sortRows } from "../runs/order.js";
import { RunsView } from "../runs/view.js";
import { groupedEntries, liftPinned, listEntries, nestedEntries } from "./entries.js";
import { groupRows, sortGroups, summarise } from "./groups.js";

/**
 * @typedef {import("../kit/model.js").Model} Model
 * @typedef {import("../kit/kernel.js").Kernel} Kernel
 * @typedef {import("../kit/run-store.js").RunStore} RunStore
 * @typedef {import("../runs/catalog.js").Field} Field
 * @typedef {import("./entries.js").Entries} Entries
 * @typedef {"compact" | "normal" | "relaxed"} Density
 * @typedef {"none" | "bars" | "heat"} Shading
 * @typedef {{ line: number, column: number }} Place `line` -1 is the header; `column` counts from the left, 0 is the gutter
 */

/**
 * @template T
 * @typedef {import("@preact/signals-core").Signal<T>} Signal
 */
/**
 * @template T
 * @typedef {import("@preact/signals-core").ReadonlySignal<T>} Derived
 */

export const ROW_HEIGHTS = { compact: 24, normal: 29, relaxed: 36 };
const NEWEST_FIRST = "start_time DESC";

export class TableState extends RunsView {
  /**
   * @param {Model} model
   * @param {Kernel} kernel
   * @param {RunStore} store
   * @param {AbortSignal} until
   */
  constructor(model, kernel, store, until) {
    super(model, kernel, store, until);

    // ---- synced with Python
    this.orderBy = trait(model, "order_by", /** @type {string[]} */ ([]), until);
    this.columns = trait(model, "columns", /** @type {string[] | null} */ (null), until);
    this.pinned = trait(model, "pinned", /** @type {string[]} */ ([]), until);
    this.groupBy = trait(model, "group_by", /** @type {string | null} */ (null), until);
    this.height = trait(model, "height", 0, until);
    this.density = trait(model, "density", /** @type {Density} */ ("normal"), until);

    // ---- of this page only
    this.nested = signal(false);
    this.openGroups = signal(/** @type {Set<string>} */ (new Set()));
    this.closedRuns = signal(/** @type {Set<string>} */ (new Set()));
    this.widths = signal(/** @type {Record<string, number>} */ ({}));
    this.hideConstant = signal(true);
    this.shading = signal(/** @type {Shading} */ ("none"));
    this.sparklines = signal(true);
    this.active = signal(/** @type {Place | null} */ (null));
    this.details = signal(/** @type {string | null} run id */ (null));
    this.size = signal({ width: 0, height: 0 });
    this.now = signal(Date.now());

    // ---- what follows
    this.tagKeys = computed(() => {
      this.store.shape.value;
      return userTags(store);
    });
    this.constants = computed(() => {
      this.store.revision.value;
      return constants(this.catalog.value, store, this.facts);
    });
    this.shown = this.#lasting(() => this.#shownFields(), sameFields);
    /** Whether all runs on view are selected: "true", "false" or "mixed". */
    this.marked = computed(() => {
      const selection = this.selection.value;
      let count = 0;
      if (selection.size) for (const row of this.matched.value) if (selection.has(store.idAt(row))) count += 1;
      return count === 0 ? "false" : count === this.matched.value.length ? "true" : "mixed";
    });
    this.order = computed(() => this.#order());
    this.sorted = computed(() => this.#sort());
    this.entries = computed(() => this.#arrange());
    /** Changes when the reader asks for something else, not when runs change. */
    this.question = computed(() =>
      JSON.stringify([
        this.where.value,
        this.orderBy.value,
        this.groupBy.value,
        this.nested.value,
        this.showDeleted.value,
      ]),
    );
  }

  get rowHeight() {
    return ROW_HEIGHTS[this.density.value] ?? ROW_HEIGHTS.normal;
  }

  /**
   * A computed value that keeps its identity while `equal` holds, so that nothing downstream runs again.
   * @template T
   * @param {() => T} compute
   * @param {(a: T, b: T) => boolean} equal
   * @returns {Derived<T>}
   */
  #lasting(compute, equal) {
    /** @type {T | undefined} */
    let last;
    return computed(() => {
      const next = compute();
      if (last === undefined || !equal(last, next)) last = next;
      return last;
    });
  }

  /** @returns {Field[]} */
  #shownFields() {
    this.store.revision.value;
    const catalog = this.catalog.value;
    const ids = this.columns.value ?? automatic(catalog, this.store, this.facts, this.hideConstant.value);
    const fields = ids.map((id) => catalog.get(id)).filter((field) => field !== undefined);
    const name = catalog.get("name");
    if (name && !fields.includes(name)) fields.unshift(name);
    return fields;
  }

  #order() {
    this.store.shape.value;
    const asked = this.orderBy.value.length ? this.orderBy.value : [NEWEST_FIRST];
    return readOrder(asked, this.store, this.store.goals.value);
  }

  #sort() {
    const terms = [...this.order.value, { columnId: "start_time", desc: true }];
    return sortRows(
      this.matched.value.slice(),
      terms.map(({ columnId, desc }) => sortKey(this.store, columnId, desc)),
    );
  }

  /** @returns {Entries} */
  #arrange() {
    const rows = this.sorted.value;
    const { top, rest } = liftPinned(rows, this.store, new Set(this.pinnedRuns.value));
    const field = this.groupBy.value === null ? undefined : this.groupField();
    if (field) return groupedEntries(rows, top, this.#groups(rows, field), this.openGroups.value);
    if (this.nested.value) return nestedEntries(rows, top, rest, this.store, this.closedRuns.value);
    return listEntries(rows, top, rest);
  }

  /** The field that runs are grouped by. */
  groupField() {
    const id = this.groupBy.value;
    if (id === null) return undefined;
    return this.catalog.value.get(id) ?? this.fieldOfColumn(id);
  }

  /**
   * @param {Int32Array} rows
   * @param {Field} field
   */
  #groups(rows, field) {
    const source = this.sourceOf(field);
    const groups = groupRows(rows, this.store, source);
    const [first] = this.orderBy.value.length ? this.order.value : [];
    const column = first ? this.store.column(first.columnId) : undefined;
    if (!first || !column || first.columnId === source)
      return sortGroups(groups, { desc: first?.desc ?? false, rank: null }, byKey);
    if (column.type === "dict") return groups; // already in the order in which the sorted runs appear
    const rank = (/** @type {import("./entries.js").RunGroup} */ group) =>
      summarise(group.rows, this.store, first.columnId).mean;
    return sortGroups(groups, { desc: first.desc, rank }, byKey);
  }
}

/**
 * @param {Field[]} a
 * @param {Field[]} b
 */
function sameFields(a, b) {
  return a.length === b.length && a.every((field, index) => field === b[index]);
}
