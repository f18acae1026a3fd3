// Very many lines at once: between two axes, lines from one height to another are counted, and each pair is drawn once,
// the darker the more lines it stands for.

/**
 * @typedef {{ from: Float32Array, to: Float32Array, weight: Float32Array, bucket: Uint8Array, most: number }} Pairs
 */

/** Heights are told apart in steps of this many pixels. */
const GRAIN = 2;

/**
 * @param {Int32Array} rows
 * @param {Float32Array} left heights by row
 * @param {Float32Array} right
 * @param {Uint8Array} buckets colours by row
 * @param {number} height
 * @returns {Pairs} in the order of their weight, the heaviest last
 */
export function pairsOf(rows, left, right, buckets, height) {
  const levels = Math.ceil(height / GRAIN) + 1;
  const counts = new Uint32Array(levels * levels);
  // a pair has the colour of the last of its runs: means of colours would be colours that no run has
  const colours = new Uint8Array(levels * levels);
  for (let i = 0; i < rows.length; i += 1) {
    const row = /** @type {number} */ (rows[i]);
    const a = Math.round(/** @type {number} */ (left[row]) / GRAIN);
    const b = Math.round(/** @type {number} */ (right[row]) / GRAIN);
    const at = a * levels + b;
    counts[at] = /** @type {number} */ (counts[at]) + 1;
    colours[at] = /** @type {number} */ (buckets[row]);
  }
  const used = [];
  for (let at = 0; at < counts.length; at += 1) if (counts[at]) used.push(at);
  used.sort((a, b) => /** @type {number} */ (counts[a]) - /** @type {number} */ (counts[b]));
  const number = used.length;
  const pairs = {
    from: new Float32Array(number),
    to: new Float32Array(number),
    weight: new Float32Array(number),
    bucket: new Uint8Array(number),
    most: number ? /** @type {number} */ (counts[/** @type {number} */ (used[number - 1])]) : 0,
  };
  for (let i = 0; i < number; i += 1) {
    const at = /** @type {number} */ (used[i]);
    pairs.from[i] = Math.floor(at / levels) * GRAIN;
    pairs.to[i] = (at % levels) * GRAIN;
    pairs.weight[i] = /** @type {number} */ (counts[at]);
    pairs.bucket[i] = /** @type {number} */ (colours[at]);
  }
  return pairs;
}

/**
 * Pairs in classes of opacity, as few strokes need it: by the logarithm of their weight.
 * @param {number} weight
 * @param {number} most
 * @param {number} classes
 */
export function opacityClass(weight, most, classes) {
  if (most <= 1) return classes - 1;
  return Math.min(classes - 1, Math.floor((Math.log(weight) / Math.log(most)) * classes));
}
