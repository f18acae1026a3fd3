// States between two steps of a story: brushes move, everything else changes at once.

/**
 * @typedef {Record<string, any>} State
 * @typedef {[number | null, number | null]} Interval
 * @typedef {(column: string) => { min: number, max: number } | null} Domain
 */

/**
 * The brush on its way from one to another. One that appears starts as wide as its axis, one that goes widens to it.
 * @param {Record<string, any[]>} from
 * @param {Record<string, any[]>} to
 * @param {number} t 0 to 1
 * @param {Domain} domain
 * @returns {Record<string, any[]>}
 */
export function brushBetween(from, to, t, domain) {
  if (t >= 1) return to;
  /** @type {Record<string, any[]>} */
  const now = {};
  for (const column of new Set([...Object.keys(from), ...Object.keys(to)])) {
    const span = domain(column);
    const start = from[column] ?? whole(span);
    const end = to[column] ?? whole(span);
    const moved = start && end && pieces(start, end, t, span);
    if (moved) now[column] = moved;
    else if (to[column]) now[column] = to[column];
  }
  return now;
}

/** @param {{ min: number, max: number } | null} span */
function whole(span) {
  return span && Number.isFinite(span.min) ? [[span.min, span.max]] : null;
}

/**
 * Intervals move when there is one of each; other pieces (texts, missing values) have nothing between them.
 * @param {any[]} start @param {any[]} end @param {number} t @param {{ min: number, max: number } | null} span
 */
function pieces(start, end, t, span) {
  const [a, b] = [start[0], end[0]];
  if (start.length !== 1 || end.length !== 1 || !Array.isArray(a) || !Array.isArray(b)) return null;
  const ends = [0, 1].map((side) => {
    const edge = span ? (side ? span.max : span.min) : null;
    const [first, last] = [a[side] ?? edge, b[side] ?? edge];
    return first === null || last === null ? b[side] : mix(first, last, t, span);
  });
  return [ends];
}

/**
 * By ratio where the axis is logarithmic, as it is for values over two powers of ten.
 * @param {number} a @param {number} b @param {number} t @param {{ min: number, max: number } | null} span
 */
function mix(a, b, t, span) {
  const isLog = span !== null && span.min > 0 && span.max / span.min > 100 && a > 0 && b > 0;
  return isLog ? a * (b / a) ** t : a + (b - a) * t;
}

/** Slow at both ends. @param {number} t */
export function ease(t) {
  return t < 0.5 ? 4 * t ** 3 : 1 - (2 - 2 * t) ** 3 / 2;
}
