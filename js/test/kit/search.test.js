import { describe, expect, it } from "vitest";
import corpus from "../../../tests/data/search_cases.json";
import { makeFilter, makeOrder, parseFilter, parseOrderBy, SearchError } from "../../src/kit/search/index.js";

/** @typedef {Record<string, any>} Row */

/** @type {Record<string, any>} */
const CORPUS = corpus;
/** @type {{ goals: Record<string, string>, now: number }} */
const OPTIONS = { goals: CORPUS.goals, now: CORPUS.now };
/** @type {Map<number, string>} */
const EXPERIMENT_NAMES = new Map(CORPUS.experiments.map((/** @type {Row} */ e) => [e.experiment_id, e.name]));

/** @param {Row} row @returns {import("../../src/kit/search/evaluate.js").Get} */
function getter(row) {
  return (entity, key, stat) => {
    if (entity === "datasets") return row.datasets.map((/** @type {Row} */ dataset) => dataset[key]);
    if (entity === "metrics") return number(Object.hasOwn(row.metrics, key) ? row.metrics[key][stat] : undefined);
    if (entity !== "attributes") return row[entity][key];
    return key === "experiment" ? EXPERIMENT_NAMES.get(row.experiment_id) : row[key];
  };
}

/** @param {any} value  NaN and infinities are texts in the file */
function number(value) {
  return typeof value === "string" ? Number(value) : value;
}

/** @param {string} text @param {"run" | "experiment"} subject */
function search(text, subject) {
  const matches = makeFilter(parseFilter(text, subject), OPTIONS);
  return CORPUS[`${subject}s`]
    .filter((/** @type {Row} */ row) => matches(getter(row)))
    .map((/** @type {Row} */ r) => r.name);
}

/** @param {string[]} terms @param {"run" | "experiment"} subject */
function sort(terms, subject) {
  const order = makeOrder(parseOrderBy(terms, subject), { ...OPTIONS, subject });
  const rows = [...CORPUS[`${subject}s`]].sort((a, b) => order(getter(a), getter(b)));
  return rows.map((row) => row.name);
}

/** @param {() => unknown} read @returns {SearchError} */
function errorOf(read) {
  try {
    read();
  } catch (error) {
    if (error instanceof SearchError) return error;
    throw error;
  }
  throw new Error("nothing was wrong");
}

for (const subject of /** @type {const} */ (["run", "experiment"])) {
  const isRun = subject === "run";
  describe(`the corpus of ${subject}s`, () => {
    for (const [text, expected] of isRun ? CORPUS.cases : CORPUS.experiment_cases) {
      it(`filters by ${text.slice(0, 80)}`, () => {
        if (Array.isArray(expected)) expect(search(text, subject)).toEqual(expected);
        else expect(errorOf(() => search(text, subject)).problem).toContain(expected);
      });
    }

    for (const [terms, expected] of isRun ? CORPUS.orders : CORPUS.experiment_orders) {
      it(`sorts by ${terms}`, () => {
        if (Array.isArray(expected)) expect(sort(terms, subject)).toEqual(expected);
        else expect(errorOf(() => sort(terms, subject)).problem).toContain(expected);
      });
    }
  });
}
