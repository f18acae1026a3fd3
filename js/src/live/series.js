// One growing curve in bounded memory: thinned where it is long, exact where it is short.

const LIMIT = 4000;
const NAMES = /** @type {const} */ (["x", "low", "high", "mean", "last", "n"]);

/** @typedef {Record<typeof NAMES[number], Float64Array>} Columns */

/** @param {number} room @returns {Columns} */
function columns(room) {
  return /** @type {Columns} */ (Object.fromEntries(NAMES.map((name) => [name, new Float64Array(room)])));
}

/**
 * Buckets by step: smallest, largest, mean and last value, and how many points they stand for. Once there are more than
 * `limit`, neighbours become one, so spikes stay and memory does not grow.
 */
export class LiveSeries {
  /** Number of points that came. */
  count = 0;
  rows = 0;
  #isSorted = true;

  /** @param {number} [limit] */
  constructor(limit = LIMIT) {
    this.limit = limit;
    this.columns = columns(64);
  }

  /** @param {number} room */
  #make(room) {
    const before = this.columns;
    this.columns = columns(room);
    for (const name of NAMES) this.columns[name].set(before[name].subarray(0, this.rows));
  }

  /** Begin anew with buckets of the kernel's. @param {any} buckets */
  fill({ step, min, max, mean, last, counts }) {
    this.rows = step.length;
    this.columns = { x: step, low: min, high: max, mean, last, n: counts };
    this.count = counts.reduce((/** @type {number} */ sum, /** @type {number} */ n) => sum + n, 0);
    this.#isSorted = true;
  }

  /**
   * @param {ArrayLike<number>} steps
   * @param {ArrayLike<number>} values
   */
  append(steps, values) {
    for (let i = 0; i < steps.length; i += 1) this.#push(Number(steps[i]), Number(values[i]));
    this.count += steps.length;
    if (!this.#isSorted) this.#sort();
    while (this.rows > this.limit) this.#halve();
  }

  /**
   * @param {number} step
   * @param {number} value
   */
  #push(step, value) {
    if (this.rows === this.columns.x.length) this.#make(Math.max(64, this.rows * 2));
    const { x, low, high, mean, last, n } = this.columns;
    const row = this.rows;
    if (row > 0 && step < /** @type {number} */ (x[row - 1])) this.#isSorted = false;
    x[row] = step;
    low[row] = value;
    high[row] = value;
    mean[row] = Number.isFinite(value) ? value : Number.NaN;
    last[row] = value;
    n[row] = 1;
    this.rows += 1;
  }

  /** Steps may come in any order: a run that was resumed goes back. */
  #sort() {
    const { x } = this.columns;
    const order = Array.from({ length: this.rows }, (_, i) => i).sort((a, b) => Number(x[a]) - Number(x[b]) || a - b);
    for (const name of NAMES) {
      const column = this.columns[name];
      column.set(order.map((i) => Number(column[i])));
    }
    this.#isSorted = true;
  }

  #halve() {
    const { x, low, high, mean, last, n } = this.columns;
    let to = 0;
    for (let from = 0; from < this.rows; from += 2, to += 1) {
      const next = from + 1 < this.rows ? from + 1 : from;
      const [na, nb] = [Number(n[from]), next === from ? 0 : Number(n[next])];
      const [a, b] = [Number(mean[from]), Number(mean[next])];
      x[to] = Number(x[from]);
      low[to] = least(Number(low[from]), Number(low[next]));
      high[to] = -least(-Number(high[from]), -Number(high[next]));
      mean[to] = Number.isNaN(a) ? b : Number.isNaN(b) ? a : (a * na + b * nb) / (na + nb);
      last[to] = Number(last[next]);
      n[to] = na + nb;
    }
    this.rows = to;
  }

  /** The value that stands in the readout. */
  get latest() {
    return this.rows ? Number(this.columns.last[this.rows - 1]) : Number.NaN;
  }

  /**
   * What a chart draws: the means; a band only where points were thinned.
   * @returns {{ x: Float64Array, y: Float64Array, low: Float64Array | null, high: Float64Array | null }}
   */
  drawn() {
    const part = (/** @type {Float64Array} */ column) => column.subarray(0, this.rows);
    const { x, low, high, mean } = this.columns;
    const isExact = this.count === this.rows;
    return { x: part(x), y: part(mean), low: isExact ? null : part(low), high: isExact ? null : part(high) };
  }
}

/**
 * @param {number} a
 * @param {number} b
 */
function least(a, b) {
  return Number.isNaN(a) ? b : Number.isNaN(b) ? a : Math.min(a, b);
}

/**
 * A setting holds until it is changed: a line that goes up in steps, and on to `end`.
 * @param {{ x: Float64Array, y: Float64Array }} line
 * @param {number} end
 * @returns {{ x: Float64Array, y: Float64Array, low: null, high: null }}
 */
export function stairs({ x, y }, end) {
  /** @type {[number[], number[]]} */
  const [xs, ys] = [[], []];
  for (let i = 0; i < x.length; i += 1) {
    const value = Number(y[i]);
    xs.push(Number(x[i]), i + 1 < x.length ? Number(x[i + 1]) : Math.max(end, Number(x[i])));
    ys.push(value, value);
  }
  return { x: Float64Array.from(xs), y: Float64Array.from(ys), low: null, high: null };
}
