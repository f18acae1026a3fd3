// A comparison packed as `nbtrack/views/compare_pack.py` does, from plain objects.

/**
 * @typedef {object} RowSpec
 * @property {string} key
 * @property {string} [kind]
 * @property {any[]} values one a run; undefined: not recorded
 * @property {string} [stat]
 * @property {"min" | "max"} [goal]
 * @property {string} [mime]
 * @property {number[]} [sizes]
 * @property {any[][]} [steps]
 */

/**
 * @param {{ runs: any[], sections: Record<string, RowSpec[]>, base?: string, version?: number, since?: number, mode?: string, sentences?: any }} spec
 * @returns {ArrayBuffer}
 */
export function encodeComparison({
  runs,
  sections,
  base = runs[0]?.run_id ?? "",
  version = 1,
  since = version,
  mode = "full",
  sentences = {},
}) {
  /** @type {Uint8Array[]} */
  const parts = [];
  let offset = 0;
  const heads = Object.entries(sections).map(([id, rows]) => {
    const { head, data } = section(id, rows, runs.length);
    const place = offset;
    parts.push(data);
    offset += data.byteLength;
    return { ...head, offset: place };
  });
  const text = new TextEncoder().encode(
    JSON.stringify({ kind: "compare", mode, version, since, runs, base, sentences, sections: heads }),
  );
  const start = Math.ceil((4 + text.byteLength) / 8) * 8;
  const blob = new Uint8Array(start + offset);
  new DataView(blob.buffer).setUint32(0, text.byteLength, true);
  blob.set(text, 4);
  let at = start;
  for (const part of parts) {
    blob.set(part, at);
    at += part.byteLength;
  }
  return blob.buffer;
}

/** @param {string} id @param {RowSpec[]} rows @param {number} count */
function section(id, rows, count) {
  /** @type {string[]} */
  const texts = [];
  /** @type {number[][]} */
  const numbers = [];
  const codes = new Int32Array(Math.ceil((rows.length * count) / 2) * 2);
  const heads = rows.map(({ values, sizes, kind = "text", ...rest }, line) => {
    values.forEach((value, column) => {
      let code = 0;
      if (value === null) code = -1;
      else if (value === undefined) code = -2;
      else if (typeof value === "string") code = texts.includes(value) ? texts.indexOf(value) : texts.push(value) - 1;
      codes[line * count + column] = code;
    });
    const amounts = sizes ?? values;
    const numeric = amounts.some((value) => typeof value === "number");
    if (numeric) numbers.push(amounts.map((value) => (typeof value === "number" ? value : Number.NaN)));
    return { ...rest, kind, ...(numeric ? { at: numbers.length - 1 } : {}) };
  });
  const flat = new Float64Array(numbers.flat());
  const data = new Uint8Array(codes.byteLength + flat.byteLength);
  data.set(new Uint8Array(codes.buffer), 0);
  data.set(new Uint8Array(flat.buffer), codes.byteLength);
  return { head: { id, rows: heads, texts, numbers: codes.byteLength }, data };
}

/** @param {number} index @param {Record<string, any>} [more] */
export function head(index, more = {}) {
  const run_id = String(index).padStart(32, "0");
  return { run_id, number: index, name: `run-${index}`, status: "FINISHED", start_time: 0, duration: 1, ...more };
}
