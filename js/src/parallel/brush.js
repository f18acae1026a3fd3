// Brushes of one axis: as pieces of the shared extents, as spans on the axis, as typed text.

import { exact } from "./ticks.js";
import { momentsIn } from "./typed-time.js";

/**
 * @typedef {import("../runs/where.js").Piece} Piece
 * @typedef {import("./scale.js").Scale} Scale
 * @typedef {{ low: number, high: number, pieces: Piece[] }} Span places on the axis, and the pieces that it stands for
 */

/** A brush drawn past the end of its axis is open at that end: new runs beyond it belong to it, too. */
const PAST = 0.012;
const OPEN = 0.03;
const MOST_TEXTS = 2000;
const NUMBER = "[-+]?(?:(?:\\d+\\.?\\d*|\\.\\d+)(?:e[-+]?\\d+)?|inf)";
const RANGE = new RegExp(`^(${NUMBER})?\\s*(?:\\.\\.+|…|–| to )\\s*(${NUMBER})?$`, "i");
/** As papers write it: `0.001 - 0.1`, `0.001 0.1`, and `[0.001, 0.1]`. */
const SPAN = new RegExp(`^(${NUMBER})(?:\\s+-\\s+|\\s+|-)(${NUMBER})$`, "i");
const BRACKETS = new RegExp(`[[(]\\s*(${NUMBER})\\s*[,;]\\s*(${NUMBER})\\s*[\\])]`, "gi");
const NOT_FINITE = /^([-+]?)(nan|inf|infinity|∞)$/i;
const COMPARE = new RegExp(`^(>=|<=|>|<|=|≥|≤)?\\s*(${NUMBER})$`, "i");
const MISSING_WORDS = new Set(["missing", "none", "null", "no value", "–"]);

/** @param {Scale} scale */
export function isCategory(scale) {
  return scale.kind === "category" || scale.kind === "boolean";
}

/**
 * Where the pieces of a brush stand on the axis; runs without a value have no span.
 * @param {Scale} scale
 * @param {Piece[]} pieces
 * @returns {Span[]}
 */
export function spansOf(scale, pieces) {
  if (isCategory(scale)) return bandsOf(scale, pieces);
  const spans = [];
  for (const piece of pieces) {
    if (!Array.isArray(piece) && (typeof piece !== "string" || piece.trim() === "")) continue;
    const [from, to] = Array.isArray(piece) ? piece : [Number(piece), Number(piece)];
    if (Number.isNaN(from) || Number.isNaN(to)) continue;
    const low = from === null ? -OPEN : Math.max(-OPEN, scale.placeOf(from));
    const high = to === null ? 1 + OPEN : Math.min(1 + OPEN, scale.placeOf(to));
    spans.push({ low, high, pieces: [piece] });
  }
  return spans;
}

/**
 * Neighbouring categories make one span.
 * @param {Scale} scale
 * @param {Piece[]} pieces
 * @returns {Span[]}
 */
function bandsOf(scale, pieces) {
  /** @type {Map<number, string[]>} */
  const chosen = new Map();
  for (const piece of pieces) {
    const index = typeof piece === "string" ? scale.indexOf.get(piece) : undefined;
    if (index === undefined) continue;
    const texts = chosen.get(index);
    if (texts) texts.push(/** @type {string} */ (piece));
    else chosen.set(index, [/** @type {string} */ (piece)]);
  }
  const bands = scale.texts.length;
  /** @type {Span[]} */
  const spans = [];
  let before = -2;
  for (const index of [...chosen.keys()].sort((a, b) => a - b)) {
    const span = spans.at(-1);
    const texts = chosen.get(index) ?? [];
    if (span && index === before + 1) {
      span.low = 1 - (index + 1) / bands;
      span.pieces.push(...texts);
    } else spans.push({ low: 1 - (index + 1) / bands, high: 1 - index / bands, pieces: [...texts] });
    before = index;
  }
  return spans;
}

/**
 * The pieces that a stretch of the axis stands for.
 * @param {Scale} scale
 * @param {number} from a place
 * @param {number} to a place
 * @param {number} pixel size of a pixel on the axis: values are as round as the eye can see
 * @returns {Piece[]}
 */
export function piecesBetween(scale, from, to, pixel) {
  const low = Math.min(from, to);
  const high = Math.max(from, to);
  if (isCategory(scale)) return textsBetween(scale, low, high);
  const start = low < -PAST ? null : roundedAt(scale, Math.max(0, low), pixel);
  const end = high > 1 + PAST ? null : roundedAt(scale, Math.min(1, high), pixel);
  return [start !== null && end !== null && start > end ? [end, start] : [start, end]];
}

/**
 * @param {Scale} scale
 * @param {number} low
 * @param {number} high
 */
function textsBetween(scale, low, high) {
  const bands = scale.texts.length;
  /** @type {string[]} */
  const chosen = [];
  for (let index = 0; index < bands; index += 1) {
    const centre = 1 - (index + 0.5) / bands;
    const under = Math.abs(centre - (low + high) / 2) <= 0.5 / bands;
    if (!(centre >= low && centre <= high) && !under) continue;
    if (index === bands - 1 && scale.others.length) chosen.push(...scale.others.slice(0, MOST_TEXTS));
    else chosen.push(scale.texts[index] ?? "");
  }
  return chosen;
}

/**
 * @param {Scale} scale
 * @param {number} at
 * @param {number} pixel
 */
function roundedAt(scale, at, pixel) {
  const value = scale.valueAt(at);
  const apart = Math.abs(scale.valueAt(at + pixel) - scale.valueAt(at - pixel)) / 2;
  if (!(apart > 0) || !Number.isFinite(apart)) return exact(value);
  const decimals = Math.min(20, Math.max(0, Math.ceil(-Math.log10(apart))));
  const rounded = decimals > 0 ? Number(value.toFixed(decimals)) : Math.round(value);
  // at the very ends no run may fall out by rounding
  if (at <= 0) return Math.min(rounded, exact(value));
  return at >= 1 ? Math.max(rounded, exact(value)) : rounded;
}

/**
 * Pieces with one span changed, added (`before` null) or taken away (`after` empty); overlapping intervals become one.
 * @param {Piece[]} pieces
 * @param {Piece[] | null} before
 * @param {Piece[]} after
 * @returns {Piece[]}
 */
export function changed(pieces, before, after) {
  const kept = before ? pieces.filter((piece) => !before.includes(piece)) : pieces;
  return joined([...kept, ...after]);
}

/**
 * @param {Piece[]} pieces
 * @returns {Piece[]}
 */
export function joined(pieces) {
  const intervals = pieces
    .filter((piece) => Array.isArray(piece))
    .sort((a, b) => (a[0] ?? -Infinity) - (b[0] ?? -Infinity));
  const texts = [...new Set(pieces.filter((piece) => typeof piece === "string"))];
  /** @type {[number | null, number | null][]} */
  const merged = [];
  for (const [low, high] of intervals) {
    const last = merged.at(-1);
    if (last && (last[1] === null || (low ?? -Infinity) <= last[1])) {
      last[1] = last[1] === null || high === null ? null : Math.max(last[1], high);
    } else merged.push([low, high]);
  }
  return [...merged, ...texts, ...(pieces.includes(null) ? [null] : [])];
}

/**
 * What the runs in a lane have: no value, or texts such as "None" that stand for none; or NaN.
 * @param {Scale} scale
 * @param {"missing" | "nan"} lane
 * @returns {Piece[]}
 */
export function lanePieces(scale, lane) {
  return lane === "nan" ? scale.textsOf(Number.NaN) : [...scale.nothings, null];
}

/**
 * The runs in a lane join the brush, or leave it.
 * @param {Scale} scale
 * @param {Piece[]} pieces
 * @param {"missing" | "nan"} lane
 * @returns {Piece[]}
 */
export function toggleLane(scale, pieces, lane) {
  const own = lanePieces(scale, lane);
  const others = pieces.filter((piece) => !own.includes(piece));
  return isLaneBrushed(scale, pieces, lane) ? others : [...others, ...own];
}

/** @param {Scale} scale @param {Piece[]} pieces @param {"missing" | "nan"} lane */
export function isLaneBrushed(scale, pieces, lane) {
  return lane === "missing" ? pieces.includes(null) : lanePieces(scale, lane).some((piece) => pieces.includes(piece));
}

/**
 * What someone typed, such as `0.001..0.1`, `>0.5`, `cnn, mlp`, `missing`.
 * @param {Scale} scale
 * @param {string} text
 * @returns {{ pieces: Piece[], error: string }}
 */
export function parseBrush(scale, text) {
  /** @type {Piece[]} */
  const pieces = [];
  for (const part of text
    .replace(BRACKETS, "$1..$2")
    .split(/[,;]|\bor\b/)
    .map((each) => each.trim())
    .filter(Boolean)) {
    const found = isCategory(scale) ? matching(scale, part) : numbersIn(scale, part);
    if (found.length) pieces.push(...found);
    else if (MISSING_WORDS.has(part.toLowerCase())) pieces.push(...lanePieces(scale, "missing"));
    else return { pieces: [], error: unreadable(scale, part) };
  }
  return { pieces: joined(pieces), error: "" };
}

/**
 * @param {Scale} scale
 * @param {string} part
 */
function unreadable(scale, part) {
  if (NOT_FINITE.test(part) && !isCategory(scale)) return `no run has “${part}”`;
  if (scale.kind === "time") return `“${part}” is no time; type 2026-11-20..2026-11-23 12:00, >2026-11-20 or missing`;
  if (!isCategory(scale)) return `“${part}” is no range; type 0.001..0.1, >0.5, 3 or missing`;
  return `no run has “${part}”; there are ${scale.texts.slice(0, 5).join(", ")}${scale.texts.length > 5 ? ", …" : ""}`;
}

/** @param {Scale} scale @param {string} part */
function matching(scale, part) {
  if (scale.indexOf.has(part)) return [part];
  const wanted = part.toLowerCase();
  const all = [...scale.indexOf.keys()];
  const same = all.filter((text) => text.toLowerCase() === wanted);
  if (same.length || !part.endsWith("*")) return same;
  return all.filter((text) => text.toLowerCase().startsWith(wanted.slice(0, -1)));
}

/**
 * @param {Scale} scale
 * @param {string} part
 * @returns {Piece[]}
 */
function numbersIn(scale, part) {
  const alone = NOT_FINITE.exec(part);
  if (alone) return scale.textsOf(/nan/i.test(part) ? Number.NaN : number(`${alone[1]}inf`));
  const interval = (scale.kind === "time" && momentsIn(part)) || intervalIn(part);
  if (!interval) return [];
  // no piece ends at an infinity: an open end takes it in
  const [low, high] = interval;
  if (low === Infinity || high === -Infinity) return scale.textsOf(low === Infinity ? low : -Infinity);
  return [[low === -Infinity ? null : low, high === Infinity ? null : high]];
}

/**
 * @param {string} part
 * @returns {[number | null, number | null] | null}
 */
function intervalIn(part) {
  const range = RANGE.exec(part) ?? SPAN.exec(part);
  if (range) {
    const low = range[1] === undefined ? null : number(range[1]);
    const high = range[2] === undefined ? null : number(range[2]);
    return low !== null && high !== null && low > high ? [high, low] : [low, high];
  }
  const compare = COMPARE.exec(part);
  if (!compare) return null;
  const value = number(compare[2] ?? "");
  switch (compare[1]) {
    case ">":
      return [beside(value, 1), null];
    case "<":
      return [null, beside(value, -1)];
    case ">=":
    case "≥":
      return [value, null];
    case "<=":
    case "≤":
      return [null, value];
    default:
      return [value, value];
  }
}

/** @param {string} text */
function number(text) {
  return /inf/i.test(text) ? (text.startsWith("-") ? -Infinity : Infinity) : Number(text);
}

/** The next number that a computer knows: the ends of an interval belong to it, those of `>` do not. @param {number} value @param {1 | -1} side */
function beside(value, side) {
  if (!Number.isFinite(value)) return value;
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, value === 0 ? 0 : value);
  const up = value === 0 ? side : value > 0 ? side : -side;
  if (value === 0) return side * Number.MIN_VALUE;
  bits.setBigInt64(0, bits.getBigInt64(0) + BigInt(up));
  return bits.getFloat64(0);
}

/**
 * A brush in words: `0.001–0.1`, `≥ 0.5`, `cnn, mlp`, `no value`.
 * @param {Piece[]} pieces
 * @param {(value: number) => string} format
 * @param {number} [most] texts before "…"
 */
export function brushWords(pieces, format, most = 3) {
  const texts = pieces.filter((piece) => typeof piece === "string");
  const words = pieces.filter((piece) => Array.isArray(piece)).map((piece) => intervalWords(piece, format));
  words.push(...texts.slice(0, most).map((text) => text.replace(/^(-?)Infinity$/, "$1∞")));
  if (texts.length > most) words.push(`${texts.length - most} more`);
  if (pieces.includes(null)) words.push("no value");
  return words.join(", ");
}

/** @param {[number | null, number | null]} interval @param {(value: number) => string} format */
function intervalWords([low, high], format) {
  if (low === null) return high === null ? "any value" : `≤ ${format(high)}`;
  if (high === null) return `≥ ${format(low)}`;
  return low === high ? format(low) : `${format(low)}–${format(high)}`;
}
