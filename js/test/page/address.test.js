import { describe, expect, it } from "vitest";
import { readPlace, writePlace } from "../../src/page/address.js";
import { brushBetween, ease } from "../../src/page/between.js";

describe("the address of a page", () => {
  it("says what is shown, and reads as it was written", () => {
    const state = {
      filter: "metrics.acc > 0.9 and params.model = 'a&b=c?#'",
      extents: { "params.lr": [[0.001, null]], "params.model": ["cnn", null] },
      columns: ["name", "params.lr"],
      hide_same: false,
      height: 0,
      group_by: null,
      steps: [],
      key_filter: "true",
      _data: "never",
    };
    const address = writePlace({ page: "runs", state });
    const { extents, filter, columns, hide_same, height, key_filter } = state;
    expect(readPlace(address)).toEqual({
      page: "runs",
      state: { extents, filter, columns, hide_same, height, key_filter },
    });
    expect(address).not.toContain("_data");
  });

  it("is short when nothing was chosen", () => {
    expect(writePlace({ page: "runs", state: { filter: "", steps: [], extents: {} } })).toBe("#runs");
    expect(readPlace("")).toEqual({ page: "", state: {} });
    expect(readPlace("#runs?_data=x&filter=[")).toEqual({ page: "runs", state: { filter: "[" } });
  });
});

describe("an address that MLflow's client prints", () => {
  it.each([
    ["#/experiments/1/runs/01a2", { page: "live", state: { run_id: "01a2" } }],
    ["#/experiments/1/runs/01a2/artifacts", { page: "artifacts", state: { run_id: "01a2" } }],
    ["#/experiments/12", { page: "runs", state: { filter: "experiment_id = '12'" } }],
    ["#/models/iris%20small/versions/3", { page: "models", state: { model: "iris small", version: 3 } }],
    ["#/models", { page: "models", state: {} }],
    ["#/models/%E0%A4%A", { page: "models", state: { model: "%E0%A4%A" } }],
    ["#/somewhere/else", { page: "", state: {} }],
  ])("%s shows the same", (hash, place) => {
    expect(readPlace(hash)).toEqual(place);
  });
});

describe("a brush between two steps", () => {
  const domain = (/** @type {string} */ column) => (column === "lr" ? { min: 0.0001, max: 1 } : { min: 0, max: 10 });

  it("moves both ends, by ratio where the axis is logarithmic", () => {
    expect(brushBetween({ x: [[0, 4]] }, { x: [[2, 8]] }, 0.5, domain)).toEqual({ x: [[1, 6]] });
    const [[low, high]] = /** @type {any} */ (
      brushBetween({ lr: [[0.0001, 0.01]] }, { lr: [[0.01, 1]] }, 0.5, domain).lr
    );
    expect(low).toBeCloseTo(0.001, 10);
    expect(high).toBeCloseTo(0.1, 10);
  });

  it("comes from the whole axis and goes back to it", () => {
    expect(brushBetween({}, { x: [[4, 6]] }, 0, domain)).toEqual({ x: [[0, 10]] });
    expect(brushBetween({ x: [[4, 6]] }, {}, 0.5, domain)).toEqual({ x: [[2, 8]] });
    expect(brushBetween({ x: [[4, null]] }, { x: [[4, 8]] }, 0.5, domain)).toEqual({ x: [[4, 9]] });
  });

  it("ends exactly where it should, and leaves alone what has nothing between", () => {
    const to = { model: ["a", null], x: [[1, 2]] };
    expect(
      brushBetween(
        {
          x: [
            [0, 1],
            [3, 4],
          ],
        },
        to,
        1,
        domain,
      ),
    ).toBe(to);
    expect(brushBetween({}, { model: ["a"] }, 0.5, () => null)).toEqual({ model: ["a"] });
    expect([ease(0), ease(0.5), ease(1)]).toEqual([0, 0.5, 1]);
  });
});
