// From esbuild's chunks to parts: each module becomes a function that gets others by name and returns what it exports, so that
// any set of parts can be put into one script, in whatever page, without a bundler and without an address to import from.

const IMPORT = /^\s*import\s*(?:\{([^}]*)\}\s*from\s*)?"\.\/([^"]+)\.js";?/;
const USE = "__use"; // no name that esbuild makes up, nor one of ours
const EXPORT = /export\s*\{([^}]*)\};?\s*$/;

/**
 * @typedef {{ link: string, entries: Record<string, string[]>, parts: Record<string, string> }} Parts
 * `entries`: ids of all parts that an entry point needs, each after those it imports, the entry point's own last
 */

/**
 * @param {import("esbuild").BuildResult<{ metafile: true, write: false }>} result of a build with `splitting`
 * @returns {Parts}
 */
export function partsOf({ metafile, outputFiles }) {
  const texts = new Map(outputFiles.map(({ path, text }) => [idOf(path), text]));
  const outputs = new Map(Object.entries(metafile.outputs).map(([path, output]) => [idOf(path), output]));
  const parts = Object.fromEntries([...texts].map(([id, text]) => [id, wrapped(text)]));
  /** @type {Record<string, string[]>} */
  const entries = {};
  for (const [id, { entryPoint }] of outputs) {
    if (entryPoint) entries[id.slice(0, id.lastIndexOf("-"))] = [...inOrder(id)];
  }
  for (const [id, text] of Object.entries(parts)) if (!isScript(text)) throw new Error(`${id} became no function`);
  const { [entries.link?.[0] ?? ""]: link, ...others } = parts;
  delete entries.link;
  return { link: `(${link})().default`, entries, parts: others };

  /** @param {string} id @param {Set<string>} found @returns {Set<string>} */
  function inOrder(id, found = new Set()) {
    for (const { path } of outputs.get(id)?.imports ?? []) if (!found.has(idOf(path))) inOrder(idOf(path), found);
    return found.add(id);
  }
}

/** @param {string} text */
function isScript(text) {
  try {
    return typeof new Function(`"use strict";return ${text}`)() === "function";
  } catch {
    return false;
  }
}

/** @param {string} path */
function idOf(path) {
  return path.slice(path.lastIndexOf("/") + 1).replace(/\.js$/, "");
}

/**
 * `import{a as b}from"./c.js";…export{d as e};` as `__use=>{const{a:b}=__use("c");…return{e:d}}`.
 * @param {string} module as esbuild writes it: imports first, one export last
 */
export function wrapped(module) {
  let body = module;
  let given = "";
  for (let match = IMPORT.exec(body); match; match = IMPORT.exec(body)) {
    const names = match[1] === undefined ? "" : `const{${pairs(match[1], false)}}=`;
    given += `${names}${USE}(${JSON.stringify(match[2])});`;
    body = body.slice(match[0].length);
  }
  const made = EXPORT.exec(body);
  if (made) body = body.slice(0, made.index);
  return `${USE}=>{${given}${body.trim()}\nreturn{${pairs(made?.[1] ?? "", true)}}}`;
}

/** @param {string} names such as `a as b,c` @param {boolean} isExport */
function pairs(names, isExport) {
  return names
    .split(",")
    .map((each) => each.trim().split(/\s+as\s+/))
    .filter(([name]) => name)
    .map(([name, other = name]) => (isExport ? `${other}:${name}` : `${name}:${other}`))
    .join();
}
