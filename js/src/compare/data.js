// A comparison as Python packed it: sections of rows, one value a run. The format is in `nbtrack/views/compare_pack.py`.

import { batch, signal } from "@preact/signals-core";

/**
 * @typedef {"text" | "status" | "number" | "time" | "duration" | "package" | "file" | "series"} Kind
 * @typedef {string | number | null | undefined} Value null: missing; undefined: nobody recorded it
 * @typedef {[step: number, path: string, bytes: number][]} Steps
 *
 * @typedef {object} Row
 * @property {string} id
 * @property {string} section
 * @property {string} key
 * @property {Kind} kind
 * @property {string} stat `last`, `min`, `max` or `count` of a metric, else ""
 * @property {"min" | "max" | null} goal
 * @property {string} mime
 * @property {(run: string) => Value} value a file's is its digest
 * @property {(run: string) => number | null} size bytes of a file
 * @property {(run: string) => Steps} steps of an image series
 *
 * @typedef {object} Head
 * @property {string} run_id
 * @property {number | null} number
 * @property {string} name
 * @property {string} status
 * @property {number | null} start_time
 * @property {number | null} duration
 *
 * @typedef {[text: string, tone: string][]} Sentence
 */

export class CompareData {
  constructor() {
    /** @type {Map<string, Head>} */
    this.heads = new Map();
    /** @type {Map<string, Row[]>} */
    this.sections = new Map();
    /** Sentences by run id; "" is about all. @type {Record<string, Sentence>} */
    this.sentences = {};
    this.base = "";
    /** Version of the last whole comparison; patches say what changed since. */
    this.whole = -1;
    this.revision = signal(0);
    this.loaded = signal(false);
  }

  /**
   * @param {ArrayBuffer | ArrayBufferView} blob
   * @returns {boolean} false: the whole that it belongs to is missing, ask for it
   */
  take(blob) {
    const { head, body } = decode(blob);
    if (head.mode === "patch" && head.since !== this.whole) return head.since < this.whole; // an old one is already in
    const runs = head.runs.map((/** @type {Head} */ run) => run.run_id);
    batch(() => {
      this.heads = new Map(head.runs.map((/** @type {Head} */ run) => [run.run_id, run]));
      const fresh = head.sections.map((/** @type {any} */ section) => [section.id, rowsOf(section, runs, body)]);
      this.sections = head.mode === "patch" ? new Map([...this.sections, ...fresh]) : new Map(fresh);
      this.sentences = head.sentences ?? {};
      this.base = head.base;
      if (head.mode !== "patch") this.whole = head.version ?? 0;
      this.loaded.value = true;
      this.revision.value += 1;
    });
    return true;
  }

  /** @param {string} run */
  label(run) {
    const head = this.heads.get(run);
    if (!head) return run.slice(0, 8);
    return head.number === null ? head.name : `#${head.number}`;
  }
}

/** @param {ArrayBuffer | ArrayBufferView} blob */
function decode(blob) {
  const bytes =
    blob instanceof ArrayBuffer ? new Uint8Array(blob) : new Uint8Array(blob.buffer, blob.byteOffset, blob.byteLength);
  if (bytes.byteLength < 4) throw new Error(`a comparison of ${bytes.byteLength} bytes is too short`);
  const length = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  if (head.kind !== "compare") throw new Error(`expected a comparison, received "${head.kind}"`);
  const start = Math.ceil((4 + length) / 8) * 8;
  return { head, body: bytes.slice(start) }; // a copy starts at a multiple of 8, as typed arrays must
}

/**
 * @param {any} section
 * @param {string[]} runs
 * @param {Uint8Array} body
 * @returns {Row[]}
 */
function rowsOf({ id, rows, texts, offset, numbers: place }, runs, body) {
  const columns = new Map(runs.map((run, column) => [run, column]));
  const count = runs.length;
  const codes = new Int32Array(body.buffer, offset, rows.length * count);
  const numeric = rows.filter((/** @type {any} */ row) => row.at !== undefined).length;
  const numbers = new Float64Array(body.buffer, offset + place, numeric * count);
  return rows.map((/** @type {any} */ row, /** @type {number} */ line) => {
    const isFile = row.kind === "file" || row.kind === "series";
    const at = (/** @type {string} */ run) => columns.get(run) ?? -1;
    const number = (/** @type {number} */ column) =>
      row.at === undefined ? Number.NaN : (numbers[row.at * count + column] ?? Number.NaN);
    return {
      id: [id, row.key, row.stat ?? ""].join("\n"),
      section: id,
      key: row.key,
      kind: row.kind,
      stat: row.stat ?? "",
      goal: row.goal ?? null,
      mime: row.mime ?? "",
      value: (/** @type {string} */ run) => {
        const column = at(run);
        const code = column < 0 ? -1 : (codes[line * count + column] ?? -1);
        if (code < 0) return code === -2 ? undefined : null;
        return row.at === undefined || isFile ? (texts[code] ?? null) : number(column);
      },
      size: (/** @type {string} */ run) => {
        const bytes = isFile && at(run) >= 0 ? number(at(run)) : Number.NaN;
        return Number.isNaN(bytes) ? null : bytes;
      },
      steps: (/** @type {string} */ run) => row.steps?.[at(run)] ?? [],
    };
  });
}
