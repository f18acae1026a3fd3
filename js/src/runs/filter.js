// The search grammar applied to the columns of the page: the same answers as nbtrack.search_runs, in milliseconds.

import { makeFilter, parseFilter, SearchError } from "../kit/search/index.js";

/**
 * @typedef {import("../kit/run-store.js").RunStore} RunStore
 * @typedef {import("../kit/run-store.js").StoredColumn} StoredColumn
 * @typedef {import("../kit/search/tree.js").Node} Node
 * @typedef {import("../kit/search/tree.js").Field} Field
 * @typedef {(row: number) => boolean} Test
 * @typedef {{ test: Test | null, error: SearchError | null }} Matcher without `test`, all runs match
 */

/**
 * @param {string} text
 * @param {RunStore} store
 * @param {Record<string, string>} goals
 * @returns {Matcher}
 */
export function matcherOf(text, store, goals) {
  try {
    const node = parseFilter(text);
    return { test: node ? compile(node, store, { goals, now: Date.now() }) : null, error: null };
  } catch (cause) {
    if (cause instanceof SearchError) return { test: null, error: cause };
    throw cause;
  }
}

/**
 * Id of the store's column that a field of the grammar means.
 * @param {Pick<Field, "entity" | "key" | "stat">} field
 * @param {Record<string, string>} goals
 */
export function columnOf({ entity, key, stat }, goals) {
  if (entity === "attributes") return key === "artifact_uri" ? "run_id" : key;
  if (entity !== "metrics") return `${entity}.${key}`;
  return `metrics.${key}.${stat === "best" ? (goals[key] ?? "last") : stat}`;
}

/**
 * @param {Node} node
 * @param {RunStore} store
 * @param {{ goals: Record<string, string>, now: number }} options
 * @returns {Test}
 */
function compile(node, store, options) {
  if (node.type === "not") {
    const term = compile(node.term, store, options);
    return (row) => !term(row);
  }
  if (node.type === "comparison") return compare(node, store, options);
  const terms = node.terms.map((term) => compile(term, store, options));
  return node.type === "and" ? (row) => terms.every((term) => term(row)) : (row) => terms.some((term) => term(row));
}

/**
 * @param {import("../kit/search/tree.js").Comparison} node
 * @param {RunStore} store
 * @param {{ goals: Record<string, string>, now: number }} options
 * @returns {Test}
 */
function compare(node, store, options) {
  const { field } = node;
  if (field.entity === "datasets" || field.stat === "step") {
    const what = field.entity === "datasets" ? "Datasets are" : "The step of a metric is";
    throw new SearchError(
      `${what} not in this table; ask nbtrack.search_runs().`,
      field.place.source,
      field.place.start,
      field.place.end,
    );
  }
  const holds = makeFilter(node, options);
  const absent = holds(() => null);
  const column = store.column(columnOf(field, options.goals));
  if (!column) return () => absent;
  if (column.type !== "dict") return (row) => (column.valid[row] ? holds(() => column.numbers[row]) : absent);
  // each different text is tested once, however many runs have it
  /** @type {(boolean | undefined)[]} */
  const known = [];
  return (row) => {
    const code = column.codes[row] ?? -1;
    if (code < 0) return absent;
    known[code] ??= holds(() => column.values[code]);
    return known[code];
  };
}
