// Changes to runs: shown at once, sent to the kernel, taken back when it refuses or when the reader asks.

import { signal } from "@preact/signals-core";
import { plural } from "../kit/format.js";
import { NOTE } from "../runs/catalog.js";

/**
 * @typedef {import("./state.js").TableState} TableState
 * @typedef {"rename" | "tag" | "untag" | "note" | "delete" | "restore" | "goal"} Operation
 * @typedef {{ op: Operation, runs: string[], key?: string, value?: string | null }} Edit
 * @typedef {{ id: number, label: string, back: Edit[], state: "sent" | "saved" | "failed", problem: string }} Change
 */

const MOST_KEPT = 50;
let lastId = 0;

export class Edits {
  /** Newest first. */
  list = signal(/** @type {Change[]} */ ([]));

  /** @param {TableState} state */
  constructor(state) {
    this.state = state;
  }

  /** @param {string} runId @param {string} name */
  rename(runId, name) {
    const before = this.#nameOf(runId);
    if (!name.trim() || name === before) return;
    this.#do(`Renamed “${before}” to “${name}”`, { op: "rename", runs: [runId], value: name });
  }

  /** @param {string[]} runs @param {string} text */
  note(runs, text) {
    this.#do(`Changed the note of ${this.#who(runs)}`, { op: "note", runs, value: text });
  }

  /** @param {string[]} runs @param {string} key @param {string} value */
  tag(runs, key, value) {
    this.#do(`Tagged ${this.#who(runs)} ${value ? `${key}: ${value}` : key}`, { op: "tag", runs, key, value });
  }

  /** @param {string[]} runs @param {string} key */
  untag(runs, key) {
    const having = runs.filter((run) => this.#tagOf(run, key) !== null);
    if (having.length) this.#do(`Took the tag ${key} from ${this.#who(having)}`, { op: "untag", runs: having, key });
  }

  /** @param {string[]} runs */
  remove(runs) {
    const active = runs.filter((run) => this.#stageOf(run) !== "deleted");
    if (active.length) this.#do(`Moved ${this.#who(active)} to the trash`, { op: "delete", runs: active });
  }

  /** @param {string[]} runs */
  restore(runs) {
    const deleted = runs.filter((run) => this.#stageOf(run) === "deleted");
    if (deleted.length) this.#do(`Restored ${this.#who(deleted)}`, { op: "restore", runs: deleted });
  }

  /** @param {string} key of a metric @param {"min" | "max" | null} goal */
  goal(key, goal) {
    const words = goal === "max" ? "higher is better" : goal === "min" ? "lower is better" : "no direction";
    this.#do(`${key}: ${words}`, { op: "goal", runs: [], key, value: goal });
  }

  /** @param {Change} change */
  undo(change) {
    this.list.value = this.list.value.filter(({ id }) => id !== change.id);
    for (const edit of change.back) {
      this.#show(edit);
      this.state.kernel
        .edit(edit)
        .catch((cause) => this.#fail({ ...change, back: [], label: `Undo of “${change.label}”` }, cause));
    }
    this.state.store.revision.value += 1;
  }

  /** @param {Change} change */
  dismiss(change) {
    this.list.value = this.list.value.filter(({ id }) => id !== change.id);
  }

  /** @param {string} label @param {Edit} edit */
  #do(label, edit) {
    lastId += 1;
    /** @type {Change} */
    const change = { id: lastId, label, back: this.#inverse(edit), state: "sent", problem: "" };
    this.list.value = [change, ...this.list.value].slice(0, MOST_KEPT);
    this.#show(edit);
    this.state.store.revision.value += 1;
    this.state.kernel.edit(edit).then(
      () => this.#put({ ...change, state: "saved" }),
      (cause) => {
        for (const back of change.back) this.#show(back);
        this.state.store.revision.value += 1;
        this.#fail(change, cause);
      },
    );
  }

  /** @param {Change} change @param {Error} cause */
  #fail(change, cause) {
    /** @type {Change} */
    const failed = { ...change, back: [], state: "failed", problem: cause.message };
    if (this.list.value.some(({ id }) => id === change.id)) this.#put(failed);
    else this.list.value = [failed, ...this.list.value];
  }

  /** @param {Change} change */
  #put(change) {
    this.list.value = this.list.value.map((other) => (other.id === change.id ? change : other));
  }

  /**
   * What brings back the present values.
   * @param {Edit} edit
   * @returns {Edit[]}
   */
  #inverse({ op, runs, key = "" }) {
    if (op === "delete") return [{ op: "restore", runs }];
    if (op === "restore") return [{ op: "delete", runs }];
    if (op === "goal") return [{ op: "goal", runs: [], key, value: this.state.store.goals.value[key] ?? null }];
    /** @type {Map<string | null, string[]>} */
    const before = new Map();
    for (const run of runs) {
      const value = op === "rename" ? this.#nameOf(run) : op === "note" ? this.#noteOf(run) : this.#tagOf(run, key);
      before.set(value, [...(before.get(value) ?? []), run]);
    }
    return [...before].map(([value, same]) => {
      if (op === "rename" || op === "note") return { op, runs: same, value: value ?? "" };
      return value === null ? { op: "untag", runs: same, key } : { op: "tag", runs: same, key, value };
    });
  }

  /** Let the page show the edit before the kernel has answered. @param {Edit} edit */
  #show({ op, runs, key = "", value = null }) {
    const { store } = this.state;
    if (op === "goal") {
      const { [key]: _, ...others } = store.goals.value;
      store.goals.value = value === null ? others : { ...others, [key]: /** @type {"min" | "max"} */ (value) };
      return;
    }
    for (const run of runs) {
      if (op === "rename") store.write("attributes", "name", run, value);
      else if (op === "note") store.write("tags", "mlflow.note.content", run, value || null);
      else if (op === "tag") store.write("tags", key, run, value);
      else if (op === "untag") store.write("tags", key, run, null);
      else store.write("attributes", "lifecycle_stage", run, op === "delete" ? "deleted" : "active");
    }
  }

  /** @param {string[]} runs */
  #who(runs) {
    const [only] = runs;
    return runs.length === 1 && only !== undefined ? `“${this.#nameOf(only)}”` : plural(runs.length, "run");
  }

  /** @param {string} runId */
  #row(runId) {
    return this.state.store.rowOf.get(runId) ?? -1;
  }

  /** @param {string} runId */
  #nameOf(runId) {
    return this.state.store.text("name", this.#row(runId)) ?? runId.slice(0, 8);
  }

  /** @param {string} runId */
  #noteOf(runId) {
    return this.state.store.text(NOTE, this.#row(runId));
  }

  /** @param {string} runId @param {string} key */
  #tagOf(runId, key) {
    return this.state.store.text(`tags.${key}`, this.#row(runId));
  }

  /** @param {string} runId */
  #stageOf(runId) {
    return this.state.store.text("lifecycle_stage", this.#row(runId)) ?? "active";
  }
}
