// Which rows and columns are in sight, and how wide columns are: pure geometry of the table.

export const ROW = 28;
export const HEAD = 48;
const KEY = { narrow: 138, least: 200, most: 300 };
const COLUMN = { least: 132, narrow: 112 };
const NARROW = 560;
const AROUND = 8; // rows drawn beyond the edge, so that fast scrolling shows no empty place

/**
 * @typedef {object} Shape
 * @property {number} key width of the column of keys
 * @property {number} column width of a run's column
 * @property {number} frozen runs that stay at the left: the base, or none where there is no room
 * @property {number} total width
 */

/**
 * @param {number} width of the table on view
 * @param {number} runs
 * @returns {Shape}
 */
export function shapeOf(width, runs) {
  const tight = width < NARROW;
  const key = tight ? KEY.narrow : Math.round(Math.max(KEY.least, Math.min(KEY.most, width * 0.2)));
  const room = (width - key - 2) / Math.max(1, runs);
  const column = Math.floor(Math.max(tight ? COLUMN.narrow : COLUMN.least, room));
  const total = key + column * runs;
  const frozen = runs > 1 && width - key - column >= column * 0.8 ? 1 : 0;
  return { key, column, frozen, total };
}

/**
 * @param {number} top scroll position
 * @param {number} height of the table on view
 * @param {number} count
 */
export function rowsInSight(top, height, count) {
  const first = Math.max(0, Math.floor(top / ROW) - AROUND);
  const last = Math.min(count, Math.ceil((top + Math.max(0, height - HEAD)) / ROW) + AROUND);
  return { first, last: Math.max(first, last) };
}

/**
 * Runs in sight right of the frozen ones.
 * @param {number} left scroll position
 * @param {number} width
 * @param {number} runs
 * @param {Shape} shape
 */
export function columnsInSight(left, width, runs, { key, column, frozen }) {
  const room = width - key - frozen * column;
  const first = Math.max(frozen, frozen + Math.floor(left / column) - 1);
  const last = Math.min(runs, frozen + Math.ceil((left + Math.max(room, column)) / column) + 1);
  return { first, last: Math.max(first, last) };
}

/**
 * Scroll position that brings a cell into sight.
 * @param {{ line: number, column: number }} place column 0 is the key
 * @param {{ top: number, left: number, width: number, height: number }} box
 * @param {Shape} shape
 */
export function scrollToShow({ line, column }, { top, left, width, height }, { key, column: wide, frozen }) {
  const y = line * ROW;
  const room = height - HEAD;
  const nextTop = y < top ? y : y + ROW > top + room ? y + ROW - room : top;
  const run = column - 1;
  if (run < frozen) return { top: nextTop, left };
  const x = (run - frozen) * wide;
  const across = width - key - frozen * wide;
  const nextLeft = x < left ? x : x + wide > left + across ? x + wide - across : left;
  return { top: nextTop, left: nextLeft };
}
