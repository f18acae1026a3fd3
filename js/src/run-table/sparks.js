// Small curves for metric cells: asked from the kernel for the rows in sight only, kept, drawn on canvas.

/**
 * @typedef {import("../kit/kernel.js").Kernel} Kernel
 * @typedef {import("../kit/run-store.js").RunStore} RunStore
 * @typedef {{ points: Float32Array, count: number }} Spark `count`: points of the metric when it was asked for
 */

export const SPARK_WIDTH = 50;
export const SPARK_HEIGHT = 16;
const POINTS = 40;
const SETTLE = 120; // ms without scrolling before anything is asked
const FRESH = 2000; // ms between two questions about a run that goes on
const MOST_RUNS = 80;
const MOST_KEPT = 20_000;

export class Sparks {
  /** @type {Map<string, Spark>} "key\nrun" -> spark */
  #kept = new Map();
  /** @type {Map<string, Set<string>>} key -> runs wanted now */
  #wanted = new Map();
  /** @type {Map<string, number>} when a spark was last asked for */
  #asked = new Map();
  /** @type {any} */
  #timer = null;

  /**
   * @param {Kernel} kernel
   * @param {RunStore} store
   * @param {() => void} arrived called when there is something new to draw
   */
  constructor(kernel, store, arrived) {
    this.kernel = kernel;
    this.store = store;
    this.arrived = arrived;
  }

  /**
   * What is known; asks for it soon when it is not there or out of date.
   * @param {string} runId
   * @param {string} key
   * @param {number} count points that the metric has now
   * @returns {Float32Array | null}
   */
  get(runId, key, count) {
    const id = `${key}\n${runId}`;
    const spark = this.#kept.get(id);
    if ((!spark || spark.count !== count) && count > 1 && this.kernel.answers) this.#want(id, runId, key);
    return spark?.points ?? null;
  }

  /** Forget what is wanted: those rows have left the sight. */
  clearWishes() {
    this.#wanted.clear();
  }

  /**
   * Take curves that came with the page (an exported file has no kernel to ask).
   * @param {string} runId
   * @param {string} key
   * @param {Float32Array} points
   * @param {number} count
   */
  keep(runId, key, points, count) {
    if (this.#kept.size > MOST_KEPT) this.#kept.clear();
    this.#kept.set(`${key}\n${runId}`, { points, count });
  }

  /**
   * @param {string} id
   * @param {string} runId
   * @param {string} key
   */
  #want(id, runId, key) {
    const asked = this.#asked.get(id);
    if (asked !== undefined && performance.now() - asked < FRESH) return;
    const runs = this.#wanted.get(key) ?? new Set();
    this.#wanted.set(key, runs.add(runId));
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#flush(), SETTLE);
  }

  async #flush() {
    const wanted = [...this.#wanted];
    this.#wanted.clear();
    await Promise.all(wanted.map(([key, runs]) => this.#ask(key, [...runs].slice(0, MOST_RUNS))));
  }

  /**
   * @param {string} key
   * @param {string[]} runs
   */
  async #ask(key, runs) {
    const now = performance.now();
    for (const run of runs) this.#asked.set(`${key}\n${run}`, now);
    const counts = runs.map((run) => this.store.number(`metrics.${key}.count`, this.store.rowOf.get(run) ?? -1) ?? 0);
    try {
      const { buffers } = await this.kernel.ask({ what: "sparks", runs, key, points: POINTS });
      const matrix = floats(buffers[0]);
      const points = Math.floor(matrix.length / runs.length);
      for (const [i, run] of runs.entries())
        this.keep(run, key, matrix.subarray(i * points, (i + 1) * points), counts[i] ?? 0);
      this.arrived();
    } catch {
      // no curve is not worth a message: the number stands next to its place
    }
  }
}

/** @param {any} buffer @returns {Float32Array} */
function floats(buffer) {
  const bytes =
    buffer instanceof ArrayBuffer
      ? new Uint8Array(buffer)
      : new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  const whole = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Float32Array(whole.buffer, whole.byteOffset, whole.byteLength >> 2);
}

/**
 * Where the line goes: x and y in pixels, NaN where the pen is up.
 * @param {Float32Array} points
 * @param {number} width
 * @param {number} height
 * @returns {{ x: Float32Array, y: Float32Array }}
 */
export function sparkPath(points, width, height) {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const value of points) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  const span = max - min;
  const pad = 2;
  const x = new Float32Array(points.length);
  const y = new Float32Array(points.length);
  for (let i = 0; i < points.length; i += 1) {
    const value = /** @type {number} */ (points[i]);
    x[i] = pad + (points.length > 1 ? i / (points.length - 1) : 0.5) * (width - 2 * pad);
    y[i] =
      span > 0 ? pad + (1 - (value - min) / span) * (height - 2 * pad) : Number.isNaN(value) ? Number.NaN : height / 2;
  }
  return { x, y };
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Float32Array} points
 * @param {{ line: string, dot: string }} colours
 */
export function drawSpark(canvas, points, colours) {
  const ratio = globalThis.devicePixelRatio || 1;
  const width = Math.round(SPARK_WIDTH * ratio);
  const height = Math.round(SPARK_HEIGHT * ratio);
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const pen = canvas.getContext?.("2d");
  if (!pen) return;
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, SPARK_WIDTH, SPARK_HEIGHT);
  const { x, y } = sparkPath(points, SPARK_WIDTH, SPARK_HEIGHT);
  pen.beginPath();
  let last = -1;
  for (let i = 0; i < x.length; i += 1) {
    if (Number.isNaN(y[i])) continue;
    if (last < 0 || Number.isNaN(y[i - 1])) pen.moveTo(/** @type {number} */ (x[i]), /** @type {number} */ (y[i]));
    else pen.lineTo(/** @type {number} */ (x[i]), /** @type {number} */ (y[i]));
    last = i;
  }
  pen.strokeStyle = colours.line;
  pen.lineWidth = 1.25;
  pen.lineJoin = "round";
  pen.stroke();
  if (last < 0) return;
  pen.fillStyle = colours.dot;
  pen.beginPath();
  pen.arc(/** @type {number} */ (x[last]), /** @type {number} */ (y[last]), 1.6, 0, 2 * Math.PI);
  pen.fill();
}
