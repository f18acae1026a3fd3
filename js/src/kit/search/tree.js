/**
 * What a filter means, as a small tree; the twin of nbtrack/search/tree.py.
 *
 * @typedef {"number" | "seconds" | "time" | "text" | "status" | "id" | "param"} Kind
 * @typedef {"run" | "experiment"} SubjectName
 * @typedef {"=" | "!=" | "<" | "<=" | ">" | ">=" | "LIKE" | "NOT LIKE" | "ILIKE" | "NOT ILIKE" | "IN" | "NOT IN"
 *   | "BETWEEN" | "NOT BETWEEN" | "IS NULL" | "IS NOT NULL"} Operator
 * @typedef {{ offset: number }} Now  the moment of the search plus milliseconds
 * @typedef {string | number | Now} Value
 *
 * @typedef {object} Place  where something stands; UTF-16 offsets, as a text field selects
 * @property {string} source
 * @property {number} start
 * @property {number} end
 *
 * @typedef {object} Field
 * @property {"metrics" | "params" | "tags" | "attributes" | "datasets"} entity
 * @property {string} key  as logged, or the canonical name of an attribute
 * @property {string} stat  of a metric: last, min, max, count, step or best
 * @property {Kind} kind
 * @property {SubjectName} subject
 * @property {Place} place
 *
 * @typedef {{ type: "comparison", field: Field, operator: Operator, values: Value[] }} Comparison
 * @typedef {{ type: "not", term: Node }} Not
 * @typedef {{ type: "and" | "or", terms: Node[] }} Chain
 * @typedef {Comparison | Not | Chain} Node
 * @typedef {{ field: Field, descending: boolean }} OrderTerm
 */

export {};
