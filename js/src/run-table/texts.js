// What a cell says, as plain text: for drawing, for measuring, for copying.

import { formatDate, formatDuration, formatNumber, formatRelative, numberFormat } from "../kit/format.js";

/**
 * @typedef {import("../runs/catalog.js").Field} Field
 * @typedef {import("./state.js").TableState} TableState
 */

const STATUS = new Map([
  ["RUNNING", "running"],
  ["FINISHED", "finished"],
  ["FAILED", "failed"],
  ["KILLED", "killed"],
]);

/** @type {WeakMap<import("../runs/facts.js").Fact, (value: number) => string>} */
const formats = new WeakMap();

/**
 * @param {TableState} state
 * @param {Field} field
 * @param {number} row
 * @returns {string}
 */
export function textOf(state, field, row) {
  const { store } = state;
  switch (field.kind) {
    case "metric": {
      const value = store.number(state.sourceOf(field), row);
      return value === null ? "" : formatOf(state, field)(value);
    }
    case "status":
      return statusText(store.text("status", row));
    case "time": {
      const time = store.number(field.source, row);
      return time === null ? "" : formatRelative(time, state.now.value);
    }
    case "duration": {
      const seconds = secondsOf(state, row);
      return seconds === null ? "" : formatDuration(seconds);
    }
    case "number":
    case "count": {
      const count = store.number(field.source, row);
      return count === null ? "" : String(count);
    }
    case "tags":
      return tagsOf(state, row)
        .map(({ key, value }) => (value ? `${key}: ${value}` : key))
        .join(", ");
    case "name":
      return store.text("name", row) || store.idAt(row).slice(0, 8);
    default:
      return plainText(state, field, row);
  }
}

/**
 * A value that many runs share, as its cells say it.
 * @param {Field | undefined} field
 * @param {string} value
 */
export function sharedText(field, value) {
  return field?.kind === "status" ? statusText(value) : value;
}

/**
 * The whole value, for a tooltip and for copying.
 * @param {TableState} state
 * @param {Field} field
 * @param {number} row
 * @returns {string}
 */
export function fullText(state, field, row) {
  if (field.kind === "metric") {
    const value = state.store.number(state.sourceOf(field), row);
    return value === null ? "" : String(value);
  }
  if (field.kind === "time") {
    const time = state.store.number(field.source, row);
    return time === null ? "" : formatDate(time);
  }
  return textOf(state, field, row);
}

/**
 * @param {TableState} state
 * @param {Field} field
 * @param {number} row
 */
function plainText(state, field, row) {
  const column = state.store.column(field.source);
  if (column && column.type !== "dict") {
    const value = state.store.number(field.source, row);
    return value === null ? "" : formatNumber(value);
  }
  return state.store.text(field.source, row) ?? "";
}

/** @param {string | null} status */
export function statusText(status) {
  return STATUS.get(status ?? "") ?? (status ?? "").toLowerCase();
}

/**
 * Seconds that the run took, or has taken until now.
 * @param {TableState} state
 * @param {number} row
 * @returns {number | null}
 */
export function secondsOf(state, row) {
  const { store } = state;
  const start = store.number("start_time", row);
  if (store.text("status", row) === "RUNNING" && start !== null) return Math.max(0, (state.now.value - start) / 1000);
  return store.number("duration", row);
}

/**
 * @param {TableState} state
 * @param {number} row
 * @returns {{ key: string, value: string }[]} tags that people set
 */
export function tagsOf(state, row) {
  const tags = [];
  for (const key of state.tagKeys.value) {
    const value = state.store.text(`tags.${key}`, row);
    if (value !== null) tags.push({ key, value });
  }
  return tags;
}

/**
 * One number format for all values of a metric on view.
 * @param {TableState} state
 * @param {Field} field
 */
export function formatOf(state, field) {
  const fact = state.facts.of(state.sourceOf(field));
  let format = formats.get(fact);
  if (!format) {
    format = numberFormat(fact.min, fact.max, fact.whole);
    formats.set(fact, format);
  }
  return format;
}

export function isRightAligned(/** @type {TableState} */ state, /** @type {Field} */ field) {
  if (field.kind === "param") return state.facts.of(field.source).numeric;
  return field.kind === "metric" || field.kind === "number" || field.kind === "duration" || field.kind === "count";
}
