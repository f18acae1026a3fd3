// What a reader does to the view: order, columns, groups, pins. Nothing here changes a run.

import { writeOrder } from "../runs/order.js";

/**
 * @typedef {import("./state.js").TableState} TableState
 * @typedef {import("../runs/catalog.js").Field} Field
 * @typedef {import("../runs/catalog.js").Statistic} Statistic
 */

/**
 * Sort by a column: first the better or natural way, then the other, then no longer.
 * @param {TableState} state
 * @param {Field} field
 * @param {boolean} add keep the other columns that are sorted by
 */
export function cycleOrder(state, field, add) {
  const source = state.sourceOf(field);
  const asked = state.orderBy.value.length > 0;
  const present = asked ? state.order.value.find(({ columnId }) => columnId === source) : undefined;
  const first = startsDescending(state, field);
  if (!present) setOrder(state, field, first, add);
  else if (present.desc === first) setOrder(state, field, !first, add);
  else dropOrder(state, source, add);
}

/** @param {TableState} state @param {Field} field */
function startsDescending(state, field) {
  if (field.kind === "metric") return state.goalOf(field.key).goal !== "min";
  return field.kind === "time" || field.kind === "number";
}

/** @param {TableState} state @param {Field} field @param {boolean} desc @param {boolean} add */
export function setOrder(state, field, desc, add = false) {
  const source = state.sourceOf(field);
  const column = state.store.column(source);
  if (!column) return;
  const text = writeOrder(source, column.group, column.key, desc);
  if (!add) {
    state.orderBy.value = [text];
    return;
  }
  const place = state.order.value.findIndex(({ columnId }) => columnId === source);
  const others = state.orderBy.value;
  state.orderBy.value = place < 0 ? [...others, text] : others.map((other, i) => (i === place ? text : other));
}

/** @param {TableState} state @param {string} source @param {boolean} keepOthers */
export function dropOrder(state, source, keepOthers) {
  const place = state.order.value.findIndex(({ columnId }) => columnId === source);
  state.orderBy.value = keepOthers ? state.orderBy.value.filter((_, i) => i !== place) : [];
}

/** @param {TableState} state @param {Field} field @param {Statistic} statistic */
export function setStatistic(state, field, statistic) {
  const before = state.sourceOf(field);
  const place = state.orderBy.value.length ? state.order.value.findIndex(({ columnId }) => columnId === before) : -1;
  const desc = state.order.value[place]?.desc ?? false;
  state.statistics.value = { ...state.statistics.value, [field.key]: statistic };
  // a table sorted by this metric goes on being sorted by what it shows
  const after = state.sourceOf(field);
  const column = state.store.column(after);
  if (place < 0 || after === before || !column) return;
  state.orderBy.value = state.orderBy.value.map((text, i) =>
    i === place ? writeOrder(after, column.group, column.key, desc) : text,
  );
}

/**
 * @param {TableState} state
 * @param {string} id
 * @param {string | null} before the field that it is put before; null: last
 */
export function moveColumn(state, id, before) {
  const ids = state.shown.value.map((field) => field.id).filter((other) => other !== id);
  const at = before === null ? ids.length : ids.indexOf(before);
  ids.splice(at < 0 ? ids.length : at, 0, id);
  state.columns.value = ids;
}

/** @param {TableState} state @param {string} id @param {-1 | 1} step */
export function shiftColumn(state, id, step) {
  const ids = state.shown.value.map((field) => field.id);
  const at = ids.indexOf(id);
  const to = at + step;
  if (at < 0 || to < 0 || to >= ids.length) return;
  const other = /** @type {string} */ (ids[to]);
  ids[to] = id;
  ids[at] = other;
  state.columns.value = ids;
}

/** @param {TableState} state @param {string[]} ids @param {boolean} show */
export function showColumns(state, ids, show) {
  const present = state.shown.value.map((field) => field.id);
  const changed = new Set(ids);
  if (!show) {
    state.columns.value = present.filter((id) => !changed.has(id) || id === "name");
    return;
  }
  state.columns.value = [...present, ...ids.filter((id) => !present.includes(id))];
}

/** @param {TableState} state @param {string} id */
export function togglePinned(state, id) {
  const { pinned } = state;
  pinned.value = pinned.value.includes(id) ? pinned.value.filter((other) => other !== id) : [...pinned.value, id];
}

/** @param {TableState} state @param {string} runId */
export function togglePinnedRun(state, runId) {
  const { pinnedRuns } = state;
  const present = pinnedRuns.value.includes(runId);
  pinnedRuns.value = present ? pinnedRuns.value.filter((other) => other !== runId) : [...pinnedRuns.value, runId];
}

/** @param {TableState} state @param {string | null} id of a field */
export function setGroup(state, id) {
  state.openGroups.value = new Set();
  state.groupBy.value = id;
}

/**
 * Open or close what a line holds: the members of a group, the children of a run.
 * @param {TableState} state
 * @param {number} line
 * @param {boolean} [open]
 * @returns {boolean} whether the line could be opened or closed that way
 */
export function twist(state, line, open) {
  const { codes, groups, branch } = state.entries.value;
  const code = codes[line];
  if (code === undefined) return false;
  if (code < 0) {
    const key = groups[-code - 1]?.key ?? "";
    const is = state.openGroups.value.has(key);
    if (open === is) return false;
    state.openGroups.value = flipped(state.openGroups.value, key);
    return true;
  }
  const shown = branch?.[line] ?? 0;
  if (!shown || open === (shown === 1)) return false;
  state.closedRuns.value = flipped(state.closedRuns.value, state.store.idAt(code));
  return true;
}

/** @param {Set<string>} set @param {string} key */
function flipped(set, key) {
  const next = new Set(set);
  if (!next.delete(key)) next.add(key);
  return next;
}
