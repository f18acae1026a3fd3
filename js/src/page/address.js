// What a page shows, in its address: `#runs?filter=metrics.acc+%3E+0.9&columns=["name"]`. Back, forward and a copied
// address bring it back.

/**
 * @typedef {import("../kit/static-model.js").StaticModel} StaticModel
 * @typedef {{ page: string, state: Record<string, any> }} Place
 */

/**
 * @param {string} hash with or without "#"
 * @returns {Place}
 */
export function readPlace(hash) {
  if (hash.startsWith("#/")) return ofMlflow(hash.slice(2).split("?")[0] ?? "");
  const [page = "", query = ""] = split(hash.replace(/^#/, ""), "?");
  /** @type {Record<string, any>} */
  const state = {};
  for (const [name, text] of new URLSearchParams(query)) {
    if (!name.startsWith("_")) state[name] = read(text);
  }
  return { page, state };
}

/** MLflow's client prints where a run is to be seen in MLflow's pages; the same is shown here. @param {string} path @returns {Place} */
function ofMlflow(path) {
  const [what, id = "", then, name = ""] = path.split("/").map(decoded);
  const isArtifacts = path.includes("/artifact"); // artifactPath in MLflow 1
  if (what === "experiments" && then === "runs" && name)
    return { page: isArtifacts ? "artifacts" : "live", state: { run_id: name } };
  if (what === "experiments" && /^\d+$/.test(id)) return { page: "runs", state: { filter: `experiment_id = '${id}'` } };
  if (what === "models")
    return { page: "models", state: id ? { model: id, ...(Number(name) > 0 && { version: Number(name) }) } : {} };
  return { page: "", state: {} };
}

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** @param {Place} place @returns {string} with "#" */
export function writePlace({ page, state }) {
  const query = new URLSearchParams();
  for (const name of Object.keys(state).sort()) {
    const value = state[name];
    if (!isEmpty(value) && !name.startsWith("_")) query.set(name, write(value));
  }
  const text = query.toString();
  return text ? `#${page}?${text}` : `#${page}`;
}

/** Texts stand as they are unless they could be taken for JSON. @param {any} value */
function write(value) {
  return typeof value === "string" && read(value) === value ? value : JSON.stringify(value);
}

/** @param {string} text */
function read(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Nothing chosen: the view does what it does by itself. A false or a zero is a choice. @param {any} value */
function isEmpty(value) {
  if (value === null || value === undefined || value === "") return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

/** @param {string} text @param {string} at */
function split(text, at) {
  const index = text.indexOf(at);
  return index < 0 ? [text] : [text.slice(0, index), text.slice(index + 1)];
}
