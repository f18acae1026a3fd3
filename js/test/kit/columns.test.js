import { describe, expect, it } from "vitest";
import { decodeTable } from "../../src/kit/columns.js";
import { encodeTable } from "../encode-table.js";

const spec = {
  version: 7,
  mode: /** @type {const} */ ("full"),
  rows: 3,
  goals: { acc: "max" },
  columns: [
    { id: "run_id", type: /** @type {const} */ ("dict"), values: ["a", "b", "c"] },
    { id: "params.lr", type: /** @type {const} */ ("dict"), values: ["0.1", null, "0.1"] },
    { id: "metrics.acc.last", type: /** @type {const} */ ("f64"), values: [0.5, Number.NaN, null] },
    { id: "start_time", type: /** @type {const} */ ("time"), values: [1, 2, 3] },
  ],
};

describe("decodeTable", () => {
  it("reads texts by code, with -1 for missing", () => {
    const { columns } = decodeTable(encodeTable(spec));
    const column = columns[1];
    expect(column).toMatchObject({ id: "params.lr", group: "params", key: "lr", type: "dict", values: ["0.1"] });
    expect(column?.type === "dict" && [...column.codes]).toEqual([0, -1, 0]);
  });

  it("tells a logged NaN from a missing value", () => {
    const column = decodeTable(encodeTable(spec)).columns[2];
    expect(column).toMatchObject({ group: "metrics", key: "acc", stat: "last", type: "f64" });
    if (column?.type !== "f64") throw new Error("not numbers");
    expect([...(column.valid ?? [])]).toEqual([1, 1, 0]);
    expect(column.numbers[0]).toBe(0.5);
    expect(column.numbers[1]).toBeNaN();
  });

  it("needs no valid bytes when nothing is missing", () => {
    const column = decodeTable(encodeTable(spec)).columns[3];
    expect(column?.type === "time" && column.valid).toBe(null);
  });

  it("reads a view that does not start at a multiple of 8", () => {
    const blob = new Uint8Array(encodeTable(spec));
    const shifted = new Uint8Array(blob.length + 3);
    shifted.set(blob, 3);
    const table = decodeTable(new DataView(shifted.buffer, 3));
    expect(table.version).toBe(7);
    expect(table.columns[3]?.type === "time" && [...table.columns[3].numbers]).toEqual([1, 2, 3]);
  });

  it("keeps goals, store and what was removed", () => {
    const table = decodeTable(encodeTable({ ...spec, removed: ["x"], store: { name: "s.duckdb", snapshot: 5 } }));
    expect(table).toMatchObject({ goals: { acc: "max" }, removed: ["x"], store: { name: "s.duckdb", snapshot: 5 } });
  });

  it("says what is wrong with a blob that is no table", () => {
    expect(() => decodeTable(new ArrayBuffer(2))).toThrow("too short");
    const text = new TextEncoder().encode('{"kind":"curves"}');
    const blob = new Uint8Array(32);
    new DataView(blob.buffer).setUint32(0, text.length, true);
    blob.set(text, 4);
    expect(() => decodeTable(blob)).toThrow('expected a table, received "curves"');
  });
});
