import { describe, expect, it } from "vitest";
import { runColour } from "../../src/curves/colours.js";
import { groupsOf, marksOf, panelsOf, runSeries } from "../../src/curves/lines.js";
import { CurvesState, largest } from "../../src/curves/state.js";
import { formatNumber } from "../../src/kit/format.js";
import { Kernel } from "../../src/kit/kernel.js";
import { sequential } from "../../src/kit/palette.js";
import { RunStore } from "../../src/kit/run-store.js";
import { StaticModel } from "../../src/kit/static-model.js";
import { RunsView } from "../../src/runs/view.js";
import { encodeTable } from "../encode-table.js";
import { runId } from "../fake-runs.js";

/** @typedef {import("../encode-table.js").ColumnSpec} ColumnSpec */

/** @param {{ traits?: Record<string, any>, columns?: ColumnSpec[] }} [options] */
function stateOf({ traits = {}, columns = [] } = {}) {
  const until = new AbortController().signal;
  const model = new StaticModel(traits);
  const store = new RunStore();
  store.take(
    encodeTable({
      version: 1,
      mode: "full",
      rows: 3,
      goals: {},
      columns: [
        { id: "run_id", type: "dict", values: [runId(1), runId(2), runId(3)] },
        { id: "name", type: "dict", values: ["a", "b", "c"] },
        { id: "number", type: "f64", values: [1, 2, 3] },
        { id: "lifecycle_stage", type: "dict", values: ["active", "active", "active"] },
        { id: "start_time", type: "time", values: [1000, 3000, 2000] },
        { id: "metrics.loss.last", type: "f64", values: [1, 1, 1] },
        { id: "metrics.loss.count", type: "f64", values: [5, 5, 5] },
        ...columns,
      ],
    }),
  );
  return new CurvesState(new RunsView(model, new Kernel(model, until), store, until));
}

it("colours tell a few numbers apart by their rank", () => {
  const columns = /** @type {ColumnSpec[]} */ ([{ id: "params.width", type: "dict", values: ["16", "64", "1024"] }]);
  const state = stateOf({ traits: { colour_by: "params.width" }, columns });
  const legend = state.colouring.value?.legend ?? [];
  expect(legend.map(({ text }) => text)).toEqual([16, 64, 1024].map(formatNumber));
  expect(legend.map(({ colour }) => colour)).toEqual([0, 0.5, 1].map((share) => sequential(share, false)));
});

describe("events of a run", () => {
  const event = (/** @type {any} */ value) => JSON.stringify(value);
  const columns = /** @type {ColumnSpec[]} */ ([
    {
      id: "tags.nbtrack.event.1",
      type: "dict",
      values: [event({ t: 4000, step: 7, kind: "knob", text: "lr = 0.1" }), "not { JSON", null],
    },
    { id: "tags.nbtrack.event.2", type: "dict", values: [event({ t: 5000, step: null, kind: "restart" }), null, null] },
  ]);

  it("stand at their step", () => {
    const marks = marksOf(stateOf({ columns }), [0, 1, 2]);
    expect(marks).toEqual([{ x: 7, kind: "knob", text: "#1 a: lr = 0.1" }]);
  });

  it("stand at their time, also those without a step", () => {
    expect(marksOf(stateOf({ columns, traits: { x: "time" } }), [0]).map(({ x }) => x)).toEqual([4000, 5000]);
    expect(marksOf(stateOf({ columns, traits: { x: "relative" } }), [0]).map(({ x }) => x)).toEqual([3, 4]);
  });

  it("have no place on the axis of another metric", () => {
    expect(marksOf(stateOf({ columns, traits: { x: "metrics.tokens" } }), [0])).toEqual([]);
  });
});

describe("runs that are drawn", () => {
  it("are the newest, and the selected ones when there are some", () => {
    expect(stateOf().drawn.value).toEqual([1, 2, 0]);
    expect(stateOf({ traits: { max_drawn: 1 } }).drawn.value).toEqual([1]);
    expect(stateOf({ traits: { selected: [runId(1)] } }).drawn.value).toEqual([0]);
    expect(stateOf({ traits: { selected: ["gone"] } }).drawn.value).toEqual([1, 2, 0]);
  });

  it("are found in one pass", () => {
    const values = [5, 1, 9, 9, 3, 7];
    expect(largest([0, 1, 2, 3, 4, 5], (row) => values[row] ?? 0, 3)).toEqual([3, 2, 5]);
    expect(largest([], () => 0, 3)).toEqual([]);
  });

  it("have a colour of their own, the same in every session", () => {
    expect(runColour(runId(1), 1)).not.toBe(runColour(runId(2), 2));
    expect(runColour(runId(1), 9)).toBe(runColour(runId(1), 1));
    expect(stateOf().colourOf(2)).toBe(runColour("", 3));
  });

  it("have the colour and dash of their value when asked", () => {
    const columns = /** @type {ColumnSpec[]} */ ([
      { id: "params.model", type: "dict", values: ["cnn", "mlp", "cnn"] },
      { id: "params.lr", type: "dict", values: ["0.1", "0.01", "0.001"] },
    ]);
    const state = stateOf({ columns, traits: { colour_by: "params.model", dash_by: "params.model" } });
    expect(state.colourOf(0)).toBe(state.colourOf(2));
    expect(state.colourOf(0)).not.toBe(state.colourOf(1));
    expect([state.dashOf(0), state.dashOf(1)]).toEqual([[], [6, 4]]);
    const rates = stateOf({ columns, traits: { colour_by: "params.lr" } });
    expect(rates.colouring.value?.legend.map(({ text }) => text)).toEqual(["0.001", "0.01", "0.1"]);
  });

  it("are grouped by what they share", () => {
    const columns = /** @type {ColumnSpec[]} */ ([{ id: "params.model", type: "dict", values: ["cnn", "mlp", "cnn"] }]);
    const state = stateOf({ columns, traits: { aggregate_by: ["params.model"], facet_by: "params.model" } });
    expect(groupsOf(state, [1, 2, 0])).toEqual([
      { id: "model = mlp", label: "model = mlp", rows: [1] },
      { id: "model = cnn", label: "model = cnn", rows: [2, 0] },
    ]);
    expect(panelsOf(state).map(({ title, rows }) => [title, rows])).toEqual([
      ["loss · model = cnn", [2, 0]],
      ["loss · model = mlp", [1]],
    ]);
  });
});

it("a smoothed line has the values before smoothing behind it", () => {
  const history = { x: Float64Array.of(0, 1), y: Float64Array.of(0, 1), low: null, high: null, count: null };
  const look = { id: "a", label: "a", colour: "red", dash: [] };
  const plain = runSeries({ ...history, thinned: false, bad: null }, 0, look);
  const smoothed = runSeries({ ...history, thinned: false, bad: null }, 0.5, look);
  expect(plain.ghost).toBeNull();
  expect([...(smoothed.ghost ?? [])]).toEqual([0, 1]);
  expect(smoothed.y[1]).toBeCloseTo(2 / 3);
});
