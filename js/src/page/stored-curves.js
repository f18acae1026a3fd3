// Histories of an exported page: stored for all series, put together for those that are asked.

/**
 * @typedef {import("./answers.js").Stored} Stored
 * @typedef {{ columns: Float64Array[], odd: Float64Array, start: number, end: number, thinned: boolean }} Part columns x, y, low, high, count
 */

const COLUMNS = 5;
const ODD = 4; // numbers for each point that is none: its index and three counts

/**
 * @param {Stored[]} stored
 * @returns {(question: Record<string, any>) => import("../kit/kernel.js").Answer | undefined}
 */
export function curvesFrom(stored) {
  /** @type {Map<string, Part>} */
  const parts = new Map();
  for (const { content, buffers } of stored) {
    const columns = buffers.map(doubles);
    const odd = columns.pop() ?? new Float64Array();
    for (const [slot, [run, key]] of content.series.entries()) {
      const [start, end, thinned] = [content.starts[slot], content.starts[slot + 1], content.thinned[slot]];
      parts.set(`${content.x}\n${run}\n${key}`, { columns, odd, start, end, thinned });
    }
  }
  return ({ series, x }) => {
    const found = series.map((/** @type {string[]} */ [run, key]) => parts.get(`${x}\n${run}\n${key}`));
    return found.some(Boolean) ? joined(found, series, x) : undefined;
  };
}

/**
 * @param {(Part | undefined)[]} found
 * @param {string[][]} series
 * @param {string} x
 */
function joined(found, series, x) {
  const starts = [0];
  for (const part of found) starts.push((starts.at(-1) ?? 0) + (part ? part.end - part.start : 0));
  const thinned = found.map((part) => part?.thinned ?? false);
  const size = thinned.includes(true) ? COLUMNS : 2;
  const columns = Array.from({ length: COLUMNS }, (_, i) => new Float64Array(i < size ? (starts.at(-1) ?? 0) : 0));
  /** @type {number[]} */
  const odd = [];
  for (const [slot, part] of found.entries()) {
    if (!part) continue;
    const at = starts[slot] ?? 0;
    for (const [i, column] of columns.entries()) {
      if (i >= size) break;
      const own = part.columns[i];
      // a series that is whole stands among thinned ones with its values as its band
      if (own?.length) column.set(own.subarray(part.start, part.end), at);
      else if (i < COLUMNS - 1)
        column.set(/** @type {Float64Array} */ (part.columns[1]).subarray(part.start, part.end), at);
      else column.fill(1, at, at + part.end - part.start);
    }
    for (let i = 0; i < part.odd.length; i += ODD) {
      const index = /** @type {number} */ (part.odd[i]);
      if (index >= part.start && index < part.end)
        odd.push(index - part.start + at, .../** @type {any} */ (part.odd.subarray(i + 1, i + ODD)));
    }
  }
  const buffers = [...columns, Float64Array.from(odd)].map(({ buffer }) => buffer);
  return { content: { ok: true, x, series, starts, thinned }, buffers };
}

/** @param {any} buffer a view that starts at a multiple of 8 */
function doubles(buffer) {
  return new Float64Array(buffer.buffer, buffer.byteOffset, buffer.byteLength >> 3);
}
