// Which rows and columns are in sight: arithmetic only.

/**
 * @param {{ scroll: number, height: number, rowHeight: number, count: number, overscan?: number }} sight
 * @returns {{ first: number, last: number }} half-open range of rows
 */
export function rowsInSight({ scroll, height, rowHeight, count, overscan = 4 }) {
  const first = Math.max(0, Math.floor(scroll / rowHeight) - overscan);
  const last = Math.min(count, Math.ceil((scroll + height) / rowHeight) + overscan);
  return { first: Math.min(first, last), last };
}

/**
 * @param {{ starts: number[], total: number, scroll: number, width: number, overscan?: number }} sight
 *   `starts`: left edges, ascending
 * @returns {{ first: number, last: number }} half-open range of columns
 */
export function columnsInSight({ starts, total, scroll, width, overscan = 80 }) {
  if (!starts.length) return { first: 0, last: 0 };
  const from = Math.max(0, Math.min(scroll - overscan, total));
  const to = scroll + width + overscan;
  const first = Math.max(0, upperBound(starts, from) - 1);
  return { first, last: Math.max(first, upperBound(starts, to)) };
}

/**
 * @param {number[]} sorted
 * @param {number} value
 * @returns {number} how many entries are <= value
 */
function upperBound(sorted, value) {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (/** @type {number} */ (sorted[middle]) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The scroll position that brings a span into sight with the least movement.
 * @param {{ scroll: number, size: number, start: number, end: number }} span
 */
export function scrollToShow({ scroll, size, start, end }) {
  if (start < scroll || end - start > size) return start;
  return end > scroll + size ? end - size : scroll;
}
