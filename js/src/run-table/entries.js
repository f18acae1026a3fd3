// The lines of the table from top to bottom: runs, group headings, children under their parents.

/**
 * @typedef {import("../kit/run-store.js").RunStore} RunStore
 * @typedef {import("../runs/catalog.js").Field} Field
 *
 * @typedef {object} RunGroup
 * @property {string} key stable name, used to remember what is open
 * @property {string | null} value null: runs without a value
 * @property {Int32Array} rows in the order of the table
 *
 * @typedef {object} Entries
 * @property {Int32Array} codes a row of the store, or -(group + 1)
 * @property {Uint8Array | null} depth indentation of each line
 * @property {Uint8Array | null} branch 1: has children shown, 2: has children hidden
 * @property {RunGroup[]} groups
 * @property {number} frozen how many lines at the top are pinned
 * @property {Int32Array} rows every run that matches, grouped or not
 */

/** @type {Entries} */
export const NO_ENTRIES = {
  codes: new Int32Array(0),
  depth: null,
  branch: null,
  groups: [],
  frozen: 0,
  rows: new Int32Array(0),
};

/**
 * @param {Int32Array} rows sorted
 * @param {RunStore} store
 * @param {Set<string>} pinned run ids
 * @returns {{ top: Int32Array, rest: Int32Array }}
 */
export function liftPinned(rows, store, pinned) {
  if (!pinned.size) return { top: new Int32Array(0), rest: rows };
  const lifted = new Set([...pinned].map((id) => store.rowOf.get(id)));
  return { top: rows.filter((row) => lifted.has(row)), rest: rows.filter((row) => !lifted.has(row)) };
}

/**
 * Plain list.
 * @param {Int32Array} rows
 * @param {Int32Array} top
 * @param {Int32Array} rest
 * @returns {Entries}
 */
export function listEntries(rows, top, rest) {
  return { ...NO_ENTRIES, codes: top.length ? joined(top, rest) : rest, frozen: top.length, rows };
}

/**
 * Children follow their parent, one step further in. A child whose parent is not on view stands by itself.
 * @param {Int32Array} rows
 * @param {Int32Array} top
 * @param {Int32Array} rest
 * @param {RunStore} store
 * @param {Set<string>} closed run ids of parents whose children are hidden
 * @returns {Entries}
 */
export function nestedEntries(rows, top, rest, store, closed) {
  const shown = new Set(rest);
  /** @type {Map<number, number[]>} */
  const children = new Map();
  const roots = [];
  for (const row of rest) {
    const parent = store.rowOf.get(store.text("parent_run_id", row) ?? "");
    if (parent === undefined || parent === row || !shown.has(parent)) roots.push(row);
    else if (children.has(parent)) children.get(parent)?.push(row);
    else children.set(parent, [row]);
  }
  const codes = [...top];
  const depth = codes.map(() => 0);
  const branch = codes.map(() => 0);
  const placed = new Set();
  const place = (/** @type {number} */ row, /** @type {number} */ level) => {
    if (placed.has(row)) return; // two runs that name each other as parent
    placed.add(row);
    const below = children.get(row);
    const hidden = below !== undefined && closed.has(store.idAt(row));
    codes.push(row);
    depth.push(Math.min(level, 8));
    branch.push(below ? (hidden ? 2 : 1) : 0);
    if (below && !hidden) for (const child of below) place(child, level + 1);
    else if (below) for (const child of below) placed.add(child);
  };
  for (const row of roots) place(row, 0);
  return {
    codes: Int32Array.from(codes),
    depth: Uint8Array.from(depth),
    branch: Uint8Array.from(branch),
    groups: [],
    frozen: top.length,
    rows,
  };
}

/**
 * @param {Int32Array} rows
 * @param {Int32Array} top
 * @param {RunGroup[]} groups
 * @param {Set<string>} open keys of groups whose members are shown
 * @returns {Entries}
 */
export function groupedEntries(rows, top, groups, open) {
  const lifted = new Set(top);
  const codes = [...top];
  const depth = codes.map(() => 0);
  for (const [index, group] of groups.entries()) {
    codes.push(-index - 1);
    depth.push(0);
    if (!open.has(group.key)) continue;
    for (const row of group.rows) {
      if (lifted.has(row)) continue;
      codes.push(row);
      depth.push(1);
    }
  }
  return {
    codes: Int32Array.from(codes),
    depth: Uint8Array.from(depth),
    branch: null,
    groups,
    frozen: top.length,
    rows,
  };
}

/**
 * @param {Int32Array} a
 * @param {Int32Array} b
 */
function joined(a, b) {
  const both = new Int32Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
