// Clicks, drags and hovering in the grid; one listener each on the grid, none on cells.

import { h } from "../kit/dom.js";
import { cycleOrder, moveColumn, togglePinnedRun, twist } from "./view-actions.js";

/** @typedef {import("./table.js").RunTable} RunTable */

const DRAG_STARTS = 5; // pixels
const LEAST_WIDTH = 40;

/** @param {RunTable} table */
export function listenPointer(table) {
  const { el } = table.grid;
  const options = { signal: table.state.until };
  el.addEventListener("click", (event) => click(table, event), options);
  el.addEventListener("dblclick", (event) => doubleClick(table, event), options);
  el.addEventListener("contextmenu", (event) => contextMenu(table, event), options);
  el.addEventListener("pointerdown", (event) => press(table, event), options);
  el.addEventListener("pointerover", (event) => hover(table, event), options);
  el.addEventListener("pointerleave", () => table.hover.dismiss(), options);
  el.addEventListener("scroll", () => table.hover.dismiss(), { ...options, passive: true });
  // buttons in cells must not take the focus from the grid, which the keys go to
  el.addEventListener(
    "mousedown",
    (event) => {
      if (!within(event, "button, .nbt-check")) return;
      event.preventDefault();
      el.focus({ preventScroll: true });
    },
    options,
  );
}

/**
 * @param {Event} event
 * @param {string} selector
 * @returns {HTMLElement | null}
 */
function within(event, selector) {
  const target = /** @type {Element} */ (event.composedPath()[0] ?? event.target);
  return target instanceof Element ? target.closest(selector) : null;
}

/** @param {Event} event @returns {number} NaN outside lines */
function lineOf(event) {
  return Number(within(event, ".nbt-row")?.dataset.line ?? Number.NaN);
}

/** @param {RunTable} table @param {Event} event */
function fieldOf(table, event) {
  return table.state.catalog.value.get(within(event, "[data-field]")?.dataset.field ?? "");
}

/** @param {RunTable} table @param {MouseEvent} event */
function click(table, event) {
  const { selection, state } = table;
  const act = within(event, "[data-act]")?.dataset.act;
  const line = lineOf(event);
  const runId = table.runAt(line);
  const field = fieldOf(table, event);
  table.hover.dismiss();
  if (act === "check-all") return selection.toggleAll();
  if (within(event, ".nbt-head")) {
    if (act === "column-menu" && field) table.openColumnMenu(field, /** @type {Element} */ (within(event, "button")));
    else if (act !== "resize" && field && !table.grid.el.classList.contains("nbt-dragging"))
      cycleOrder(state, field, event.shiftKey);
    return undefined;
  }
  if (Number.isNaN(line)) return undefined;
  const column = Number(within(event, "[aria-colindex]")?.getAttribute("aria-colindex") ?? 1) - 1;
  state.active.value = { line, column };
  if (act === "check") return event.shiftKey ? selection.extend(line) : selection.toggle(line);
  if (act === "twist") return twist(state, line);
  if (act === "star" && runId) return togglePinnedRun(state, runId);
  if (act === "details" && runId) return table.openDetails(runId);
  if (runId === null) return twist(state, line);
  if (event.shiftKey) return selection.extend(line);
  if (event.ctrlKey || event.metaKey) return selection.toggle(line);
  if (event.detail < 2) selection.only(line);
  if (state.details.value !== null) state.details.value = runId;
  return undefined;
}

/** @param {RunTable} table @param {MouseEvent} event */
function doubleClick(table, event) {
  const field = fieldOf(table, event);
  if (within(event, "[data-act=resize]") && field) {
    table.state.widths.value = { ...table.state.widths.value, [field.id]: table.grid.widths.fit(field) };
    return;
  }
  const line = lineOf(event);
  const runId = table.runAt(line);
  if (!runId || !field || within(event, "[data-act]")) return;
  table.selection.takeBack();
  if (!table.edit(line, field)) table.openDetails(runId);
}

/** @param {RunTable} table @param {MouseEvent} event */
function contextMenu(table, event) {
  const field = fieldOf(table, event);
  const line = lineOf(event);
  const at = new DOMRect(event.clientX, event.clientY, 0, 0);
  if (within(event, ".nbt-head") && field)
    table.openColumnMenu(field, /** @type {Element} */ (within(event, "[data-field]")));
  else if (table.runAt(line)) {
    table.state.active.value = { line, column: table.state.active.value?.column ?? 1 };
    table.openRowMenu(line, at, field);
  } else return;
  event.preventDefault();
  event.stopPropagation();
}

/** @param {RunTable} table @param {PointerEvent} event */
function hover(table, event) {
  const cell = within(event, ".nbt-name.nbt-cell");
  const runId = cell && event.pointerType !== "touch" ? table.runAt(lineOf(event)) : null;
  if (runId && within(event, ".nbt-label, .nbt-dot")) table.hover.expect(runId, /** @type {Element} */ (cell));
  else table.hover.dismiss();
}

/** @param {RunTable} table @param {PointerEvent} event */
function press(table, event) {
  const head = within(event, ".nbt-th[data-field]");
  const id = head?.dataset.field;
  if (!head || !id || event.button !== 0) return;
  if (within(event, "[data-act=resize]")) resize(table, event, id, head);
  else if (!within(event, "button")) drag(table, event, id);
}

/** @param {RunTable} table @param {PointerEvent} event @param {string} id @param {HTMLElement} head */
function resize(table, event, id, head) {
  event.preventDefault();
  const { state } = table;
  const start = event.clientX;
  const width = head.offsetWidth;
  follow(table, (moved) => {
    state.widths.value = {
      ...state.widths.value,
      [id]: Math.max(LEAST_WIDTH, Math.round(width + moved.clientX - start)),
    };
  });
}

/** @param {RunTable} table @param {PointerEvent} event @param {string} id */
function drag(table, event, id) {
  const { grid, state } = table;
  const start = event.clientX;
  const mark = h("div", { class: "nbt-drop", "aria-hidden": "true" });
  /** @type {string | null | undefined} */
  let before;
  follow(
    table,
    (moved) => {
      if (Math.abs(moved.clientX - start) < DRAG_STARTS && !mark.isConnected) return;
      grid.el.classList.add("nbt-dragging");
      if (!mark.isConnected) grid.layer.append(mark);
      const spot = dropSpot(table, moved.clientX);
      before = spot.before;
      mark.style.left = `${spot.x}px`;
    },
    () => {
      mark.remove();
      if (before !== undefined && before !== id) moveColumn(state, id, before);
      // the click that ends a drag must not sort
      setTimeout(() => grid.el.classList.remove("nbt-dragging"));
    },
  );
}

/**
 * Where a dragged column would go.
 * @param {RunTable} table
 * @param {number} clientX
 * @returns {{ before: string | null, x: number }}
 */
function dropSpot({ grid, state }, clientX) {
  const left = grid.layer.getBoundingClientRect().left;
  const heads = /** @type {HTMLElement[]} */ ([...grid.header.el.querySelectorAll(".nbt-th[data-field]")]);
  let x = 0;
  for (const head of heads) {
    const box = head.getBoundingClientRect();
    if (clientX < box.left + box.width / 2) return { before: head.dataset.field ?? null, x: box.left - left };
    x = box.right - left;
  }
  const last = heads.at(-1)?.dataset.field;
  const shown = state.shown.value;
  return { before: shown[shown.findIndex((field) => field.id === last) + 1]?.id ?? null, x };
}

/**
 * @param {RunTable} table
 * @param {(event: PointerEvent) => void} moved
 * @param {() => void} [ended]
 */
function follow({ state }, moved, ended) {
  const done = new AbortController();
  const { signal } = done;
  const end = () => {
    done.abort();
    ended?.();
  };
  document.addEventListener("pointermove", moved, { signal });
  document.addEventListener("pointerup", end, { signal });
  document.addEventListener("pointercancel", end, { signal });
  state.until.addEventListener("abort", () => done.abort(), { signal });
}
