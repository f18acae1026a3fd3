import { describe, expect, it } from "vitest";
import { RunStore } from "../../src/kit/run-store.js";
import { guessKind, kindsOf, MISSING, NAN, scaleOf } from "../../src/parallel/scale.js";
import { clockStep, logEnds, logTicks, roundEnds, tickTexts, timeTicks } from "../../src/parallel/ticks.js";
import { Facts } from "../../src/runs/facts.js";
import { encodeTable } from "../encode-table.js";
import { runId } from "../fake-runs.js";

/** @param {any[]} values @param {"dict" | "f64" | "time"} type @param {string} [kind] */
function axis(values, type, kind) {
  const store = new RunStore();
  const ids = values.map((_, i) => runId(i + 1));
  const columns = [
    { id: "run_id", type: /** @type {const} */ ("dict"), values: ids },
    { id: "params.x", type, values },
  ];
  store.take(encodeTable({ version: 1, mode: "full", rows: values.length, columns }));
  const column = /** @type {import("../../src/kit/run-store.js").StoredColumn} */ (store.column("params.x"));
  const fact = new Facts(store).of("params.x");
  const guessed = guessKind(column, fact);
  const rows = Int32Array.from(values.keys());
  const scale = scaleOf(column, /** @type {any} */ (kind) ?? guessed, rows, store.size);
  return {
    guessed,
    kinds: kindsOf(column, fact),
    scale,
    places: [...scale.place].map((at) => Math.round(at * 1000) / 1000),
  };
}

describe("the kind of an axis", () => {
  it("is guessed from its values", () => {
    expect(axis(["0.1", "0.5"], "dict").guessed).toBe("linear");
    expect(axis(["0.0001", "0.1"], "dict").guessed).toBe("log");
    expect(axis(["0", "1000"], "dict").guessed).toBe("linear");
    expect(axis([1e-5, 1e-4, 1e-3, 1e-2, 0.1], "f64").guessed).toBe("log");
    expect(axis([0.0001, 0.1, 0.2, 0.3, 0.4, 0.5], "f64").guessed).toBe("linear");
    expect(axis(["cnn", "mlp"], "dict").guessed).toBe("category");
    expect(axis(["True", "False", null], "dict").guessed).toBe("boolean");
    expect(axis([1e12, 2e12], "time").guessed).toBe("time");
  });

  it("stays a number where some say None", () => {
    const { guessed, places, scale } = axis(["None", "3", "9", null], "dict");
    expect(guessed).toBe("linear");
    expect(places).toEqual([MISSING, 0, 1, MISSING]);
    expect(scale.nothings).toEqual(["None"]);
  });

  it("can be changed to what fits, and falls back where it does not", () => {
    expect(axis(["1", "2"], "dict").kinds).toEqual(["linear", "log", "rank", "category"]);
    expect(axis(["a", "b"], "dict").kinds).toEqual(["category"]);
    expect(axis(["a", "b"], "dict", "log").scale.kind).toBe("category");
    expect(axis([1, 2], "f64", "category").scale.kind).toBe("linear");
  });
});

describe("places", () => {
  it("of numbers, NaN, infinities and nothing", () => {
    const { places, scale } = axis([0, 10, Number.NaN, Infinity, -Infinity, null], "f64");
    expect(places.slice(0, 2)).toEqual([0, 1]);
    expect(places[2]).toBe(NAN);
    expect(places[3]).toBeGreaterThan(1);
    expect(places[4]).toBeLessThan(0);
    expect(places[5]).toBe(MISSING);
    expect([scale.hasNaN, scale.hasMissing]).toEqual([true, true]);
    expect(scale.beyond.map(({ text }) => text)).toEqual(["∞", "−∞"]);
    expect(axis([0, 1, 5], "f64", "log").scale.beyond).toEqual([{ at: expect.any(Number), text: "≤ 0" }]);
    expect(axis([1, 5], "f64").scale.beyond).toEqual([]);
  });

  it("have short labels where values are long", () => {
    const labels = axis([0.0993638215, 0.00011352741, 1234.5678, 0.5], "f64", "rank").scale.ticks.map(
      ({ text }) => text,
    );
    expect(labels).toEqual(["0.000114", "0.0746", "0.3", "309.02", "1234.6"]);
    expect(Math.max(...labels.map((text) => text.length))).toBeLessThan(9);
  });

  it("of NaN and infinities are named as they were logged", () => {
    const params = axis(["0.1", "nan", "NaN", "inf", "-inf"], "dict").scale;
    expect([params.textsOf(Number.NaN), params.textsOf(Infinity)]).toEqual([["nan", "NaN"], ["inf"]]);
    const metrics = axis([0, Number.NaN], "f64").scale;
    expect([metrics.textsOf(Number.NaN), metrics.textsOf(-Infinity)]).toEqual([["NaN"], ["-Infinity"]]);
  });

  it("on a log axis are even by decade, and below the foot where there is none", () => {
    expect(axis([0.001, 0.01, 0.1, 1, 0], "f64", "log").places).toEqual([0, 0.333, 0.667, 1, -0.03]);
  });

  it("of percentiles share the middle of equal values", () => {
    const { places, scale } = axis([5, 1, 5, 100, 7], "f64", "rank");
    expect(places).toEqual([0.375, 0, 0.375, 1, 0.75]);
    expect(scale.valueAt(0)).toBe(1);
    expect(scale.valueAt(1)).toBe(100);
  });

  it("lead back to the value that they came from", () => {
    for (const kind of ["linear", "log"]) {
      const { scale } = axis([0.02, 0.5, 3, 40, 900, 5, 6, 7, 8, 9], "f64", kind);
      for (const value of [0.02, 3, 900]) expect(scale.valueAt(scale.placeOf(value))).toBeCloseTo(value, 9);
    }
  });

  it("of one value for all is the middle", () => {
    expect(axis([4, 4, 4], "f64").places).toEqual([0.5, 0.5, 0.5]);
  });

  it("of categories go from A at the top, runs of one text a little apart", () => {
    const { places, scale } = axis(["b", "a", "b", null], "dict");
    expect(scale.texts).toEqual(["a", "b"]);
    expect(places[1]).toBeGreaterThan(0.7);
    expect(places[0]).toBeLessThan(0.3);
    expect(Math.abs((places[0] ?? 0) - (places[2] ?? 0))).toBeLessThan(0.05);
    expect(scale.valueAt(places[0] ?? 0)).toBe(1);
  });

  it("of more than 200 categories: the most frequent ones, and the others together", () => {
    const values = Array.from({ length: 300 }, (_, i) => `name-${i % 250}`);
    const { scale } = axis(values, "dict");
    expect(scale.texts).toHaveLength(25);
    expect(scale.texts.at(-1)).toBe("other (226)");
    expect(scale.others).toHaveLength(226);
    expect([...scale.place].every((at) => at >= 0 && at <= 1)).toBe(true);
  });
});

describe("marks", () => {
  it("stand at round values", () => {
    expect(roundEnds(0.43, 0.97)).toEqual([0.4, 1]);
    expect(logEnds(0.0012, 0.03)).toEqual([0.001, 0.05]);
    expect(logTicks(0.0001, 0.1)).toEqual([0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1]);
    expect(tickTexts([0, 0.5, 1])).toEqual(["0.0", "0.5", "1.0"]);
  });

  it("stand at the values themselves when there are few", () => {
    expect(axis(["32", "64", "256"], "dict").scale.ticks.map(({ text }) => text)).toEqual(["32", "64", "256"]);
  });

  it("of times are whole minutes, hours or days", () => {
    const minute = 60_000;
    for (const time of timeTicks(1_700_000_000_000, 1_700_000_000_000 + 9 * minute)) expect(time % minute).toBe(0);
  });

  it("of durations are what clocks know", () => {
    expect(clockStep(900) % 60).toBe(0);
    expect(clockStep(0.9)).toBe(0.2);
  });

  it("do not move with a new run inside the ends", () => {
    const many = [0.41, 0.5, 0.61, 0.7, 0.72, 0.8, 0.83, 0.91, 0.96, 0.97];
    const before = axis(many, "f64").scale;
    const after = axis([...many, 0.405, 0.99], "f64").scale;
    expect(after.ticks).toEqual(before.ticks);
  });
});
