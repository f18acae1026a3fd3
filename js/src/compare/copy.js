// What is on view as text to paste elsewhere. Pure.

import { formatOf, rowName, say } from "./values.js";

/**
 * @typedef {import("./lines.js").Line} Line
 * @typedef {import("./data.js").Row} Row
 * @typedef {{ lines: Line[], runs: string[], label: (run: string) => string }} View
 */

/** @param {View} view */
export function markdown({ lines, runs, label }) {
  const cell = (/** @type {string} */ text) => text.replace(/([\\|`*_<>[\]])/g, "\\$1").replace(/\s+/g, " ");
  const line = (/** @type {string[]} */ cells) => `| ${cells.join(" | ")} |`;
  const [base = ""] = runs;
  const rows = [line(["", ...runs.map((run) => cell(label(run)))]), line(["---", ...runs.map(() => "---:")])];
  for (const found of lines) {
    if (found.type === "section") {
      rows.push(line([`**${cell(found.label)}**`, ...runs.map(() => "")]));
      continue;
    }
    const format = formatOf(found.row, runs);
    const values = runs.map((run) => {
      const said = say(found.row, run, base, format);
      return cell([said.text, said.change, said.share].filter(Boolean).join(" "));
    });
    rows.push(line([cell(rowName(found.row)), ...values]));
  }
  return `${rows.join("\n")}\n`;
}

/** @param {View} view */
export function csv({ lines, runs, label }) {
  const rows = [["section", "key", ...runs.map(label)]];
  for (const found of lines) {
    if (found.type === "row") {
      const { row } = found;
      rows.push([row.section, rowName(row), ...runs.map((run) => plain(row, run))]);
    }
  }
  return `${rows.map((cells) => cells.map(quoted).join(",")).join("\r\n")}\r\n`;
}

/** @param {Row} row @param {string} run */
function plain(row, run) {
  const value = row.value(run);
  if (value === null || value === undefined) return "";
  if (row.kind === "time" && typeof value === "number") return new Date(value).toISOString();
  return typeof value === "number" ? String(value) : value;
}

/** @param {string} text */
function quoted(text) {
  // a spreadsheet would run a text that starts like a formula
  const safe = /^[=+@\t\r]|^-(?![\d.])/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
