// From values to pixels and back, and which part of the values a chart shows. Without a canvas, so that it can be tested.

/**
 * @typedef {"linear" | "log" | "asinh"} Kind `asinh`: logarithmic for large values, but 0 has its place (steps begin at 0)
 * @typedef {[low: number, high: number]} Range
 * @typedef {{ x: Float64Array, y: Float64Array, low?: Float64Array | null, high?: Float64Array | null }} Points
 */

/** @type {Record<Kind, (value: number) => number>} */
const FORWARD = { linear: (value) => value, log: Math.log10, asinh: Math.asinh };
const PAD = 0.04;
const DEEP = 3;
const CLIPPED = 0.02;
const MOST_SAMPLES = 20_000;

/**
 * @param {Kind} kind
 * @param {Range} range values
 * @param {number} from pixel of the low end
 * @param {number} to pixel of the high end
 * @returns {(value: number) => number}
 */
export function toPixels(kind, [low, high], from, to) {
  const forward = FORWARD[kind];
  const start = forward(low);
  const scale = (to - from) / (forward(high) - start || 1);
  if (kind === "linear") return (value) => from + (value - start) * scale;
  return (value) => from + (forward(value) - start) * scale;
}

/**
 * The x that all series together span.
 * @param {Points[]} series
 * @returns {Range | null}
 */
export function spanOf(series) {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const { x } of series) {
    if (!x.length) continue;
    low = Math.min(low, /** @type {number} */ (x[0]));
    high = Math.max(high, /** @type {number} */ (x[x.length - 1]));
  }
  if (!(low <= high)) return null;
  return low === high ? [low - 0.5, high + 0.5] : [low, high];
}

/**
 * The range of values between two x, with a little air.
 * @param {Points[]} series
 * @param {Range} within
 * @param {{ kind?: Kind, clip?: boolean }} options clip: leave out the outermost 2 % of values at each end
 * @returns {Range}
 */
export function heightOf(series, within, { kind = "linear", clip = false } = {}) {
  const low = kind === "log" ? Number.MIN_VALUE : Number.NEGATIVE_INFINITY;
  const found = (clip && percentiles(series, within, low)) || extremes(series, within, low);
  return padded(found, kind);
}

/**
 * @param {Points[]} series
 * @param {Range} within
 * @param {number} floor values below cannot be shown
 * @returns {Range}
 */
function extremes(series, within, floor) {
  let min = Number.POSITIVE_INFINITY;
  let line = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const points of series) {
    const [start, end] = visible(points.x, within);
    const lows = points.low ?? points.y;
    const highs = points.high ?? points.y;
    for (let i = start; i < end; i += 1) {
      const a = /** @type {number} */ (lows[i]);
      const b = /** @type {number} */ (highs[i]);
      if (a >= floor && a < min && a !== Number.NEGATIVE_INFINITY) min = a;
      if (b >= floor && b > max && b !== Number.POSITIVE_INFINITY) max = b;
      if (b >= floor && b < min) min = b; // the lower end is below what a logarithm can show
      const y = /** @type {number} */ (points.y[i]);
      if (y >= floor && y < line) line = y;
    }
  }
  // a band that comes near 0 goes down without end on a logarithmic scale
  return [floor > 0 && Number.isFinite(line) ? Math.max(min, line / DEEP) : min, max];
}

/**
 * @param {Points[]} series
 * @param {Range} within
 * @param {number} floor
 * @returns {Range | null}
 */
function percentiles(series, within, floor) {
  const parts = series.map((points) => ({ points, span: visible(points.x, within) }));
  const total = parts.reduce((sum, { span }) => sum + span[1] - span[0], 0);
  const stride = Math.max(1, Math.ceil(total / MOST_SAMPLES));
  /** @type {number[]} */
  const values = [];
  for (const { points, span } of parts) {
    for (let i = span[0]; i < span[1]; i += stride) {
      const value = /** @type {number} */ (points.y[i]);
      if (Number.isFinite(value) && value >= floor) values.push(value);
    }
  }
  if (values.length < 10) return null;
  values.sort((a, b) => a - b);
  const at = (/** @type {number} */ share) => /** @type {number} */ (values[Math.round(share * (values.length - 1))]);
  return [at(CLIPPED), at(1 - CLIPPED)];
}

/**
 * @param {Range} range
 * @param {Kind} kind
 * @returns {Range}
 */
function padded([min, max], kind) {
  if (!(min <= max)) return kind === "log" ? [0.1, 1] : [0, 1];
  if (kind === "log") {
    const factor = min === max ? 2 : (max / min) ** PAD;
    return [min / factor, max * factor];
  }
  const air = min === max ? Math.abs(min) * 0.1 || 0.5 : (max - min) * PAD;
  return [min - air, max + air];
}

/**
 * Indexes of the points between two x, and one more on either side, so that lines reach the edges.
 * @param {Float64Array} x ascending
 * @param {Range} within
 * @returns {[start: number, end: number]} end is not included
 */
export function visible(x, [low, high]) {
  return [Math.max(0, lowerBound(x, low) - 1), Math.min(x.length, lowerBound(x, high) + 1)];
}

/**
 * The first index whose x is not below `value`.
 * @param {Float64Array} x ascending
 * @param {number} value
 */
export function lowerBound(x, value) {
  let low = 0;
  let high = x.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (/** @type {number} */ (x[middle]) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The index nearest to a place; -1 without points.
 * @param {Float64Array} x ascending
 * @param {number} value
 */
export function nearest(x, value) {
  if (!x.length) return -1;
  const right = lowerBound(x, value);
  if (right === 0) return 0;
  if (right === x.length) return right - 1;
  const a = /** @type {number} */ (x[right - 1]);
  const b = /** @type {number} */ (x[right]);
  return value - a <= b - value ? right - 1 : right;
}
