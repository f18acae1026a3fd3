/** Texts as DuckDB compares them: by code point, with LIKE, and read as numbers. */

import { toNumber } from "./values.js";

const DIGITS = "[0-9]+(?:_[0-9]+)*";
const SPACES = "[ \\t\\n\\v\\f\\r]*";
const REAL = `(?:${DIGITS}(?:\\.(?:${DIGITS})?)?|\\.${DIGITS})(?:[eE][+\\-]?${DIGITS})?`;
const WORDS = "[iI][nN][fF](?:[iI][nN][iI][tT][yY])?|[nN][aA][nN]";
/** What TRY_CAST(text AS DOUBLE) reads. */
const NUMBER_TEXT = new RegExp(`^${SPACES}\\+?(-?(?:${REAL}|${WORDS}))${SPACES}$`);

/**
 * Return the number that a text is, or undefined.
 *
 * @param {string} text
 */
export function numberOf(text) {
  const literal = NUMBER_TEXT.exec(text)?.[1];
  return literal === undefined ? undefined : toNumber(literal.replaceAll("_", ""));
}

/**
 * Compare two texts by code point; `<` would put characters beyond U+FFFF before U+E000.
 *
 * @param {string} a
 * @param {string} b
 */
export function compareText(a, b) {
  if (a === b) return 0;
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x !== y) return rankOfUnit(x) - rankOfUnit(y);
  }
  return a.length - b.length;
}

/** @param {number} unit  a UTF-16 code unit; surrogates rank above all others */
function rankOfUnit(unit) {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

/**
 * Return a function that says whether a text is like a pattern: `%` any text, `_` any character.
 *
 * @param {string} pattern
 * @param {boolean} ignoreCase
 */
export function like(pattern, ignoreCase) {
  const wanted = characters(pattern, ignoreCase);
  return (/** @type {string} */ text) => isLike(characters(text, ignoreCase), wanted);
}

/**
 * Match without recursion: after a mismatch, only the latest `%` takes one character more.
 *
 * @param {string[]} text
 * @param {string[]} wanted
 */
function isLike(text, wanted) {
  let [i, j, afterPercent, resume] = [0, 0, -1, 0];
  while (i < text.length) {
    if (wanted[j] === "%") {
      j += 1;
      [afterPercent, resume] = [j, i];
    } else if (j < wanted.length && (wanted[j] === "_" || wanted[j] === text[i])) {
      i += 1;
      j += 1;
    } else if (afterPercent >= 0) {
      resume += 1;
      [i, j] = [resume, afterPercent];
    } else {
      return false;
    }
  }
  while (wanted[j] === "%") j += 1;
  return j === wanted.length;
}

/** @param {string} text @param {boolean} ignoreCase */
function characters(text, ignoreCase) {
  const all = [...text];
  // One character stays one character, as in DuckDB's lower().
  return ignoreCase ? all.map((c) => [...c.toLowerCase()][0] ?? c) : all;
}
