// The keys of the grid. The grid keeps the focus; an active cell moves inside it (aria-activedescendant).

import { cycleOrder, setOrder, shiftColumn, togglePinnedRun, twist } from "./view-actions.js";

/**
 * @typedef {import("./table.js").RunTable} RunTable
 * @typedef {import("./state.js").Place} Place
 */

/** @param {RunTable} table */
export function listenKeys(table) {
  const { grid, state } = table;
  const { until } = state;
  grid.el.addEventListener("keydown", (event) => press(table, event), { signal: until });
  grid.el.addEventListener(
    "focus",
    () => {
      // reached by Tab: there must be something to move
      if (!state.active.value && state.entries.value.codes.length)
        state.active.value = { line: firstLine(table), column: nameColumn(table) };
    },
    { signal: until },
  );
  table.root.addEventListener(
    "keydown",
    (event) => {
      if (isTyping(event) || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "/") table.toolbar.filter.focus();
      else if (event.key === "?") table.openHelp(table.toolbar.more);
      else return;
      event.preventDefault();
    },
    { signal: until },
  );
}

/** @param {KeyboardEvent} event */
function isTyping(event) {
  return (
    event.composedPath()[0] instanceof Element &&
    /** @type {Element} */ (event.composedPath()[0]).matches("input, textarea, select")
  );
}

/** @param {RunTable} table */
function firstLine({ grid, state }) {
  return Math.min(state.entries.value.codes.length - 1, Math.ceil(grid.el.scrollTop / state.rowHeight));
}

/** @param {RunTable} table */
function nameColumn({ grid }) {
  return grid.layout.fixed.find(({ field }) => field.kind === "name")?.index ?? 1;
}

/** @param {RunTable} table @param {KeyboardEvent} event */
function press(table, event) {
  if (event.target !== table.grid.el) return;
  const place = table.state.active.value ?? { line: firstLine(table), column: nameColumn(table) };
  const command = event.ctrlKey || event.metaKey;
  const done = move(table, event, place, command) || act(table, event, place, command);
  if (!done) return;
  event.preventDefault();
  event.stopPropagation();
}

/** @param {RunTable} table @param {KeyboardEvent} event @param {Place} place @param {boolean} command */
function move(table, event, { line, column }, command) {
  const { grid, state } = table;
  if (event.altKey) return false;
  const last = state.entries.value.codes.length - 1;
  const right = grid.layout.fixed.length + grid.layout.flow.length;
  const page = Math.max(1, Math.floor(grid.el.clientHeight / state.rowHeight) - 3);
  const isName = column === nameColumn(table);
  if (event.key === "ArrowRight" && line >= 0 && isName && twist(state, line, true)) return true;
  if (event.key === "ArrowLeft" && line >= 0 && isName && twist(state, line, false)) return true;
  /** @type {Record<string, [line: number, column: number]>} */
  const moves = {
    ArrowDown: [command ? last : line + 1, column],
    ArrowUp: [command ? 0 : line - 1, column],
    ArrowRight: [line, command ? right : column + 1],
    ArrowLeft: [line, command ? 0 : column - 1],
    Home: [command ? 0 : line, 0],
    End: [command ? last : line, right],
    PageDown: [line + page, column],
    PageUp: [Math.max(0, line - page), column],
  };
  const to = moves[event.key];
  if (!to) return false;
  const next = { line: Math.max(-1, Math.min(last, to[0])), column: Math.max(0, Math.min(right, to[1])) };
  state.active.value = next;
  table.hover.dismiss();
  if (next.line >= 0) {
    if (event.shiftKey && next.line !== line) {
      if (!state.selection.value.size) table.selection.anchor = Math.max(0, line);
      table.selection.extend(next.line);
    } else if (!event.shiftKey) table.selection.anchor = next.line;
  }
  grid.show(next.line, next.column);
  return true;
}

/** @param {RunTable} table @param {KeyboardEvent} event @param {Place} place @param {boolean} command */
function act(table, event, place, command) {
  if (command) return actCommand(table, event, place);
  const { grid, selection, state } = table;
  const { line, column } = place;
  const field = table.fieldAt(column);
  if (line === -1) return actHeader(table, event, place);
  const runId = table.runAt(line);
  switch (event.key) {
    case " ":
      if (event.shiftKey) selection.extend(line);
      else selection.toggle(line);
      return true;
    case "Enter":
    case "F2":
      if (!runId) return twist(state, line);
      if (!(field && table.edit(line, field)) && event.key === "Enter") table.openDetails(runId);
      return true;
    case "Delete":
      if (!runId) return false;
      table.remove(state.selection.value.has(runId) ? state.selected.value : [runId]);
      return true;
    case "s":
      if (runId) togglePinnedRun(state, runId);
      return runId !== null;
    case "ContextMenu":
    case "F10": {
      const cell = grid.cellAt(line, column);
      if (event.key === "F10" && !event.shiftKey) return false;
      if (cell) table.openRowMenu(line, cell, field);
      return true;
    }
    case "Escape":
      if (state.details.value !== null) state.details.value = null;
      else selection.clear();
      return true;
    default:
      return false;
  }
}

/** @param {RunTable} table @param {KeyboardEvent} event @param {Place} place */
function actHeader(table, event, { column }) {
  const { grid, selection, state } = table;
  const field = table.fieldAt(column);
  if (event.altKey && field && (event.key === "ArrowLeft" || event.key === "ArrowRight")) {
    shiftColumn(state, field.id, event.key === "ArrowLeft" ? -1 : 1);
    return true;
  }
  const opensMenu =
    event.key === "ContextMenu" ||
    (event.key === "F10" && event.shiftKey) ||
    (event.altKey && event.key === "ArrowDown");
  if (opensMenu && field) {
    const cell = grid.cellAt(-1, column);
    if (cell) table.openColumnMenu(field, cell);
    return true;
  }
  if (event.key !== "Enter" && event.key !== " ") return false;
  if (field) cycleOrder(state, field, event.shiftKey);
  else selection.toggleAll();
  return true;
}

/** @param {RunTable} table @param {KeyboardEvent} event @param {Place} place */
function actCommand(table, event, { line, column }) {
  const { selection, state } = table;
  const runId = table.runAt(line);
  switch (event.key.toLowerCase()) {
    case "a":
      selection.toggleAll();
      return true;
    case "c":
      table.copyRows("csv");
      return true;
    case "z": {
      const change = table.edits.list.value.find(({ back }) => back.length);
      if (change) table.edits.undo(change);
      return true;
    }
    case "enter":
      if (runId) table.openDetails(runId);
      else {
        const field = table.fieldAt(column);
        if (line === -1 && field) setOrder(state, field, true);
      }
      return true;
    default:
      return false;
  }
}
