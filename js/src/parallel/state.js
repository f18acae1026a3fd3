// What the parallel coordinates know: which axes stand where, how each is scaled, what is brushed.

import { computed, signal } from "@preact/signals-core";
import { trait } from "../kit/model.js";
import { automaticAxes, axisOf, brushedName, canBeAxis, fieldNamed, steadyAxes } from "./axes.js";
import { guessKind } from "./scale.js";

/**
 * @typedef {import("../runs/view.js").RunsView} RunsView
 * @typedef {import("../runs/catalog.js").Field} Field
 * @typedef {import("../runs/where.js").Piece} Piece
 * @typedef {import("./axes.js").Axis} Axis
 * @typedef {import("./scale.js").Kind} Kind
 */

export class ParallelState {
  /** @type {string[]} */
  #automatic = [];
  #automaticFor = /** @type {string | null} */ (null);
  /** @type {Map<string, { axis: Axis, made: unknown[] }>} */
  #made = new Map();

  /** @param {RunsView} view */
  constructor(view) {
    const { model, until } = view;
    this.view = view;
    // ---- synced with Python
    /** Field ids from left to right; null chooses. */
    this.axes = trait(model, "axes", /** @type {string[] | null} */ (null), until);
    this.kinds = trait(model, "axis_kinds", /** @type {Record<string, Kind>} */ ({}), until);
    this.inverted = trait(model, "inverted_axes", /** @type {string[]} */ ([]), until);
    this.metric = trait(model, "parallel_metric", /** @type {string | null} */ (null), until);
    this.height = trait(model, "parallel_height", 0, until);
    // ---- of this page only
    /** Axis being dragged, and the order that it would give. */
    this.preview = signal(/** @type {string[] | null} */ (null));

    this.fields = computed(() => this.#fields());
    /** The axes with their scales; brushing does not make them anew. */
    this.shown = computed(() => this.#shown());
    /** Pieces of the brush, by axis on view. */
    this.brushes = computed(() => {
      const extents = view.extents.value;
      return this.shown.value.map((axis) => extents[this.nameOf(axis)] ?? []);
    });
    this.colourAxis = computed(() => this.#colourAxis());
  }

  #fields() {
    const { view } = this;
    const catalog = view.catalog.value;
    view.store.revision.value;
    const ids = this.preview.value ?? this.axes.value;
    if (!ids) {
      const metric = this.metric.value;
      const before = metric === this.#automaticFor ? this.#automatic : [];
      this.#automatic = steadyAxes(before, automaticAxes(view, metric), catalog);
      this.#automaticFor = metric;
    }
    const fields = (ids ?? this.#automatic).map((id) => fieldNamed(catalog, id));
    return [...new Set(fields)].filter((field) => field !== undefined);
  }

  #shown() {
    const rows = this.view.base.value;
    const kinds = this.kinds.value;
    const inverted = this.inverted.value;
    const axes = [];
    for (const field of this.fields.value) {
      const axis = this.#axis(field, kinds[field.id], inverted.includes(field.id), rows);
      if (axis) axes.push(axis);
    }
    return axes;
  }

  /**
   * An axis that is only moved keeps its scale.
   * @param {Field} field
   * @param {Kind | undefined} kind
   * @param {boolean} inverted
   * @param {Int32Array} rows
   */
  #axis(field, kind, inverted, rows) {
    const made = [this.view.store.revision.value, rows, kind, inverted, this.view.sourceOf(field)];
    const before = this.#made.get(field.id);
    if (before && made.every((part, i) => part === before.made[i])) return before.axis;
    const axis = axisOf(this.view, field, { kind, inverted, rows });
    if (axis) this.#made.set(field.id, { axis, made });
    return axis;
  }

  #colourAxis() {
    const { view } = this;
    const field = this.colourField();
    if (!field) return null;
    const shown = this.shown.value.find((axis) => axis.field === field);
    if (shown) return shown;
    return this.#axis(field, this.kinds.value[field.id], false, view.base.value);
  }

  /** The column that colours lines: as chosen, the metric asked for, else the first with a direction. */
  colourField() {
    const { view } = this;
    const catalog = view.catalog.value;
    const chosen = view.colourBy.value;
    if (chosen === "") return undefined;
    const asked = fieldNamed(catalog, chosen ?? `metrics.${this.metric.value}`);
    return asked ?? this.mainMetric();
  }

  /** The metric that the view is about. @returns {Field | undefined} */
  mainMetric() {
    const { view } = this;
    const metrics = [...view.catalog.value.values()].filter(
      ({ kind, key, source }) => kind === "metric" && !key.startsWith("system/") && view.facts.of(source).present > 0,
    );
    const { goals } = view.store;
    return (
      metrics.find(({ key }) => key === this.metric.value) ??
      metrics.find(({ key }) => goals.value[key] !== undefined) ??
      metrics.find(({ key }) => view.goalOf(key).goal !== null) ??
      metrics[0]
    );
  }

  /** Fields that could be an axis, those on view included. */
  candidates() {
    return [...this.view.catalog.value.values()].filter(
      (field) => canBeAxis(field) && this.view.facts.of(field.source).present > 0,
    );
  }

  /** The name of an axis in the shared brush. @param {Axis} axis */
  nameOf(axis) {
    return brushedName(axis, this.view.extents.value, (key) => this.view.goalOf(key));
  }

  /** @param {Axis} axis @param {Piece[]} pieces */
  brush(axis, pieces) {
    const { extents } = this.view;
    const { [this.nameOf(axis)]: _, ...others } = extents.value;
    extents.value = pieces.length ? { ...others, [axis.column]: pieces } : others;
  }

  /** @param {string} column as a brush names it */
  unbrush(column) {
    const { [column]: _, ...others } = this.view.extents.value;
    this.view.extents.value = others;
  }

  clear() {
    if (Object.keys(this.view.extents.value).length) this.view.extents.value = {};
  }

  // ---- axes

  ids() {
    return this.shown.value.map(({ id }) => id);
  }

  /** @param {string} id */
  hide(id) {
    this.axes.value = this.ids().filter((each) => each !== id);
  }

  /** @param {string} id @param {boolean} on */
  show(id, on) {
    if (on && !this.ids().includes(id)) this.axes.value = [...this.ids(), id];
    else if (!on) this.hide(id);
  }

  /** @param {string} id @param {number} to place among the axes */
  move(id, to) {
    this.axes.value = this.ordered(id, to);
  }

  /** @param {string} id @param {number} to */
  ordered(id, to) {
    const rest = this.ids().filter((each) => each !== id);
    rest.splice(Math.min(rest.length, Math.max(0, to)), 0, id);
    return rest;
  }

  /** @param {string} id */
  invert(id) {
    const { inverted } = this;
    const { value } = inverted;
    inverted.value = value.includes(id) ? value.filter((each) => each !== id) : [...value, id];
  }

  /** @param {Axis} axis @param {Kind} kind */
  setKind(axis, kind) {
    const column = this.view.store.column(axis.source);
    const { [axis.id]: _, ...others } = this.kinds.value;
    const guessed = column && guessKind(column, this.view.facts.of(axis.source));
    this.kinds.value = kind === guessed ? others : { ...others, [axis.id]: kind };
  }

  /** Another statistic of a metric is another column: a brush on the one before goes. @param {Axis} axis @param {import("../runs/catalog.js").Statistic} statistic */
  setStatistic(axis, statistic) {
    this.brush(axis, []);
    const { key } = axis.field;
    const { [key]: _, ...others } = this.view.statistics.value;
    this.view.statistics.value = statistic === "last" ? others : { ...others, [key]: statistic };
  }

  /** @param {Axis} axis @returns {"min" | "max" | null} */
  goalOf(axis) {
    return axis.field.kind === "metric" ? this.view.goalOf(axis.field.key).goal : null;
  }
}
