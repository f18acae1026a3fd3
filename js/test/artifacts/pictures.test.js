import { describe, expect, it } from "vitest";
import { bytesOf, floatsOf, sizeText } from "../../src/artifacts/bytes.js";
import { axisOf, chartSvg, safeColour, ticks } from "../../src/artifacts/chart.js";
import { hexLines } from "../../src/artifacts/draw/binary.js";
import { safeFrame } from "../../src/artifacts/draw/frame.js";
import { finiteEnds, pixels } from "../../src/artifacts/draw/heatmap.js";
import { mapPaths, windowOf } from "../../src/artifacts/draw/map.js";

describe("sizes and bytes", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.0 kB"],
    [999_600, "1.0 MB"],
    [123_456_789, "123 MB"],
    [1.2e9, "1.2 GB"],
    [5e15, "5000 TB"],
  ])("%d bytes are %s", (size, text) => {
    expect(sizeText(size)).toBe(text.replace(" ", "\u202f"));
  });

  it("reads buffers wherever they begin", () => {
    const bytes = new Uint8Array(9);
    new DataView(bytes.buffer).setFloat32(1, 2.5, true);
    expect([...floatsOf(new DataView(bytes.buffer, 1, 8))]).toEqual([2.5, 0]);
    expect(bytesOf(undefined).length).toBe(0);
  });

  it("shows bytes and their text side by side", () => {
    expect(hexLines(new Uint8Array([0x41, 0, 0xff, 0x7a]))).toEqual([
      `000000  41 00 ff 7a${" ".repeat(12)}  ${" ".repeat(23)}  A··z`,
    ]);
  });
});

describe("charts", () => {
  it("chooses the kind of an axis by its values", () => {
    expect(axisOf([1, 2, null], { log: false, zero: false, room: 0 }).kind).toBe("number");
    expect(axisOf(["a", "b", "a"], { log: false, zero: false, room: 0 }).names).toEqual(["a", "b"]);
    expect(axisOf(["2026-01-01", "2026-02-01"], { log: false, zero: false, room: 0 }).kind).toBe("time");
    expect(axisOf([0, 10, 1000], { log: true, zero: false, room: 0 }).low).toBeCloseTo(0.94);
  });

  it("puts round ticks inside the axis", () => {
    expect(ticks({ kind: "number", low: -0.1, high: 1.02, names: [] }, 5).map(({ text }) => text)).toEqual([
      "0",
      "0.5",
      "1",
    ]);
    expect(ticks({ kind: "log", low: 0, high: 2, names: [] }, 5).map(({ at }) => at)).toEqual([1, 10, 100]);
    expect(ticks({ kind: "number", low: 0, high: 0.3, names: [] }, 3).map(({ text }) => text)).toEqual([
      "0",
      "0.1",
      "0.2",
      "0.3",
    ]);
  });

  it("draws lines with gaps, points and bars from nothing but numbers", () => {
    const svg = chartSvg({
      traces: [
        { type: "line", mode: "lines+markers", x: [0, 1, 2, 3], y: [1, null, 2, 3] },
        { type: "bar", x: [0, 1], y: [1, -1] },
      ],
      label: "<b>",
    });
    expect(svg.querySelector(".nbt-chart-line")?.getAttribute("d")?.match(/M/g)?.length).toBe(2);
    expect(svg.outerHTML).not.toMatch(/NaN|Infinity|undefined/);
    expect(svg.getAttribute("aria-label")).toBe("<b>");
  });

  it.each([[[]], [[null]], [[5]], [[1e300, -1e300]]])("holds for the values %j", (values) => {
    const svg = chartSvg({ traces: [{ type: "line", x: values.map((_, i) => i), y: values }], label: "" });
    expect(svg.outerHTML).not.toMatch(/NaN|Infinity/);
  });

  it("takes colours from a file only when they are colours", () => {
    for (const colour of ["#ff0000", "teal", "rgba(1, 2, 3, 0.5)"]) expect(safeColour(colour, 0)).toBe(colour);
    for (const colour of ["url(http://evil)", "red;background:url(x)", "", undefined])
      expect(safeColour(colour, 0)).toMatch(/^#/);
  });
});

describe("heat maps", () => {
  it("leave out what is no number", () => {
    const values = new Float32Array([0, Number.NaN, 1, Number.POSITIVE_INFINITY]);
    expect(finiteEnds(values)).toEqual({ low: 0, high: 1 });
    const data = pixels(values, 2, 2, { low: 0, high: 1, upright: false });
    expect([3, 7, 11, 15].map((at) => data[at])).toEqual([255, 0, 255, 0]);
    const upright = pixels(values, 2, 2, { low: 0, high: 1, upright: true });
    expect([...upright.subarray(8, 12)]).toEqual([...data.subarray(0, 4)]);
    expect(finiteEnds(new Float32Array([Number.NaN]))).toEqual({ low: 0, high: 0 });
  });
});

describe("maps", () => {
  it("draw areas first and points last, one path a feature", () => {
    const paths = mapPaths(
      new Int32Array([0, 0, 1, 1, 2, 3, 1, 2, 3]),
      new Float32Array([9, 8, 0, 0, 4, 0, 4, 2, 1, 1, 2, 1, 2, 2]),
      0.5,
    );
    expect(paths).toEqual([
      { feature: 1, kind: 2, d: "M0,0L2,0L2,-2ZM0.5,-1L1,-1L1,-2Z" },
      { feature: 0, kind: 0, d: "M4.5,-8h0" },
    ]);
  });

  it("join thousands of features into one path a kind", () => {
    const parts = Int32Array.from({ length: 9000 }, (_, i) => (i % 3 === 0 ? i / 3 : i % 3 === 1 ? 0 : 1));
    expect(mapPaths(parts, new Float32Array(6000), 1).length).toBe(1);
  });

  it("have a window even around a single place", () => {
    const { width, height } = windowOf([5, 5, 5, 5], 1);
    expect(width).toBeGreaterThan(0);
    expect(height).toBeGreaterThan(0);
  });
});

describe("frames for HTML", () => {
  it("have no rights, and scripts only when asked for", () => {
    const still = safeFrame("<script>1</script>", { title: "t" });
    expect(still.getAttribute("sandbox")).toBe("");
    expect(still.srcdoc).toMatch(
      /^<!doctype html><meta http-equiv="Content-Security-Policy" content="default-src 'none'/,
    );
    const running = safeFrame("", { title: "t", scripts: true });
    expect(running.getAttribute("sandbox")).toBe("allow-scripts");
  });
});
