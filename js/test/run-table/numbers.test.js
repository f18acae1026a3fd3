import { describe, expect, it } from "vitest";
import { RunStore } from "../../src/kit/run-store.js";
import { groupedEntries, liftPinned, listEntries, nestedEntries } from "../../src/run-table/entries.js";
import { commonText, groupRows, sortGroups, summarise } from "../../src/run-table/groups.js";
import { columnsInSight, rowsInSight, scrollToShow } from "../../src/run-table/window.js";
import { byKey } from "../../src/runs/catalog.js";
import { Facts } from "../../src/runs/facts.js";
import { quoteKey, readOrder, sortKey, sortRows, writeOrder } from "../../src/runs/order.js";
import { encodeTable } from "../encode-table.js";

const { NaN: NAN, POSITIVE_INFINITY: INFINITY } = Number;

/** @param {Record<string, (string | number | null)[]>} columns */
function storeOf(columns) {
  const store = new RunStore();
  const specs = Object.entries(columns).map(([id, values]) => ({
    id,
    type: /** @type {"dict" | "f64"} */ (id.startsWith("metrics.") || id === "start_time" ? "f64" : "dict"),
    values,
  }));
  store.take(encodeTable({ version: 1, mode: "full", rows: specs[0]?.values.length ?? 0, columns: specs }));
  return store;
}

/** @param {RunStore} store */
function allRows(store) {
  return Int32Array.from({ length: store.size }, (_, row) => row);
}

describe("facts", () => {
  const store = storeOf({
    run_id: ["a", "b", "c"],
    "params.lr": ["0.1", "1e-3", "0.1"],
    "params.batch": ["32", "32", "32"],
    "params.some": ["x", null, "x"],
    "metrics.loss.last": [1, NAN, null],
    "metrics.steps.last": [3, 3, 3],
  });
  const facts = new Facts(store);

  it("sees numbers in text", () =>
    expect(facts.of("params.lr")).toMatchObject({ numeric: true, min: 0.001, max: 0.1, constant: false }));
  it("sees what is the same everywhere", () =>
    expect(facts.of("params.batch")).toMatchObject({ constant: true, value: "32" }));
  it("does not call a column constant that misses a value", () => expect(facts.of("params.some").constant).toBe(false));
  it("leaves NaN out of the range, not out of the count", () =>
    expect(facts.of("metrics.loss.last")).toMatchObject({ present: 2, min: 1, max: 1 }));
  it("sees constant whole numbers", () =>
    expect(facts.of("metrics.steps.last")).toMatchObject({ constant: true, whole: true }));
  it("knows nothing of a column that is not there", () => expect(facts.of("params.none").present).toBe(0));
});

describe("order", () => {
  const store = storeOf({
    run_id: ["a", "b", "c", "d", "e"],
    name: ["beta", "alpha", "Gamma", null, "alpha"],
    "params.lr": ["0.01", "0.1", "high", null, "1e-3"],
    "metrics.acc.last": [0.5, NAN, null, 0.9, INFINITY],
  });
  const sorted = (/** @type {[string, boolean][]} */ ...terms) => [
    ...sortRows(
      allRows(store),
      terms.map(([id, desc]) => sortKey(store, id, desc)),
    ),
  ];

  it("puts NaN after numbers and missing values last, both ways", () => {
    expect(sorted(["metrics.acc.last", false])).toEqual([0, 3, 4, 1, 2]);
    expect(sorted(["metrics.acc.last", true])).toEqual([4, 3, 0, 1, 2]);
  });

  it("sorts params that are numbers as numbers, before text", () => {
    expect(sorted(["params.lr", false])).toEqual([4, 0, 1, 2, 3]);
    expect(sorted(["params.lr", true])).toEqual([1, 0, 4, 2, 3]);
  });

  it("sorts by several columns", () => {
    expect(sorted(["name", false], ["metrics.acc.last", true])).toEqual([2, 4, 1, 0, 3]);
  });

  it("has no opinion without terms", () => expect(sorted()).toEqual([0, 1, 2, 3, 4]));

  it("reads order_by as Python writes it", () => {
    const goals = { acc: "max" };
    const withMax = storeOf({
      run_id: ["a"],
      "metrics.acc.max": [1],
      "metrics.acc.last": [1],
      start_time: [1],
      "params.my key": ["x"],
    });
    expect(
      readOrder(["metrics.acc.best DESC", "attributes.start_time", "params.`my key` asc"], withMax, goals),
    ).toEqual([
      { columnId: "metrics.acc.max", desc: true },
      { columnId: "start_time", desc: false },
      { columnId: "params.my key", desc: false },
    ]);
    expect(readOrder(["metrics.gone", "((", "metrics.acc"], withMax, goals)).toEqual([
      { columnId: "metrics.acc.last", desc: false },
    ]);
  });

  it("writes what it can read", () => {
    expect(writeOrder("metrics.acc.max", "metrics", "acc", true)).toBe("metrics.acc.max DESC");
    expect(writeOrder("params.a.b `c`", "params", "a.b `c`", false)).toBe("params.`a.b ``c``` ASC");
    expect(writeOrder("start_time", "attributes", "start_time", true)).toBe("start_time DESC");
    expect(quoteKey("val/loss")).toBe("val/loss");
  });
});

describe("groups", () => {
  const store = storeOf({
    run_id: ["a", "b", "c", "d"],
    "params.lr": ["0.1", "0.01", "0.1", null],
    "metrics.acc.last": [1, 3, 2, 7],
  });

  it("splits by value in the order of appearance", () => {
    const groups = groupRows(allRows(store), store, "params.lr");
    expect(groups.map(({ value, rows }) => [value, [...rows]])).toEqual([
      ["0.1", [0, 2]],
      ["0.01", [1]],
      [null, [3]],
    ]);
  });

  it("sorts by value as numbers, no value last", () => {
    const values = (/** @type {boolean} */ desc) =>
      sortGroups(groupRows(allRows(store), store, "params.lr"), { desc, rank: null }, byKey).map(({ value }) => value);
    expect(values(false)).toEqual(["0.01", "0.1", null]);
    expect(values(true)).toEqual(["0.1", "0.01", null]);
  });

  it("sorts by the mean of a metric", () => {
    const groups = groupRows(allRows(store), store, "params.lr");
    const rank = (/** @type {import("../../src/run-table/entries.js").RunGroup} */ { rows }) =>
      summarise(rows, store, "metrics.acc.last").mean;
    expect(sortGroups(groups, { desc: true, rank }, byKey).map(({ value }) => value)).toEqual([null, "0.01", "0.1"]);
  });

  it("gives count, mean, deviation with n - 1, min and max", () => {
    expect(summarise(Int32Array.of(0, 1, 2), store, "metrics.acc.last")).toEqual({
      count: 3,
      mean: 2,
      std: 1,
      min: 1,
      max: 3,
      left: 0,
    });
    expect(summarise(Int32Array.of(0), store, "metrics.acc.last").std).toBeNaN();
    expect(summarise(Int32Array.of(), store, "metrics.acc.last").mean).toBeNaN();
  });

  it("leave out NaN and infinities, and say of how many runs", () => {
    const values = [1, Number.NaN, Infinity, -Infinity, 3, null];
    const broken = storeOf({ run_id: ["a", "b", "c", "d", "e", "f"], "metrics.loss.last": values });
    expect(summarise(allRows(broken), broken, "metrics.loss.last")).toMatchObject({
      count: 2,
      mean: 2,
      max: 3,
      left: 3,
    });
  });

  it("knows the text that all share", () => {
    expect(commonText(Int32Array.of(0, 2), store, "params.lr")).toEqual({ value: "0.1", distinct: 1 });
    expect(commonText(Int32Array.of(0, 3), store, "params.lr").distinct).toBe(2);
  });
});

describe("entries", () => {
  const store = storeOf({ run_id: ["a", "b", "c", "d", "e"], parent_run_id: [null, "a", "b", "x", "e"] });
  const rows = Int32Array.of(4, 3, 2, 1, 0);
  const none = new Int32Array(0);

  it("lifts pinned runs to the top, in the order of the table", () => {
    const { top, rest } = liftPinned(rows, store, new Set(["b", "d"]));
    const list = listEntries(rows, top, rest);
    expect([...list.codes]).toEqual([3, 1, 4, 2, 0]);
    expect(list.frozen).toBe(2);
  });

  it("puts children under their parents; runs without one on view stand alone", () => {
    const nested = nestedEntries(rows, none, rows, store, new Set());
    expect([...nested.codes]).toEqual([4, 3, 0, 1, 2]);
    expect([...(nested.depth ?? [])]).toEqual([0, 0, 0, 1, 2]);
    expect([...(nested.branch ?? [])]).toEqual([0, 0, 1, 1, 0]);
  });

  it("hides children of closed parents", () => {
    const nested = nestedEntries(rows, none, rows, store, new Set(["a"]));
    expect([...nested.codes]).toEqual([4, 3, 0]);
    expect([...(nested.branch ?? [])]).toEqual([0, 0, 2]);
  });

  it("survives runs that name each other as parent", () => {
    const circle = storeOf({ run_id: ["a", "b"], parent_run_id: ["b", "a"] });
    const both = Int32Array.of(0, 1);
    expect(nestedEntries(both, none, both, circle, new Set()).codes.length).toBeLessThanOrEqual(2);
  });

  it("shows the members of open groups", () => {
    const groups = [
      { key: "g", value: "x", rows: Int32Array.of(4, 3) },
      { key: "h", value: "y", rows: Int32Array.of(2, 1, 0) },
    ];
    const grouped = groupedEntries(rows, none, groups, new Set(["h"]));
    expect([...grouped.codes]).toEqual([-1, -2, 2, 1, 0]);
    expect([...(grouped.depth ?? [])]).toEqual([0, 0, 1, 1, 1]);
  });
});

describe("window", () => {
  it("gives the rows in sight, some more, and never beyond the ends", () => {
    expect(rowsInSight({ scroll: 0, height: 100, rowHeight: 25, count: 1000 })).toEqual({ first: 0, last: 8 });
    expect(rowsInSight({ scroll: 2500, height: 100, rowHeight: 25, count: 1000 })).toEqual({ first: 96, last: 108 });
    expect(rowsInSight({ scroll: 24_900, height: 100, rowHeight: 25, count: 1000 }).last).toBe(1000);
    expect(rowsInSight({ scroll: 5000, height: 100, rowHeight: 25, count: 3 })).toEqual({ first: 3, last: 3 });
  });

  it("gives the columns in sight", () => {
    const starts = [0, 100, 200, 300, 400];
    const sight = { starts, total: 500, overscan: 0 };
    expect(columnsInSight({ ...sight, scroll: 0, width: 150 })).toEqual({ first: 0, last: 2 });
    expect(columnsInSight({ ...sight, scroll: 250, width: 100 })).toEqual({ first: 2, last: 4 });
    expect(columnsInSight({ ...sight, scroll: 900, width: 100 })).toEqual({ first: 4, last: 5 });
    expect(columnsInSight({ starts: [], total: 0, scroll: 0, width: 100 })).toEqual({ first: 0, last: 0 });
  });

  it("moves as little as it can to show something", () => {
    expect(scrollToShow({ scroll: 100, size: 100, start: 120, end: 140 })).toBe(100);
    expect(scrollToShow({ scroll: 100, size: 100, start: 50, end: 70 })).toBe(50);
    expect(scrollToShow({ scroll: 100, size: 100, start: 220, end: 240 })).toBe(140);
    expect(scrollToShow({ scroll: 100, size: 100, start: 50, end: 400 })).toBe(50);
  });
});
