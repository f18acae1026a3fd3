import { describe, expect, it } from "vitest";
import { Kernel } from "../../src/kit/kernel.js";
import { RunStore } from "../../src/kit/run-store.js";
import { StaticModel } from "../../src/kit/static-model.js";
import { complete } from "../../src/run-table/completion.js";
import { copyRows } from "../../src/run-table/copy.js";
import { differences } from "../../src/run-table/hover-card.js";
import { layoutOf, Widths } from "../../src/run-table/layout.js";
import { Scales, share } from "../../src/run-table/scales.js";
import { sparkPath } from "../../src/run-table/sparks.js";
import { TableState } from "../../src/run-table/state.js";
import { parseTag } from "../../src/run-table/tag-editor.js";
import { automatic, guessGoal } from "../../src/runs/catalog.js";
import { matcherOf } from "../../src/runs/filter.js";
import { encodeTable } from "../encode-table.js";

/** @typedef {import("../encode-table.js").ColumnSpec} ColumnSpec */

/** @type {ColumnSpec[]} */
const COLUMNS = [
  { id: "run_id", type: "dict", values: ["a", "b", "c"] },
  { id: "number", type: "f64", values: [1, 2, 3] },
  { id: "name", type: "dict", values: ["base, line", "wide|er", "=cmd()"] },
  { id: "status", type: "dict", values: ["FINISHED", "FAILED", "RUNNING"] },
  { id: "start_time", type: "time", values: [0, 1000, 2000] },
  { id: "duration", type: "f64", values: [1.5, 2.25, null] },
  { id: "params.lr", type: "dict", values: ["0.1", "0.01", "0.01"] },
  { id: "params.my model", type: "dict", values: ["it's", null, "vit"] },
  { id: "params.same", type: "dict", values: ["x", "x", "x"] },
  { id: "metrics.acc.last", type: "f64", values: [0.5, Number.NaN, null] },
  { id: "metrics.acc.max", type: "f64", values: [0.75, 0.8, null] },
  { id: "metrics.acc.count", type: "f64", values: [3, 3, null] },
  { id: "tags.team", type: "dict", values: ["vision", null, ""] },
  { id: "tags.mlflow.user", type: "dict", values: ["ada", "ada", "ada"] },
];

/** @param {Record<string, any>} [traits] */
function stateOf(traits = {}) {
  const until = new AbortController().signal;
  const model = new StaticModel(traits);
  const store = new RunStore();
  store.take(encodeTable({ version: 1, mode: "full", rows: 3, columns: COLUMNS, goals: { acc: "max" } }));
  return new TableState(model, new Kernel(model, until), store, until);
}

describe("columns chosen automatically", () => {
  it("are what differs, results before settings", () => {
    const state = stateOf();
    expect(automatic(state.catalog.value, state.store, state.facts, true)).toEqual([
      "number",
      "name",
      "status",
      "start_time",
      "duration",
      "metrics.acc",
      "params.lr",
      "params.my model",
      "tags",
    ]);
    expect(automatic(state.catalog.value, state.store, state.facts, false)).toContain("params.same");
  });

  it("follow what Python asks for, with the name always there", () => {
    const state = stateOf({ columns: ["metrics.acc", "params.gone"] });
    expect(state.shown.value.map(({ id }) => id)).toEqual(["name", "metrics.acc"]);
  });
});

it("guesses the direction of metrics from their names", () => {
  expect(["val/loss", "RMSE", "accuracy", "f1", "epoch"].map(guessGoal)).toEqual(["min", "min", "max", "max", null]);
});

describe("filter", () => {
  const { store } = stateOf();
  /** @param {string} text */
  const matching = (text) => {
    const { test, error } = matcherOf(text, store, { acc: "max" });
    if (error) throw error;
    return [0, 1, 2].filter((row) => !test || test(row));
  };

  it.each([
    ["", [0, 1, 2]],
    ["params.lr < 0.05", [1, 2]],
    ["params.`my model` = 'it''s'", [0]],
    ["metrics.acc IS NULL", [2]],
    ["not metrics.acc > 0.4", [1, 2]],
    ["metrics.acc.best > 0.7 and status = 'failed'", [1]],
    ["name like '%line' or #3", [0, 2]],
    ["tags.team = 'vision' or tags.none = 'x'", [0]],
    ["duration > 2s", [1]],
  ])("%s", (text, rows) => expect(matching(text)).toEqual(rows));

  it("points at what it cannot read", () => {
    const { error } = matcherOf("metrics.acc >> 1", store, {});
    expect(error).toMatchObject({ start: 13, end: 14 });
  });

  it("says what only the kernel can answer", () => {
    expect(matcherOf("datasets.name = 'x'", store, {}).error?.message).toContain("nbtrack.search_runs()");
  });
});

describe("completion", () => {
  const state = stateOf();
  /** @param {string} text */
  const texts = (text) => complete(state, text, text.length)?.items.map((item) => item.text) ?? [];

  it("offers columns that contain what was typed", () => {
    expect(texts("lr")).toEqual(["params.lr "]);
    expect(texts("params.m")).toEqual(["params.`my model` "]);
    expect(texts("")[0]).toBe("metrics.acc ");
  });

  it("offers runs by name for a single word that is no column", () => {
    expect(texts("run-1")).toEqual(["name LIKE '%run-1%' "]);
    expect(texts("metrics.acc")).not.toContain("name LIKE '%metrics.acc%' ");
    expect(texts("metrics.acc > 1 and run-1")).toEqual([]);
  });

  it("offers operators after a column", () => {
    expect(texts("metrics.acc ")).toContain(">= ");
    expect(texts("status ")).not.toContain(">= ");
  });

  it("offers known values, quoted, after an operator", () => {
    expect(texts("params.`my model` = ")).toEqual(["'it''s' ", "'vit' "]);
    expect(texts("params.`my model` = 'v")).toEqual(["'vit' "]);
    expect(texts("params.lr = ")).toEqual(["0.01 ", "0.1 "]);
    expect(texts("status = 'f")).toEqual(["'FINISHED' ", "'FAILED' "]);
    expect(texts("status in (")[0]).toBe("'FINISHED', ");
  });

  it("tells the range of a metric", () => {
    expect(complete(state, "metrics.acc > ", 14)?.items[0]).toMatchObject({ label: "from 0.5 to 0.5", picks: false });
  });

  it("offers and, or after a comparison, and columns after those", () => {
    expect(texts("metrics.acc > 0.5 ")).toEqual(["and ", "or "]);
    expect(texts("metrics.acc > 0.5 and par")).toContain("params.lr ");
  });

  it("is quiet inside a text", () => expect(texts("name = 'x' and name != 'lr")).toEqual([]));
});

describe("copying", () => {
  const state = stateOf({ columns: ["name", "params.my model", "metrics.acc", "tags"], statistics: { acc: "max" } });

  it("as CSV, quoted, and safe for spreadsheets", () => {
    expect(copyRows(state, [0, 1, 2], "csv").split("\r\n")).toEqual([
      "name,my model,acc.max,tags",
      '"base, line",it\'s,0.75,team: vision',
      "wide|er,,0.8,",
      "'=cmd(),vit,,team",
      "",
    ]);
  });

  it("as Markdown, with what would break the table escaped", () => {
    const text = copyRows(state, [1], "markdown");
    expect(text).toContain("| wide\\|er |  | 0.8 |  |");
    expect(text.split("\n")[1]).toBe("| --- | --- | ---: | --- |");
  });

  it("as code that makes a DataFrame", () => {
    const text = copyRows(state, [0, 1], "pandas");
    expect(text).toContain('    "name": ["base, line", "wide|er"],');
    expect(text).toContain('    "my model": ["it\'s", None],');
    expect(text).toContain('    "acc.max": [0.75, 0.8],');
    expect(copyRows(stateOf({ columns: ["name", "metrics.acc"] }), [1], "pandas")).toContain('float("nan")');
  });
});

describe("layout", () => {
  it("keeps number and name at the left, and drops the status for a dot where there is little room", () => {
    const state = stateOf();
    const widths = new Widths(state);
    state.size.value = { width: 1200, height: 400 };
    const wide = layoutOf(state, widths);
    expect(wide.fixed.map(({ field }) => field.id)).toEqual(["number", "name"]);
    expect(wide.tight).toBe(false);
    state.size.value = { width: 360, height: 400 };
    const narrow = layoutOf(state, widths);
    expect(narrow.fixed.map(({ field }) => field.id)).toEqual(["name"]);
    expect(narrow.flow[0]?.field.id).toBe("metrics.acc");
    expect(narrow.flow.map(({ field }) => field.id)).not.toContain("status");
    expect(narrow.fixedWidth).toBeLessThan(200);
  });

  it("uses chosen widths and counts columns from the left", () => {
    const state = stateOf();
    state.widths.value = { name: 333 };
    const { fixed, flow, starts } = layoutOf(state, new Widths(state));
    expect(fixed[1]).toMatchObject({ width: 333, index: 2 });
    expect(flow[0]?.index).toBe(3);
    expect(starts).toEqual([...starts].sort((a, b) => a - b));
  });
});

describe("scales", () => {
  it("know the best value by the direction", () => {
    const state = stateOf({ statistics: { acc: "max" } });
    const field = state.catalog.value.get("metrics.acc");
    if (!field) throw new Error("no field");
    expect(new Scales(state).of(field)).toEqual({ min: 0.75, max: 0.8, best: 0.8 });
  });

  it("place a value between the ends, the better end at 1", () => {
    expect(share(3, { min: 2, max: 4, best: null }, null)).toBe(0.5);
    expect(share(2, { min: 2, max: 4, best: 2 }, "min")).toBe(1);
    expect(share(2, { min: 2, max: 2, best: 2 }, "min")).toBe(0);
  });
});

describe("sparkPath", () => {
  it("fills the height, lifts the pen at gaps", () => {
    const { x, y } = sparkPath(Float32Array.of(0, Number.NaN, 2), 50, 16);
    expect([x[0], x[2]]).toEqual([2, 48]);
    expect([y[0], y[2]]).toEqual([14, 2]);
    expect(y[1]).toBeNaN();
  });

  it("draws a constant in the middle", () => {
    expect([...sparkPath(Float32Array.of(5, 5), 50, 16).y]).toEqual([8, 8]);
  });
});

it("the hover card tells how a run differs from the pinned one", () => {
  const state = stateOf({ pinned_runs: ["a"] });
  expect(differences(state, 1, 0)).toEqual([
    { key: "lr", value: "0.01", before: "0.1" },
    { key: "my model", value: null, before: "it's" },
  ]);
  expect(differences(state, 1, undefined)).toEqual([{ key: "lr", value: "0.01" }]);
});

it("reads tags as people type them", () => {
  expect(parseTag("team: vision")).toEqual({ key: "team", value: "vision" });
  expect(parseTag("url=http://x:1")).toEqual({ key: "url", value: "http://x:1" });
  expect(parseTag("  keep ")).toEqual({ key: "keep", value: "" });
  expect(parseTag(" ")).toBe(null);
});
