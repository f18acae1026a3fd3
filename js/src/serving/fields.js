// One field a column: numbers, texts, booleans and times of a signature as a form, and the form as a body.

import { h } from "../kit/dom.js";

/** @typedef {import("./index.js").Column} Column */

/**
 * @typedef {object} Field
 * @property {Column} column
 * @property {HTMLInputElement} input
 *
 * @typedef {object} Form
 * @property {HTMLElement} root
 * @property {Field[]} columns
 * @property {Field[]} params
 */

const NUMBERS = new Set(["integer", "long", "float", "double"]);
const PLAIN = new Set([...NUMBERS, "string", "boolean", "datetime"]);

/**
 * Whether a form can be made: named columns of plain values, and not too many.
 * @param {Column[]} columns
 */
export function isPlain(columns) {
  return columns.length > 0 && columns.length <= 200 && columns.every((each) => each.name && PLAIN.has(each.type));
}

/**
 * @param {Column[]} columns
 * @param {Column[]} params
 * @param {Record<string, any>} example a body, whose first row fills the form
 * @returns {Form}
 */
export function fieldsOf(columns, params, example) {
  const row = firstRow(example);
  const made = columns.map((column) => field(column, row[column.name ?? ""]));
  const plain = params.filter((each) => PLAIN.has(each.type) && !Array.isArray(each.default));
  const extra = plain.map((param) => field(param, example.params?.[param.name ?? ""] ?? param.default));
  const rows = [...made, ...extra].map(({ column, input }) =>
    h("label", { class: "sv-field" }, h("span", {}, column.name, h("small", {}, ` ${column.type}`)), input),
  );
  return { root: h("div", { class: "sv-form", role: "tabpanel" }, ...rows), columns: made, params: extra };
}

/**
 * @param {Column} column
 * @param {any} value
 * @returns {Field}
 */
function field(column, value) {
  if (column.type === "boolean") {
    const input = h("input", { type: "checkbox", checked: Boolean(value) });
    return { column, input };
  }
  const input = h("input", {
    type: "text",
    inputmode: NUMBERS.has(column.type) ? "decimal" : null,
    placeholder: column.required === false ? "missing" : null,
    value: value === null || value === undefined ? "" : String(value),
  });
  return { column, input };
}

/**
 * The first row of a body in any of its forms.
 * @param {Record<string, any>} body
 * @returns {Record<string, any>}
 */
export function firstRow(body) {
  const split = body.dataframe_split;
  if (split?.columns && split.data?.length) {
    return Object.fromEntries(
      split.columns.map((/** @type {string} */ name, /** @type {number} */ at) => [name, split.data[0][at]]),
    );
  }
  const rows = body.dataframe_records ?? body.instances;
  if (Array.isArray(rows) && isRecord(rows[0])) return rows[0];
  const columns = body.inputs;
  if (isRecord(columns)) {
    return Object.fromEntries(
      Object.entries(columns).map(([name, values]) => [name, Array.isArray(values) ? values[0] : values]),
    );
  }
  return {};
}

/**
 * The form as the text of a body; what is no number goes as it is, for the server to say what is wrong with it.
 * @param {Form} form
 */
export function bodyOf(form) {
  /** @type {Record<string, any>} */
  const body = { dataframe_records: [Object.fromEntries(form.columns.map(entryOf).filter(isThere))] };
  if (form.params.length > 0) body.params = Object.fromEntries(form.params.map(entryOf).filter(isThere));
  return JSON.stringify(body, null, 2);
}

/**
 * @param {Field} field
 * @returns {[string, any]}
 */
function entryOf({ column, input }) {
  const name = column.name ?? "";
  if (column.type === "boolean") return [name, input.checked];
  const text = input.value.trim();
  if (text === "" && (column.required === false || "default" in column)) return [name, undefined];
  if (NUMBERS.has(column.type) && text !== "" && Number.isFinite(Number(text))) return [name, Number(text)];
  return [name, NUMBERS.has(column.type) && text === "" ? null : input.value];
}

/** @param {[string, any]} entry */
function isThere(entry) {
  return entry[1] !== undefined;
}

/** @param {any} value */
function isRecord(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
