// Params are logged as texts: which columns of them are numbers.

import { toNumber } from "../runs/facts.js";

/** What people log where a param is switched off, such as `max_depth=None`. */
export const NOTHING = /^(none|null|)$/i;

/** @type {WeakMap<string[], { size: number, isNumeric: boolean, min: number, max: number }>} */
const read = new WeakMap();

/**
 * Whether the texts of a column are numbers, but for those that say "nothing", and between which ends.
 * @param {string[]} texts
 */
export function readTexts(texts) {
  const before = read.get(texts);
  if (before?.size === texts.length) return before;
  const found = { size: texts.length, isNumeric: true, min: Infinity, max: -Infinity };
  for (const text of texts) {
    const value = numberIn(text);
    if (value === null && !NOTHING.test(text)) found.isNumeric = false;
    if (!found.isNumeric) break;
    if (value === null || !Number.isFinite(value)) continue;
    found.min = Math.min(found.min, value);
    found.max = Math.max(found.max, value);
  }
  if (found.max < found.min) found.isNumeric = false;
  read.set(texts, found);
  return found;
}

/** A text as a number, NaN and infinities as Python writes them; null when it is none. @param {string} text */
export function numberIn(text) {
  const special = /^([-+]?)(nan|inf|infinity)$/i.exec(text);
  if (!special) return toNumber(text);
  if (/nan/i.test(text)) return Number.NaN;
  return special[1] === "-" ? -Infinity : Infinity;
}
