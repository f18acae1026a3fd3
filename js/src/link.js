// Puts parts together, see parts.mjs. All bundles of a page share its parts: each is made once, when it is first used.

/**
 * @typedef {(name: string) => any} Use gives what a part exports, by the name of an entry point or by id; undefined when it is not here
 */

const KEY = Symbol.for("nbtrack.parts");
const page = /** @type {Record<symbol, Record<string, () => any>>} */ (/** @type {unknown} */ (globalThis));

/**
 * @param {Record<string, (use: Use) => any>} parts by id; ids hold a digest, so several versions of nbtrack can be on one page
 * @param {Record<string, string>} entries name of an entry point -> id
 * @returns {Use}
 */
export default function link(parts, entries) {
  page[KEY] ??= {};
  const made = page[KEY];
  /** @type {Use} */
  const use = (name) => made[entries[name] ?? name]?.();
  for (const [id, make] of Object.entries(parts)) {
    /** @type {any} */
    let part;
    made[id] ??= () => {
      part ??= make(use);
      return part;
    };
  }
  return use;
}
