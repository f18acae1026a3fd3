// Comparisons of an exported page, of any of its runs: params, metrics and tags are in the table of runs; packages, data and
// files come from comparisons of many runs that were stored for this.

import { CompareData } from "../compare/data.js";
import { RunStore } from "../kit/run-store.js";
import { byKey, guessGoal, isSystemTag } from "../runs/catalog.js";
import { packComparison } from "./compare-blob.js";
import { sentenceOf } from "./compare-words.js";

/**
 * @typedef {import("./answers.js").Stored} Stored
 * @typedef {import("./compare-blob.js").Line} Line
 */

const ORDER = [
  ...["overview", "params", "metrics", "system", "tags"],
  ...["environment", "git", "source", "datasets", "artifacts"],
];
const STATISTICS = ["last", "min", "max", "count"];
/** @type {[key: string, kind: string, column: string][]} */
const OVERVIEW = [
  ["status", "status", "status"],
  ["started", "time", "start_time"],
  ["duration", "duration", "duration"],
  ["experiment", "text", "experiment"],
  ["error", "text", "tags.nbtrack.error"],
  ["note", "text", "tags.mlflow.note.content"],
];

export class StoredCompare {
  /** @type {RunStore | null} */
  #runs = null;
  /** @type {CompareData[] | null} */
  #pools = null;

  /**
   * @param {Stored[]} stored comparisons of many runs
   * @param {Uint8Array} table all runs
   */
  constructor(stored, table) {
    this.stored = stored.filter(({ question }) => question.pool !== undefined);
    this.table = table;
  }

  /** @param {Record<string, any>} question @returns {import("../kit/kernel.js").Answer | undefined} */
  answer({ what, runs: asked, run, base }) {
    const store = this.#open();
    const wanted = what === "compare" ? (asked ?? []) : [base, run];
    const runs = wanted.filter((/** @type {string} */ each) => store.rowOf.has(each));
    if (!runs.length) return undefined;
    const lines = this.#lines(runs);
    const heads = runs.map((/** @type {string} */ each) => headOf(store, each));
    const labels = heads.map((/** @type {any} */ { number, name }) => (number === null ? name : `#${number}`));
    if (what === "compare_sentence") {
      const parts = runs.length > 1 ? sentenceOf(lines, labels, 0, 1) : [];
      return { content: { ok: true, parts }, buffers: [] };
    }
    const first = Math.max(0, runs.indexOf(base));
    /** @type {Record<string, any>} */
    const sentences = {
      "": runs.length === 2 ? sentenceOf(lines, labels, first, 1 - first) : sentenceOf(lines, labels, first),
    };
    const blob = packComparison({ runs: heads, base: runs[first], sentences, version: 0 }, lines);
    return { content: { ok: true }, buffers: [blob] };
  }

  #open() {
    if (!this.#runs) {
      this.#runs = new RunStore();
      if (this.table.length) this.#runs.take(this.table);
    }
    return this.#runs;
  }

  /** Everything in which the runs may differ, in order. @param {string[]} runs @returns {Line[]} */
  #lines(runs) {
    const lines = [...tableLines(this.#open(), runs), ...this.#pooled(runs)];
    const found = lines.filter(({ values }) => values.some((value) => value !== null && value !== undefined));
    const place = (/** @type {Line} */ { section }) => ORDER.indexOf(section);
    const isNamed = (/** @type {Line} */ { section }) => section !== "overview" && section !== "datasets";
    return found.sort((a, b) => place(a) - place(b) || (isNamed(a) && isNamed(b) ? byKey(a.key, b.key) : 0));
  }

  /** What is not in the table of runs. @param {string[]} runs @returns {Line[]} */
  #pooled(runs) {
    this.#pools ??= this.stored.map(({ buffers }) => {
      const pool = new CompareData();
      pool.take(buffers[0]);
      return pool;
    });
    const pools = this.#pools.filter((pool) => runs.some((run) => pool.heads.has(run)));
    /** @type {Map<string, { row: import("../compare/data.js").Row, in: Map<CompareData, any> }>} */
    const rows = new Map();
    for (const pool of pools) {
      for (const row of [...pool.sections.values()].flat()) {
        const known = rows.get(row.id) ?? { row, in: new Map() };
        rows.set(row.id, known);
        known.in.set(pool, row);
      }
    }
    const poolOf = (/** @type {string} */ run) => pools.find((pool) => pool.heads.has(run));
    return [...rows.values()].map(({ row, in: places }) => {
      const each = runs.map((run) => ({ run, row: places.get(/** @type {any} */ (poolOf(run))) }));
      const isFile = row.kind === "file" || row.kind === "series";
      return {
        ...row,
        values: each.map(({ run, row: own }) => (own ? own.value(run) : null)),
        sizes: isFile ? each.map(({ run, row: own }) => own?.size(run) ?? null) : undefined,
        steps: row.kind === "series" ? each.map(({ run, row: own }) => own?.steps(run) ?? []) : undefined,
      };
    });
  }
}

/** @param {RunStore} store @param {string} run */
function headOf(store, run) {
  const row = store.rowOf.get(run) ?? -1;
  return {
    run_id: run,
    number: store.number("number", row),
    name: store.text("name", row) || run.slice(0, 8),
    status: store.text("status", row) ?? "",
    start_time: store.number("start_time", row),
    duration: store.number("duration", row),
  };
}

/** @param {RunStore} store @param {string[]} runs @returns {Line[]} */
function tableLines(store, runs) {
  const places = runs.map((run) => store.rowOf.get(run) ?? -1);
  const texts = (/** @type {string} */ id) => places.map((row) => store.text(id, row) || null);
  const numbers = (/** @type {string} */ id) => places.map((row) => store.number(id, row));
  /** @type {Line[]} */
  const lines = OVERVIEW.map(([key, kind, id]) => ({
    section: "overview",
    key,
    kind,
    values: kind === "time" || kind === "duration" ? numbers(id) : texts(id),
  }));
  const keys = new Set();
  for (const { id, group, key } of store.columns.values()) {
    if (group === "params") lines.push({ section: "params", key, kind: "text", values: texts(id) });
    if (group === "tags" && !isSystemTag(key)) lines.push({ section: "tags", key, kind: "text", values: texts(id) });
    if (group === "metrics") keys.add(key);
  }
  for (const key of keys) {
    const section = key.startsWith("system/") ? "system" : "metrics";
    const goal = store.goals.peek()[key] ?? (section === "metrics" ? guessGoal(key) : null);
    for (const stat of STATISTICS) {
      const values = numbers(`metrics.${key}.${stat}`);
      lines.push({ section, key, kind: "number", stat, goal: stat === "count" ? null : goal, values });
    }
  }
  return lines;
}
