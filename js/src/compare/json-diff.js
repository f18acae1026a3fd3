// Two JSON values by path. Pure.

/**
 * @typedef {{ path: string, kind: "changed" | "added" | "removed", before?: any, after?: any }} Change
 */

const MOST = 5000;
const PLAIN = /^[\p{L}_$][\p{L}\p{N}_$-]*$/u;

/**
 * @param {any} before
 * @param {any} after
 * @returns {{ changes: Change[], same: number, cut: boolean }} `same`: leaves that agree
 */
export function diffJson(before, after) {
  /** @type {Change[]} */
  const changes = [];
  let same = 0;
  /** @param {any} a @param {any} b @param {string} path */
  const walk = (a, b, path) => {
    if (changes.length >= MOST) return;
    if (!isBranch(a) || !isBranch(b) || Array.isArray(a) !== Array.isArray(b)) {
      if (leafEqual(a, b)) same += 1;
      else changes.push({ path: path || "(the whole)", kind: "changed", before: a, after: b });
      return;
    }
    for (const key of keysOf(a, b)) {
      const here = Array.isArray(a) ? `${path}[${key}]` : join(path, String(key));
      if (!has(a, key)) changes.push({ path: here, kind: "added", after: b[key] });
      else if (!has(b, key)) changes.push({ path: here, kind: "removed", before: a[key] });
      else walk(a[key], b[key], here);
    }
  };
  walk(before, after, "");
  return { changes, same, cut: changes.length >= MOST };
}

/** @param {any} value */
function isBranch(value) {
  return typeof value === "object" && value !== null && Object.keys(value).length > 0;
}

/** @param {any} a @param {any} b */
function leafEqual(a, b) {
  return a === b || (!isBranch(a) && !isBranch(b) && JSON.stringify(a) === JSON.stringify(b));
}

/** @param {any} a @param {any} b @returns {(string | number)[]} */
function keysOf(a, b) {
  if (Array.isArray(a)) return [...Array(Math.max(a.length, b.length)).keys()];
  return [...new Set([...Object.keys(a), ...Object.keys(b)])];
}

/** @param {any} value @param {string | number} key */
function has(value, key) {
  return Array.isArray(value) ? Number(key) < value.length : Object.hasOwn(value, key);
}

/** @param {string} path @param {string} key */
function join(path, key) {
  if (!PLAIN.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path ? `${path}.${key}` : key;
}
