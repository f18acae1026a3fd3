// The pointer over the plot: it brushes near an axis, follows lines between axes, and pins a run with a click.

import { changed, isLaneBrushed, piecesBetween, toggleLane } from "./brush.js";
import { axisAt, gripAt, nearestLine, placeAt } from "./geometry.js";

/**
 * @typedef {import("./parallel.js").ParallelPlot} ParallelPlot
 * @typedef {import("./axes.js").Axis} Axis
 * @typedef {import("../runs/where.js").Piece} Piece
 */

const SLACK = 3;
const CURSORS = {
  low: "ns-resize",
  high: "ns-resize",
  inside: "grab",
  missing: "pointer",
  nan: "pointer",
  free: "crosshair",
};

/** @param {ParallelPlot} plot */
export function listenPointer(plot) {
  const { layers, state, view } = plot;
  const { el } = layers;
  /** @param {MouseEvent} event */
  const place = (event) => {
    const box = el.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  /** @param {number} x @param {number} y */
  const under = (x, y) => {
    const index = axisAt(layers.geometry.value, x);
    const axis = state.shown.value[index];
    if (!axis) return null;
    return { axis, index, grip: gripAt(layers.geometry.value, axis, layers.spansAt(index), y) };
  };

  /** @param {{ axis: Axis, index: number, grip: ReturnType<typeof gripAt> }} found */
  const cursorOf = ({ axis, index, grip: { part } }) => {
    const isLane = part === "missing" || part === "nan";
    return isLane && !isInLane(axis, part, state.brushes.value[index] ?? []) ? "default" : CURSORS[part];
  };

  let isDragging = false;
  el.addEventListener("pointermove", (event) => {
    if (isDragging) return;
    const { x, y } = place(event);
    const found = under(x, y);
    el.style.cursor = found ? cursorOf(found) : "";
    // an axis is for brushing, but lines that cross it can still be read there
    const row = nearestLine(view.matched.value, layers.heights.value, layers.geometry.value, x, y);
    view.hovered.value = row < 0 ? null : view.store.idAt(row);
    if (row < 0 || found) plot.tooltip.hide();
    else plot.tooltip.show(row, event.clientX, event.clientY);
    if (row >= 0 && !found) el.style.cursor = "pointer";
  });
  el.addEventListener("pointerleave", () => {
    if (isDragging) return;
    view.hovered.value = null;
    plot.tooltip.hide();
  });
  el.addEventListener("dblclick", (event) => {
    const { x, y } = place(event);
    const found = under(x, y);
    if (found) state.brush(found.axis, []);
  });
  el.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    const { x, y } = place(event);
    const found = under(x, y);
    if (found) {
      event.preventDefault();
      plot.heads.use(found.axis.id);
      isDragging = true;
      plot.tooltip.hide();
      view.hovered.value = null;
      brush(plot, found, event, place, () => {
        isDragging = false;
      });
    } else pinNearest(plot, x, y);
  });
}

/**
 * Whether an axis has runs in a lane, or its brush says so.
 * @param {Axis} axis
 * @param {"missing" | "nan"} lane
 * @param {Piece[]} pieces
 */
function isInLane(axis, lane, pieces) {
  return (lane === "nan" ? axis.hasNaN : axis.hasMissing) || isLaneBrushed(axis, pieces, lane);
}

/** @param {ParallelPlot} plot @param {number} x @param {number} y */
function pinNearest({ layers, view }, x, y) {
  const row = nearestLine(view.matched.value, layers.heights.value, layers.geometry.value, x, y);
  if (row < 0) return;
  const id = view.store.idAt(row);
  const { value } = view.pinnedRuns;
  view.pinnedRuns.value = value.includes(id) ? value.filter((each) => each !== id) : [...value, id];
}

/**
 * From pressing to letting go.
 * @param {ParallelPlot} plot
 * @param {{ axis: Axis, index: number, grip: ReturnType<typeof gripAt> }} found
 * @param {PointerEvent} event
 * @param {(event: MouseEvent) => { x: number, y: number }} place
 * @param {() => void} done
 */
function brush(plot, { axis, index, grip }, event, place, done) {
  const { layers, state, view } = plot;
  const { el } = layers;
  const pieces = state.brushes.value[index] ?? [];
  const geometry = layers.geometry.value;
  const pixel = 1 / Math.max(1, geometry.bottom - geometry.top);
  const start = placeAt(geometry, axis.inverted, place(event).y);
  const isUp = event.clientY;
  const before = grip.span?.pieces ?? null;
  const lane = grip.part === "missing" || grip.part === "nan" ? grip.part : null;
  let moved = false;
  let frame = 0;
  /** @type {PointerEvent | null} */
  let last = null;
  const listening = new AbortController();
  const { signal } = listening;
  const apply = () => {
    frame = 0;
    if (!last) return;
    const at = placeAt(geometry, axis.inverted, place(last).y);
    const [from, to] = stretch(grip, start, at);
    state.brush(axis, changed(pieces, before, piecesBetween(axis, from, to, pixel)));
  };
  el.setPointerCapture?.(event.pointerId);
  const move = (/** @type {PointerEvent} */ to) => {
    if (!moved && Math.abs(to.clientY - isUp) < SLACK) return;
    if (lane) return;
    moved = true;
    last = to;
    frame ||= requestAnimationFrame(apply); // one brush a frame, however fast the mouse
  };
  const end = () => {
    if (frame) {
      cancelAnimationFrame(frame);
      apply();
    }
    listening.abort();
    if (!moved && lane && isInLane(axis, lane, pieces)) state.brush(axis, toggleLane(axis, pieces, lane));
    else if (!moved && grip.part === "free" && axis.texts.length) pickCategory(plot, axis, pieces, start, pixel);
    done();
  };
  el.addEventListener("pointermove", move, { signal });
  el.addEventListener("pointerup", end, { signal });
  el.addEventListener("pointercancel", end, { signal });
  view.until.addEventListener("abort", () => listening.abort(), { once: true, signal });
}

/**
 * A click on a category brushes it.
 * @param {ParallelPlot} plot
 * @param {Axis} axis
 * @param {Piece[]} pieces
 * @param {number} at
 * @param {number} pixel
 */
function pickCategory({ state }, axis, pieces, at, pixel) {
  if (at < 0 || at > 1) return;
  state.brush(axis, changed(pieces, null, piecesBetween(axis, at, at, pixel)));
}

/**
 * The stretch that a drag makes of a brush, or of nothing.
 * @param {ReturnType<typeof gripAt>} grip
 * @param {number} start
 * @param {number} at
 * @returns {[number, number]}
 */
export function stretch({ part, span }, start, at) {
  if (!span) return [start, at];
  if (part === "low") return [at, span.high];
  if (part === "high") return [span.low, at];
  const by = at - start;
  return [span.low + by, span.high + by];
}
