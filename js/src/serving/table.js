// Predictions as a table.

import { h } from "../kit/dom.js";

const MOST_ROWS = 50;

/**
 * @param {any} predictions
 * @returns {HTMLElement}
 */
export function answerTable(predictions) {
  const rows = Array.isArray(predictions) ? predictions : [predictions];
  const isRecord = rows.every((row) => row !== null && typeof row === "object" && !Array.isArray(row));
  const names = isRecord ? [...new Set(rows.flatMap((row) => Object.keys(row)))] : ["prediction"];
  const body = rows
    .slice(0, MOST_ROWS)
    .map((row, at) =>
      h(
        "tr",
        {},
        h("th", { scope: "row" }, at),
        ...names.map((name) => h("td", {}, written(isRecord ? row[name] : row))),
      ),
    );
  const more = rows.length > MOST_ROWS ? h("p", { class: "sv-quiet" }, `${rows.length - MOST_ROWS} more rows`) : null;
  const head = h("tr", {}, h("th", {}), ...names.map((name) => h("th", { scope: "col" }, name)));
  return h("div", { class: "sv-table" }, h("table", {}, h("thead", {}, head), h("tbody", {}, ...body)), more);
}

/** @param {any} value */
function written(value) {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}
