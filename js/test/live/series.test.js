import { describe, expect, it } from "vitest";
import { baseName, groupsOf } from "../../src/live/groups.js";
import { shareOf, valueAt } from "../../src/live/knobs.js";
import { isWide, LiveSeries, stairs } from "../../src/live/series.js";

describe("a growing curve", () => {
  it("keeps every point while there are few, and draws no band", () => {
    const series = new LiveSeries();
    series.append([0, 1, 2], [3, Number.NaN, 5], [7, 8, 9]);
    const { x, y, low } = series.drawn();
    expect([...x]).toEqual([0, 1, 2]);
    expect([...y]).toEqual([3, Number.NaN, 5]);
    expect(low).toBeNull();
    expect(series.latest).toBe(5);
  });

  it("stays within its limit, keeps spikes and counts every point", () => {
    const series = new LiveSeries(100);
    const steps = Array.from({ length: 10_000 }, (_, i) => i);
    const values = steps.map((step) => (step === 4321 ? 99 : 1));
    for (let i = 0; i < steps.length; i += 37) {
      series.append(steps.slice(i, i + 37), values.slice(i, i + 37), steps.slice(i, i + 37));
    }
    const { x, high, low } = series.drawn();
    expect(series.count).toBe(10_000);
    expect(x.length).toBeLessThanOrEqual(100);
    expect(Math.max(...(high ?? []))).toBe(99);
    expect(Math.min(...(low ?? []))).toBe(1);
    expect([...x]).toEqual([...x].sort((a, b) => a - b));
  });

  it("puts steps in order when a run goes back", () => {
    const series = new LiveSeries();
    series.append([0, 1, 2], [0, 1, 2], [1000, 2000, 3000]);
    series.append([1, 3], [10, 30], [4000, 5000]);
    expect([...series.drawn().x]).toEqual([0, 1, 1, 2, 3]);
    expect([...series.drawn().y]).toEqual([0, 1, 10, 2, 30]);
    const { x, y } = series.drawn("relative", 1000);
    expect([...x]).toEqual([0, 1, 2, 3, 4]);
    expect([...y]).toEqual([0, 1, 2, 10, 30]);
    expect(series.lastX("time", 0)).toBe(5000);
    expect(series.lastX("step", 0)).toBe(3);
  });

  it("goes on from buckets of the kernel's", () => {
    const series = new LiveSeries();
    const one = (/** @type {number[]} */ ...values) => Float64Array.from(values);
    series.fill({
      step: one(0, 10),
      min: one(1, 2),
      max: one(5, 6),
      mean: one(3, 4),
      last: one(2, 2),
      counts: one(10, 10),
      time: one(100, 200),
      bad: null,
    });
    series.append([20], [7], [300]);
    expect(series.count).toBe(21);
    expect([...(series.drawn().high ?? [])]).toEqual([5, 6, 7]);
  });
});

it("marks what is no number, also when neighbours become one", () => {
  const { NaN: nan, POSITIVE_INFINITY: up, NEGATIVE_INFINITY: down } = Number;
  const series = new LiveSeries(3);
  series.append([0, 1, 2], [1, 2, 3], [0, 1, 2]);
  expect(series.drawn().bad).toBeNull();
  series.append([3, 4, 5], [nan, up, down], [3, 4, 5]);
  const { bad } = series.drawn();
  expect([...(bad?.x ?? [])]).toEqual([0, 2, 4]);
  expect([...(bad?.nans ?? [])]).toEqual([0, 1, 0]);
  expect([...(bad?.ups ?? [])]).toEqual([0, 0, 1]);
  expect([...(bad?.downs ?? [])]).toEqual([0, 0, 1]);
});

it("only positive values far apart need a logarithmic axis", () => {
  expect(isWide(Float64Array.of(1e-3, 1e-5))).toBe(true);
  expect(isWide(Float64Array.of(1, 2))).toBe(false);
  expect(isWide(Float64Array.of(0, 100))).toBe(false);
  expect(isWide(Float64Array.of())).toBe(false);
});

it("a knob holds its value until it is turned", () => {
  const { x, y } = stairs({ x: Float64Array.of(0, 10), y: Float64Array.of(1, 2) }, 30);
  expect([...x]).toEqual([0, 10, 10, 30]);
  expect([...y]).toEqual([1, 1, 2, 2]);
});

describe("groups", () => {
  it("puts train and validation of one metric together", () => {
    expect(["val_loss", "train/loss", "loss", "loss.test", "evaluation"].map(baseName)).toEqual([
      "loss",
      "loss",
      "loss",
      "loss",
      "evaluation",
    ]);
    const groups = groupsOf(["system/cpu", "knob/lr", "val/acc", "loss", "val_loss"]);
    expect(groups.map(({ name, keys }) => [name, keys])).toEqual([
      ["loss", ["loss", "val_loss"]],
      ["val/acc", ["val/acc"]],
      ["knob/lr", ["knob/lr"]],
      ["system/cpu", ["system/cpu"]],
    ]);
  });
});

describe("sliders", () => {
  it.each([
    [{ log: true, whole: false }, 1e-5, 1, 1e-3],
    [{ log: false, whole: false }, -1, 3, 0.5],
    [{ log: false, whole: true }, 0, 64, 16],
  ])("%j from %f to %f come back to %f", (knob, min, max, value) => {
    expect(valueAt(knob, min, max, shareOf(knob, min, max, value))).toBeCloseTo(value, 10);
    expect(valueAt(knob, min, max, 0)).toBe(min);
    expect(valueAt(knob, min, max, 1)).toBe(max);
  });
});
