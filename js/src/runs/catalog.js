// Every column that the table could show. One metric is one field, whichever statistic it shows.

/**
 * @typedef {"attributes" | "metrics" | "params" | "tags"} Group
 * @typedef {"name" | "number" | "status" | "time" | "duration" | "text" | "count" | "metric" | "param" | "tags" | "tag" | "note"} Kind
 * @typedef {"last" | "min" | "max" | "best"} Statistic
 *
 * @typedef {object} Field
 * @property {string} id `name`, `metrics.acc`, `params.lr`, `tags`, `tags.team`, `note`
 * @property {Group} group
 * @property {string} key
 * @property {string} label
 * @property {Kind} kind
 * @property {string} source id of the store's column (of the last value for metrics)
 *
 * @typedef {Map<string, Field>} Catalog
 * @typedef {import("../kit/run-store.js").RunStore} RunStore
 * @typedef {import("./facts.js").Facts} Facts
 */

export const GROUPS = /** @type {const} */ (["attributes", "metrics", "params", "tags"]);
export const NOTE = "tags.mlflow.note.content";
const SYSTEM_TAG = /^(mlflow|nbtrack)\./;
const EVENT_TAG = /^nbtrack\.event\./; // marks on the curves, no column for anybody

/** @type {[id: string, label: string, kind: Kind][]} */
const ATTRIBUTES = [
  ["number", "#", "number"],
  ["name", "Name", "name"],
  ["status", "Status", "status"],
  ["start_time", "Started", "time"],
  ["duration", "Duration", "duration"],
  ["experiment", "Experiment", "text"],
  ["user_id", "User", "text"],
  ["end_time", "Ended", "time"],
  ["last_seen", "Last seen", "time"],
  ["parent_run_id", "Parent", "text"],
  ["run_id", "Run id", "text"],
  ["lost", "Lost records", "count"],
];

/**
 * @param {RunStore} store
 * @returns {Catalog}
 */
export function catalogOf(store) {
  /** @type {Catalog} */
  const catalog = new Map();
  const add = (/** @type {Field} */ field) => catalog.set(field.id, field);
  for (const [id, label, kind] of ATTRIBUTES) {
    if (store.column(id)) add({ id, group: "attributes", key: id, label, kind, source: id });
  }
  const columns = [...store.columns.values()].sort((a, b) => byKey(a.key, b.key));
  for (const { group, key, stat } of columns) {
    if (group === "metrics" && stat === "last") {
      add({ id: `metrics.${key}`, group, key, label: key, kind: "metric", source: `metrics.${key}.last` });
    }
  }
  for (const { group, key, id } of columns) {
    if (group === "params") add({ id, group, key, label: key, kind: "param", source: id });
  }
  add({ id: "tags", group: "tags", key: "", label: "Tags", kind: "tags", source: "" });
  add({ id: "note", group: "tags", key: "mlflow.note.content", label: "Note", kind: "note", source: NOTE });
  for (const { group, key, id } of columns) {
    if (group === "tags" && id !== NOTE && !EVENT_TAG.test(key))
      add({ id, group, key, label: key, kind: "tag", source: id });
  }
  return catalog;
}

const collator = new Intl.Collator("en", { numeric: true });

/**
 * @param {string} a
 * @param {string} b
 */
export function byKey(a, b) {
  return collator.compare(a, b);
}

/** @param {string} key */
export function isSystemTag(key) {
  return SYSTEM_TAG.test(key);
}

/**
 * Tags that people set: those of MLflow and nbtrack themselves are left out.
 * @param {RunStore} store
 * @returns {string[]} keys
 */
export function userTags(store) {
  const keys = [];
  for (const { group, key } of store.columns.values()) if (group === "tags" && !isSystemTag(key)) keys.push(key);
  return keys.sort(byKey);
}

/**
 * The columns shown until the reader chooses: what differs between runs, results before settings.
 * @param {Catalog} catalog
 * @param {RunStore} store
 * @param {Facts} facts
 * @param {boolean} hideConstant
 * @returns {string[]} field ids
 */
export function automatic(catalog, store, facts, hideConstant) {
  const ids = ["number", "name", "status", "start_time", "duration"].filter((id) => catalog.has(id));
  for (const id of ["experiment", "user_id"]) if (catalog.has(id) && differs(facts, id)) ids.push(id);
  for (const group of /** @type {const} */ (["metrics", "params"])) {
    for (const field of catalog.values()) {
      if (field.group !== group) continue;
      const { present, constant } = facts.of(field.source);
      if (present && !(hideConstant && group === "params" && constant && store.size > 1)) ids.push(field.id);
    }
  }
  if (userTags(store).some((key) => facts.of(`tags.${key}`).present)) ids.push("tags");
  if (facts.of(NOTE).present) ids.push("note");
  return ids;
}

/**
 * @param {Facts} facts
 * @param {string} id
 */
function differs(facts, id) {
  const { present, constant } = facts.of(id);
  return present > 0 && !constant;
}

/**
 * Params and attributes with one value in all runs.
 * @param {Catalog} catalog
 * @param {RunStore} store
 * @param {Facts} facts
 * @returns {{ field: Field, value: string }[]}
 */
export function constants(catalog, store, facts) {
  if (store.size < 2) return [];
  const found = [];
  for (const field of catalog.values()) {
    const candidate = field.group === "params" || field.id === "experiment" || field.id === "user_id";
    const fact = candidate ? facts.of(field.source) : null;
    if (fact?.constant && fact.value !== "") found.push({ field, value: String(fact.value) });
  }
  return found;
}

const LOWER = new Set(
  (
    "brier cer crossentropy deviance entropy err error errors fid latency logloss loss losses mae mape mse nll nrmse perplexity " +
    "ppl regret rmse rmsle seconds wer"
  ).split(" "),
);
const HIGHER = new Set(
  (
    "acc accuracy ap auc auprc auroc bleu dice f1 fbeta fscore hits iou jaccard kappa map mcc miou mrr ndcg precision psnr r2 recall " +
    "return reward roc rouge score scores sensitivity specificity ssim throughput"
  ).split(" "),
);

/**
 * Which way a metric is better when nobody has said so, judged by its name.
 * @param {string} key
 * @returns {"min" | "max" | null}
 */
export function guessGoal(key) {
  const words = wordsOf(key);
  if (words.some((word) => LOWER.has(word) || /(?:loss|error)$/.test(word))) return "min";
  return words.some((word) => HIGHER.has(word) || /(?:accuracy|score)$/.test(word)) ? "max" : null;
}

/**
 * The words of a name: `valLoss` has valloss, val and loss; of `loss1` and `f1` also loss and f.
 * @param {string} key
 */
function wordsOf(key) {
  const found = [key, key.replace(/([a-z0-9])([A-Z])/g, "$1 $2")].flatMap((text) =>
    text.toLowerCase().split(/[^a-z0-9]+/),
  );
  return [...found, ...found.map((word) => word.replace(/\d+$/, ""))];
}
