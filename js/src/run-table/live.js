// What moves by itself: clocks of running runs, cells that just changed, colours of the theme.

import { react } from "../kit/model.js";
import { themeColours } from "../kit/theme.js";

/** @typedef {import("./table.js").RunTable} RunTable */

const TICK = 1000;
const SLOW_TICK = 20_000;

/** @param {RunTable} table */
export function keepLive(table) {
  const { state } = table;
  let ticks = 0;
  const timer = setInterval(() => {
    ticks += 1;
    if (!table.grid.isSeen) return;
    if (hasRunning(state) || ticks % (SLOW_TICK / TICK) === 0) state.now.value = Date.now();
  }, TICK);
  state.until.addEventListener("abort", () => clearInterval(timer), { once: true });
  react(state.until, () => {
    state.store.revision.value;
    if (state.store.changed.size && table.grid.isSeen) flash(table);
  });
  readColours(table);
}

/** @param {import("./state.js").TableState} state */
function hasRunning({ store }) {
  const status = store.column("status");
  if (status?.type !== "dict") return false;
  const code = status.values.indexOf("RUNNING");
  if (code < 0) return false;
  for (let row = store.size - 1; row >= 0; row -= 1) if (status.codes[row] === code) return true;
  return false;
}

/** Let changed cells glow for a moment. @param {RunTable} table */
function flash({ grid, state }) {
  const changed = state.store.changed;
  state.store.changed = new Map();
  const calm = globalThis.matchMedia?.("(prefers-reduced-motion: reduce)").matches;
  if (calm) return;
  requestAnimationFrame(() => {
    for (const [runId, columns] of changed) {
      const line = grid.lineOf(runId);
      if (Number.isNaN(line)) continue;
      for (const id of columns) {
        const field = state.fieldOfColumn(id);
        const placed = field && [...grid.layout.fixed, ...grid.layout.flow].find((each) => each.field === field);
        if (!field || !placed || (field.kind === "metric" && state.sourceOf(field) !== id)) continue;
        grid
          .cellAt(line, placed.index)
          ?.animate?.([{ backgroundColor: "color-mix(in srgb, var(--nbt-accent) 20%, transparent)" }, {}], {
            duration: 1100,
            easing: "ease-out",
          });
      }
    }
  });
}

/** Curves in cells have the colours of the theme. @param {RunTable} table */
function readColours(table) {
  const { brush, grid, root, state } = table;
  const colours = themeColours(root, { line: "--nbt-spark", dot: "--nbt-spark-dot" }, state.until);
  react(state.until, () => {
    brush.colours = colours.value;
    table.redrawSparks();
    grid.invalidate();
  });
}
