// What moves by itself: clocks of running runs, cells that just changed, colours of the theme.

import { react } from "../kit/model.js";

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

/** Canvas knows no variables: read the colours as they are now, and again when the theme changes. @param {RunTable} table */
function readColours(table) {
  const { brush, grid, root, state } = table;
  const probe = document.createElement("span");
  const read = () => {
    if (!root.isConnected) return;
    root.append(probe);
    const colourOf = (/** @type {string} */ name) => {
      probe.style.color = `var(${name})`;
      return getComputedStyle(probe).color || "#888";
    };
    const line = colourOf("--nbt-spark");
    const dot = colourOf("--nbt-spark-dot");
    probe.remove();
    if (line === brush.colours.line && dot === brush.colours.dot) return;
    brush.colours = { line, dot };
    table.redrawSparks();
    grid.invalidate();
  };
  requestAnimationFrame(read);
  const watch = new MutationObserver(read);
  for (const el of [document.documentElement, document.body])
    watch.observe(el, {
      attributes: true,
      attributeFilter: ["class", "style", "data-jp-theme-light", "data-jp-theme-name", "data-vscode-theme-kind"],
    });
  const scheme = globalThis.matchMedia?.("(prefers-color-scheme: dark)");
  scheme?.addEventListener?.("change", read);
  state.until.addEventListener("abort", () => {
    watch.disconnect();
    scheme?.removeEventListener?.("change", read);
  });
}
