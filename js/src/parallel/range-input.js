// A brush typed instead of drawn.

import { h, setText } from "../kit/dom.js";
import { formatDate } from "../kit/format.js";
import { parseBrush } from "./brush.js";

/**
 * @param {import("./parallel.js").ParallelPlot} plot
 * @param {import("./axes.js").Axis} axis
 * @param {Element | DOMRect} at
 * @param {string} typed
 */
export function openRangeInput({ heads, popover, state }, axis, at, typed) {
  const present = state.brushes.value[state.ids().indexOf(axis.id)] ?? [];
  const input = h("input", {
    class: "nbt-par-range",
    type: "text",
    "aria-label": `Brush ${axis.label}`,
    placeholder: hintOf(axis),
    spellcheck: "false",
    autocomplete: "off",
    value: typed || typedText(present, axis.kind === "time" ? formatDate : String),
  });
  const error = h("div", { class: "nbt-par-error", role: "alert" });
  const apply = () => {
    const { pieces, error: problem } = parseBrush(axis, input.value);
    setText(error, problem);
    input.setAttribute("aria-invalid", String(problem !== ""));
    if (!problem) state.brush(axis, pieces);
    return !problem;
  };
  input.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Enter") {
      event.preventDefault(); // or the title that gets the focus is clicked by the same key, and inverts the axis
      if (!apply()) return;
      popover.close();
      heads.focus(axis.id);
    }
    if (event.key === "Escape") popover.close();
  });
  popover.open([input, error], { at, label: `Brush ${axis.label}` });
  input.focus();
  if (typed) input.setSelectionRange(typed.length, typed.length);
  else input.select();
}

/** @param {import("./axes.js").Axis} axis */
function hintOf({ kind, texts }) {
  if (texts.length) return texts.slice(0, 2).join(", ");
  return kind === "time" ? "2026-11-20..2026-11-23 12:00" : "0.001..0.1   >0.5   nan   missing";
}

/**
 * A brush as one would type it.
 * @param {import("../runs/where.js").Piece[]} pieces
 * @param {(value: number) => string} [write]
 */
export function typedText(pieces, write = String) {
  return pieces
    .map((piece) => {
      if (piece === null) return "missing";
      if (typeof piece === "string") return piece;
      const [low, high] = piece;
      if (low !== null && low === high) return write(low);
      return `${low === null ? "" : write(low)}..${high === null ? "" : write(high)}`;
    })
    .join(", ");
}
