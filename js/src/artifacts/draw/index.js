// Which drawing suits a kind of preview.

import { drawBinary } from "./binary.js";

/** @typedef {import("../preview.js").Look} Look */
/** @typedef {(look: Look) => (Node | string)[] | Node} Drawing */

/** @type {Record<string, Drawing>} */
const DRAWINGS = {
  binary: drawBinary,
  empty: () => [],
};

/** @param {string} kind @returns {Drawing} */
export function drawing(kind) {
  return DRAWINGS[kind] ?? drawBinary;
}
