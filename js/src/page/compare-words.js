// What changed between two runs, in a sentence: params and metrics, the part of nbtrack/views/compare_sentence.py that a page
// can say of any of its runs.

import { formatNumber, plural } from "../kit/format.js";

/**
 * @typedef {import("./compare-blob.js").Line} Line
 * @typedef {import("../compare/data.js").Sentence} Sentence
 */

const MOST_PARAMS = 4;
const MOST_METRICS = 3;

/**
 * @param {Line[]} lines
 * @param {string[]} labels one a run
 * @param {number} base column
 * @param {number} [run] column; without one, the sentence is about all
 * @returns {Sentence}
 */
export function sentenceOf(lines, labels, base, run) {
  return run === undefined ? ofAll(lines, labels) : ofTwo(lines, labels, base, run);
}

/** @param {Line[]} lines @param {string[]} labels @param {number} base @param {number} run @returns {Sentence} */
function ofTwo(lines, labels, base, run) {
  const differing = lines.filter(({ section, values }) => section === "params" && values[run] !== values[base]);
  /** @type {[verb: string, texts: string[]][]} */
  const verbs = [
    [
      "changed",
      differing.filter(both(base, run)).map((p) => `${p.key} ${say(p.values[base])} → ${say(p.values[run])}`),
    ],
    ["added", differing.filter((p) => p.values[base] === null).map((p) => `${p.key} ${say(p.values[run])}`)],
    ["dropped", differing.filter((p) => p.values[run] === null).map((p) => p.key)],
  ];
  const told = verbs
    .filter(([, texts]) => texts.length)
    .map(([verb, texts]) => `${verb} ${listed(texts, MOST_PARAMS)}`);
  const against = told.length ? ` ${told.join(" and ")} against ` : " has the params of ";
  /** @type {Sentence} */
  const parts = [
    [labels[run] ?? "", "strong"],
    [against, ""],
    [labels[base] ?? "", "strong"],
  ];
  const metrics = lines.filter(({ section, stat }) => section === "metrics" && stat === "last");
  const moved = metrics.filter(both(base, run)).filter(({ values }) => !Object.is(values[run], values[base]));
  const first = moved.sort((a, b) => Number(!a.goal) - Number(!b.goal)).slice(0, MOST_METRICS);
  for (const metric of first) parts.push(["; ", ""], ...move(metric, base, run));
  if (moved.length > first.length)
    parts.push([`; ${plural(moved.length - first.length, "more metric")} moved`, "quiet"]);
  return [...parts, [".", ""]];
}

/** @param {Line[]} lines @param {string[]} labels @returns {Sentence} */
function ofAll(lines, labels) {
  const params = lines.filter(({ section }) => section === "params");
  const differing = params.filter(({ values }) => values.some((value) => value !== values[0])).map(({ key }) => key);
  const same = params.length - differing.length;
  const rest = same ? ` (${plural(same, "param")} the same)` : "";
  const verb = differing.length === 1 ? "differs" : "differ";
  return [
    [`${labels.length} runs`, "strong"],
    [differing.length ? `: ${listed(differing, MOST_PARAMS)} ${verb}${rest}.` : ": the same params.", ""],
  ];
}

/** @param {Line} metric @param {number} base @param {number} run @returns {Sentence} */
function move({ key, goal, values }, base, run) {
  const [before, after] = [Number(values[base]), Number(values[run])];
  const change = after - before;
  if (!Number.isFinite(change)) return [[`${key} went from ${formatNumber(before)} to ${formatNumber(after)}`, ""]];
  const told = `${key} ${change > 0 ? "rose" : "fell"} by ${formatNumber(Math.abs(change))} to ${formatNumber(after)}`;
  if (!goal) return [[told, ""]];
  const isBetter = change > 0 === (goal === "max");
  return [[`${told} `, ""], isBetter ? ["(better)", "good"] : ["(worse)", "bad"]];
}

/** @param {number} base @param {number} run */
function both(base, run) {
  return (/** @type {Line} */ { values }) => values[base] !== null && values[run] !== null;
}

/** @param {any} value a param */
function say(value) {
  const number = Number(value);
  const isLong = Number.isFinite(number) && !/^[+-]?\d*$/.test(value) && value.length > 6;
  return isLong ? formatNumber(number) : value;
}

/** @param {string[]} texts @param {number} most */
function listed(texts, most) {
  if (texts.length > most) return `${texts.slice(0, most).join(", ")} and ${plural(texts.length - most, "more param")}`;
  return texts.length > 1 ? `${texts.slice(0, -1).join(", ")} and ${texts.at(-1)}` : (texts[0] ?? "");
}
