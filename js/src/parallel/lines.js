// Lines of runs on a canvas, in pieces of a few milliseconds, so that a brush never waits for the picture before it.

import { opacityClass, pairsOf } from "./density.js";

/**
 * @typedef {import("./geometry.js").Geometry} Geometry
 * @typedef {{ rows: Int32Array, heights: Float32Array[], geometry: Geometry, bucket: Uint8Array, colours: string[],
 *   order: number[], alpha: number, width: number, fade?: number }} Work `fade` weakens all of it
 */

/** Milliseconds of script a frame. */
const BUDGET = 7;
const CHUNK = 400;
/** More lines than these are counted between the axes instead of drawn one by one. */
export const DENSE = 15_000;
const CLASSES = 6;

/** How much of its colour a line has, so that many can lie over each other. @param {number} count */
export function alphaFor(count) {
  return Math.min(0.85, Math.max(0.1, 0.85 * (40 / Math.max(1, count)) ** 0.4));
}

/**
 * Rows in an order that has every part of the data early: a picture that is half drawn looks like the whole.
 * @param {Int32Array} rows
 */
export function shuffled(rows) {
  const { length } = rows;
  if (length < 3) return rows;
  let stride = Math.floor(length * 0.618) || 1;
  while (divisor(stride, length) > 1) stride += 1;
  const mixed = new Int32Array(length);
  for (let i = 0, at = 0; i < length; i += 1, at = (at + stride) % length) mixed[i] = rows[at] ?? 0;
  return mixed;
}

/** @param {number} a @param {number} b @returns {number} */
function divisor(a, b) {
  return b ? divisor(b, a % b) : a;
}

/**
 * Rows by their colour, in the order in which colours are drawn.
 * @param {Int32Array} rows
 * @param {Uint8Array} bucket
 * @param {number} count of buckets
 * @returns {Int32Array[]} by bucket
 */
export function byBucket(rows, bucket, count) {
  const sizes = new Int32Array(count);
  for (const row of rows) sizes[bucket[row] ?? 0] = (sizes[bucket[row] ?? 0] ?? 0) + 1;
  const lists = Array.from(sizes, (size) => new Int32Array(size));
  const filled = new Int32Array(count);
  for (const row of rows) {
    const at = bucket[row] ?? 0;
    const list = lists[at];
    if (list) list[filled[at] ?? 0] = row;
    filled[at] = (filled[at] ?? 0) + 1;
  }
  return lists;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Work} work
 * @returns {Generator<void>} each step draws a little
 */
export function* drawing(context, work) {
  if (work.rows.length > DENSE) yield* drawPairs(context, work);
  else yield* drawRows(context, work);
}

/** @param {CanvasRenderingContext2D} context @param {Work} work */
function* drawRows(context, { rows, heights, geometry, bucket, colours, order, alpha, width, fade = 1 }) {
  const mixed = rows.length > CHUNK ? shuffled(rows) : rows;
  for (let start = 0; start < mixed.length; start += CHUNK) {
    const lists = byBucket(mixed.subarray(start, start + CHUNK), bucket, colours.length);
    // another drawing may have had the canvas in between
    context.globalAlpha = alpha * fade;
    context.lineWidth = width;
    context.lineJoin = "round";
    for (const index of order) {
      const list = lists[index];
      if (!list?.length) continue;
      context.strokeStyle = colours[index] ?? "#888";
      context.beginPath();
      for (const row of list) trace(context, row, heights, geometry.xs);
      context.stroke();
    }
    yield;
  }
}

/**
 * @param {CanvasRenderingContext2D | Path2D} path
 * @param {number} row
 * @param {Float32Array[]} heights
 * @param {number[]} xs
 */
export function trace(path, row, heights, xs) {
  if (xs.length === 1) {
    const y = heights[0]?.[row] ?? 0;
    path.moveTo((xs[0] ?? 0) - 12, y);
    path.lineTo((xs[0] ?? 0) + 12, y);
    return;
  }
  for (let i = 0; i < xs.length; i += 1) {
    const y = /** @type {Float32Array} */ (heights[i])[row] ?? 0;
    if (i === 0) path.moveTo(/** @type {number} */ (xs[i]), y);
    else path.lineTo(/** @type {number} */ (xs[i]), y);
  }
}

/** @param {CanvasRenderingContext2D} context @param {Work} work */
function* drawPairs(context, { rows, heights, geometry, bucket, colours, width, fade = 1 }) {
  const { xs } = geometry;
  for (let i = 0; i + 1 < xs.length; i += 1) {
    const left = /** @type {Float32Array} */ (heights[i]);
    const right = /** @type {Float32Array} */ (heights[i + 1]);
    const pairs = pairsOf(rows, left, right, bucket, geometry.height);
    yield;
    let from = 0;
    while (from < pairs.weight.length) {
      const to = Math.min(pairs.weight.length, from + CHUNK * 4);
      strokePairs(context, pairs, from, to, [xs[i] ?? 0, xs[i + 1] ?? 0], { colours, width, fade });
      from = to;
      yield;
    }
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {import("./density.js").Pairs} pairs
 * @param {number} start
 * @param {number} end
 * @param {[number, number]} ends
 * @param {{ colours: string[], width: number, fade: number }} looks
 */
function strokePairs(context, pairs, start, end, [x0, x1], { colours, width, fade }) {
  /** @type {Map<number, number[]>} */
  const groups = new Map();
  for (let i = start; i < end; i += 1) {
    const strength = opacityClass(pairs.weight[i] ?? 1, pairs.most, CLASSES);
    const key = strength * 256 + (pairs.bucket[i] ?? 0);
    const group = groups.get(key);
    if (group) group.push(i);
    else groups.set(key, [i]);
  }
  context.lineWidth = width;
  for (const key of [...groups.keys()].sort((a, b) => a - b)) {
    context.globalAlpha = fade * (0.06 + 0.74 * (Math.floor(key / 256) / (CLASSES - 1)) ** 1.6);
    context.strokeStyle = colours[key % 256] ?? "#888";
    context.beginPath();
    for (const i of groups.get(key) ?? []) {
      context.moveTo(x0, pairs.from[i] ?? 0);
      context.lineTo(x1, pairs.to[i] ?? 0);
    }
    context.stroke();
  }
}

/** Draws on one canvas a little each frame; a new drawing takes the place of the one before. */
export class Painter {
  /** @type {Generator<void> | null} */
  #steps = null;
  #frame = 0;

  /** @param {AbortSignal} until */
  constructor(until) {
    /** Milliseconds of script that the first part took; for measurements. */
    this.took = 0;
    until.addEventListener("abort", () => this.stop(), { once: true });
  }

  get isDone() {
    return this.#steps === null;
  }

  /** @param {Generator<void>} steps */
  start(steps) {
    this.stop();
    this.#steps = steps;
    this.took = this.#work();
  }

  stop() {
    cancelAnimationFrame(this.#frame);
    this.#steps = null;
  }

  #work() {
    const begun = performance.now();
    let passed = 0;
    do {
      if (this.#steps?.next().done) this.#steps = null;
      passed = performance.now() - begun;
    } while (this.#steps && passed < BUDGET);
    if (this.#steps) this.#frame = requestAnimationFrame(() => this.#work());
    return passed;
  }
}
