// Two texts line by line. Pure: the view draws what this says.

import { diffArrays, diffLines } from "diff";

/**
 * @typedef {[text: string, changed: boolean][]} Words
 * @typedef {{ number: number, words: Words }} Side
 *
 * @typedef {object} Line
 * @property {"same" | "changed" | "added" | "removed"} kind `changed`: a line that has another one in its place
 * @property {Side | null} before
 * @property {Side | null} after
 *
 * @typedef {{ lines: Line[], added: number, removed: number, whole: boolean }} TextDiff
 *   `whole`: the texts differ too much to be aligned in time, so all lines are shown as replaced
 */

const PATIENCE = 1500; // ms
const LONGEST_LINE = 400;
/** Words, numbers with their points, spaces, single signs. */
const TOKEN = /[\p{L}\p{N}_.]+|\s+|./gu;

/**
 * @param {string} before
 * @param {string} after
 * @returns {TextDiff}
 */
export function diffTexts(before, after) {
  const [a, b] = [unified(before), unified(after)];
  const found =
    a === b ? [{ value: a, added: false, removed: false, count: 0 }] : diffLines(a, b, { timeout: PATIENCE });
  const parts = found ?? [
    { value: a, removed: true, added: false, count: 0 },
    { value: b, removed: false, added: true, count: 0 },
  ];
  /** @type {TextDiff} */
  const diff = { lines: [], added: 0, removed: 0, whole: !found };
  let [left, right] = [1, 1];
  for (let i = 0; i < parts.length; i += 1) {
    const part = parts[i];
    if (!part) continue;
    const lines = linesOf(part.value);
    if (!part.added && !part.removed) {
      for (const text of lines) {
        diff.lines.push({ kind: "same", before: side(left, text), after: side(right, text) });
        left += 1;
        right += 1;
      }
      continue;
    }
    const next = parts[i + 1];
    const pairs = part.removed && next?.added ? linesOf(next.value) : [];
    const removed = part.removed ? lines : [];
    const added = part.removed ? pairs : lines;
    if (pairs.length) i += 1;
    diff.removed += removed.length;
    diff.added += added.length;
    for (let k = 0; k < Math.max(removed.length, added.length); k += 1) {
      diff.lines.push(lineOf(removed[k], added[k], left, right));
      if (removed[k] !== undefined) left += 1;
      if (added[k] !== undefined) right += 1;
    }
  }
  return diff;
}

/**
 * Lines to show: what changed with some lines around it, and gaps of equal lines between.
 * @param {Line[]} lines
 * @param {number} around
 * @param {Set<number>} opened first lines of gaps that the reader opened
 * @returns {(number | { from: number, count: number })[]} indices into `lines`, and gaps
 */
export function folded(lines, around, opened) {
  const near = new Uint8Array(lines.length);
  lines.forEach(({ kind }, i) => {
    if (kind === "same") return;
    near.fill(1, Math.max(0, i - around), Math.min(lines.length, i + around + 1));
  });
  const shown = [];
  for (let i = 0; i < lines.length; ) {
    if (near[i]) {
      shown.push(i);
      i += 1;
      continue;
    }
    const from = i;
    while (i < lines.length && !near[i]) i += 1;
    if (opened.has(from) || i - from < 3) for (let k = from; k < i; k += 1) shown.push(k);
    else shown.push({ from, count: i - from });
  }
  return shown;
}

/**
 * @param {string | undefined} before
 * @param {string | undefined} after
 * @param {number} left
 * @param {number} right
 * @returns {Line}
 */
function lineOf(before, after, left, right) {
  if (before === undefined) return { kind: "added", before: null, after: side(right, after ?? "") };
  if (after === undefined) return { kind: "removed", before: side(left, before), after: null };
  if (before.length > LONGEST_LINE || after.length > LONGEST_LINE)
    return { kind: "changed", before: side(left, before), after: side(right, after) };
  const words = diffArrays(before.match(TOKEN) ?? [], after.match(TOKEN) ?? []).map(({ value, added, removed }) => ({
    value: value.join(""),
    added,
    removed,
  }));
  const kept = words.reduce((sum, part) => sum + (part.added || part.removed ? 0 : part.value.trim().length), 0);
  // hardly anything in common: marking single words would only confuse
  if (kept * 3 < Math.max(before.trim().length, after.trim().length))
    return { kind: "changed", before: side(left, before), after: side(right, after) };
  /** @param {"added" | "removed"} other */
  const without = (other) =>
    /** @type {Words} */ (
      words.filter((part) => !part[other]).map((part) => [part.value, Boolean(part.added || part.removed)])
    );
  return {
    kind: "changed",
    before: { number: left, words: without("added") },
    after: { number: right, words: without("removed") },
  };
}

/** @param {number} number @param {string} text @returns {Side} */
function side(number, text) {
  return { number, words: [[text, false]] };
}

/** @param {string} text */
function unified(text) {
  const lines = text.replace(/\r\n?/g, "\n");
  return lines && !lines.endsWith("\n") ? `${lines}\n` : lines; // a missing last line break is no difference
}

/** @param {string} text */
function linesOf(text) {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}
