// Two notebooks aligned cell by cell. Pure.

import { diffArrays } from "diff";

/**
 * @typedef {object} Cell
 * @property {string} id
 * @property {string} type code, markdown or raw
 * @property {string} source
 * @property {any[]} outputs
 *
 * @typedef {object} Pair
 * @property {Cell | null} before
 * @property {Cell | null} after
 * @property {"same" | "source" | "outputs" | "added" | "removed"} kind `source`: the code differs; `outputs`: only what came out of it
 */

const ALIKE = 0.4;

/**
 * @param {any} notebook as parsed from JSON
 * @returns {Cell[]}
 */
export function cellsOf(notebook) {
  const cells = Array.isArray(notebook?.cells) ? notebook.cells : (notebook?.worksheets?.[0]?.cells ?? []);
  return cells.map((/** @type {any} */ cell) => ({
    id: String(cell?.id ?? ""),
    type: String(cell?.cell_type ?? "code"),
    source: joined(cell?.source ?? cell?.input ?? ""),
    outputs: Array.isArray(cell?.outputs) ? cell.outputs : [],
  }));
}

/**
 * Cells with the same id belong together where the notebooks share most ids, else those with the same source; what is left
 * between them goes by likeness.
 * @param {Cell[]} before
 * @param {Cell[]} after
 * @returns {Pair[]}
 */
export function alignCells(before, after) {
  const name = shareIds(before, after) ? (/** @type {Cell} */ cell) => cell.id : signature;
  const parts = diffArrays(before.map(name), after.map(name), { timeout: 800 });
  if (!parts) return pairUp(before, after);
  /** @type {Pair[]} */
  const pairs = [];
  let [left, right] = [0, 0];
  for (let i = 0; i < parts.length; i += 1) {
    const part = parts[i];
    if (!part) continue;
    const count = part.value.length;
    if (!part.added && !part.removed) {
      for (let k = 0; k < count; k += 1) pairs.push(pairOf(before[left + k] ?? null, after[right + k] ?? null));
      left += count;
      right += count;
      continue;
    }
    const next = parts[i + 1];
    const both = part.removed && next?.added;
    const gone = part.removed ? before.slice(left, left + count) : [];
    const come = part.added
      ? after.slice(right, right + count)
      : both
        ? after.slice(right, right + next.value.length)
        : [];
    if (both) i += 1;
    left += gone.length;
    right += come.length;
    pairs.push(...pairUp(gone, come));
  }
  return pairs;
}

/**
 * Outputs as comparable pieces: texts, and pictures by their data.
 * @param {any[]} outputs
 * @returns {{ kind: "text" | "image", text: string, mime: string }[]}
 */
export function piecesOf(outputs) {
  /** @type {{ kind: "text" | "image", text: string, mime: string }[]} */
  const pieces = [];
  const addText = (/** @type {string} */ text) => {
    const last = pieces.at(-1);
    if (last?.kind === "text") last.text += text.startsWith("\n") || last.text.endsWith("\n") ? text : `\n${text}`;
    else pieces.push({ kind: "text", text, mime: "text/plain" });
  };
  for (const output of outputs) {
    if (output?.output_type === "stream") addText(joined(output.text));
    else if (output?.output_type === "error") addText(plainTraceback(output));
    else {
      const data = output?.data ?? {};
      const mime = ["image/png", "image/jpeg", "image/svg+xml"].find((name) => data[name]);
      if (mime) pieces.push({ kind: "image", text: joined(data[mime]), mime });
      else if (data["text/plain"]) addText(joined(data["text/plain"]));
    }
  }
  return pieces;
}

/** @param {any} output */
function plainTraceback(output) {
  const lines = Array.isArray(output.traceback) ? output.traceback.join("\n") : `${output.ename}: ${output.evalue}`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours of a terminal
  return lines.replace(/\u001b\[[0-9;]*m/g, "");
}

/** @param {Cell[]} before @param {Cell[]} after */
function shareIds(before, after) {
  const ids = new Set(before.map(({ id }) => id).filter(Boolean));
  const shared = after.filter(({ id }) => ids.has(id)).length;
  return ids.size === before.length && shared * 2 > Math.min(before.length, after.length);
}

/** @param {Cell} cell */
function signature({ type, source }) {
  return `${type}\n${source}`;
}

/** @param {Cell | null} before @param {Cell | null} after @returns {Pair} */
function pairOf(before, after) {
  if (!before || !after) return { before, after, kind: before ? "removed" : "added" };
  if (signature(before) !== signature(after)) return { before, after, kind: "source" };
  const same = JSON.stringify(piecesOf(before.outputs)) === JSON.stringify(piecesOf(after.outputs));
  return { before, after, kind: same ? "same" : "outputs" };
}

/**
 * @param {Cell[]} gone
 * @param {Cell[]} come
 * @returns {Pair[]}
 */
function pairUp(gone, come) {
  /** @type {Pair[]} */
  const pairs = [];
  let from = 0;
  for (const cell of come) {
    const partner = gone.findIndex((other, i) => i >= from && belong(other, cell));
    if (partner < 0) {
      pairs.push(pairOf(null, cell));
      continue;
    }
    for (; from < partner; from += 1) pairs.push(pairOf(gone[from] ?? null, null));
    pairs.push(pairOf(gone[partner] ?? null, cell));
    from = partner + 1;
  }
  for (; from < gone.length; from += 1) pairs.push(pairOf(gone[from] ?? null, null));
  return pairs;
}

/** @param {Cell} a @param {Cell} b */
function belong(a, b) {
  if (a.type !== b.type) return false;
  if (a.id !== "" && a.id === b.id) return true;
  return likeness(a.source, b.source) >= ALIKE;
}

/**
 * Share of lines that two texts have in common, 0 to 1.
 * @param {string} a
 * @param {string} b
 */
function likeness(a, b) {
  const [left, right] = [new Set(linesOf(a)), new Set(linesOf(b))];
  if (!left.size || !right.size) return left.size === right.size ? 1 : 0;
  let common = 0;
  for (const line of left) if (right.has(line)) common += 1;
  return common / Math.max(left.size, right.size);
}

/** @param {string} text */
function linesOf(text) {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
}

/** @param {any} text a text or a list of lines */
function joined(text) {
  return Array.isArray(text) ? text.join("") : String(text ?? "");
}
