// Which charts there are, and the lines in each.

import { formatNumber } from "../kit/format.js";
import { meanOf } from "./seeds.js";
import { smooth } from "./smooth.js";

/**
 * @typedef {import("./state.js").CurvesState} CurvesState
 * @typedef {import("./histories.js").Histories} Histories
 * @typedef {import("./answer.js").History} History
 * @typedef {import("./strokes.js").Series} Series
 * @typedef {import("./strokes.js").Mark} Mark
 *
 * @typedef {object} Panel one chart
 * @property {string} id
 * @property {string} key of the metric
 * @property {string} title
 * @property {number[]} rows runs that are drawn in it
 *
 * @typedef {{ id: string, label: string, rows: number[] }} Group a line of its own
 */

/**
 * @param {CurvesState} state
 * @returns {Panel[]}
 */
export function panelsOf(state) {
  const facet = state.facetBy.value;
  const rows = state.drawn.value;
  if (!facet) return state.shown.value.map((key) => ({ id: key, key, title: key, rows }));
  const values = state.valuesOf(facet);
  const name = state.field(facet)?.label ?? facet;
  return state.shown.value.flatMap((key) =>
    values.map((value) => ({
      id: `${key}\n${value}`,
      key,
      title: `${key} · ${name} = ${value}`,
      rows: rows.filter((row) => state.textOf(facet, row) === value),
    })),
  );
}

/**
 * Runs as they are drawn: each by itself, or those with the same values in some columns together.
 * @param {CurvesState} state
 * @param {number[]} rows
 * @returns {Group[]}
 */
export function groupsOf(state, rows) {
  const { store } = state.view;
  const columns = state.aggregateBy.value.filter((id) => state.field(id));
  if (!columns.length) return rows.map((row) => ({ id: store.idAt(row), label: state.labelOf(row), rows: [row] }));
  /** @type {Map<string, Group>} */
  const groups = new Map();
  for (const row of rows) {
    const texts = columns.map((id) => `${state.field(id)?.label ?? id} = ${state.textOf(id, row)}`);
    const id = texts.join(" · ");
    const group = groups.get(id) ?? { id, label: id, rows: [] };
    group.rows.push(row);
    groups.set(id, group);
  }
  return [...groups.values()];
}

/**
 * @param {CurvesState} state
 * @param {Histories} histories
 * @param {Panel} panel
 * @returns {Series[]}
 */
export function seriesOf(state, histories, panel) {
  const { store } = state.view;
  const hidden = state.hidden.value;
  const x = state.x.value;
  const range = state.xRange.value;
  const series = [];
  // the newest run is drawn last, on top
  for (const group of groupsOf(state, panel.rows).reverse()) {
    if (hidden.has(group.id)) continue;
    /** @type {History[]} */
    const found = [];
    for (const row of group.rows) {
      const history = histories.get({ run: store.idAt(row), key: panel.key }, x, range);
      if (history?.x.length) found.push(history);
    }
    const [first = 0] = group.rows;
    const [only] = found;
    if (!only) continue;
    const look = { id: group.id, label: group.label, colour: state.colourOf(first), dash: state.dashOf(first) };
    const weight = state.smoothing.value;
    series.push(group.rows.length > 1 ? meanSeries(found, weight, look) : runSeries(only, weight, look));
  }
  return series;
}

/**
 * @param {History} history
 * @param {number} weight
 * @param {{ id: string, label: string, colour: string, dash: number[] }} look
 * @returns {Series}
 */
export function runSeries({ x, y, low, high, count, bad }, weight, look) {
  const smoothed = weight > 0 ? smooth(y, weight) : y;
  const tell = (/** @type {number} */ i) => {
    const points = count?.[i] ?? 1;
    return points > 1 && low && high ? `(${formatNumber(Number(low[i]))} … ${formatNumber(Number(high[i]))})` : "";
  };
  return { ...look, x, y: smoothed, ghost: weight > 0 ? y : null, low, high, edges: weight === 0, bad, tell };
}

/**
 * @param {History[]} histories of runs that differ in their seed only
 * @param {number} weight
 * @param {{ id: string, label: string, colour: string, dash: number[] }} look
 * @returns {Series}
 */
export function meanSeries(histories, weight, look) {
  const lines = histories.map(({ x, y }) => ({ x, y: weight > 0 ? smooth(y, weight) : y }));
  const mean = meanOf(lines);
  const tell = (/** @type {number} */ i) => {
    const half = Number(mean.high[i]) - Number(mean.y[i]);
    return `± ${formatNumber(Number(half.toPrecision(2)))} (${mean.runs[i]} runs)`;
  };
  return {
    ...look,
    label: `${look.label} (${histories.length})`,
    x: mean.x,
    y: mean.y,
    low: mean.low,
    high: mean.high,
    width: 2,
    tell,
  };
}

const EVENT = "nbtrack.event.";

/**
 * Checkpoints, notes, changed knobs and restarts of the drawn runs, from their tags.
 * @param {CurvesState} state
 * @param {number[]} rows
 * @returns {Mark[]}
 */
export function marksOf(state, rows) {
  const { store } = state.view;
  const x = state.x.value;
  if (x !== "step" && state.xKind === "number") return [];
  const marks = [];
  for (const { group, key, id } of store.columns.values()) {
    if (group !== "tags" || !key.startsWith(EVENT)) continue;
    for (const row of rows) {
      const event = readEvent(store.text(id, row));
      if (!event) continue;
      const start = store.number("start_time", row) ?? 0;
      const at = x === "step" ? event.step : x === "time" ? event.t : (event.t - start) / 1000;
      if (typeof at !== "number" || !Number.isFinite(at)) continue;
      const name = rows.length > 1 ? `${state.labelOf(row)}: ` : "";
      marks.push({ x: at, kind: String(event.kind ?? "note"), text: `${name}${event.text ?? ""}` });
    }
  }
  return marks;
}

/** @param {string | null} text */
function readEvent(text) {
  try {
    const event = JSON.parse(text ?? "null");
    return event && typeof event === "object" ? event : null;
  } catch {
    return null; // somebody's own tag
  }
}
