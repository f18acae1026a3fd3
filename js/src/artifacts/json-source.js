// Branches of a JSON document: from the document itself when it is here, else from Python.

/**
 * @typedef {string | number} Step
 * @typedef {{ key?: Step, type: string, size?: number, value?: any }} Leaf
 * @typedef {Leaf & { children?: Leaf[], from: number }} Branch
 * @typedef {{ branch: (at: Step[], from: number) => Promise<Branch>, search: (text: string) => Promise<{ hits: Step[][], is_cut: boolean }> }} Source
 */

const PAGE = 200;
const MAX_TEXT = 2000;
const MAX_HITS = 200;

/** @param {any} document @returns {Source} */
export function localSource(document) {
  return {
    branch: async (at, from) =>
      branchOf(
        at.reduce((value, step) => value?.[step], document),
        from,
      ),
    search: async (text) => searchIn(document, text.toLowerCase()),
  };
}

/** @param {(part: any) => Promise<{ content: any }>} ask @returns {Source} */
export function remoteSource(ask) {
  return {
    branch: async (at, from) => (await ask({ at, from })).content.node,
    search: async (text) => /** @type {any} */ ((await ask({ search: text })).content),
  };
}

/** @param {any} value @param {number} from @returns {Branch} */
export function branchOf(value, from) {
  const facts = { ...leafOf(value), from };
  if (facts.type === "array") {
    return {
      ...facts,
      children: value
        .slice(from, from + PAGE)
        .map((/** @type {any} */ each, /** @type {number} */ i) => ({ key: from + i, ...leafOf(each) })),
    };
  }
  if (facts.type !== "object") return facts;
  const keys = Object.keys(value).slice(from, from + PAGE);
  return { ...facts, children: keys.map((key) => ({ key, ...leafOf(value[key]) })) };
}

/** @param {any} value @returns {Leaf} */
function leafOf(value) {
  if (Array.isArray(value)) return { type: "array", size: value.length };
  if (value === null) return { type: "null", value };
  if (typeof value === "object") return { type: "object", size: Object.keys(value).length };
  if (typeof value === "string" && value.length > MAX_TEXT)
    return { type: "string", value: `${value.slice(0, MAX_TEXT)}…` };
  return { type: typeof value, value };
}

/** Breadth first, so that near ones come first. @param {any} document @param {string} wanted */
function searchIn(document, wanted) {
  /** @type {Step[][]} */
  const hits = [];
  /** @type {[Step[], any][]} */
  let level = [[[], document]];
  while (level.length && hits.length < MAX_HITS) {
    /** @type {[Step[], any][]} */
    const below = [];
    for (const [path, value] of level) {
      if (typeof value !== "object" || value === null) continue;
      for (const [name, child] of Object.entries(value)) {
        const step = Array.isArray(value) ? Number(name) : name;
        const isBranch = typeof child === "object" && child !== null;
        const has =
          (typeof step === "string" && step.toLowerCase().includes(wanted)) ||
          (!isBranch && String(child).toLowerCase().includes(wanted));
        if (has && hits.length < MAX_HITS) hits.push([...path, step]);
        if (isBranch) below.push([[...path, step], child]);
      }
    }
    level = below;
  }
  return { hits, is_cut: hits.length >= MAX_HITS };
}

/** As Python would reach it: `["layers"][3]`. @param {Step[]} at */
export function pathText(at) {
  return at.map((step) => (typeof step === "number" ? `[${step}]` : `[${JSON.stringify(step)}]`)).join("");
}
