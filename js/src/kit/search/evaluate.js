/** Asks rows in the page what nbtrack/search/sql.py asks the store: filters and sorts without a kernel. */

import { noGoal } from "./fields.js";
import { compareText, like, numberOf } from "./texts.js";

/**
 * What a row holds: undefined or null when nothing was logged, an array when there may be several (datasets).
 * `get("metrics", "loss", "min")`, `get("params", "lr", "")`, `get("attributes", "start_time", "")`; times are
 * milliseconds. The attribute `artifact_uri` is made from `run_id`.
 *
 * @typedef {string | number | null | undefined | readonly (string | number)[]} Logged
 * @typedef {(entity: string, key: string, stat: string) => Logged} Get
 * @typedef {{ goals?: Record<string, string>, now?: number }} Options  better directions; the moment that `now` means
 *
 * @typedef {import("./tree.js").Comparison} Comparison
 * @typedef {import("./tree.js").Field} Field
 * @typedef {import("./tree.js").Node} Node
 * @typedef {import("./tree.js").OrderTerm} OrderTerm
 * @typedef {string | number} Plain
 * @typedef {(logged: Plain) => boolean} Test
 */

/**
 * Return a function that says whether a row matches.
 *
 * @param {Node | null} node
 * @param {Options} [options]
 * @returns {(get: Get) => boolean}
 * @throws {SearchError} `.best` of a metric that has no goal
 */
export function makeFilter(node, options = {}) {
  if (!node) return () => true;
  switch (node.type) {
    case "and": {
      const terms = node.terms.map((term) => makeFilter(term, options));
      return (get) => terms.every((term) => term(get));
    }
    case "or": {
      const terms = node.terms.map((term) => makeFilter(term, options));
      return (get) => terms.some((term) => term(get));
    }
    case "not": {
      const term = makeFilter(node.term, options);
      return (get) => !term(get);
    }
    default:
      return comparison(node, options);
  }
}

/**
 * Return a comparator of two rows, for `sort`. Missing values come last in both directions, NaN just before them;
 * params that are numbers come before those that are not; ties go by start time, latest first, then by id.
 *
 * @param {OrderTerm[]} terms
 * @param {Options & { subject?: import("./tree.js").SubjectName }} [options]
 * @returns {(a: Get, b: Get) => number}
 */
export function makeOrder(terms, options = {}) {
  const keys = terms.map((term) => sortKey(term, options));
  const [begin, id] = options.subject === "experiment" ? ["creation_time", "experiment_id"] : ["start_time", "run_id"];
  keys.push(attributeKey(begin, true), attributeKey(id, false));
  return (a, b) => {
    for (const key of keys) {
      const order = key(a, b);
      if (order) return order;
    }
    return 0;
  };
}

/** @param {Comparison} node @param {Options} options @returns {(get: Get) => boolean} */
function comparison(node, options) {
  const read = reader(node.field, options);
  if (node.operator === "IS NULL") return (get) => read(get).length === 0;
  if (node.operator === "IS NOT NULL") return (get) => read(get).length > 0;
  const holds = test(node, options);
  return (get) => read(get).some(holds);
}

/** @param {Field} field @param {Options} options @returns {(get: Get) => readonly Plain[]} */
function reader(field, options) {
  const stat = field.stat === "best" ? bestStat(field, options) : field.stat;
  const isUri = field.entity === "attributes" && field.key === "artifact_uri";
  return (get) => {
    const logged = get(field.entity, isUri ? "run_id" : field.key, stat);
    if (logged === undefined || logged === null) return [];
    if (typeof logged === "object") return logged;
    return [isUri ? `runs:/${logged}` : logged];
  };
}

/** @param {Field} field @param {Options} options */
function bestStat(field, { goals = {} }) {
  const goal = Object.hasOwn(goals, field.key) ? goals[field.key] : undefined;
  if (goal !== "min" && goal !== "max") throw noGoal(field);
  return goal;
}

/** @param {Comparison} node @param {Options} options @returns {Test} */
function test({ field, operator, values }, { now = Date.now() }) {
  const plain = values.map((value) => (typeof value === "object" ? now + value.offset : value));
  const [low = "", high = ""] = plain;
  switch (operator) {
    case "IN":
      return any(plain.map((value) => one(field, "=", value)));
    case "NOT IN":
      return all(plain.map((value) => one(field, "!=", value)));
    case "BETWEEN":
      return all([one(field, ">=", low), one(field, "<=", high)]);
    case "NOT BETWEEN": {
      const inside = all([one(field, ">=", low), one(field, "<=", high)]);
      return (logged) => as(field, logged, low) !== undefined && !inside(logged);
    }
    default:
      return one(field, operator, low);
  }
}

/** @param {Test[]} tests @returns {Test} */
function any(tests) {
  return (logged) => tests.some((holds) => holds(logged));
}

/** @param {Test[]} tests @returns {Test} */
function all(tests) {
  return (logged) => tests.every((holds) => holds(logged));
}

/** @param {Field} field @param {string} operator @param {Plain} value @returns {Test} */
function one(field, operator, value) {
  const compare = operator.endsWith("LIKE") ? pattern(operator, String(value)) : relation(operator, value);
  return (logged) => {
    const comparable = as(field, logged, value);
    return comparable !== undefined && compare(comparable);
  };
}

/** @param {string} operator @param {string} value @returns {Test} */
function pattern(operator, value) {
  const matches = like(value, operator.endsWith("ILIKE"));
  return operator.startsWith("NOT") ? (logged) => !matches(String(logged)) : (logged) => matches(String(logged));
}

/** @param {string} operator @param {Plain} value @returns {Test} */
function relation(operator, value) {
  // NaN: comparePlain gives NaN, which is neither less nor greater; equality is said apart.
  const same = (/** @type {Plain} */ x) => x === value || (Number.isNaN(x) && Number.isNaN(value));
  switch (operator) {
    case "=":
      return same;
    case "!=":
      return (x) => !same(x);
    case "<":
      return (x) => comparePlain(x, value) < 0;
    case "<=":
      return (x) => comparePlain(x, value) <= 0;
    case ">":
      return (x) => comparePlain(x, value) > 0;
    default:
      return (x) => comparePlain(x, value) >= 0;
  }
}

/**
 * Return what was logged as it compares with `value`; undefined for a param that is no number.
 *
 * @param {Field} field
 * @param {Plain} logged
 * @param {Plain} value
 */
function as(field, logged, value) {
  if (field.kind === "param" && typeof value === "number") return numberOf(String(logged));
  if (field.kind === "time") return Math.floor(Number(logged));
  if (typeof value === "string") return String(logged);
  return Number(logged);
}

/** @param {Plain} a @param {Plain} b  of one type; negative, 0, positive, or NaN when one of them is */
function comparePlain(a, b) {
  if (typeof a === "string" || typeof b === "string") return compareText(String(a), String(b));
  return a === b ? 0 : a < b ? -1 : a > b ? 1 : Number.NaN;
}

/** @param {OrderTerm} term @param {Options} options @returns {(a: Get, b: Get) => number} */
function sortKey({ field, descending }, options) {
  const read = reader(field, options);
  const isParam = field.kind === "param";
  return (a, b) => compareLogged(read(a)[0], read(b)[0], isParam, descending);
}

/** @param {string} key @param {boolean} descending @returns {(a: Get, b: Get) => number} */
function attributeKey(key, descending) {
  return (a, b) => {
    const [x, y] = [a("attributes", key, ""), b("attributes", key, "")];
    return compareLogged(single(x), single(y), false, descending);
  };
}

/** @param {Logged} logged @returns {Plain | undefined} */
function single(logged) {
  return typeof logged === "object" ? logged?.[0] : logged;
}

/**
 * Compare for sorting; the ranks number, NaN, text, missing keep their order in both directions.
 *
 * @param {Plain | undefined} a
 * @param {Plain | undefined} b
 * @param {boolean} isParam
 * @param {boolean} descending
 */
function compareLogged(a, b, isParam, descending) {
  const [x, y] = [sortable(a, isParam), sortable(b, isParam)];
  const byRank = rank(x) - rank(y);
  if (byRank) return byRank;
  const order = comparePlain(x ?? 0, y ?? 0) || (isParam ? compareText(String(a ?? ""), String(b ?? "")) : 0);
  return descending ? -order : order;
}

/** @param {Plain | undefined} value @param {boolean} isParam */
function sortable(value, isParam) {
  return isParam && value !== undefined ? (numberOf(String(value)) ?? value) : value;
}

/** @param {Plain | undefined} value */
function rank(value) {
  if (value === undefined) return 3;
  if (typeof value === "string") return 2;
  return Number.isNaN(value) ? 1 : 0;
}
