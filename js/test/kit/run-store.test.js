import { beforeEach, describe, expect, it } from "vitest";
import { RunStore } from "../../src/kit/run-store.js";
import { encodeTable } from "../encode-table.js";

/** @typedef {import("../encode-table.js").ColumnSpec} ColumnSpec */

/** @param {(string | number | null)[][]} columns @returns {ColumnSpec[]} */
function runs(...columns) {
  const heads = /** @type {[string, ColumnSpec["type"]][]} */ ([
    ["run_id", "dict"],
    ["name", "dict"],
    ["metrics.acc.last", "f64"],
  ]);
  return heads.map(([id, type], i) => ({ id, type, values: columns[i] ?? [] }));
}

/** @type {RunStore} */
let store;

beforeEach(() => {
  store = new RunStore();
  const columns = runs(["a", "b", "c"], ["one", "two", null], [0.1, 0.2, null]);
  store.take(encodeTable({ version: 1, mode: "full", rows: 3, columns }));
});

/** @param {import("../encode-table.js").ColumnSpec[]} columns @param {{ version?: number, removed?: string[] }} [more] */
function patch(columns, { version = 2, removed = [] } = {}) {
  return store.take(encodeTable({ version, mode: "patch", rows: columns[0]?.values.length ?? 0, columns, removed }));
}

describe("RunStore", () => {
  it("answers by column and row", () => {
    expect(store.size).toBe(3);
    expect(store.text("name", 1)).toBe("two");
    expect(store.text("name", 2)).toBe(null);
    expect(store.number("metrics.acc.last", 1)).toBe(0.2);
    expect(store.number("metrics.acc.last", 2)).toBe(null);
    expect(store.text("no such column", 0)).toBe(null);
  });

  it("merges changed rows by run id, wherever they stand in the patch", () => {
    expect(patch(runs(["c", "a"], ["three", "one"], [0.3, 0.9]))).toBe("merged");
    expect([0, 1, 2].map((row) => store.number("metrics.acc.last", row))).toEqual([0.9, 0.2, 0.3]);
    expect(store.text("name", 2)).toBe("three");
  });

  it("appends new runs and grows", () => {
    const ids = Array.from({ length: 200 }, (_, i) => `new-${i}`);
    patch(
      runs(
        ids,
        ids,
        ids.map((_, i) => i),
      ),
    );
    expect(store.size).toBe(203);
    expect(store.number("metrics.acc.last", store.rowOf.get("new-199") ?? -1)).toBe(199);
    expect(store.text("name", 0)).toBe("one");
  });

  it("takes rows away and counts the others anew", () => {
    patch(runs([], [], []), { removed: ["a", "unknown"] });
    expect(store.size).toBe(2);
    expect([store.idAt(0), store.idAt(1)]).toEqual(["b", "c"]);
    expect(store.rowOf.get("c")).toBe(1);
    expect(store.number("metrics.acc.last", 0)).toBe(0.2);
  });

  it("makes columns that come with a patch, missing elsewhere", () => {
    const shape = store.shape.value;
    patch([...runs(["b"], ["two"], [0.2]), { id: "tags.team", type: "dict", values: ["vision"] }]);
    expect(store.text("tags.team", 1)).toBe("vision");
    expect(store.text("tags.team", 0)).toBe(null);
    expect(store.shape.value).toBe(shape + 1);
  });

  it("takes a column that a patch leaves out as missing in its rows: patches carry whole rows", () => {
    patch([{ id: "run_id", type: "dict", values: ["a"] }]);
    expect(store.text("name", 0)).toBe(null);
    expect(store.text("name", 1)).toBe("two");
  });

  it("asks for a full table when a patch is missing, and ignores one that it has", () => {
    expect(patch(runs(["a"], ["x"], [1]), { version: 4 })).toBe("gap");
    expect(store.text("name", 0)).toBe("one");
    patch(runs(["a"], ["x"], [1]));
    expect(patch(runs(["a"], ["y"], [1]), { version: 2 })).toBe("merged");
    expect(store.text("name", 0)).toBe("x");
  });

  it("notes the cells that changed, not those that were sent again", () => {
    patch(runs(["b"], ["two"], [0.7]));
    expect([...(store.changed.get("b") ?? [])]).toEqual(["metrics.acc.last"]);
  });

  it("does not share memory with the message", () => {
    const blob = encodeTable({ version: 9, mode: "full", rows: 1, columns: runs(["a"], ["x"], [1]) });
    const other = new RunStore();
    store.take(blob);
    other.take(blob);
    store.take(encodeTable({ version: 10, mode: "patch", rows: 1, columns: runs(["a"], ["x"], [2]) }));
    expect(other.number("metrics.acc.last", 0)).toBe(1);
  });

  it("shows an edit before the kernel has answered", () => {
    store.write("tags", "team", "c", "speech");
    expect(store.text("tags.team", 2)).toBe("speech");
    store.write("attributes", "name", "a", "renamed");
    expect(store.text("name", 0)).toBe("renamed");
    store.write("tags", "team", "gone", "x");
    expect(store.size).toBe(3);
  });
});
