// Runs as text to paste elsewhere: CSV, a Markdown table, Python code.

import { toNumber } from "../runs/facts.js";
import { fullText, secondsOf, tagsOf } from "./texts.js";

/**
 * @typedef {import("./state.js").TableState} TableState
 * @typedef {import("../runs/catalog.js").Field} Field
 * @typedef {"csv" | "markdown" | "pandas"} Format
 */

/**
 * @param {TableState} state
 * @param {number[]} rows
 * @param {Format} format
 * @returns {string}
 */
export function copyRows(state, rows, format) {
  const fields = state.shown.value;
  if (format === "csv") return csv(state, fields, rows);
  if (format === "markdown") return markdown(state, fields, rows);
  return pandas(state, fields, rows);
}

/** @param {TableState} state @param {Field} field @param {number} row @returns {string} */
function plain(state, field, row) {
  if (field.kind === "duration") {
    const seconds = secondsOf(state, row);
    return seconds === null ? "" : String(Math.round(seconds * 1000) / 1000);
  }
  return fullText(state, field, row);
}

/** @param {TableState} state @param {Field} field @returns {string} */
function heading(state, field) {
  const statistic = field.kind === "metric" ? state.statisticOf(field.key) : "last";
  if (field.id === "number") return "number";
  return field.kind === "metric" && statistic !== "last" ? `${field.label}.${statistic}` : field.key || field.id;
}

/** @param {TableState} state @param {Field[]} fields @param {number[]} rows */
function csv(state, fields, rows) {
  const quote = (/** @type {string} */ text) => {
    // a spreadsheet would run a text that starts like a formula
    const safe = /^[=+@\t\r]|^-(?![\d.])/.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  const lines = [fields.map((field) => quote(heading(state, field))).join(",")];
  for (const row of rows) lines.push(fields.map((field) => quote(plain(state, field, row))).join(","));
  return `${lines.join("\r\n")}\r\n`;
}

/** @param {TableState} state @param {Field[]} fields @param {number[]} rows */
function markdown(state, fields, rows) {
  const cell = (/** @type {string} */ text) => text.replace(/([\\|`*_<>[\]])/g, "\\$1").replace(/\s*\n\s*/g, " ");
  const line = (/** @type {string[]} */ cells) => `| ${cells.join(" | ")} |`;
  const numeric = (/** @type {Field} */ field) => ["metric", "number", "duration", "count"].includes(field.kind);
  const lines = [
    line(fields.map((field) => cell(heading(state, field)))),
    line(fields.map((field) => (numeric(field) ? "---:" : "---"))),
    ...rows.map((row) => line(fields.map((field) => cell(shortNumber(plain(state, field, row), field))))),
  ];
  return `${lines.join("\n")}\n`;
}

/** @param {string} text @param {Field} field */
function shortNumber(text, field) {
  if (field.kind !== "metric" || text === "" || !Number.isFinite(Number(text))) return text;
  return String(Number(Number(text).toPrecision(5)));
}

/** @param {TableState} state @param {Field[]} fields @param {number[]} rows */
function pandas(state, fields, rows) {
  const columns = fields.map((field) => {
    const values = rows.map((row) => pythonValue(state, field, row));
    return `    ${pythonText(heading(state, field))}: [${values.join(", ")}],`;
  });
  return ["import pandas as pd", "", "df = pd.DataFrame({", ...columns, "})", ""].join("\n");
}

/** @param {TableState} state @param {Field} field @param {number} row */
function pythonValue(state, field, row) {
  if (field.kind === "tags") {
    const pairs = tagsOf(state, row).map(({ key, value }) => `${pythonText(key)}: ${pythonText(value)}`);
    return `{${pairs.join(", ")}}`;
  }
  const text = plain(state, field, row);
  if (text === "") return "None";
  if (text === "NaN") return 'float("nan")';
  if (text.endsWith("Infinity")) return `float("${text.startsWith("-") ? "-" : ""}inf")`;
  if (field.kind === "time") return `pd.Timestamp(${pythonText(text)})`;
  const number = field.kind === "param" && !state.facts.of(field.source).numeric ? null : toNumber(text);
  const isText =
    field.kind === "name" ||
    field.kind === "text" ||
    field.kind === "tag" ||
    field.kind === "note" ||
    field.kind === "status";
  return number === null || isText ? pythonText(text) : text.trim();
}

/** @param {string} text as a Python literal: JSON's escapes are Python's too */
function pythonText(text) {
  return JSON.stringify(text);
}
