/** Reads what follows a field: an operator and its values; the twin of nbtrack/search/comparison.py. */

import { unquote } from "./tokens.js";
import { checkOrder, readValue } from "./values.js";

/**
 * @typedef {import("./cursor.js").Cursor} Cursor
 * @typedef {import("./tree.js").Comparison} Comparison
 * @typedef {import("./tree.js").Field} Field
 * @typedef {import("./tree.js").Operator} Operator
 * @typedef {import("./tree.js").Value} Value
 */

const SAME_OPERATOR = new Map([
  ["==", "="],
  ["<>", "!="],
]);
const IN_ORDER = ["<", "<=", ">", ">="];
const TEXT_KINDS = ["text", "status", "id", "param"];
const RULES = new Map([
  ["IN", list],
  ["BETWEEN", range],
  ["LIKE", pattern],
  ["ILIKE", pattern],
]);

/**
 * `test = IS null_test | [NOT] (IN list | BETWEEN range | LIKE pattern) | operator value`
 *
 * @param {Cursor} cursor
 * @param {Field} field
 * @returns {Comparison}
 */
export function readTest(cursor, field) {
  if (cursor.takeWord("IS")) return nullTest(cursor, field);
  const negated = cursor.takeWord("NOT");
  const word = cursor.token.text.toUpperCase();
  const rule = RULES.get(word);
  if (rule && cursor.take("name")) {
    const operator = /** @type {Operator} */ (negated ? `NOT ${word}` : word);
    return { type: "comparison", field, operator, values: rule(cursor, field) };
  }
  if (negated || cursor.token.kind !== "operator") {
    const wanted = negated ? "IN, BETWEEN, LIKE or ILIKE after NOT" : "an operator such as = or <";
    cursor.fail(`Expected ${wanted}, but ${cursor.found()}.`);
  }
  return operatorTest(cursor, field);
}

/** @param {Cursor} cursor @param {Field} field @returns {Comparison} */
function nullTest(cursor, field) {
  const negated = cursor.takeWord("NOT");
  if (!cursor.takeWord("NULL")) cursor.fail(`Expected NULL or NOT NULL after IS, but ${cursor.found()}.`);
  return { type: "comparison", field, operator: negated ? "IS NOT NULL" : "IS NULL", values: [] };
}

/** @param {Cursor} cursor @param {Field} field @returns {Comparison} */
function operatorTest(cursor, field) {
  const { text } = cursor.token;
  const operator = /** @type {Operator} */ (SAME_OPERATOR.get(text) ?? text);
  const isOrder = IN_ORDER.includes(operator);
  if (field.kind === "id" && isOrder) refuseOrder(cursor, field);
  cursor.next();
  const value = isOrder ? orderedValue(cursor, field) : oneValue(cursor, field);
  return { type: "comparison", field, operator, values: [value] };
}

/** @param {Cursor} cursor @param {Field} field @returns {Value[]} */
function list(cursor, field) {
  const opening = cursor.token;
  if (!cursor.take("open")) {
    cursor.fail(`Expected a list in parentheses such as (1, 2) after IN, but ${cursor.found()}.`);
  }
  if (cursor.token.kind === "close") cursor.fail("A list after IN has at least one value.");
  const values = [oneValue(cursor, field)];
  while (cursor.take("comma")) values.push(oneValue(cursor, field));
  if (!cursor.take("close")) cursor.refuseUnclosed(opening, "a comma or ')'");
  return values;
}

/** @param {Cursor} cursor @param {Field} field @returns {Value[]} */
function range(cursor, field) {
  if (field.kind === "id") refuseOrder(cursor, field);
  const low = orderedValue(cursor, field);
  if (!cursor.takeWord("AND")) cursor.fail(`Expected AND and the upper end of BETWEEN, but ${cursor.found()}.`);
  const { token } = cursor;
  const high = orderedValue(cursor, field);
  if ((typeof low === "string") !== (typeof high === "string")) {
    cursor.fail("Both ends of BETWEEN are numbers, or both are texts in quotes.", token);
  }
  return [low, high];
}

/** @param {Cursor} cursor @param {Field} field @returns {Value[]} */
function pattern(cursor, field) {
  if (!TEXT_KINDS.includes(field.kind)) {
    const text = field.place.source.slice(field.place.start, field.place.end);
    cursor.fail(`${text} is not a text; compare it with =, <, >, IN or BETWEEN.`, cursor.previous);
  }
  if (cursor.token.kind !== "text") {
    cursor.fail(`Expected a pattern in quotes such as 'res%', but ${cursor.found()}.`);
  }
  return [unquote(cursor.next().text)];
}

/** @param {Cursor} cursor @param {Field} field */
function oneValue(cursor, field) {
  const value = readValue(cursor.token, field, cursor.source);
  cursor.next();
  return value;
}

/** @param {Cursor} cursor @param {Field} field */
function orderedValue(cursor, field) {
  const { token } = cursor;
  const value = oneValue(cursor, field);
  checkOrder(value, token, cursor.source);
  return value;
}

/** @param {Cursor} cursor @param {Field} field @returns {never} */
function refuseOrder(cursor, field) {
  const at = cursor.token.kind === "operator" ? cursor.token : cursor.previous;
  const text = field.place.source.slice(field.place.start, field.place.end);
  return cursor.fail(`${text} compares with =, !=, IN, NOT IN and LIKE.`, at);
}
