// What the menus of columns, runs and the view offer.

import { byKey } from "../runs/catalog.js";
import { pathOf } from "./completion.js";
import {
  setGroup,
  setOrder,
  setStatistic,
  shiftColumn,
  showColumns,
  togglePinned,
  togglePinnedRun,
} from "./view-actions.js";

/**
 * @typedef {import("./table.js").RunTable} RunTable
 * @typedef {import("../runs/catalog.js").Field} Field
 * @typedef {import("../runs/catalog.js").Statistic} Statistic
 * @typedef {(import("../kit/popover.js").Item | "line" | { title: string })[]} Items
 */

const GROUPABLE = ["param", "text", "status", "tag", "time"];

/** @param {RunTable} table @param {Field} field @returns {Items} */
export function columnMenu({ state, edits }, field) {
  /** @type {Items} */
  const items = [
    { label: "Sort ascending", icon: "ascending", act: () => setOrder(state, field, false) },
    { label: "Sort descending", icon: "descending", act: () => setOrder(state, field, true) },
  ];
  if (field.kind === "metric") {
    const present = state.statisticOf(field.key);
    const { goal, stated } = state.goalOf(field.key);
    items.push("line", { title: "Value shown" });
    for (const statistic of /** @type {Statistic[]} */ (["last", "min", "max", "best"])) {
      items.push({
        label: statistic,
        checked: present === statistic,
        act: () => setStatistic(state, field, statistic),
      });
    }
    items.push("line", { title: stated ? "Direction" : "Direction (guessed from the name)" });
    items.push({
      label: "Higher is better",
      icon: "high",
      checked: goal === "max",
      act: () => edits.goal(field.key, "max"),
    });
    items.push({
      label: "Lower is better",
      icon: "low",
      checked: goal === "min",
      act: () => edits.goal(field.key, "min"),
    });
  }
  items.push("line");
  if (GROUPABLE.includes(field.kind)) {
    const grouped = state.groupField() === field;
    items.push({
      label: grouped ? "Do not group" : "Group by this",
      icon: "group",
      act: () => setGroup(state, grouped ? null : field.id),
    });
  }
  const pinned = state.pinned.value.includes(field.id);
  if (field.id !== "name" && field.id !== "number") {
    items.push({ label: pinned ? "Unpin" : "Pin to the left", icon: "pin", act: () => togglePinned(state, field.id) });
  }
  items.push({ label: "Move left", icon: "left", detail: "Alt ←", act: () => shiftColumn(state, field.id, -1) });
  items.push({ label: "Move right", icon: "right", detail: "Alt →", act: () => shiftColumn(state, field.id, 1) });
  if (field.id !== "name")
    items.push({ label: "Hide", icon: "close", act: () => showColumns(state, [field.id], false) });
  return items;
}

/** @param {RunTable} table @param {number} line @param {string} runId @param {Field | undefined} field @returns {Items} */
export function rowMenu(table, line, runId, field) {
  const { edits, state } = table;
  const runs = state.selection.value.has(runId) ? state.selected.value : [runId];
  const many = runs.length > 1 ? ` (${runs.length})` : "";
  const row = state.store.rowOf.get(runId) ?? -1;
  const deleted = state.store.text("lifecycle_stage", row) === "deleted";
  const starred = state.pinnedRuns.value.includes(runId);
  const name = state.catalog.value.get("name");
  const at = table.grid.cellAt(line, 1) ?? table.grid.el;
  /** @type {Items} */
  const items = [
    { label: "Details", icon: "open", detail: "Enter", act: () => table.openDetails(runId) },
    {
      label: starred ? "Unpin from the top" : "Pin to the top",
      icon: "star",
      detail: "S",
      act: () => togglePinnedRun(state, runId),
    },
    "line",
    { label: "Rename", icon: "pen", act: () => name && table.edit(line, name) },
    { label: `Note${many}`, icon: "note", act: () => table.editNote(runs, at) },
    { label: `Tags${many}`, icon: "tag", act: () => table.editTags(runs, at) },
  ];
  const condition = field ? conditionOf(table, field, row) : null;
  if (condition)
    items.push("line", { label: `Only ${condition}`, icon: "search", act: () => addCondition(table, condition) });
  items.push(
    "line",
    { label: `Copy as CSV${many}`, icon: "copy", detail: "Ctrl C", act: () => table.copyRows("csv") },
    { label: `Copy as Markdown${many}`, icon: "copy", act: () => table.copyRows("markdown") },
    { label: `Copy as pandas code${many}`, icon: "copy", act: () => table.copyRows("pandas") },
    { label: "Copy the run id", icon: "copy", act: () => table.copy(runId, "Run id copied") },
    "line",
    deleted
      ? { label: `Restore${many}`, icon: "restore", act: () => edits.restore(runs) }
      : { label: `Move to the trash${many}`, icon: "trash", detail: "Del", act: () => table.remove(runs) },
  );
  return items;
}

/**
 * The filter that keeps runs with the same value.
 * @param {RunTable} table
 * @param {Field} field
 * @param {number} row
 */
function conditionOf({ state }, field, row) {
  if (!["param", "status", "text", "tag", "name"].includes(field.kind)) return null;
  const value = state.store.text(field.source, row);
  if (value === null) return `${pathOf(field)} IS NULL`;
  return value.length > 60 ? null : `${pathOf(field)} = '${value.replaceAll("'", "''")}'`;
}

/** @param {RunTable} table @param {string} condition */
function addCondition({ state, toolbar }, condition) {
  const before = state.filter.value.trim();
  const mixed = /\bor\b/i.test(before);
  toolbar.filter.set(before ? `${mixed ? `(${before})` : before} and ${condition}` : condition);
}

/** @param {RunTable} table @returns {Items} */
export function groupMenu({ state }) {
  const present = state.groupField();
  /** @type {Items} */
  const items = [{ label: "No groups", checked: present === undefined, act: () => setGroup(state, null) }];
  const same = new Set(state.constants.value.map(({ field }) => field.id));
  const fields = [...state.catalog.value.values()].filter(
    (field) => GROUPABLE.includes(field.kind) && field.id !== "run_id" && state.facts.of(field.source).present > 0,
  );
  const sections = /** @type {[string, Field[]][]} */ ([
    [
      "Params",
      fields.filter(({ group, id }) => group === "params" && !same.has(id)).sort((a, b) => byKey(a.key, b.key)),
    ],
    ["Tags", fields.filter(({ group, key }) => group === "tags" && !key.startsWith("mlflow."))],
    ["Run", fields.filter(({ group, id }) => group === "attributes" && !same.has(id) && id !== "last_seen")],
  ]);
  for (const [title, list] of sections) {
    if (!list.length) continue;
    items.push("line", { title });
    for (const field of list)
      items.push({ label: field.label, checked: field === present, act: () => setGroup(state, field.id) });
  }
  return items;
}

/** @param {RunTable} table @returns {Items} */
export function viewMenu(table) {
  const { edits, state } = table;
  const { density, nested, shading, showDeleted, sparklines } = state;
  const hasParents = state.facts.of("parent_run_id").present > 0;
  const undoable = edits.list.value.filter(({ back }) => back.length);
  return [
    { title: "Rows" },
    .../** @type {const} */ (["compact", "normal", "relaxed"]).map((each) => ({
      label: each,
      checked: density.value === each,
      act: () => (density.value = each),
    })),
    "line",
    { title: "Metrics" },
    { label: "Curves", checked: sparklines.value, act: () => (sparklines.value = !sparklines.value) },
    {
      label: "Bars",
      checked: shading.value === "bars",
      act: () => (shading.value = shading.value === "bars" ? "none" : "bars"),
    },
    {
      label: "Heat",
      checked: shading.value === "heat",
      act: () => (shading.value = shading.value === "heat" ? "none" : "heat"),
    },
    "line",
    {
      label: "Children under their parents",
      checked: nested.value,
      disabled: !hasParents,
      act: () => (nested.value = !nested.value),
    },
    { label: "Show the trash", checked: showDeleted.value, act: () => (showDeleted.value = !showDeleted.value) },
    "line",
    { label: "Copy as CSV", icon: "copy", act: () => table.copyRows("csv") },
    { label: "Copy as Markdown", icon: "copy", act: () => table.copyRows("markdown") },
    { label: "Copy as pandas code", icon: "copy", act: () => table.copyRows("pandas") },
    ...(undoable.length
      ? [
          /** @type {const} */ ("line"),
          { title: "Undo" },
          ...undoable.slice(0, 8).map((change) => ({
            label: change.label,
            icon: /** @type {const} */ ("undo"),
            act: () => edits.undo(change),
          })),
        ]
      : []),
    "line",
    { label: "Keys", detail: "?", act: () => table.openHelp(table.toolbar.more) },
  ];
}
