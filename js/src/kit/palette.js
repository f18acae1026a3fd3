// Colours that colour-blind readers can tell apart, for light and dark grounds.

/** Okabe and Ito's eight, the yellow darkened and the black greyed so that both stand on light and dark. */
const CATEGORICAL = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#b5a300", "#7f7f8f"];
/** Viridis without its palest end, in nine stops (light grounds), and without its darkest (dark grounds). */
const VIRIDIS = ["#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#addc30", "#fde725"];
/** Blue, grey, orange: even in lightness on both sides. */
const DIVERGING = ["#1f6fb4", "#7aa6cf", "#a9a9ad", "#dfa06c", "#c2570c"];

/**
 * @param {number} index
 * @returns {string}
 */
export function categorical(index) {
  return /** @type {string} */ (CATEGORICAL[index % CATEGORICAL.length]);
}

/** How many categories have a colour of their own. */
export const CATEGORIES = CATEGORICAL.length;

/**
 * @param {number} share 0 to 1
 * @param {boolean} dark ground
 */
export function sequential(share, dark) {
  return blend(VIRIDIS, dark ? 0.18 + share * 0.82 : share * 0.88);
}

/** @param {number} share 0 to 1; 0.5 is neutral */
export function diverging(share) {
  return blend(DIVERGING, share);
}

/**
 * @param {string[]} stops
 * @param {number} share
 */
function blend(stops, share) {
  const at = Math.min(1, Math.max(0, share)) * (stops.length - 1);
  const left = Math.min(stops.length - 2, Math.floor(at));
  const a = channels(stops[left] ?? "#888888");
  const b = channels(stops[left + 1] ?? "#888888");
  return `rgb(${a.map((value, i) => Math.round(value + ((b[i] ?? value) - value) * (at - left))).join(",")})`;
}

/** @param {string} hex */
function channels(hex) {
  return [1, 3, 5].map((start) => Number.parseInt(hex.slice(start, start + 2), 16));
}
