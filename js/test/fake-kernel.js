// A kernel made of an array: answers what the page asks, for tests and the demo page.

import { encodeTable } from "./encode-table.js";
import { randomFrom, runId } from "./fake-runs.js";

/** @typedef {import("./encode-table.js").ColumnSpec} ColumnSpec */

/** Implements the transport of StaticModel. */
export class FakeKernel {
  /** @type {(message: any, buffers?: any[]) => void} */
  receive = () => {};
  /** @type {any[]} every message from the page */
  heard = [];
  version = 1;
  /** @type {Record<string, string>} */
  goals = { loss: "min", acc: "max" };
  /** @type {any} */
  snapshot = null;
  /** Milliseconds before an answer. */
  delay = 0;
  /** @type {string | null} refuse edits with this message */
  refusal = null;
  /** Answers to questions by their name. @type {Record<string, (question: any) => { content?: any, buffers?: any[] }>} */
  answers = {};

  /** @param {ColumnSpec[]} columns */
  constructor(columns) {
    this.columns = columns;
  }

  get count() {
    return this.columns[0]?.values.length ?? 0;
  }

  /** @param {(message: any, buffers?: any[]) => void} receive */
  open(receive) {
    this.receive = receive;
  }

  /** @param {any} message */
  send(message) {
    this.heard.push(message);
    if (message.method !== "custom") return;
    const answer = () => this.#answer(message.content);
    if (this.delay) setTimeout(answer, this.delay);
    else queueMicrotask(answer);
  }

  blob() {
    return encodeTable({
      version: this.version,
      mode: "full",
      rows: this.count,
      columns: this.columns,
      goals: this.goals,
      store: this.store,
    });
  }

  get store() {
    return { name: "runs.duckdb", snapshot: this.snapshot };
  }

  sendFull() {
    this.receive({ method: "custom", content: { kind: "data" } }, [this.blob()]);
  }

  /** @param {number[]} rows @param {string[]} [removed] */
  sendPatch(rows, removed = []) {
    this.version += 1;
    const columns = this.columns.map(({ id, type, values }) => ({
      id,
      type,
      values: rows.map((row) => values[row] ?? null),
    }));
    const blob = encodeTable({
      version: this.version,
      mode: "patch",
      rows: rows.length,
      columns,
      removed,
      goals: this.goals,
      store: this.store,
    });
    this.receive({ method: "custom", content: { kind: "data" } }, [blob]);
  }

  /** @param {string} id @param {"dict" | "f64" | "time"} [type] */
  column(id, type = "dict") {
    let column = this.columns.find((each) => each.id === id);
    if (!column) {
      column = { id, type, values: new Array(this.count).fill(null) };
      this.columns.push(column);
    }
    return column;
  }

  /** @param {any} content */
  #answer(content) {
    if (content.kind === "need" && content.data) this.sendFull();
    if (content.kind === "ask" && content.what === "sparks") this.#sparks(content);
    else if (content.kind === "ask") this.#look(content);
    if (content.kind === "edit") this.#edit(content);
  }

  /** @param {any} question */
  #sparks({ id, runs, key, points }) {
    const matrix = new Float32Array(runs.length * points);
    for (const [i, run] of runs.entries()) {
      const random = randomFrom(Number.parseInt(run.slice(-6), 16) + key.length);
      const falls = /loss/.test(key);
      for (let p = 0; p < points; p += 1) {
        const done = p / points;
        const rise = 1 - Math.exp(-done * (2 + 4 * (i % 3)));
        matrix[i * points + p] = (falls ? 1 - rise : rise) + 0.09 * random();
      }
    }
    this.receive({ method: "custom", content: { kind: "answer", id, ok: true } }, [matrix.buffer]);
  }

  /** @param {any} question */
  #look(question) {
    const found = this.answers[question.what]?.(question);
    const content = { kind: "answer", id: question.id, ok: found !== undefined, ...found?.content };
    this.receive({ method: "custom", content }, found?.buffers ?? []);
  }

  /** @param {any} edit */
  #edit({ id, op, runs, key, value }) {
    const answer = { kind: "answer", id, ok: this.refusal === null, error: this.refusal };
    this.receive({ method: "custom", content: answer }, []);
    if (this.refusal !== null) return;
    if (op === "goal") {
      if (value === null) delete this.goals[key];
      else this.goals[key] = value;
      this.sendPatch([]);
      return;
    }
    if (op.endsWith("-view")) return;
    const column = {
      rename: "name",
      tag: `tags.${key}`,
      untag: `tags.${key}`,
      note: "tags.mlflow.note.content",
      delete: "lifecycle_stage",
      restore: "lifecycle_stage",
    }[/** @type {string} */ (op)];
    const written = { delete: "deleted", restore: "active", untag: null }[/** @type {string} */ (op)];
    const ids = this.column("run_id").values;
    const rows = runs.map((/** @type {string} */ run) => ids.indexOf(run));
    for (const row of rows) this.column(column ?? "").values[row] = written === undefined ? value : written;
    this.sendPatch(rows);
  }

  /** One step of every running run. @param {number} now */
  step(now) {
    const status = this.column("status").values;
    const rows = [];
    for (let row = 0; row < this.count; row += 1) {
      if (status[row] !== "RUNNING") continue;
      rows.push(row);
      this.#advance(row, now);
    }
    if (rows.length) this.sendPatch(rows);
  }

  /** @param {number} row @param {number} now */
  #advance(row, now) {
    const number = (/** @type {string} */ id) => this.column(id, "f64").values;
    const acc = Number(number("metrics.acc.last")[row] ?? 0.1);
    const next = acc + (0.98 - acc) * 0.04 * Math.random();
    number("metrics.acc.last")[row] = next;
    number("metrics.acc.max")[row] = Math.max(next, Number(number("metrics.acc.max")[row] ?? 0));
    number("metrics.acc.count")[row] = Number(number("metrics.acc.count")[row] ?? 0) + 1;
    number("metrics.loss.last")[row] = 2.3 * (1 - next);
    number("metrics.loss.count")[row] = Number(number("metrics.loss.count")[row] ?? 0) + 1;
    this.column("last_seen", "time").values[row] = now;
  }

  /** A new run begins. @param {number} now */
  start(now) {
    const row = this.count;
    for (const column of this.columns) column.values.push(row ? (column.values[row - 1] ?? null) : null);
    const set = (
      /** @type {string} */ id,
      /** @type {any} */ value,
      /** @type {"dict" | "f64" | "time"} */ type = "dict",
    ) => {
      this.column(id, type).values[row] = value;
    };
    set("run_id", runId(row + 1));
    set("number", row + 1, "f64");
    set("name", `live-${row + 1}`);
    set("status", "RUNNING");
    set("lifecycle_stage", "active");
    set("parent_run_id", null);
    set("start_time", now, "time");
    set("end_time", null, "time");
    set("duration", null, "f64");
    for (const key of ["acc", "loss"]) {
      for (const stat of ["last", "min", "max"]) set(`metrics.${key}.${stat}`, key === "acc" ? 0.1 : 2.3, "f64");
      set(`metrics.${key}.count`, 1, "f64");
    }
    this.sendPatch([row]);
  }
}
