// What the curves show: metrics, x, smoothing, which runs, in which colours, dashes and charts.

import { computed, signal } from "@preact/signals-core";
import { trait } from "../kit/model.js";
import { byKey } from "../runs/catalog.js";
import { fieldColours, runColour } from "./colours.js";

/**
 * @typedef {import("../runs/view.js").RunsView} RunsView
 * @typedef {import("../runs/catalog.js").Field} Field
 * @typedef {import("./scales.js").Range} Range
 */

export const MOST_DRAWN = 200;
const AUTOMATIC = 12;
const UNASKED = /^(system|knob)\//;
export const DASHES = [[], [6, 4], [2, 3], [9, 3, 2, 3], [12, 4], [4, 2, 1, 2]];

export class CurvesState {
  /** @param {RunsView} view */
  constructor(view) {
    this.view = view;
    const { model, store, until } = view;
    // ---- synced with Python
    this.metrics = trait(model, "metrics", /** @type {string[] | null} */ (null), until);
    this.x = trait(model, "x", "step", until);
    this.xRange = trait(model, "x_range", /** @type {Range | null} */ (null), until);
    this.smoothing = trait(model, "smoothing", 0, until);
    this.logX = trait(model, "log_x", false, until);
    this.logY = trait(model, "log_y", false, until);
    this.clip = trait(model, "clip_outliers", false, until);
    this.facetBy = trait(model, "facet_by", /** @type {string | null} */ (null), until);
    this.dashBy = trait(model, "dash_by", /** @type {string | null} */ (null), until);
    this.aggregateBy = trait(model, "aggregate_by", /** @type {string[]} */ ([]), until);
    this.maxDrawn = trait(model, "max_drawn", 20, until);
    this.height = trait(model, "curves_height", 0, until);

    // ---- of this page only
    /** The chart that fills the view. */
    this.largest = signal(/** @type {string | null} chart id */ (null));
    /** Runs (or groups of runs) switched off in the legend. */
    this.hidden = signal(/** @type {ReadonlySet<string>} */ (new Set()));
    /** Charts whose y is not as in the others. */
    this.ownLogY = signal(/** @type {Readonly<Record<string, boolean>>} */ ({}));
    /** Prefixes of metrics that are folded away. */
    this.folded = signal(/** @type {ReadonlySet<string>} */ (new Set()));

    // ---- what follows
    /** Metrics that any run has more than one point of, then the others. */
    this.known = computed(() => {
      store.revision.value;
      const found = [];
      for (const column of store.columns.values()) {
        if (column.group !== "metrics" || column.stat !== "count" || column.type === "dict") continue;
        let most = 0;
        for (let row = 0; row < store.size && most < 2; row += 1) {
          if (column.valid[row]) most = Math.max(most, Number(column.numbers[row]));
        }
        if (most) found.push({ key: column.key, isCurve: most > 1 });
      }
      return found.sort((a, b) => byKey(a.key, b.key));
    });
    this.shown = computed(() => {
      const chosen = this.metrics.value;
      if (chosen) return chosen;
      const curves = this.known.value.filter(({ key, isCurve }) => isCurve && !UNASKED.test(key));
      return curves.slice(0, AUTOMATIC).map(({ key }) => key);
    });
    /** Rows that are drawn, the newest first: those selected, else as many as wanted. */
    this.drawn = computed(() => {
      store.revision.value;
      const selection = view.selection.value;
      const rows = view.matched.value;
      const started = (/** @type {number} */ row) => store.number("start_time", row) ?? 0;
      const chosen = selection.size ? rows.filter((row) => selection.has(store.idAt(row))) : [];
      if (chosen.length) return largest(chosen, started, MOST_DRAWN);
      return largest(rows, started, Math.min(this.maxDrawn.value, MOST_DRAWN));
    });
    this.isSelection = computed(() => {
      const selection = view.selection.value;
      return this.drawn.value.some((row) => selection.has(store.idAt(row)));
    });
    this.dark = signal(false);
    this.colourField = computed(() => this.field(view.colourBy.value));
    this.colouring = computed(() => {
      const field = this.colourField.value;
      return field ? fieldColours(view, field, this.drawn.value, this.dark.value) : null;
    });
  }

  /**
   * @param {string | null} id
   * @returns {Field | null}
   */
  field(id) {
    if (!id) return null;
    const catalog = this.view.catalog.value;
    return catalog.get(id) ?? this.view.fieldOfColumn(id) ?? null;
  }

  /** @param {number} row */
  colourOf(row) {
    const { store } = this.view;
    const colour = this.colouring.value?.of(row);
    return colour ?? runColour(store.idAt(row), store.number("number", row));
  }

  /**
   * The text of a run in a column.
   * @param {string} id of a field
   * @param {number} row
   */
  textOf(id, row) {
    const field = this.field(id);
    const { store } = this.view;
    if (!field) return "";
    const column = store.column(field.source);
    if (column?.type === "dict") return store.text(field.source, row) ?? "none";
    return String(store.number(field.source, row) ?? "none");
  }

  /** Dash of a run. @param {number} row @returns {number[]} */
  dashOf(row) {
    const id = this.dashBy.value;
    if (!id) return [];
    return DASHES[this.dashValues.value.indexOf(this.textOf(id, row)) % DASHES.length] ?? [];
  }

  dashValues = computed(() => {
    const id = this.dashBy.value;
    return id ? this.valuesOf(id) : [];
  });

  /** Different texts of the drawn runs. @param {string} id of a field */
  valuesOf(id) {
    return [...new Set(this.drawn.value.map((row) => this.textOf(id, row)))].sort(byKey);
  }

  /** What stands for a run. @param {number} row */
  labelOf(row) {
    const { store } = this.view;
    const number = store.number("number", row);
    const name = store.text("name", row) ?? store.idAt(row).slice(0, 8);
    return number === null ? name : `#${number} ${name}`;
  }

  /** @param {string} chart */
  isLogY(chart) {
    return this.ownLogY.value[chart] ?? this.logY.value;
  }

  /** @returns {import("./ticks.js").XKind} */
  get xKind() {
    const x = this.x.value;
    return x === "time" || x === "relative" ? x : "number";
  }

  get xLabel() {
    return this.x.value.replace(/^metrics\./, "");
  }

  /** Columns that may colour, dash and facet. @returns {Field[]} */
  columns() {
    const found = [];
    for (const field of this.view.catalog.value.values()) {
      const isPlain = ["param", "tag", "text", "status", "number", "name"].includes(field.kind);
      if (!isPlain || /^(mlflow|nbtrack)\./.test(field.key)) continue;
      if (this.view.facts.of(field.source).present) found.push(field);
    }
    return found;
  }
}

/**
 * The rows with the largest values, the largest first; of equal ones the later row. One pass: there may be 100,000.
 * @param {Iterable<number>} rows
 * @param {(row: number) => number} measure
 * @param {number} most
 * @returns {number[]}
 */
export function largest(rows, measure, most) {
  /** @type {{ row: number, value: number }[]} ascending */
  const kept = [];
  for (const row of rows) {
    const value = measure(row);
    if (kept.length === most && value < (kept[0]?.value ?? Number.POSITIVE_INFINITY)) continue;
    let at = kept.length;
    while (at > 0 && /** @type {{ value: number }} */ (kept[at - 1]).value > value) at -= 1;
    kept.splice(at, 0, { row, value });
    if (kept.length > most) kept.shift();
  }
  return kept.reverse().map(({ row }) => row);
}
