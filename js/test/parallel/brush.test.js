import { describe, expect, it } from "vitest";
import {
  brushWords,
  changed,
  joined,
  parseBrush,
  piecesBetween,
  spansOf,
  toggleLane,
} from "../../src/parallel/brush.js";
import { stretch } from "../../src/parallel/pointer.js";
import { typedText } from "../../src/parallel/range-input.js";

/** @type {import("../../src/parallel/scale.js").Scale} */
const numbers = {
  kind: "linear",
  place: new Float32Array(0),
  ticks: [],
  texts: [],
  indexOf: new Map(),
  others: [],
  beyond: [],
  nothings: [],
  textsOf: (value) => [String(value)],
  distinct: 99,
  hasMissing: true,
  hasNaN: false,
  valueAt: (at) => at * 10,
  placeOf: (value) => value / 10,
  format: String,
};
const names = ["adam", "rmsprop", "sgd", "Adagrad"];
/** @type {import("../../src/parallel/scale.js").Scale} */
const categories = {
  ...numbers,
  kind: "category",
  texts: names,
  indexOf: new Map(names.map((name, i) => [name, i])),
  valueAt: (at) => Math.min(3, Math.floor((1 - at) * 4)),
  placeOf: (index) => 1 - (index + 0.5) / 4,
};
const PIXEL = 1 / 300;

describe("a stretch of an axis", () => {
  it("is as round as the eye can see", () => {
    expect(piecesBetween(numbers, 0.123_456_789, 0.5, PIXEL)).toEqual([[1.23, 5]]);
    expect(piecesBetween(numbers, 0.5, 0.1, PIXEL)).toEqual([[1, 5]]);
  });

  it("past the end is open there: runs to come belong to it", () => {
    expect(piecesBetween(numbers, 0.5, 1.1, PIXEL)).toEqual([[5, null]]);
    expect(piecesBetween(numbers, -0.2, 0.5, PIXEL)).toEqual([[null, 5]]);
  });

  it("never loses the runs at the very ends by rounding", () => {
    const scale = { ...numbers, valueAt: (/** @type {number} */ at) => 0.123_456 + at * 0.777_777 };
    const [interval] = piecesBetween(scale, 0, 1, PIXEL);
    expect(/** @type {any} */ (interval)[0]).toBeLessThanOrEqual(0.123_456);
    expect(/** @type {any} */ (interval)[1]).toBeGreaterThanOrEqual(0.901_233);
  });

  it("of categories is those whose middle it covers, or the one under it", () => {
    expect(piecesBetween(categories, 1, 0.55, PIXEL)).toEqual(["adam", "rmsprop"]);
    expect(piecesBetween(categories, 0.3, 0.3, PIXEL)).toEqual(["sgd"]);
  });

  it("is moved and resized", () => {
    const span = { low: 0.2, high: 0.4, pieces: [] };
    const round = (/** @type {[number, number]} */ [a, b]) => [Math.round(a * 100), Math.round(b * 100)];
    expect(round(stretch({ part: "inside", span }, 0.3, 0.5))).toEqual([40, 60]);
    expect(round(stretch({ part: "high", span }, 0.4, 0.9))).toEqual([20, 90]);
    expect(round(stretch({ part: "low", span }, 0.2, 0.1))).toEqual([10, 40]);
    expect(round(stretch({ part: "free", span: null }, 0.7, 0.1))).toEqual([70, 10]);
  });
});

describe("pieces", () => {
  it("stand as spans on the axis", () => {
    const [first, second] = spansOf(numbers, [[2, 4], null, [8, null]]);
    expect([first?.low, first?.high]).toEqual([0.2, 0.4]);
    expect(second?.high).toBeGreaterThan(1);
  });

  it("of neighbouring categories make one span, others their own", () => {
    const spans = spansOf(categories, ["adam", "rmsprop", "Adagrad"]);
    expect(spans.map(({ pieces }) => pieces)).toEqual([["adam", "rmsprop"], ["Adagrad"]]);
    expect([spans[0]?.low, spans[0]?.high]).toEqual([0.5, 1]);
  });

  it("that overlap become one", () => {
    expect(joined([[3, 5], [1, 4], [7, null], [9, 12], null])).toEqual([[1, 5], [7, null], null]);
  });

  it("change one at a time", () => {
    /** @type {[number, number]} */
    const a = [1, 2];
    /** @type {[number, number]} */
    const b = [5, 6];
    expect(changed([a, b], [b], [[7, 8]])).toEqual([a, [7, 8]]);
    expect(changed([a], null, [[5, 6]])).toEqual([a, b]);
  });

  it("take in runs without a value, and texts that say so", () => {
    expect(toggleLane(numbers, [[1, 2]], "missing")).toEqual([[1, 2], null]);
    const none = { ...numbers, nothings: ["None"] };
    expect(toggleLane(none, [], "missing")).toEqual(["None", null]);
    expect(toggleLane(none, [[1, 2], "None", null], "missing")).toEqual([[1, 2]]);
  });

  it("take in NaN as it was logged", () => {
    expect(toggleLane(numbers, [[1, 2], null], "nan")).toEqual([[1, 2], null, "NaN"]);
    expect(toggleLane(numbers, ["NaN", null], "nan")).toEqual([null]);
    const params = { ...numbers, textsOf: () => ["nan", "NaN"] };
    expect(toggleLane(params, [], "nan")).toEqual(["nan", "NaN"]);
    expect(toggleLane(params, ["NaN"], "nan")).toEqual([]);
  });
});

describe("typing a brush", () => {
  const read = (/** @type {string} */ text, scale = numbers) => parseBrush(scale, text).pieces;

  it("as ranges, comparisons, values and missing", () => {
    expect(read("0.001..0.1")).toEqual([[0.001, 0.1]]);
    expect(read("1e-4 .. 1e-2, 5")).toEqual([
      [1e-4, 1e-2],
      [5, 5],
    ]);
    expect(read(">=0.5")).toEqual([[0.5, null]]);
    expect(read("..3")).toEqual([[null, 3]]);
    expect(read("-3..-1")).toEqual([[-3, -1]]);
    expect(read("missing")).toEqual([null]);
    expect(read("..")).toEqual([[null, null]]);
    expect(read("")).toEqual([]);
  });

  it("as papers write ranges", () => {
    for (const text of ["0.001 - 0.1", "0.001-0.1", "1e-3 1e-1", "[0.001, 0.1]", "(1e-3; 0.1)", "1e-1 to 1e-3"]) {
      expect(read(text)).toEqual([[0.001, 0.1]]);
    }
    expect(read("-3 -1")).toEqual([[-3, -1]]);
    expect(read("[1, 2], 5")).toEqual([
      [1, 2],
      [5, 5],
    ]);
  });

  it("with NaN and infinities, which no interval has", () => {
    expect(read("nan, inf, -Infinity")).toEqual(["NaN", "Infinity", "-Infinity"]);
    expect(read("-inf..0, 2..inf")).toEqual([
      [null, 0],
      [2, null],
    ]);
    expect(read(">= inf")).toEqual(["Infinity"]);
    expect(parseBrush({ ...numbers, textsOf: () => [] }, "nan").error).toBe("no run has “nan”");
    expect(brushWords([[1, 2], "NaN", "-Infinity"], String)).toBe("1–2, NaN, -∞");
  });

  it("with > leaves out the number itself", () => {
    const [above] = /** @type {[number, null][]} */ (read(">0.5"));
    const [below] = /** @type {[null, number][]} */ (read("<-2"));
    expect(above?.[0]).toBeGreaterThan(0.5);
    expect(above?.[0]).toBeCloseTo(0.5, 12);
    expect(below?.[1]).toBeLessThan(-2);
    expect(/** @type {any} */ (read(">0"))[0][0]).toBeGreaterThan(0);
  });

  it("as categories, in any case, with a star", () => {
    expect(read("adam, SGD", categories)).toEqual(["adam", "sgd"]);
    expect(read("ada*", categories)).toEqual(["adam", "Adagrad"]);
  });

  it("as moments on a time axis", () => {
    const time = /** @type {typeof numbers} */ ({ ...numbers, kind: "time" });
    const at = (/** @type {string} */ text) => new Date(text).getTime();
    const day = [at("2026-11-20T00:00"), at("2026-11-21T00:00") - 1];
    expect(read("2026-11-20", time)).toEqual([day]);
    expect(read("2026-11-20..2026-11-20 15:30", time)).toEqual([[day[0], at("2026-11-20T15:31") - 1]]);
    expect(read(">2026-11-20, < 2026-11-19 12:00:30", time)).toEqual([
      [null, at("2026-11-19T12:00:30") - 1],
      [at("2026-11-21T00:00"), null],
    ]);
    expect(read(">=2026-11-20", time)).toEqual([[day[0], null]]);
    expect(read("2026-11-20 to 2026-11-19", time)).toEqual([[at("2026-11-19T00:00"), day[1]]]);
    expect(read("1700000000000..", time)).toEqual([[1700000000000, null]]);
    for (const wrong of ["2026-11-31", "2026-13-01..", "soon"]) {
      expect(parseBrush(time, wrong).error).toContain("is no time");
    }
  });

  it("says what cannot be read", () => {
    expect(parseBrush(numbers, "big").error).toContain("“big” is no range");
    expect(parseBrush(categories, "lion").error).toContain("no run has “lion”; there are adam");
  });

  it("begins with what is brushed", () => {
    expect(typedText([[0.1, null], [3, 3], null])).toBe("0.1.., 3, missing");
    expect(
      read(
        typedText([
          [0.1, 0.5],
          [null, 0.01],
        ]),
      ),
    ).toEqual([
      [null, 0.01],
      [0.1, 0.5],
    ]);
  });

  it("reads back in words", () => {
    expect(brushWords([[0.001, 0.1], [5, null], null], String)).toBe("0.001–0.1, ≥ 5, no value");
    expect(brushWords(["a", "b", "c", "d", "e"], String)).toBe("a, b, c, 2 more");
  });
});
