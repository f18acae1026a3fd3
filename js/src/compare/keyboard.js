// Keys and clicks of the table. It keeps the focus; an active cell moves inside it (aria-activedescendant).

import { HEAD, ROW } from "./window.js";

/** @typedef {import("./compare.js").Compare} Compare */

/** @param {Compare} compare */
export function listen(compare) {
  const { grid, root, state } = compare;
  const { until: signal } = state;
  grid.el.addEventListener("keydown", (event) => pressed(compare, event), { signal });
  grid.el.addEventListener("click", (event) => clicked(compare, event), { signal });
  grid.el.addEventListener(
    "focus",
    () => {
      if (!state.active.value && state.view.value.lines.length) state.active.value = { line: 0, column: 0 };
    },
    { signal },
  );
  root.addEventListener(
    "keydown",
    (event) => {
      const target = event.composedPath()[0];
      const isTyping = target instanceof Element && target.matches("input, textarea, select");
      if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "/") compare.toolbar.input.focus();
      else if (event.key === "n") state.step(1);
      else if (event.key === "p") state.step(-1);
      else if (event.key === "Escape" && state.pane.value) compare.closePane();
      else return;
      event.preventDefault();
      event.stopPropagation();
    },
    { signal },
  );
}

/** @param {Compare} compare @param {KeyboardEvent} event */
function pressed(compare, event) {
  const { grid, state } = compare;
  if (event.target !== grid.el) return;
  const place = state.active.value ?? { line: 0, column: 0 };
  if (!moves(compare, event, place) && !acts(compare, event, place)) return;
  event.preventDefault();
  event.stopPropagation();
}

/** @param {Compare} compare @param {KeyboardEvent} event @param {import("./state.js").Place} place */
function moves({ grid, state }, event, { line, column }) {
  if (event.altKey) return false;
  const last = state.view.value.lines.length - 1;
  const right = state.runs.value.length;
  const command = event.ctrlKey || event.metaKey;
  const page = Math.max(1, Math.floor((grid.el.clientHeight - HEAD) / ROW) - 2);
  /** @type {Record<string, [line: number, column: number]>} */
  const to = {
    ArrowDown: [line + 1, column],
    ArrowUp: [line - 1, column],
    ArrowRight: [line, column + 1],
    ArrowLeft: [line, column - 1],
    Home: command ? [0, 0] : [line, 0],
    End: command ? [last, right] : [line, right],
    PageDown: [line + page, column],
    PageUp: [line - page, column],
  };
  const next = to[event.key];
  if (!next) return false;
  state.active.value = {
    line: Math.max(0, Math.min(last, next[0])),
    column: Math.max(0, Math.min(right, next[1])),
  };
  return true;
}

/** @param {Compare} compare @param {KeyboardEvent} event @param {import("./state.js").Place} place */
function acts(compare, event, { line, column }) {
  const { state } = compare;
  const run = state.runAt(column);
  const at = state.runs.value.indexOf(run);
  if (event.altKey) {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return false;
    const to = at + (event.key === "ArrowLeft" ? -1 : 1);
    state.move(run, to);
    state.active.value = { line, column: state.runs.value.indexOf(run) + 1 };
    return true;
  }
  if (event.key === "Enter" || event.key === " ") return enter(compare, line, column);
  if (event.key === "b" && column > 0) state.setBase(run);
  else if (event.key === "Delete" && column > 0) state.remove(run);
  else return false;
  return true;
}

/** @param {Compare} compare @param {number} line @param {number} column */
function enter(compare, line, column) {
  const { state } = compare;
  const found = state.view.value.lines[line];
  if (!found) return false;
  if (found.type === "section") state.toggleSection(found.id);
  else if (compare.canOpen(found.row)) compare.open(found.row, state.runAt(column));
  else if (found.more) state.toggleMetric(found.row.key);
  else return false;
  return true;
}

/** @param {Compare} compare @param {MouseEvent} event */
function clicked(compare, event) {
  const target = event.target instanceof Element ? event.target : null;
  const cell = /** @type {HTMLElement | null} */ (target?.closest("[data-line]") ?? null);
  if (!cell || target?.closest("button")) return;
  const { state } = compare;
  const line = Number(cell.dataset.line);
  const column = Number(cell.dataset.column);
  state.active.value = { line, column };
  if (cell.dataset.act) enter(compare, line, column);
}
