// What a cell says about its value, beside that of the base: pure, so that table, copies and tests agree.

import { formatDate, formatDuration, formatNumber, numberFormat, plural } from "../kit/format.js";

/**
 * @typedef {import("./data.js").Row} Row
 * @typedef {import("./data.js").Value} Value
 *
 * @typedef {object} Said
 * @property {string} text
 * @property {string} [change] beside the value: how far it is from the base's
 * @property {string} [share] the same in per cent
 * @property {"" | "good" | "bad" | "neutral"} [tone] of the change
 * @property {boolean} differs from the base
 * @property {boolean} [absent] nothing there
 * @property {string} title
 */

const THIN = "\u202f";
const MINUS = "−";
const LONG = 60;
const LONG_NUMBER = /^[+-]?(?=.{9})(?:\d+\.\d+(?:e[+-]?\d+)?|\d+e[+-]?\d+)$/i;
const DIGITS = 5;

/** @param {Value} a @param {Value} b */
export function equal(a, b) {
  return a === b || (typeof a === "number" && typeof b === "number" && Number.isNaN(a) && Number.isNaN(b));
}

/**
 * Whether all runs agree, as far as anybody recorded it.
 * @param {Row} row
 * @param {string[]} runs
 */
export function isSame(row, runs) {
  /** @type {Value} */
  let first;
  for (const run of runs) {
    const value = row.value(run);
    if (value === undefined) continue;
    if (first === undefined) first = value;
    else if (!equal(first, value)) return false;
  }
  return true;
}

/** @param {number} bytes */
export function sizeText(bytes) {
  let size = bytes;
  for (const unit of ["B", "kB", "MB"]) {
    if (size < 1000) return `${unit === "B" || size >= 10 ? Math.round(size) : size.toFixed(1)}${THIN}${unit}`;
    size /= 1000;
  }
  return `${size.toFixed(1)}${THIN}GB`;
}

/**
 * One number format for a row, so that its values can be read against each other.
 * @param {Row} row
 * @param {string[]} runs
 */
export function formatOf(row, runs) {
  let [min, max, whole] = [Infinity, -Infinity, true];
  for (const run of runs) {
    const value = row.value(run);
    if (typeof value !== "number" || !Number.isFinite(value)) continue;
    min = Math.min(min, value);
    max = Math.max(max, value);
    whole &&= Number.isInteger(value);
  }
  if (min > max) return formatNumber;
  const span = max - min;
  const format = numberFormat(min, max, whole);
  // values that would all read the same get the digits that tell them apart
  return span > 0 && format(min) === format(max) ? (/** @type {number} */ value) => formatNumber(value) : format;
}

/**
 * Params are texts. Those that are numbers with many digits are rounded for a narrow cell, which would cut off exponents; none is where
 * two would then read the same.
 * @param {Row} row
 * @param {string[]} runs
 * @returns {Map<string, string>} what to show by what is there
 */
export function rounded(row, runs) {
  /** @type {Map<string, string>} */
  const found = new Map();
  /** @type {Set<string>} */
  const shown = new Set();
  const texts = new Set(row.kind === "text" ? runs.map((run) => row.value(run)) : []);
  for (const text of texts) {
    if (typeof text !== "string") continue;
    const brief = LONG_NUMBER.test(text) ? formatNumber(Number(Number(text).toPrecision(DIGITS))) : text;
    if (shown.has(brief)) return new Map();
    shown.add(brief);
    if (brief.length < text.length) found.set(text, brief);
  }
  return found;
}

/**
 * @param {Row} row
 * @param {string} run
 * @param {string} base
 * @param {(value: number) => string} format
 * @returns {Said}
 */
export function say(row, run, base, format) {
  const value = row.value(run);
  const before = row.value(base);
  const differs = run !== base && value !== undefined && before !== undefined && !equal(value, before);
  if (value === undefined) return { text: "", differs: false, absent: true, title: "not recorded" };
  if (value === null) {
    const title = row.kind === "package" ? "not installed" : "this run has none";
    return { text: "–", differs, absent: true, title };
  }
  if (row.kind === "file" || row.kind === "series") return fileText(row, run, base, differs);
  if (typeof value === "string") {
    const text = row.kind === "status" ? value.toLowerCase() : value;
    return { text: oneLine(text), differs, title: value.slice(0, 1000) };
  }
  if (row.kind === "time") return { text: formatDate(value), differs: false, title: formatDate(value) };
  const isDuration = row.kind === "duration";
  const text = isDuration ? formatDuration(value) : format(value);
  if (!differs || typeof before !== "number") return { text, differs, title: String(value) };
  return { text, differs, title: String(value), ...changeOf(row, value, before) };
}

/**
 * @param {Row} row
 * @param {number} value
 * @param {number} before
 * @returns {{ change: string, share: string, tone: "good" | "bad" | "neutral" } | {}}
 */
export function changeOf(row, value, before) {
  const change = value - before;
  if (!Number.isFinite(change) || change === 0) return {};
  const size = row.kind === "duration" ? formatDuration(Math.abs(change)) : short(Math.abs(change));
  if (row.kind === "duration" && size === formatDuration(0)) return {};
  const share = before === 0 ? Number.NaN : (100 * change) / Math.abs(before);
  const percent = Number.isFinite(share) && Math.abs(share) < 10_000 ? percentText(share) : "";
  const goal = row.kind === "duration" ? "min" : row.goal;
  const tone = goal === null ? "neutral" : change > 0 === (goal === "max") ? "good" : "bad";
  return {
    change: `${change > 0 ? "+" : MINUS}${size}`,
    share: percent,
    tone: row.kind === "duration" ? "neutral" : tone,
  };
}

/** @param {number} share in per cent */
function percentText(share) {
  const digits = Math.abs(share) >= 10 ? 0 : Math.abs(share) >= 0.1 ? 1 : 2;
  return `(${share > 0 ? "+" : MINUS}${Math.abs(share).toFixed(digits)}${THIN}%)`;
}

/** @param {number} size three significant digits */
function short(size) {
  return formatNumber(Number(size.toPrecision(3)));
}

/**
 * @param {Row} row
 * @param {string} run
 * @param {string} base
 * @param {boolean} differs
 * @returns {Said}
 */
function fileText(row, run, base, differs) {
  const bytes = row.size(run) ?? 0;
  const steps = row.steps(run).length;
  const size = row.kind === "series" ? plural(steps, "image") : sizeText(bytes);
  const title = `${row.key}: ${size}`;
  if (run === base) return { text: size, differs, title };
  if (!differs) return { text: "same", differs, absent: true, title: `${title}, the same content` };
  if (row.value(base) === null) return { text: size, change: "new", tone: "neutral", differs, title };
  const more = bytes - (row.size(base) ?? 0);
  const change = more === 0 ? "changed" : `${more > 0 ? "+" : MINUS}${sizeText(Math.abs(more))}`;
  return { text: size, change, tone: "neutral", differs, title: `${title}, other content` };
}

/**
 * Runs with the best value of a metric's row; none when all agree or nobody knows which end is better.
 * @param {Row} row
 * @param {string[]} runs
 * @returns {{ best: Set<string>, worst: Set<string> }}
 */
export function extremes(row, runs) {
  const none = { best: new Set(), worst: new Set() };
  if (row.kind !== "number" || !row.goal) return none;
  /** @type {[run: string, value: number][]} */
  const known = [];
  for (const run of runs) {
    const value = row.value(run);
    if (typeof value === "number" && Number.isFinite(value)) known.push([run, value]);
  }
  const numbers = known.map(([, value]) => value);
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  if (known.length < 2 || low === high) return none;
  const [best, worst] = row.goal === "max" ? [high, low] : [low, high];
  const having = (/** @type {number} */ wanted) =>
    new Set(known.filter(([, value]) => value === wanted).map(([run]) => run));
  return { best: having(best), worst: known.length > 2 ? having(worst) : new Set() };
}

/**
 * Whether a row has more to show than fits into its cells.
 * @param {Row} row
 * @param {string[]} runs
 */
export function opens(row, runs) {
  if (row.kind === "file" || row.kind === "series") return true;
  if (row.kind !== "text") return false;
  return runs.some((run) => {
    const value = row.value(run);
    return typeof value === "string" && (value.length > LONG || value.includes("\n"));
  });
}

/** @param {string} text */
function oneLine(text) {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > 200 ? `${line.slice(0, 199)}…` : line;
}

/** @param {Row} row */
export function rowName(row) {
  return row.stat === "" || row.stat === "last" ? row.key : `${row.key}.${row.stat}`;
}
