// The lines of the table as elements.

import { h, icon } from "../kit/dom.js";
import { plural } from "../kit/format.js";
import { extremes, formatOf, opens, rounded, say } from "./values.js";

/**
 * @typedef {import("./grid.js").Grid} Grid
 * @typedef {import("./lines.js").RowLine} RowLine
 * @typedef {import("./lines.js").SectionLine} SectionLine
 */

const ROOM_FOR_SHARE = 195; // px
const ROOM_FOR_YEAR = 160;

/**
 * @param {Grid} grid
 * @param {number} line
 * @param {SectionLine} section
 */
export function sectionEl(grid, line, { id, label, differ, same, open }) {
  const { state } = grid.compare;
  const said = [differ ? `${differ} differ${differ === 1 ? "s" : ""}` : "", same ? `${same} the same` : ""];
  const active = state.active.value?.line === line;
  return h(
    "div",
    { class: "nbt-cmp-line nbt-cmp-section", role: "row", style: { width: `${grid.shape.total}px` } },
    h(
      "div",
      {
        class: `nbt-cmp-section-label${active ? " nbt-cmp-active" : ""}`,
        role: "rowheader",
        id: grid.idOf(line, state.active.value?.column ?? 0),
        "aria-colspan": state.runs.value.length + 1,
        "aria-expanded": String(open),
        data: { line, column: 0, act: "section", section: id },
      },
      h("span", { class: `nbt-cmp-twist${open ? " nbt-cmp-open" : ""}` }, icon("right", 11)),
      h("b", {}, label),
      h("span", { class: "nbt-cmp-count" }, said.filter(Boolean).join(" · ")),
    ),
  );
}

/**
 * @param {Grid} grid
 * @param {number} line
 * @param {RowLine} found
 * @param {{ first: number, last: number }} columns
 */
export function rowEl(grid, line, found, { first, last }) {
  const { row, differs, depth, more, open } = found;
  const { compare, shape } = grid;
  const { state } = compare;
  const runs = state.runs.value;
  const context = {
    format: formatOf(row, runs),
    brief: rounded(row, runs),
    ends: extremes(row, runs),
    opens: opens(row, runs),
  };
  const shown = [];
  for (let run = 0; run < shape.frozen; run += 1) shown.push(cell(grid, line, row, run, context));
  if (first > shape.frozen)
    shown.push(h("div", { class: "nbt-cmp-gap", style: { width: `${(first - shape.frozen) * shape.column}px` } }));
  for (let run = first; run < last; run += 1) shown.push(cell(grid, line, row, run, context));
  const active = isActive(grid, line, 0);
  const key = h(
    "div",
    {
      class: `nbt-cmp-key${active ? " nbt-cmp-active" : ""}`,
      role: "rowheader",
      id: grid.idOf(line, 0),
      title: row.key,
      "aria-colindex": 1,
      "aria-expanded": more ? String(open) : null,
      style: { width: `${shape.key}px`, "padding-left": `${10 + (depth + 1) * 13}px` },
      data: { line, column: 0, act: more ? "metric" : context.opens ? "open" : "" },
    },
    more ? h("span", { class: `nbt-cmp-twist${open ? " nbt-cmp-open" : ""}` }, icon("right", 10)) : null,
    h("span", { class: "nbt-cmp-name" }, depth ? row.stat.replace("count", "points") : row.key),
    row.goal && !depth
      ? h(
          "span",
          { class: "nbt-cmp-goal", title: row.goal === "max" ? "higher is better" : "lower is better" },
          icon(row.goal === "max" ? "high" : "low", 10),
        )
      : null,
  );
  const here = state.pane.value?.id === row.id ? " nbt-cmp-here" : "";
  return h(
    "div",
    {
      class: `nbt-cmp-line${differs ? "" : " nbt-cmp-same"}${here}`,
      role: "row",
      style: { width: `${shape.total}px` },
    },
    key,
    shown,
  );
}

/**
 * @param {Grid} grid
 * @param {number} line
 * @param {import("./data.js").Row} row
 * @param {number} column of the run
 * @param {{ format: (value: number) => string, brief: Map<string, string>, ends: ReturnType<typeof extremes>, opens: boolean }} context
 */
function cell(grid, line, row, column, { format, brief, ends, opens: canOpen }) {
  const { compare, shape } = grid;
  const { state } = compare;
  const run = state.runs.value[column] ?? "";
  const said = say(row, run, state.base.value, format);
  const isDate = row.kind === "time" && shape.column < ROOM_FOR_YEAR;
  const text = isDate ? said.text.replace(/^\d{4}-/, "") : (brief.get(said.text) ?? said.text);
  const isBest = ends.best.has(run);
  const classes = ["nbt-cmp-cell"];
  if (column < shape.frozen) classes.push("nbt-cmp-fixed");
  if (column === 0) classes.push("nbt-cmp-base");
  if (row.kind === "number" || row.kind === "duration") classes.push("nbt-cmp-number");
  if (said.differs) classes.push("nbt-cmp-differs");
  if (said.absent) classes.push("nbt-cmp-absent");
  if (isBest) classes.push("nbt-cmp-best");
  if (ends.worst.has(run)) classes.push("nbt-cmp-worst");
  if (isActive(grid, line, column + 1)) classes.push("nbt-cmp-active");
  const opened = canOpen && state.pane.value?.id === row.id && state.pane.value.run === run;
  if (opened) classes.push("nbt-cmp-opened");
  const note = [
    said.title,
    said.change ? `${said.change} ${said.share ?? ""} against the base` : "",
    isBest ? "best of the runs on view" : "",
    canOpen ? "Enter shows it" : "",
  ];
  return h(
    "div",
    {
      class: classes.join(" "),
      role: "gridcell",
      id: grid.idOf(line, column + 1),
      title: note.filter(Boolean).join(" · "),
      "aria-colindex": column + 2,
      style: {
        width: `${shape.column}px`,
        ...(column < shape.frozen ? { left: `${shape.key}px` } : {}),
      },
      data: { line, column: column + 1, act: canOpen ? "open" : "" },
    },
    row.kind === "status" && !said.absent
      ? h("span", { class: "nbt-cmp-dot", data: { status: row.value(run) } })
      : null,
    h("span", { class: "nbt-cmp-value" }, text),
    said.change ? h("span", { class: `nbt-cmp-change nbt-cmp-${said.tone}` }, said.change) : null,
    said.share && shape.column >= ROOM_FOR_SHARE
      ? h("span", { class: `nbt-cmp-change nbt-cmp-${said.tone}` }, said.share)
      : null,
    isBest ? h("span", { class: "nbt-cmp-hidden" }, "best") : null,
  );
}

/** @param {Grid} grid @param {number} line @param {number} column */
function isActive(grid, line, column) {
  const active = grid.compare.state.active.value;
  return active?.line === line && active.column === column;
}

/** @param {number} hidden */
export function hiddenText(hidden) {
  return `${plural(hidden, "identical row")} hidden`;
}
