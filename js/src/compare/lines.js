// Which lines the table has: section heads, and under them the rows that are on view. Pure.

import { isSame } from "./values.js";

/**
 * @typedef {import("./data.js").Row} Row
 *
 * @typedef {{ type: "section", id: string, label: string, differ: number, same: number, open: boolean }} SectionLine
 * @typedef {{ type: "row", row: Row, differs: boolean, depth: number, more: boolean, open: boolean }} RowLine `more`: statistics can be opened
 * @typedef {SectionLine | RowLine} Line
 *
 * @typedef {object} Wanted
 * @property {string[]} runs
 * @property {string[] | null} sections null: all
 * @property {boolean} hideSame
 * @property {string} filter
 * @property {Set<string>} closed sections
 * @property {Set<string>} opened metrics whose statistics are shown
 */

export const SECTIONS = new Map([
  ["overview", "Overview"],
  ["params", "Params"],
  ["metrics", "Metrics"],
  ["system", "System metrics"],
  ["tags", "Tags"],
  ["environment", "Environment"],
  ["git", "Git"],
  ["source", "Source"],
  ["datasets", "Datasets"],
  ["artifacts", "Artifacts"],
]);

/**
 * @param {Map<string, Row[]>} sections
 * @param {Wanted} wanted
 * @returns {{ lines: Line[], hidden: number, differ: number }} `hidden`: rows left out because all runs agree
 */
export function linesOf(sections, wanted) {
  const words = wanted.filter.toLowerCase().split(/\s+/).filter(Boolean);
  const single = wanted.runs.length < 2;
  /** @type {Line[]} */
  const lines = [];
  let hidden = 0;
  let differ = 0;
  for (const [id, label] of SECTIONS) {
    const rows = sections.get(id);
    if (!rows || (wanted.sections && !wanted.sections.includes(id))) continue;
    const found = rows.filter((row) => matches(row, label, words));
    const { shown, same, differing } = shownRows(found, wanted, single);
    hidden += same;
    differ += differing;
    if (!shown.length && (words.length || !same)) continue;
    const open = !wanted.closed.has(id);
    lines.push({ type: "section", id, label, differ: differing, same, open });
    if (open) lines.push(...shown);
  }
  return { lines, hidden, differ };
}

/**
 * @param {Row[]} rows
 * @param {Wanted} wanted
 * @param {boolean} single one run differs from nobody
 */
function shownRows(rows, { runs, hideSame, opened }, single) {
  /** @type {RowLine[]} */
  const shown = [];
  let same = 0;
  let differing = 0;
  for (const row of rows) {
    const isPart = row.stat !== "" && row.stat !== "last";
    if (isPart && !opened.has(row.key)) continue;
    // two runs never start at the same moment: that is no difference to stop at
    const isMoment = row.kind === "time";
    const differs = !isMoment && !isSame(row, runs);
    if (differs && !isPart) differing += 1;
    if (!differs && !isPart && !isMoment) same += 1;
    if (!differs && !isMoment && hideSame && !single) continue;
    const more = row.stat === "last";
    shown.push({ type: "row", row, differs, depth: isPart ? 1 : 0, more, open: more && opened.has(row.key) });
  }
  return { shown, same, differing };
}

/**
 * @param {Row} row
 * @param {string} label
 * @param {string[]} words
 */
function matches(row, label, words) {
  if (!words.length) return true;
  const text = `${label} ${row.key}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

/**
 * The next line that differs, before or after; null when there is none.
 * @param {Line[]} lines
 * @param {number} from
 * @param {1 | -1} step
 */
export function nextDifference(lines, from, step) {
  for (let at = from + step; at >= 0 && at < lines.length; at += step) {
    const line = lines[at];
    if (line?.type === "row" && line.differs) return at;
  }
  return null;
}
