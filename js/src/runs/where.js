// A brush as the condition it is, in the search grammar. The page filters by this very text, so what it shows and what
// Python finds with it cannot differ. Twin of nbtrack/views/where.py; both are tested on tests/data/where_cases.json.

import { quoteKey } from "./order.js";

/**
 * @typedef {[low: number | null, high: number | null]} Interval both ends belong to it; null is open
 * @typedef {Interval | string | null} Piece an interval, one text, or null for runs without a value; JSON has no NaN and no
 *   infinities: of a metric they are the texts "NaN", "Infinity" and "-Infinity", of a param what was logged
 * @typedef {Record<string, Piece[]>} Extents by column: `params.lr`, `metrics.loss.min`, `duration`
 * @typedef {{ op: "keep" | "exclude", extents?: Extents, runs?: string[] }} Step
 */

/** @type {Record<string, string>} */
const NOT_FINITE = { NaN: "nan", Infinity: "inf", "-Infinity": "-inf" };
const TIMES = ["start_time", "end_time"];
const LAST_MOMENT = 253_402_300_800_000; // ms: a year has four digits
const STATISTIC = /\.(last|min|max|best|count)$/;

/**
 * All of it as one filter; "" when everything matches.
 * @param {string} filter what the reader typed, in the grammar
 * @param {Step[]} steps
 * @param {Extents} extents
 */
export function whereOf(filter, steps, extents) {
  const typed = filter.trim();
  const terms = [...steps.map(stepText), brushText(extents)].filter(Boolean);
  if (typed) terms.unshift(terms.length && /\bor\b/i.test(typed) ? `(${typed})` : typed);
  return terms.join(" AND ");
}

/** @param {Step} step */
export function stepText({ op, extents, runs }) {
  const text = runs ? `run_id IN (${runs.map(quoteText).join(", ")})` : brushText(extents ?? {});
  if (!text) return "";
  return op === "keep" ? text : `NOT (${text})`;
}

/** @param {Extents} extents */
export function brushText(extents) {
  const terms = [];
  for (const [column, pieces] of Object.entries(extents)) {
    const text = columnText(grammarName(column), pieces);
    if (text) terms.push(text);
  }
  return terms.join(" AND ");
}

/**
 * @param {string} name
 * @param {Piece[]} pieces
 */
function columnText(name, pieces) {
  const texts = pieces.filter((piece) => typeof piece === "string");
  const terms = pieces.filter((piece) => Array.isArray(piece)).map((piece) => intervalText(name, piece));
  if (texts.length) terms.push(`${name} IN (${texts.map((text) => valueText(name, text)).join(", ")})`);
  if (pieces.includes(null)) terms.push(`${name} IS NULL`);
  return terms.length > 1 ? `(${terms.join(" OR ")})` : (terms[0] ?? "");
}

/** @param {string} name @param {string} text */
function valueText(name, text) {
  return (name.startsWith("metrics.") && NOT_FINITE[text]) || quoteText(text);
}

/**
 * @param {string} name
 * @param {Interval} interval
 */
function intervalText(name, [low, high]) {
  const write = TIMES.includes(name) ? momentText : numberText;
  if (low === null && high === null) return `${name} IS NOT NULL`;
  if (high === null) return `${name} >= ${write(low)}`;
  if (low === null) return `${name} <= ${write(high)}`;
  return `${name} BETWEEN ${write(low)} AND ${write(high)}`;
}

/** Milliseconds as a person reads them, to the millisecond and in UTC. @param {number | null} value */
function momentText(value) {
  const isMoment = Number.isInteger(value) && (value ?? -1) >= 0 && (value ?? 0) < LAST_MOMENT;
  return isMoment ? `'${new Date(value ?? 0).toISOString().replace("T", " ")}'` : numberText(value);
}

/**
 * A column as the grammar names it.
 * @param {string} column
 */
export function grammarName(column) {
  const [group = ""] = column.split(".", 1);
  if (!["params", "metrics", "tags"].includes(group)) return column;
  const rest = column.slice(group.length + 1);
  const statistic = group === "metrics" ? (STATISTIC.exec(rest)?.[0] ?? "") : "";
  const key = quoteKey(rest.slice(0, rest.length - statistic.length));
  return `${group}.${key}${statistic === ".last" ? "" : statistic}`;
}

/** @param {number | null} value */
function numberText(value) {
  if (value === Number.POSITIVE_INFINITY) return "inf";
  if (value === Number.NEGATIVE_INFINITY) return "-inf";
  return String(value);
}

/** @param {string} text */
function quoteText(text) {
  return `'${text.replaceAll("'", "''")}'`;
}
