// Which columns are axes, and what each axis is.

import { grammarName } from "../runs/where.js";
import { guessKind, scaleOf } from "./scale.js";

/**
 * @typedef {import("../runs/view.js").RunsView} RunsView
 * @typedef {import("../runs/catalog.js").Field} Field
 * @typedef {import("./scale.js").Scale} Scale
 * @typedef {import("./scale.js").Kind} Kind
 * @typedef {Scale & { id: string, field: Field, label: string, source: string, column: string, inverted: boolean }} Axis
 *   `column` names it in a brush
 */

/** As many as a page shows without scrolling; the picture without scripts has as many (nbtrack/widgets/parallel.py). */
const MOST_AUTOMATIC = 9;
/** More texts than this, one for every second run or more, are names: hashes, paths. */
const MANY = 20;
const NEARLY_ALL = 0.9;
/** Shown in the table but not asked of runs: nothing of them can be a filter. */
const NOT_ASKED = new Set(["lost", "last_seen", "tags", "note"]);

/** Whether a field can be an axis. @param {Field} field */
export function canBeAxis(field) {
  return !NOT_ASKED.has(field.id) && field.source !== "" && field.id !== "run_id";
}

/**
 * The axes shown until the reader chooses: params that differ between runs, and the metrics asked for last.
 * @param {RunsView} view
 * @param {string | null} metric key that the view is about
 * @returns {string[]} field ids
 */
export function automaticAxes(view, metric) {
  const params = [];
  const metrics = [];
  for (const field of view.catalog.value.values()) {
    const { present, single } = view.facts.of(field.source);
    // a param that only some runs have tells them apart, too
    const isSame = single && (field.group === "metrics" || present > NEARLY_ALL * view.store.size);
    const isTelling = present > 0 && !(isSame && view.store.size > 1);
    if (field.group === "params" && isTelling && !isName(view, field.id, MANY)) params.push(field.id);
    if (field.group !== "metrics" || field.key.startsWith("system/")) continue;
    if (isTelling || (present && field.key === metric)) metrics.push(field);
  }
  const asked = metrics.filter(({ key }) => key === metric);
  const aimed = metrics.filter(({ key }) => key !== metric && view.goalOf(key).goal !== null);
  const others = metrics.filter((field) => !asked.includes(field) && !aimed.includes(field));
  const shown = asked.length ? asked : [...aimed, ...others].slice(0, params.length ? 3 : MOST_AUTOMATIC);
  const room = MOST_AUTOMATIC - shown.length;
  // where there are too many, texts that tell nearly every run apart (paths, names) go first
  const telling = params.length > room ? params.filter((id) => !isName(view, id)) : params;
  // the metric that matters most stands at the very end
  return [...telling.slice(0, room), ...shown.reverse().map(({ id }) => id)];
}

/** @param {RunsView} view @param {string} id of a param @param {number} [most] texts that are few in any case */
function isName({ facts, store }, id, most = 4) {
  const column = store.column(id);
  const { numeric, present } = facts.of(id);
  return column?.type === "dict" && !numeric && column.values.length > Math.max(most, present / 2);
}

/**
 * Automatic axes that stay where they are while runs come in: new ones join, none leaves as long as its column is there.
 * @param {string[]} before
 * @param {string[]} now
 * @param {import("../runs/catalog.js").Catalog} catalog
 */
export function steadyAxes(before, now, catalog) {
  const kept = before.filter((id) => catalog.has(id));
  const fresh = now.filter((id) => !kept.includes(id));
  const firstMetric = kept.findIndex((id) => id.startsWith("metrics."));
  const at = firstMetric < 0 ? kept.length : firstMetric;
  const params = fresh.filter((id) => !id.startsWith("metrics."));
  const metrics = fresh.filter((id) => id.startsWith("metrics."));
  const joining = [...params, ...metrics].slice(0, Math.max(0, MOST_AUTOMATIC - kept.length));
  return [...kept.slice(0, at), ...joining, ...kept.slice(at)];
}

/**
 * The field that an axis or colour name means: `metrics.loss.min` is the field `metrics.loss`.
 * @param {import("../runs/catalog.js").Catalog} catalog
 * @param {string} name
 * @returns {Field | undefined}
 */
export function fieldNamed(catalog, name) {
  return catalog.get(name) ?? catalog.get(name.replace(/\.(last|min|max|best)$/, ""));
}

/**
 * @param {RunsView} view
 * @param {Field} field
 * @param {{ kind: Kind | undefined, inverted: boolean, rows: Int32Array }} options
 * @returns {Axis | null} null when no run has the column
 */
export function axisOf(view, field, { kind, inverted, rows }) {
  const source = view.sourceOf(field);
  const column = view.store.column(source);
  if (!column) return null;
  const scale = scaleOf(column, kind ?? guessKind(column, view.facts.of(source)), rows, view.store.size);
  const label = field.label === "#" ? "Number" : field.label;
  return {
    ...scale,
    id: field.id,
    field,
    label,
    source,
    column: source.replace(/^(metrics\..*)\.last$/, "$1"),
    inverted,
  };
}

/**
 * The name under which an axis is brushed at present: a metric may be named with `.last` or `.best`, too.
 * @param {Axis} axis
 * @param {import("../runs/where.js").Extents} extents
 * @param {(key: string) => { goal: string | null }} goalOf
 */
export function brushedName(axis, extents, goalOf) {
  if (axis.field.kind !== "metric" || axis.column in extents) return axis.column;
  const { goal } = goalOf(axis.field.key);
  return (
    Object.keys(extents).find((name) => {
      if (grammarName(name) === grammarName(axis.source)) return true;
      return name === `metrics.${axis.field.key}.best` && axis.source === `metrics.${axis.field.key}.${goal ?? "last"}`;
    }) ?? axis.column
  );
}
