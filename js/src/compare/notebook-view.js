// Two notebooks in two columns, cell beside cell: what changed in the code and in what came out of it.

import { h, replace } from "../kit/dom.js";
import { plural } from "../kit/format.js";
import { alignCells, cellsOf, piecesOf } from "./notebook-diff.js";
import { textDiffView } from "./text-view.js";

/** @typedef {import("./notebook-diff.js").Pair} Pair */

const SAID = {
  same: "",
  source: "code changed",
  outputs: "output changed",
  added: "only here",
  removed: "only in the base",
};
const MOST_CELLS = 400;

/**
 * @param {any} before parsed notebooks
 * @param {any} after
 * @param {"split" | "unified"} layout
 * @returns {HTMLElement}
 */
export function notebookDiffView(before, after, layout) {
  const pairs = alignCells(cellsOf(before), cellsOf(after));
  const changed = pairs.filter((pair) => pair.kind !== "same");
  const list = h("div", { class: "nbt-cmp-cells" });
  const draw = (/** @type {Set<number>} */ opened) => {
    /** @type {Node[]} */
    const els = [];
    for (let i = 0; i < pairs.length && els.length < MOST_CELLS; ) {
      const pair = /** @type {Pair} */ (pairs[i]);
      if (pair.kind !== "same" || opened.has(i)) {
        els.push(pairEl(pair, i, layout));
        i += 1;
        continue;
      }
      const from = i;
      while (i < pairs.length && pairs[i]?.kind === "same" && !opened.has(i)) i += 1;
      const all = Array.from({ length: i - from }, (_, k) => from + k);
      els.push(
        h(
          "button",
          { class: "nbt-cmp-fold", type: "button", on: { click: () => draw(new Set([...opened, ...all])) } },
          `⋯ ${plural(i - from, "equal cell")}`,
        ),
      );
    }
    replace(list, els);
  };
  draw(new Set());
  const kinds = /** @type {const} */ (["source", "outputs", "added", "removed"]);
  const counts = kinds
    .map((kind) => ({ kind, count: pairs.filter((pair) => pair.kind === kind).length }))
    .filter(({ count }) => count)
    .map(({ kind, count }) => `${SAID[kind]}: ${plural(count, "cell")}`);
  const said = changed.length
    ? `${counts.join(" · ")} · ${pairs.length - changed.length} the same`
    : "All cells are the same.";
  return h("div", {}, h("p", { class: "nbt-cmp-note" }, said), list);
}

/** @param {Pair} pair @param {number} index @param {"split" | "unified"} layout */
function pairEl(pair, index, layout) {
  const { before, after, kind } = pair;
  return h(
    "section",
    { class: `nbt-cmp-pair-of-cells nbt-cmp-k-${kind}`, "aria-label": `Cell ${index + 1} ${SAID[kind]}` },
    h(
      "p",
      { class: "nbt-cmp-cellhead" },
      `Cell ${index + 1}`,
      SAID[kind] ? h("span", { class: "nbt-cmp-count" }, SAID[kind]) : null,
    ),
    textDiffView(before?.source ?? "", after?.source ?? "", layout),
    outputsEl(pair, layout),
  );
}

/** @param {Pair} pair @param {"split" | "unified"} layout */
function outputsEl({ before, after }, layout) {
  const old = piecesOf(before?.outputs ?? []);
  const now = piecesOf(after?.outputs ?? []);
  if (!old.length && !now.length) return null;
  if (JSON.stringify(old) === JSON.stringify(now))
    return h("p", { class: "nbt-cmp-note" }, "The outputs are the same.");
  const els = [];
  for (let i = 0; i < Math.max(old.length, now.length); i += 1) {
    const [a, b] = [old[i], now[i]];
    if (a?.kind === "image" || b?.kind === "image") els.push(h("div", { class: "nbt-cmp-side" }, [a, b].map(imageEl)));
    else if (a?.text !== b?.text) els.push(textDiffView(a?.text ?? "", b?.text ?? "", layout));
  }
  return h("div", { class: "nbt-cmp-outputs" }, h("p", { class: "nbt-cmp-cellhead" }, "Output"), els);
}

/** @param {{ kind: string, text: string, mime: string } | undefined} piece @param {number} side */
function imageEl(piece, side) {
  const where = side ? "in the other run" : "in the base";
  if (piece?.kind !== "image") return h("p", { class: "nbt-cmp-note" }, `no picture ${where}`);
  const coded =
    piece.mime === "image/svg+xml"
      ? `;utf8,${encodeURIComponent(piece.text)}`
      : `;base64,${piece.text.replace(/\s/g, "")}`;
  return h(
    "figure",
    { class: "nbt-cmp-figure" },
    h("img", { alt: `Output ${where}`, src: `data:${piece.mime}${coded}` }),
  );
}
