import { describe, expect, it } from "vitest";
import { decodeCurves, splice } from "../../src/curves/answer.js";
import { axes } from "../../src/curves/axes.js";
import { csvOf } from "../../src/curves/chart-menu.js";
import { LineChart } from "../../src/curves/line-chart.js";
import { closest, pointsAt } from "../../src/curves/pointing.js";
import { heightOf, nearest, spanOf, toPixels, visible } from "../../src/curves/scales.js";
import { meanOf, student } from "../../src/curves/seeds.js";
import { smooth } from "../../src/curves/smooth.js";
import { durationTicks, logSplits, numberTicks } from "../../src/curves/ticks.js";
import { encodeCurves } from "./fake-curves.js";

const of = (/** @type {number[]} */ ...values) => Float64Array.from(values);

describe("smoothing", () => {
  it("begins at the first value instead of being pulled towards 0", () => {
    // TensorBoard's own numbers for 1, 2, 3 at 0.6
    const [a, b, c] = smooth(of(1, 2, 3), 0.6);
    expect(a).toBeCloseTo(1);
    expect(b).toBeCloseTo(1.625);
    expect(c).toBeCloseTo((0.4 * 3 + 0.24 * 2 + 0.144) / 0.784);
  });

  it("goes on after values that are no numbers", () => {
    const out = smooth(of(1, Number.NaN, 1, Number.POSITIVE_INFINITY, 1), 0.9);
    expect([...out]).toEqual([1, Number.NaN, expect.closeTo(1), Number.POSITIVE_INFINITY, expect.closeTo(1)]);
  });
});

describe("the mean of seeds", () => {
  it("has a 95 % interval by Student's t", () => {
    const x = of(0, 1);
    const mean = meanOf([
      { x, y: of(1, 5) },
      { x, y: of(2, 5) },
      { x, y: of(3, 5) },
    ]);
    expect([...mean.y]).toEqual([2, 5]);
    expect((mean.high[0] ?? 0) - 2).toBeCloseTo(4.303 / Math.sqrt(3), 3);
    expect([mean.low[1], mean.high[1]]).toEqual([5, 5]);
    expect(student(1e6)).toBeCloseTo(1.96, 2);
  });

  it("reads runs with other steps off their line, but not beyond its ends", () => {
    const mean = meanOf([
      { x: of(0, 10), y: of(0, 10) },
      { x: of(5, 20), y: of(7, 1) },
    ]);
    expect([...mean.x]).toEqual([0, 5, 10, 20]);
    expect([...mean.runs]).toEqual([1, 2, 2, 1]);
    expect(mean.y[1]).toBe(6);
  });
});

describe("what a chart shows", () => {
  const points = { x: of(0, 1, 2, 3), y: of(1, Number.NaN, 3, 100), low: of(-1, 0, 2, 100), high: of(2, 5, 4, 100) };

  it("spans all bands inside the range, and one point on either side", () => {
    expect(spanOf([points])).toEqual([0, 3]);
    expect(visible(points.x, [0.5, 1.5])).toEqual([0, 3]);
    const [low, high] = heightOf([points], [0, 1.5]);
    expect(low).toBeCloseTo(-1.24);
    expect(high).toBeCloseTo(5.24);
  });

  it("leaves out what a logarithm cannot show", () => {
    const [low, high] = heightOf([points], [0, 3], { kind: "log" });
    expect(low).toBeGreaterThan(0);
    expect(high).toBeGreaterThan(100);
  });

  it("clips outliers when asked", () => {
    const y = Float64Array.from({ length: 1000 }, (_, i) => (i === 500 ? 1e6 : i / 1000));
    const x = y.map((_, i) => i);
    expect(heightOf([{ x, y }], [0, 999])[1]).toBeGreaterThan(1e6);
    expect(heightOf([{ x, y }], [0, 999], { clip: true })[1]).toBeLessThan(1.1);
  });

  it("places 0 on a logarithmic x", () => {
    const place = toPixels("asinh", [0, 1000], 0, 100);
    expect([place(0), place(1000)]).toEqual([0, 100]);
    expect(place(10)).toBeGreaterThan(35);
    expect(nearest(of(0, 10, 20), 14)).toBe(1);
  });
});

it("the pointer means the line next to it, and no line that has ended elsewhere", () => {
  const placing = { valToPos: (/** @type {number} */ value) => value * 10 };
  const all = [
    { id: "a", label: "a", colour: "", x: of(0, 5, 10), y: of(1, 2, 3) },
    { id: "b", label: "b", colour: "", x: of(0, 5, 10), y: of(1, 4, 8) },
    { id: "short", label: "short", colour: "", x: of(0, 1), y: of(1, 1) },
  ];
  const points = pointsAt(placing, all, 5.2, 52);
  expect(points.map(({ series, value }) => [series.id, value])).toEqual([
    ["a", 2],
    ["b", 4],
  ]);
  expect([closest(points, 38), closest(points, 22), closest(points, 90)]).toEqual(["b", "a", null]);
});

describe("marks of an axis", () => {
  it("are short and can be told apart", () => {
    expect(numberTicks([0, 20_000, 40_000])).toEqual(["0", "20k", "40k"]);
    expect(numberTicks([0.00001, 0.001, 0.1])).toEqual(["1e−5", "0.001", "0.1"]);
    expect(durationTicks([0, 1800, 3600])).toEqual(["0", "30 min", "60 min"]);
  });

  it("are powers of ten where values span many, even steps where they span little", () => {
    expect(logSplits(0.001, 2000, 8)).toEqual([0.001, 0.01, 0.1, 1, 10, 100, 1000]);
    expect(logSplits(0, 1000, 8)).toEqual([0, 1, 10, 100, 1000]);
    expect(logSplits(0.5, 0.9, 5)).toEqual([0.5, 0.6, 0.7, 0.8, 0.9]);
    expect(logSplits(1, 60, 8)).toEqual([1, 2, 5, 10, 20, 50]);
  });
});

it("facets span the values of all, steps are whole, and an empty chart has no axes", () => {
  const chart = new LineChart({ until: new AbortController().signal });
  const own = { id: "a", label: "a", colour: "", dash: [], x: of(2, 3), y: of(1, 2) };
  chart.setSeries([own], [own, { ...own, id: "b", x: of(0, 9) }]);
  expect(chart.within).toEqual([0, 9]);
  expect(chart.field.classList.contains("nbt-nothing")).toBe(false);
  chart.setSeries([]);
  expect(chart.field.classList.contains("nbt-nothing")).toBe(true);
  const colours = { axis: "", grid: "" };
  const incrs = (/** @type {string} */ xLabel) =>
    /** @type {any} */ (axes({ ...chart.options, xLabel }, "linear", colours)[0]).incrs;
  expect(incrs("step")?.slice(0, 4)).toEqual([1, 2, 5, 10]);
  expect(incrs("tokens")).toBeUndefined();
  const [times] = axes({ ...chart.options, xKind: "time" }, "linear", colours);
  const room = (/** @type {number} */ span) => /** @type {any} */ (times).space(null, 0, 0, span);
  expect(room(5000)).toBeGreaterThan(room(60_000));
});

describe("an answer", () => {
  const thin = { x: 0, y: 1, low: 0, high: 9, count: 3 };

  it("is one history a series", () => {
    const { head, buffers } = encodeCurves(
      [
        ["a", "loss"],
        ["b", "loss"],
        ["c", "loss"],
      ],
      [[thin, { ...thin, x: 5, y: Number.NaN, nans: 2, ups: 1 }], [], [{ x: 1, y: 2 }]],
    );
    const [a, b, c] = decodeCurves(head, buffers);
    expect([...(a?.high ?? [])]).toEqual([9, 9]);
    expect(a?.bad && [...a.bad.x, ...a.bad.nans, ...a.bad.ups, ...a.bad.downs]).toEqual([5, 2, 1, 0]);
    expect(b?.x.length).toBe(0);
    expect([c?.thinned, c?.low, c?.bad, ...(c?.y ?? [])]).toEqual([false, null, null, 2]);
  });

  it("reads numbers that do not begin at a multiple of 8", () => {
    const { head, buffers } = encodeCurves([["a", "x"]], [[{ x: 1, y: 2 }]]);
    const shifted = buffers.map((buffer) => {
      const bytes = new Uint8Array(buffer.byteLength + 4);
      bytes.set(new Uint8Array(buffer), 4);
      return new DataView(bytes.buffer, 4);
    });
    expect([...(decodeCurves(head, shifted)[0]?.y ?? [])]).toEqual([2]);
  });

  it("takes the place of a part of what is known", () => {
    const history = (/** @type {number[]} */ x) => ({
      x: of(...x),
      y: of(...x),
      low: null,
      high: null,
      count: null,
      thinned: true,
      bad: null,
    });
    const joined = splice(history([0, 10, 20, 30]), history([9, 10, 11, 20]));
    expect([...joined.x]).toEqual([0, 9, 10, 11, 20, 30]);
    expect([...splice(history([0, 10]), history([])).x]).toEqual([0, 10]);
  });
});

it("a saved chart has each point as it was before smoothing", () => {
  const series = { label: 'a, "b"', colour: "red", x: of(1), y: of(9), ghost: of(2), low: of(0), high: of(3) };
  expect(csvOf([series], "loss", "step")).toBe('run,step,loss,low,high\n"a, ""b""",1,2,0,3\n');
});
