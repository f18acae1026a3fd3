/** What can be asked of a run or an experiment; the twin of nbtrack/search/fields.py. */

import { oneLine, SearchError, short, unquote } from "./tokens.js";

/**
 * @typedef {import("./tree.js").Field} Field
 * @typedef {import("./tree.js").Kind} Kind
 * @typedef {import("./tree.js").Place} Place
 * @typedef {Field["entity"]} Entity
 *
 * @typedef {object} Subject
 * @property {import("./tree.js").SubjectName} name
 * @property {Map<string, Entity>} entities  by every name they go by
 * @property {Map<string, Kind>} attributes  with what they compare with
 * @property {Map<string, string>} aliases
 */

const STATS = ["last", "min", "max", "count", "step", "best"];
const LONGEST_NAME = 40;

/** @type {Subject} */
const RUN = {
  name: "run",
  entities: new Map([
    ["metrics", "metrics"],
    ["metric", "metrics"],
    ["params", "params"],
    ["param", "params"],
    ["parameters", "params"],
    ["parameter", "params"],
    ["tags", "tags"],
    ["tag", "tags"],
    ["attributes", "attributes"],
    ["attribute", "attributes"],
    ["attr", "attributes"],
    ["run", "attributes"],
    ["datasets", "datasets"],
    ["dataset", "datasets"],
  ]),
  attributes: new Map([
    ["run_id", "text"],
    ["name", "text"],
    ["status", "status"],
    ["user_id", "text"],
    ["artifact_uri", "text"],
    ["start_time", "time"],
    ["end_time", "time"],
    ["duration", "seconds"],
    ["number", "number"],
    ["experiment_id", "id"],
    ["experiment", "text"],
    ["lifecycle_stage", "text"],
    ["parent_run_id", "text"],
  ]),
  aliases: new Map([
    ["run_name", "name"],
    ["user", "user_id"],
    ["created", "start_time"],
    ["parent", "parent_run_id"],
  ]),
};

/** @type {Subject} */
const EXPERIMENT = {
  name: "experiment",
  entities: new Map([
    ["tags", "tags"],
    ["tag", "tags"],
    ["attributes", "attributes"],
    ["attribute", "attributes"],
    ["attr", "attributes"],
    ["experiment", "attributes"],
  ]),
  attributes: new Map([
    ["name", "text"],
    ["experiment_id", "id"],
    ["creation_time", "time"],
    ["last_update_time", "time"],
    ["lifecycle_stage", "text"],
  ]),
  aliases: new Map([
    ["created", "creation_time"],
    ["updated", "last_update_time"],
  ]),
};

export const SUBJECTS = { run: RUN, experiment: EXPERIMENT };

/** @type {Record<"metrics" | "params" | "tags" | "datasets", Kind>} */
const ENTITY_KINDS = { metrics: "number", params: "param", tags: "text", datasets: "text" };
const EXAMPLES = { metrics: "loss", params: "lr", tags: "team", datasets: "name", attributes: "name" };
const QUOTED_KEY = /^([`"].*[`"])(?:\.([\p{L}\p{N}_]+))?$/su;
const PLAIN_NAME = /^[\p{L}\p{N}_/.-]+$/u;

/**
 * Return the field that a name token means.
 *
 * @param {import("./tokens.js").Token} token
 * @param {string} source
 * @param {Subject} subject
 * @returns {Field}
 */
export function readField(token, source, subject) {
  const place = { source: oneLine(source), start: token.start, end: token.end };
  if (/^[`"]/.test(token.text)) return attribute(unquote(token.text), place, subject);
  const dot = token.text.indexOf(".");
  const head = dot < 0 ? token.text : token.text.slice(0, dot);
  const entity = subject.entities.get(head.toLowerCase());
  if (entity && dot < 0 && !subject.attributes.has(head.toLowerCase())) fail(keyFollows(head, head, entity), place);
  if (!entity || dot < 0) return attribute(token.text, place, subject);
  return keyed(entity, head, token.text.slice(dot + 1), place, subject);
}

/**
 * Return the error for `.best` of a metric whose better direction is not known.
 *
 * @param {Field} field
 */
export function noGoal({ key, place }) {
  const name = short(key);
  const problem =
    `No goal is set for metric ${name}; say whether less or more is better with ` +
    `nbtrack.set_goal(${name}, 'min'), or write .min or .max instead of .best.`;
  return new SearchError(problem, place.source, place.start, place.end);
}

/** @param {Entity} entity @param {string} head @param {string} rest @param {Place} place @param {Subject} subject */
function keyed(entity, head, rest, place, subject) {
  const { key, stat } = keyAndStat(entity, rest, place);
  if (!key) fail(keyFollows(`${head}.`, head, entity), place);
  if (entity === "attributes") return attribute(key, place, subject);
  if (entity === "datasets" && !["name", "digest", "context"].includes(key)) {
    fail(`A dataset has name, digest and context, but no ${short(key)}; write datasets.name.`, place);
  }
  return { entity, key, stat, kind: ENTITY_KINDS[entity], subject: subject.name, place };
}

/** @param {Entity} entity @param {string} rest @param {Place} place */
function keyAndStat(entity, rest, place) {
  const usual = entity === "metrics" ? "last" : "";
  const quoted = QUOTED_KEY.exec(rest);
  if (quoted) {
    const stat = quoted[2];
    if (stat && (entity !== "metrics" || !STATS.includes(stat))) {
      const allowed = `${STATS.slice(0, -1).join(", ")} or ${STATS.at(-1)}`;
      fail(`'${stat}' is not a statistic of a metric; write ${allowed}.`, place);
    }
    return { key: unquote(quoted[1] ?? ""), stat: stat ?? usual };
  }
  if (rest.endsWith(".")) {
    fail("A key that ends with a dot is written in backticks, as in metrics.`loss.`.", place);
  }
  const dot = rest.lastIndexOf(".");
  const last = rest.slice(dot + 1);
  const isStat = dot >= 0 && entity === "metrics" && STATS.includes(last);
  return isStat ? { key: rest.slice(0, dot), stat: last } : { key: rest, stat: usual };
}

/** @param {string} name @param {Place} place @param {Subject} subject @returns {Field} */
function attribute(name, place, subject) {
  const plain = name.toLowerCase().replaceAll(" ", "_");
  const key = subject.aliases.get(plain) ?? plain;
  const kind = subject.attributes.get(key) ?? fail(unknown(name, subject), place);
  return { entity: "attributes", key, stat: "", kind, subject: subject.name, place };
}

/** @param {string} name @param {Subject} subject */
function unknown(name, subject) {
  const dot = name.indexOf(".");
  const entity = dot < 0 ? undefined : closest(name.slice(0, dot).toLowerCase(), [...subject.entities.keys()]);
  if (entity) return `Unknown attribute ${short(name)}; did you mean ${short(entity + name.slice(dot))}?`;
  const near = closest(name.toLowerCase(), [...subject.attributes.keys(), ...subject.aliases.keys()]);
  const shown = short(name).slice(1, -1);
  const key = PLAIN_NAME.test(name) ? shown : `\`${shown}\``;
  const isRun = subject.name === "run";
  const forms = isRun ? `metrics.${key} or params.${key}` : `tags.${key}`;
  if (!near) return `Unknown attribute ${short(name)}: write ${forms}.`;
  const what = isRun ? "A metric or param" : "A tag";
  return `Unknown attribute ${short(name)}; did you mean '${near}'? ${what} is written ${forms}.`;
}

/** @param {string} text @param {string} head @param {Entity} entity */
function keyFollows(text, head, entity) {
  return `A key follows '${text}', as in ${head}.${EXAMPLES[entity]}.`;
}

/**
 * Return the first of the known names with the fewest edits, at most two (one in a short name).
 *
 * @param {string} name
 * @param {string[]} known
 */
function closest(name, known) {
  const length = [...name].length;
  if (length > LONGEST_NAME) return undefined;
  let [best, fewest] = ["", length < 5 ? 2 : 3];
  for (const other of known) {
    const n = edits([...name], [...other]);
    if (n < fewest) [best, fewest] = [other, n];
  }
  return best || undefined;
}

/**
 * Return the Levenshtein distance.
 *
 * @param {string[]} a
 * @param {string[]} b
 */
function edits(a, b) {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (const [i, x] of a.entries()) {
    const next = [i + 1];
    for (const [j, y] of b.entries()) {
      const [left, above, corner] = [next[j] ?? 0, row[j + 1] ?? 0, row[j] ?? 0];
      next.push(Math.min(left + 1, above + 1, corner + (x === y ? 0 : 1)));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

/** @param {string} problem @param {Place} place @returns {never} */
function fail(problem, place) {
  throw new SearchError(problem, place.source, place.start, place.end);
}
