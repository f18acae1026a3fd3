// One growing curve in bounded memory: thinned where it is long, exact where it is short.

const LIMIT = 4000;
const NAMES = /** @type {const} */ (["x", "low", "high", "mean", "last", "n", "time", "nans", "ups", "downs"]);

/**
 * @typedef {Record<typeof NAMES[number], Float64Array>} Columns
 * @typedef {"step" | "relative" | "time"} Over what curves are drawn over
 */

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
  /** Whether there is anything that is no number. */
  #isBad = false;

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
  fill({ step, min, max, mean, last, counts, time, bad }) {
    this.rows = step.length;
    const [nans, ups, downs] = bad ?? [];
    const none = () => new Float64Array(this.rows);
    this.columns = { x: step, low: min, high: max, mean, last, n: counts, time, nans, ups, downs };
    for (const name of /** @type {const} */ (["nans", "ups", "downs"])) this.columns[name] ??= none();
    this.#isBad = Boolean(bad);
    this.count = counts.reduce((/** @type {number} */ sum, /** @type {number} */ n) => sum + n, 0);
    this.#isSorted = true;
  }

  /**
   * @param {ArrayLike<number>} steps
   * @param {ArrayLike<number>} values
   * @param {ArrayLike<number>} times milliseconds
   */
  append(steps, values, times) {
    for (let i = 0; i < steps.length; i += 1) this.#push(Number(steps[i]), Number(values[i]), Number(times[i]));
    this.count += steps.length;
    if (!this.#isSorted) this.#sort();
    while (this.rows > this.limit) this.#halve();
  }

  /**
   * @param {number} step
   * @param {number} value
   * @param {number} when
   */
  #push(step, value, when) {
    if (this.rows === this.columns.x.length) this.#make(Math.max(64, this.rows * 2));
    const { x, low, high, mean, last, n, time, nans, ups, downs } = this.columns;
    const row = this.rows;
    if (row > 0 && step < /** @type {number} */ (x[row - 1])) this.#isSorted = false;
    x[row] = step;
    low[row] = value;
    high[row] = value;
    mean[row] = Number.isFinite(value) ? value : Number.NaN;
    last[row] = value;
    n[row] = 1;
    time[row] = when;
    nans[row] = Number.isNaN(value) ? 1 : 0;
    ups[row] = value === Number.POSITIVE_INFINITY ? 1 : 0;
    downs[row] = value === Number.NEGATIVE_INFINITY ? 1 : 0;
    this.#isBad ||= !Number.isFinite(value);
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
    const { x, low, high, mean, last, n, time, ...bad } = this.columns;
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
      time[to] = Number(time[from]);
      for (const column of [bad.nans, bad.ups, bad.downs]) {
        column[to] = Number(column[from]) + (next === from ? 0 : Number(column[next]));
      }
    }
    this.rows = to;
  }

  /** The value that stands in the readout. */
  get latest() {
    return this.rows ? Number(this.columns.last[this.rows - 1]) : Number.NaN;
  }

  /**
   * What a chart draws: the means; a band only where points were thinned; what is no number as marks.
   * @param {Over} [over]
   * @param {number} [start] milliseconds, where relative time begins
   * @returns {{ x: Float64Array, y: Float64Array, low: Float64Array | null, high: Float64Array | null,
   *   bad: import("../curves/strokes.js").Bad | null }}
   */
  drawn(over = "step", start = 0) {
    const { x: steps, time, low, high, mean, nans, ups, downs } = this.columns;
    const part = this.#parts(over === "step" ? steps : time);
    const isExact = this.count === this.rows;
    const x = part(over === "step" ? steps : time);
    if (over === "relative") for (const i of x.keys()) x[i] = (Number(x[i]) - start) / 1000;
    return {
      x,
      y: part(mean),
      low: isExact ? null : part(low),
      high: isExact ? null : part(high),
      bad: this.#isBad ? { x, nans: part(nans), ups: part(ups), downs: part(downs) } : null,
    };
  }

  /**
   * @param {Over} over
   * @param {number} start
   */
  lastX(over, start) {
    const { x, time } = this.columns;
    const column = over === "step" ? x : time;
    let last = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < this.rows; i += 1) last = Math.max(last, Number(column[i]));
    return over === "relative" ? (last - start) / 1000 : last;
  }

  /**
   * How to take the filled part of each column, in the order of `by`: steps may go back while time goes on. Copies, but for steps.
   * @param {Float64Array} by
   * @returns {(column: Float64Array) => Float64Array}
   */
  #parts(by) {
    const end = this.rows;
    if (by === this.columns.x) return (column) => column.subarray(0, end);
    let isSorted = true;
    for (let i = 1; i < end && isSorted; i += 1) isSorted = Number(by[i - 1]) <= Number(by[i]);
    if (isSorted) return (column) => column.slice(0, end);
    const order = Array.from({ length: end }, (_, i) => i).sort((a, b) => Number(by[a]) - Number(by[b]));
    return (column) => Float64Array.from(order, (i) => Number(column[i]));
  }
}

/**
 * @param {number} a
 * @param {number} b
 */
function least(a, b) {
  return Number.isNaN(a) ? b : Number.isNaN(b) ? a : Math.min(a, b);
}

const WIDE = 20;

/**
 * Whether values are so far apart that only a logarithmic axis tells them from each other.
 * @param {Float64Array} values
 */
export function isWide(values) {
  let [low, high] = [Number.POSITIVE_INFINITY, 0];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low > 0 && high / low >= WIDE;
}

/**
 * A setting holds until it is changed: a line that goes up in steps, and on to `end`.
 * @param {{ x: Float64Array, y: Float64Array }} line
 * @param {number} end
 * @returns {{ x: Float64Array, y: Float64Array, low: null, high: null, bad: null }}
 */
export function stairs({ x, y }, end) {
  /** @type {[number[], number[]]} */
  const [xs, ys] = [[], []];
  for (let i = 0; i < x.length; i += 1) {
    const value = Number(y[i]);
    xs.push(Number(x[i]), i + 1 < x.length ? Number(x[i + 1]) : Math.max(end, Number(x[i])));
    ys.push(value, value);
  }
  return { x: Float64Array.from(xs), y: Float64Array.from(ys), low: null, high: null, bad: null };
}
