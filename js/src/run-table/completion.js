// What could come next in the filter: columns, operators, known values.

import { formatNumber } from "../kit/format.js";
import { byKey, isSystemTag } from "../runs/catalog.js";
import { quoteKey } from "../runs/order.js";
import { statusText } from "./texts.js";

/**
 * @typedef {import("./state.js").TableState} TableState
 * @typedef {import("../runs/catalog.js").Field} Field
 * @typedef {{ text: string, label: string, detail: string, picks: boolean }} Suggestion `picks` false: only tells something
 * @typedef {{ start: number, end: number, items: Suggestion[] }} Completion what `start` to `end` could be replaced by
 */

const MOST = 40;
const OPERATORS = ["=", "!=", "<", "<=", ">", ">=", "IN (", "LIKE '%", "BETWEEN ", "IS NULL", "IS NOT NULL"];
const TEXT_OPERATORS = ["=", "!=", "LIKE '%", "ILIKE '%", "IN (", "IS NULL", "IS NOT NULL"];
const NAME = /(?:[\p{L}_][\p{L}\p{N}_/-]*\.)?(?:`(?:[^`]|``)*`?|[\p{L}_][\p{L}\p{N}_/.-]*)?$/u;
const AFTER_FIELD =
  /((?:[\p{L}_][\p{L}\p{N}_/-]*\.)?(?:`(?:[^`]|``)*`(?:\.\w+)?|[\p{L}_][\p{L}\p{N}_/.-]*))\s+([<>=!]*)$/u;
const AFTER_OPERATOR =
  /((?:[\p{L}_][\p{L}\p{N}_/-]*\.)?(?:`(?:[^`]|``)*`(?:\.\w+)?|[\p{L}_][\p{L}\p{N}_/.-]*))\s*(<=|>=|!=|<>|==|=|<|>|\bIN\s*\((?:[^)]*,)?|\bI?LIKE\b)\s*('[^']*|[\p{L}\p{N}_.+-]*)$/iu;
const KEYWORDS = ["and", "or", "not"];

/**
 * @param {TableState} state
 * @param {string} text
 * @param {number} caret
 * @returns {Completion | null}
 */
export function complete(state, text, caret) {
  const before = text.slice(0, caret);
  if (inText(before) && !AFTER_OPERATOR.test(before)) return null;
  const value = AFTER_OPERATOR.exec(before);
  if (value && !KEYWORDS.includes((value[1] ?? "").toLowerCase())) return values(state, value, caret);
  const operator = AFTER_FIELD.exec(before);
  if (operator && fieldOf(state, operator[1] ?? "")) {
    const typed = operator[2] ?? "";
    const numeric = isNumeric(state, fieldOf(state, operator[1] ?? ""));
    const items = (numeric ? OPERATORS : TEXT_OPERATORS).filter((each) => each.startsWith(typed) && each !== typed);
    return found(
      caret - typed.length,
      caret,
      items.map((each) => suggestion(/[ (%]$/.test(each) ? each : `${each} `, each.trim(), "")),
    );
  }
  const word = NAME.exec(before)?.[0] ?? "";
  const rest = before.slice(0, before.length - word.length);
  if (/[\d'")]\s*$/.test(rest) || /\bnull\s*$/i.test(rest)) {
    return found(
      caret - word.length,
      caret,
      ["and", "or"]
        .filter((each) => each.startsWith(word.toLowerCase()))
        .map((each) => suggestion(`${each} `, each, "")),
    );
  }
  const items = fields(state, word);
  const named = word === text ? nameFilter(text) : null;
  if (named && (!items.length || isInNames(state, word))) {
    const label = suggestion(`${named} `, named, "runs by name");
    return found(0, text.length, [...items.slice(0, MOST - 1), label]);
  }
  return found(caret - word.length, caret, items);
}

/**
 * The filter that someone means who types a run's name and nothing else; null when the text is more than a word.
 * @param {string} text
 */
export function nameFilter(text) {
  const word = text.trim();
  return /^[^\s'"`=<>!(),%\\#]{2,}$/u.test(word) ? `name LIKE '%${word}%'` : null;
}

/** @param {TableState} state @param {string} word */
function isInNames(state, word) {
  const column = state.store.column("name");
  return column?.type === "dict" && column.values.some((name) => name.includes(word));
}

/** An odd number of quotes: the caret is inside a text. @param {string} before */
function inText(before) {
  return (before.match(/'/g)?.length ?? 0) % 2 === 1;
}

/** @param {number} start @param {number} end @param {Suggestion[]} items @returns {Completion | null} */
function found(start, end, items) {
  return items.length ? { start, end, items: items.slice(0, MOST) } : null;
}

/** @param {string} text @param {string} label @param {string} detail @returns {Suggestion} */
function suggestion(text, label, detail) {
  return { text, label, detail, picks: true };
}

/** How a field is written in the grammar. @param {Field} field */
export function pathOf(field) {
  if (field.group === "attributes") return field.id;
  return `${field.group}.${quoteKey(field.key)}`;
}

/** @param {TableState} state @param {string} path */
function fieldOf(state, path) {
  const plain = path
    .replaceAll("`", "")
    .replace(/^(param|metric|tag)\./, "$1s.")
    .replace(/^attributes\./, "");
  const { value: catalog } = state.catalog;
  return catalog.get(plain) ?? catalog.get(plain.replace(/\.(last|min|max|count|step|best)$/, ""));
}

/** @param {TableState} state @param {Field | undefined} field */
function isNumeric(state, field) {
  if (!field) return false;
  const column = state.store.column(field.source);
  return column?.type !== "dict" || (field.kind === "param" && state.facts.of(field.source).numeric);
}

/**
 * Columns whose name contains what was typed; those that begin with it first.
 * @param {TableState} state
 * @param {string} word
 */
function fields(state, word) {
  const typed = word.replaceAll("`", "").toLowerCase();
  const scored = [];
  for (const field of state.catalog.value.values()) {
    if (
      field.id === "tags" ||
      field.id === "note" ||
      (field.kind === "tag" && isSystemTag(field.key) && !typed.startsWith("tags."))
    )
      continue;
    const path = pathOf(field);
    const plain = field.id.toLowerCase();
    const at = plain.indexOf(typed);
    if (at < 0) continue;
    const score = at === 0 || plain.slice(plain.indexOf(".") + 1).startsWith(typed) ? 0 : 1;
    scored.push({ score, item: suggestion(`${path} `, path, aboutField(state, field)) });
  }
  scored.sort((a, b) => a.score - b.score || rank(a.item.text) - rank(b.item.text) || byKey(a.item.text, b.item.text));
  if (typed && "not".startsWith(typed)) scored.push({ score: 2, item: suggestion("not ", "not", "") });
  return scored.map(({ item }) => item);
}

/** @param {string} path */
function rank(path) {
  return ["metrics", "params"].findIndex((group) => path.startsWith(group)) >= 0
    ? path.startsWith("metrics")
      ? 0
      : 1
    : path.includes(".")
      ? 3
      : 2;
}

/** @param {TableState} state @param {Field} field */
function aboutField(state, field) {
  const fact = state.facts.of(state.sourceOf(field));
  if (field.kind === "metric" && fact.present) return `${formatNumber(fact.min)} … ${formatNumber(fact.max)}`;
  const column = state.store.column(field.source);
  if (field.kind !== "param" || column?.type !== "dict") return "";
  return fact.numeric && fact.min < fact.max
    ? `${formatNumber(fact.min)} … ${formatNumber(fact.max)}`
    : `${column.values.length} ${column.values.length === 1 ? "value" : "values"}`;
}

/**
 * @param {TableState} state
 * @param {RegExpExecArray} match
 * @param {number} caret
 */
function values(state, match, caret) {
  const [, path = "", operator = "", typed = ""] = match;
  const field = fieldOf(state, path);
  if (!field) return null;
  const start = caret - typed.length;
  const column = state.store.column(field.source);
  if (column?.type !== "dict") {
    const { present, min, max } = state.facts.of(state.sourceOf(field));
    if (!present || field.kind === "time" || typed) return null;
    return found(start, caret, [
      { text: "", label: `from ${formatNumber(min)} to ${formatNumber(max)}`, detail: "", picks: false },
    ]);
  }
  const bare = typed.replace(/^'/, "").toLowerCase();
  const plain = state.facts.of(field.source).numeric && field.kind === "param" && !/like$/i.test(operator);
  const counts = tally(state, column);
  const items = [...counts]
    .filter(([value]) => value.toLowerCase().includes(bare) && value !== typed)
    .sort(plain ? ([a], [b]) => Number(a) - Number(b) : ([, a], [, b]) => b - a)
    .map(([value, count]) => {
      const written = plain ? value : `'${value.replaceAll("'", "''")}'`;
      const end = /^in\s*\(/i.test(operator) ? ", " : " ";
      return suggestion(
        `${written}${end}`,
        field.id === "status" ? `${written}  ${statusText(value)}` : written,
        String(count),
      );
    });
  return found(start, caret, items);
}

/**
 * How many runs have each value.
 * @param {TableState} state
 * @param {import("../kit/run-store.js").StoredText} column
 */
function tally(state, column) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (let row = 0; row < state.store.size; row += 1) {
    const value = column.values[column.codes[row] ?? -1];
    if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return counts;
}
