import { describe, expect, it } from "vitest";
import { pairsOf } from "../../src/parallel/density.js";
import { axisAt, geometryOf, gripAt, nearestLine, placeAt, yOf } from "../../src/parallel/geometry.js";
import { alphaFor, byBucket, drawing, shuffled } from "../../src/parallel/lines.js";

/** @param {number} count @param {Partial<import("../../src/parallel/axes.js").Axis>} [more] */
function axes(count, more = {}) {
  return /** @type {import("../../src/parallel/axes.js").Axis[]} */ (
    Array.from({ length: count }, () => ({ hasMissing: false, hasNaN: false, inverted: false, ...more }))
  );
}

describe("where axes stand", () => {
  it("they fill the room, and are scrolled to when there are many", () => {
    expect(geometryOf(axes(6), 900, 330).width).toBe(900);
    const many = geometryOf(axes(40), 900, 330);
    expect(many.gap).toBeGreaterThanOrEqual(100);
    expect(many.width).toBe(many.gap * 40);
  });

  it("lanes for NaN and for no value are there only when needed", () => {
    const plain = geometryOf(axes(3), 900, 330);
    const both = geometryOf(axes(3, { hasMissing: true, hasNaN: true }), 900, 330);
    expect([plain.nanY, plain.missingY]).toEqual([0, 0]);
    expect(both.bottom).toBeLessThan(both.nanY);
    expect(both.nanY).toBeLessThan(both.missingY);
    expect(yOf(both, false, -2)).toBe(both.missingY);
    expect(yOf(both, true, -1)).toBe(both.nanY);
  });

  it("a place and its height lead to each other, inverted too", () => {
    const geometry = geometryOf(axes(3), 900, 330);
    for (const inverted of [false, true]) {
      expect(placeAt(geometry, inverted, yOf(geometry, inverted, 0.3))).toBeCloseTo(0.3);
    }
  });

  it("a pointer belongs to the axis beside it, or to none", () => {
    const geometry = geometryOf(axes(3), 600, 330);
    expect(axisAt(geometry, 310)).toBe(1);
    expect(axisAt(geometry, 200)).toBe(-1);
  });

  it("a brush is held at its ends and in its middle", () => {
    const geometry = geometryOf(axes(1, { hasMissing: true }), 200, 330);
    const [axis] = axes(1);
    const span = { low: 0.2, high: 0.6, pieces: [] };
    const part = (/** @type {number} */ y) => gripAt(geometry, /** @type {any} */ (axis), [span], y).part;
    expect(part(yOf(geometry, false, 0.6))).toBe("high");
    expect(part(yOf(geometry, false, 0.2) + 2)).toBe("low");
    expect(part(yOf(geometry, false, 0.4))).toBe("inside");
    expect(part(yOf(geometry, false, 0.9))).toBe("free");
    expect(part(geometry.missingY)).toBe("missing");
  });
});

describe("lines", () => {
  const geometry = geometryOf(axes(3), 600, 330);
  const heights = [
    [100, 200],
    [200, 100],
    [50, 50],
  ].map((ys) => Float32Array.from(ys));

  it("the nearest one is found between its axes", () => {
    const rows = Int32Array.of(0, 1);
    expect(nearestLine(rows, heights, geometry, 150, 126)).toBe(0);
    expect(nearestLine(rows, heights, geometry, 150, 174)).toBe(1);
    expect(nearestLine(rows, heights, geometry, 150, 300)).toBe(-1);
    expect(nearestLine(Int32Array.of(1), heights, geometry, 150, 126)).toBe(-1);
  });

  it("are each drawn once, in the colour of their run", () => {
    const rows = Int32Array.from({ length: 1001 }, (_, i) => i);
    expect([...shuffled(rows)].sort((a, b) => a - b)).toEqual([...rows]);
    const bucket = Uint8Array.from(rows, (row) => row % 3);
    const lists = byBucket(rows, bucket, 3);
    expect(lists.map((list) => list.length)).toEqual([334, 334, 333]);
    expect(lists[1]?.every((row) => row % 3 === 1)).toBe(true);
  });

  it("are fainter the more there are, never gone", () => {
    expect(alphaFor(10)).toBeGreaterThan(alphaFor(1000));
    expect(alphaFor(1e6)).toBeGreaterThan(0.05);
  });

  it("of very many runs are counted by their heights", () => {
    const rows = Int32Array.from({ length: 5 }, (_, i) => i);
    const left = Float32Array.of(10, 10, 10, 50, 50);
    const right = Float32Array.of(20, 20, 20, 60, 10);
    const pairs = pairsOf(rows, left, right, Uint8Array.of(3, 3, 3, 1, 2), 100);
    expect([...pairs.weight]).toEqual([1, 1, 3]);
    expect([pairs.from[2], pairs.to[2], pairs.bucket[2], pairs.most]).toEqual([10, 20, 3, 3]);
  });

  it("come in pieces, so that a brush need not wait", () => {
    const drawn = { strokes: 0, moves: 0 };
    const context = /** @type {any} */ ({
      beginPath() {},
      moveTo: () => {
        drawn.moves += 1;
      },
      lineTo() {},
      stroke: () => {
        drawn.strokes += 1;
      },
    });
    const rows = Int32Array.from({ length: 1000 }, (_, i) => i);
    const ys = heights.map(() => new Float32Array(1000));
    const work = {
      rows,
      heights: ys,
      geometry,
      bucket: new Uint8Array(1000),
      colours: ["red"],
      order: [0],
      alpha: 1,
      width: 1,
    };
    const pieces = [...drawing(context, work)];
    expect(pieces.length).toBeGreaterThan(1);
    expect(drawn.moves).toBe(1000);
    expect(drawn.strokes).toBe(pieces.length);
  });
});
