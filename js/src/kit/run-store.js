// The runs that the page knows: columns that grow, and patches merged into them by run id.

import { batch, signal } from "@preact/signals-core";
import { decodeTable } from "./columns.js";

/**
 * @typedef {import("./columns.js").ColumnHead} ColumnHead
 * @typedef {import("./columns.js").Column} Column
 * @typedef {ColumnHead & { type: "dict", values: string[], codes: Int32Array, index: Map<string, number> | null }} StoredText
 * @typedef {ColumnHead & { type: "f64" | "time", numbers: Float64Array, valid: Uint8Array }} StoredNumber
 * @typedef {StoredText | StoredNumber} StoredColumn
 * @typedef {"merged" | "gap"} Outcome
 */

/** Patches of more rows than this do not note which cells changed: nobody could see them all. */
const MOST_NOTED = 200;

export class RunStore {
  constructor() {
    /** Number of runs; arrays may be longer. */
    this.size = 0;
    /** @type {Map<string, StoredColumn>} */
    this.columns = new Map();
    /** Raised at each merge. */
    this.revision = signal(0);
    /** Raised when columns appear. */
    this.shape = signal(0);
    /** @type {import("@preact/signals-core").Signal<Record<string, "min" | "max">>} */
    this.goals = signal({});
    /** @type {import("@preact/signals-core").Signal<{ name: string, snapshot: any }>} */
    this.source = signal({ name: "", snapshot: null });
    /** True once a table has arrived. */
    this.loaded = signal(false);
    /** Cells changed by the last patch: run id -> column ids. @type {Map<string, Set<string>>} */
    this.changed = new Map();
    this.version = -1;
    this.capacity = 0;
    /** @type {Map<string, number>} */
    this.rowOf = new Map();
  }

  /**
   * Take a table blob.
   * @param {ArrayBuffer | DataView | Uint8Array} blob
   * @returns {Outcome} "gap": a patch is missing, ask for a full table
   */
  take(blob) {
    return this.takeAll([blob]);
  }

  /**
   * Take several, in order, with one round of what follows from them.
   * @param {(ArrayBuffer | DataView | Uint8Array)[]} blobs
   * @returns {Outcome}
   */
  takeAll(blobs) {
    this.changed = new Map();
    return batch(() => {
      /** @type {Outcome} */
      let outcome = "merged";
      for (const blob of blobs) outcome = this.#take(blob);
      return outcome;
    });
  }

  /**
   * @param {ArrayBuffer | DataView | Uint8Array} blob
   * @returns {Outcome}
   */
  #take(blob) {
    const table = decodeTable(blob);
    if (table.mode === "patch" && table.version !== this.version + 1) {
      return table.version <= this.version ? "merged" : "gap"; // an old patch is already in
    }
    const before = this.columns.size;
    if (table.mode === "full") this.#replace(table);
    else this.#merge(table);
    this.version = table.version;
    if (JSON.stringify(table.goals) !== JSON.stringify(this.goals.peek())) this.goals.value = table.goals;
    if (JSON.stringify(table.store) !== JSON.stringify(this.source.peek())) this.source.value = table.store;
    if (table.mode === "full" || this.columns.size !== before) this.shape.value += 1;
    this.loaded.value = true;
    this.revision.value += 1;
    return "merged";
  }

  /** @param {string} id */
  column(id) {
    return this.columns.get(id);
  }

  /** @param {number} row */
  idAt(row) {
    return this.text("run_id", row) ?? "";
  }

  /**
   * @param {string} id
   * @param {number} row
   * @returns {string | null}
   */
  text(id, row) {
    const column = this.columns.get(id);
    if (column?.type !== "dict") return null;
    const code = column.codes[row] ?? -1;
    return code < 0 ? null : (column.values[code] ?? null);
  }

  /**
   * @param {string} id
   * @param {number} row
   * @returns {number | null} null when missing; a logged NaN is NaN
   */
  number(id, row) {
    const column = this.columns.get(id);
    if (!column || column.type === "dict" || !column.valid[row]) return null;
    return column.numbers[row] ?? null;
  }

  /**
   * Write one text cell, as an edit that the kernel has not confirmed yet does.
   * @param {string} group
   * @param {string} key
   * @param {string} runId
   * @param {string | null} value
   */
  write(group, key, runId, value) {
    const row = this.rowOf.get(runId);
    if (row === undefined) return;
    const id = group === "attributes" ? key : `${group}.${key}`;
    const before = this.columns.size;
    const column = this.#own({ id, group, key, type: "dict", values: [], codes: new Int32Array(0) });
    if (column.type !== "dict") return;
    column.codes[row] = value === null ? -1 : codeOf(column, value);
    if (this.columns.size !== before) this.shape.value += 1;
  }

  /** @param {import("./columns.js").Table} table */
  #replace(table) {
    this.columns = new Map();
    this.size = table.rows;
    this.capacity = table.rows;
    for (const column of table.columns) {
      const stored =
        column.type === "dict"
          ? { ...column, values: [...column.values], codes: column.codes.slice(), index: null }
          : {
              ...column,
              numbers: column.numbers.slice(),
              valid: column.valid ? column.valid.slice() : new Uint8Array(table.rows).fill(1),
            };
      this.columns.set(column.id, stored);
    }
    this.#number();
  }

  /** @param {import("./columns.js").Table} table */
  #merge(table) {
    if (table.removed.length) this.#remove(new Set(table.removed));
    const ids = table.columns.find((column) => column.id === "run_id");
    if (table.rows && ids?.type !== "dict") throw new Error("a patch has no run_id column");
    const targets = new Int32Array(table.rows);
    for (let i = 0; i < table.rows && ids?.type === "dict"; i += 1) {
      const runId = ids.values[ids.codes[i] ?? -1] ?? "";
      let row = this.rowOf.get(runId);
      if (row === undefined) {
        row = this.size;
        this.size += 1;
        this.rowOf.set(runId, row);
      }
      targets[i] = row;
    }
    this.#reserve(this.size);
    const note = table.rows <= MOST_NOTED;
    const present = new Set(table.columns.map((column) => column.id));
    if (ids) this.#mergeColumn(ids, targets, false);
    for (const column of table.columns) if (column !== ids) this.#mergeColumn(column, targets, note);
    // a patch carries whole rows: a column that it leaves out has no value in any of them
    for (const [id, column] of this.columns) {
      if (!present.has(id)) for (const row of targets) clear(column, row);
    }
  }

  /**
   * @param {Column} column
   * @param {Int32Array} targets rows of the store
   * @param {boolean} note
   */
  #mergeColumn(column, targets, note) {
    const own = this.#own(column);
    if ((own.type === "dict") !== (column.type === "dict")) throw new Error(`column ${column.id} changed its type`);
    for (let i = 0; i < targets.length; i += 1) {
      const row = /** @type {number} */ (targets[i]);
      let differs = false;
      if (own.type === "dict" && column.type === "dict") {
        const code = column.codes[i] ?? -1;
        const mine = code < 0 ? -1 : codeOf(own, column.values[code] ?? "");
        differs = own.codes[row] !== mine;
        own.codes[row] = mine;
      } else if (own.type !== "dict" && column.type !== "dict") {
        const here = column.valid ? (column.valid[i] ?? 0) : 1;
        const value = column.numbers[i] ?? Number.NaN;
        differs = own.valid[row] !== here || (here === 1 && !Object.is(own.numbers[row], value));
        own.valid[row] = here;
        own.numbers[row] = value;
      }
      if (differs && note) this.#note(row, column.id);
    }
  }

  /**
   * @param {number} row
   * @param {string} columnId
   */
  #note(row, columnId) {
    const runId = this.idAt(row);
    const noted = this.changed.get(runId);
    if (noted) noted.add(columnId);
    else this.changed.set(runId, new Set([columnId]));
  }

  /**
   * The store's column like `column`, made empty when there is none yet.
   * @param {Column} column
   * @returns {StoredColumn}
   */
  #own(column) {
    const present = this.columns.get(column.id);
    if (present) return present;
    const { id, group, key, stat } = column;
    const head = stat === undefined ? { id, group, key } : { id, group, key, stat };
    /** @type {StoredColumn} */
    const fresh =
      column.type === "dict"
        ? { ...head, type: "dict", values: [], codes: new Int32Array(this.capacity).fill(-1), index: new Map() }
        : {
            ...head,
            type: column.type,
            numbers: new Float64Array(this.capacity),
            valid: new Uint8Array(this.capacity),
          };
    this.columns.set(id, fresh);
    return fresh;
  }

  /** @param {number} rows */
  #reserve(rows) {
    if (rows <= this.capacity) return;
    this.capacity = Math.max(rows, Math.ceil(this.capacity * 1.5), 64);
    for (const column of this.columns.values()) {
      if (column.type === "dict") {
        const codes = new Int32Array(this.capacity).fill(-1);
        codes.set(column.codes);
        column.codes = codes;
      } else {
        const numbers = new Float64Array(this.capacity);
        const valid = new Uint8Array(this.capacity);
        numbers.set(column.numbers);
        valid.set(column.valid);
        column.numbers = numbers;
        column.valid = valid;
      }
    }
  }

  /** @param {Set<string>} runIds */
  #remove(runIds) {
    const kept = [];
    for (let row = 0; row < this.size; row += 1) if (!runIds.has(this.idAt(row))) kept.push(row);
    if (kept.length === this.size) return;
    for (const column of this.columns.values()) {
      for (let to = 0; to < kept.length; to += 1) move(column, /** @type {number} */ (kept[to]), to);
      for (let row = kept.length; row < this.size; row += 1) clear(column, row);
    }
    this.size = kept.length;
    this.#number();
  }

  #number() {
    this.rowOf = new Map();
    for (let row = 0; row < this.size; row += 1) this.rowOf.set(this.idAt(row), row);
  }
}

/**
 * @param {StoredText} column
 * @param {string} value
 */
function codeOf(column, value) {
  column.index ??= new Map(column.values.map((known, code) => [known, code]));
  let code = column.index.get(value);
  if (code === undefined) {
    code = column.values.length;
    column.values.push(value);
    column.index.set(value, code);
  }
  return code;
}

/**
 * @param {StoredColumn} column
 * @param {number} from
 * @param {number} to
 */
function move(column, from, to) {
  if (column.type === "dict") column.codes[to] = column.codes[from] ?? -1;
  else {
    column.numbers[to] = column.numbers[from] ?? 0;
    column.valid[to] = column.valid[from] ?? 0;
  }
}

/**
 * @param {StoredColumn} column
 * @param {number} row
 */
function clear(column, row) {
  if (column.type === "dict") column.codes[row] = -1;
  else column.valid[row] = 0;
}
