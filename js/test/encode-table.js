// Writes the binary table that Python sends, for tests and the demo page.

/**
 * @typedef {{ id: string, type: "dict" | "f64" | "time", values: (string | number | null)[] }} ColumnSpec null is a missing value
 *
 * @typedef {object} TableSpec
 * @property {number} version
 * @property {"full" | "patch"} mode
 * @property {number} rows
 * @property {ColumnSpec[]} columns
 * @property {string[]} [removed]
 * @property {Record<string, string>} [goals]
 * @property {{ name: string, snapshot: any }} [store]
 */

/**
 * @param {TableSpec} table
 * @returns {ArrayBuffer}
 */
export function encodeTable({
  version,
  mode,
  rows,
  columns,
  removed = [],
  goals = {},
  store = { name: "runs.duckdb", snapshot: null },
}) {
  /** @type {Uint8Array[]} */
  const parts = [];
  let offset = 0;
  const put = (/** @type {Int32Array | Float64Array | Uint8Array} */ array) => {
    const at = offset;
    parts.push(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
    const padding = (8 - (array.byteLength % 8)) % 8;
    parts.push(new Uint8Array(padding));
    offset += array.byteLength + padding;
    return at;
  };
  const heads = columns.map(({ id, type, values }) => {
    const [group = "", ...rest] = id.split(".");
    const isAttribute = rest.length === 0;
    const stat = group === "metrics" ? rest.pop() : undefined;
    const head = {
      id,
      group: isAttribute ? "attributes" : group,
      key: isAttribute ? id : rest.join("."),
      ...(stat ? { stat } : {}),
      type,
    };
    if (type === "dict") {
      /** @type {Map<string, number>} */
      const index = new Map();
      const codes = Int32Array.from(values, (value) => {
        if (value === null) return -1;
        const known = String(value);
        if (!index.has(known)) index.set(known, index.size);
        return /** @type {number} */ (index.get(known));
      });
      return { ...head, values: [...index.keys()], offset: put(codes), length: codes.byteLength };
    }
    const numbers = Float64Array.from(values, (value) => (value === null ? 0 : Number(value)));
    const at = put(numbers);
    if (!values.includes(null)) return { ...head, offset: at, length: numbers.byteLength };
    const valid = Uint8Array.from(values, (value) => (value === null ? 0 : 1));
    return { ...head, offset: at, length: numbers.byteLength, valid: put(valid) };
  });
  const text = new TextEncoder().encode(
    JSON.stringify({ kind: "table", version, mode, rows, removed, goals, store, columns: heads }),
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
