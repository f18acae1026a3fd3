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

/** @param {() => unknown} read @param {string} problem @param {[number, number]} span  in characters */
function expectError(read, problem, span) {
  const error = errorOf(read);
  expect(error.problem).toContain(problem);
  const [start, end] = [error.start, error.end].map((offset) => {
    return [...error.source.slice(0, offset)].length + Math.max(0, offset - error.source.length);
  });
  expect([start, end]).toEqual(span);
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
    for (const [text, expected, span] of isRun ? CORPUS.cases : CORPUS.experiment_cases) {
      it(`filters by ${text.slice(0, 80)}`, () => {
        if (Array.isArray(expected)) expect(search(text, subject)).toEqual(expected);
        else expectError(() => search(text, subject), expected, span);
      });
    }

    for (const [terms, expected, span] of isRun ? CORPUS.orders : CORPUS.experiment_orders) {
      it(`sorts by ${terms}`, () => {
        if (Array.isArray(expected)) expect(sort(terms, subject)).toEqual(expected);
        else expectError(() => sort(terms, subject), expected, span);
      });
    }
  });
}

describe("reading", () => {
  it("takes any text without another error than its own", () => {
    const hostile = ["(".repeat(4000), "NOT ".repeat(2400), "#1 ".repeat(500), "#1 OR ".repeat(1600), "`".repeat(9999)];
    for (const text of [...hostile, "'\ud800", "\0", "__proto__ = 1", "constructor.a = 1", "9".repeat(10_000)]) {
      expect(errorOf(() => parseFilter(text)).problem).not.toBe("");
    }
    expect(errorOf(() => parseFilter(/** @type {any} */ (5))).problem).toBe(
      "A filter is a text, but a number was received.",
    );
  });

  it("says nothing about an empty filter", () => {
    expect([parseFilter(null), parseFilter(undefined), parseFilter("  ")]).toEqual([null, null, null]);
    expect([parseOrderBy(null), parseOrderBy([])]).toEqual([[], []]);
    expect(parseOrderBy("name desc")).toHaveLength(1);
  });

  it("keeps odd keys apart from what objects inherit", () => {
    const matches = makeFilter(parseFilter("params.constructor IS NULL AND metrics.__proto__ IS NULL"));
    expect(matches(() => undefined)).toBe(true);
    expect(errorOf(() => makeFilter(parseFilter("metrics.constructor.best > 1"))).problem).toContain("No goal");
  });
});

describe("evaluating", () => {
  it("compares times to the millisecond and takes now from the clock", () => {
    const row = () => Date.now() - 3_600_000.25;
    expect(makeFilter(parseFilter("start_time > now - 2h"))(row)).toBe(true);
    expect(makeFilter(parseFilter("start_time > now - 30m"))(row)).toBe(false);
  });

  it("takes an experiment id as a text or a number", () => {
    for (const id of [12, "12"]) expect(makeFilter(parseFilter("experiment_id IN ('12')"))(() => id)).toBe(true);
  });

  it("matches a pattern with many wildcards without trying every way", () => {
    const matches = makeFilter(parseFilter(`tags.a LIKE '${"%a_".repeat(50)}%b'`));
    expect(matches(() => "a".repeat(6000))).toBe(false);
  });

  it("sorts texts by code point", () => {
    const order = makeOrder(parseOrderBy(["tags.a"]));
    const get = (/** @type {string} */ text) => (/** @type {string} */ entity) =>
      entity === "tags" ? text : undefined;
    expect(["\u{10001}", "\uffee", "b", "a", "ab"].sort((a, b) => order(get(a), get(b)))).toEqual([
      "a",
      "ab",
      "b",
      "\uffee",
      "\u{10001}",
    ]);
  });

  it("filters 10,000 rows", () => {
    const rows = Array.from(
      { length: 10_000 },
      (_, i) => (/** @type {string} */ entity) => (entity === "params" ? `${i / 1e4}` : i / 1e4),
    );
    const matches = makeFilter(parseFilter("metrics.acc > 0.5 AND (params.lr < 0.75 OR status = 'FAILED')"));
    expect(rows.filter((get) => matches(get))).toHaveLength(2499);
  });
});
