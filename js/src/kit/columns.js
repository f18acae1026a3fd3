// The binary table of ARCHITECTURE.md, "The widget protocol", as typed arrays.

/**
 * @typedef {object} ColumnHead
 * @property {string} id `name`, `params.lr`, `metrics.acc.last`
 * @property {string} group attributes, params, metrics or tags
 * @property {string} key
 * @property {string} [stat] last, min, max or count; metrics only
 *
 * @typedef {ColumnHead & { type: "dict", values: string[], codes: Int32Array }} TextColumn a code of -1 is a missing value
 * @typedef {ColumnHead & { type: "f64" | "time", numbers: Float64Array, valid: Uint8Array | null }} NumberColumn `valid` 0 is a missing value
 * @typedef {TextColumn | NumberColumn} Column
 *
 * @typedef {object} Table
 * @property {number} version
 * @property {"full" | "patch"} mode
 * @property {number} rows
 * @property {string[]} removed
 * @property {Record<string, "min" | "max">} goals
 * @property {{ name: string, snapshot: any }} store
 * @property {Column[]} columns
 */

/**
 * Read a table blob. Numbers are views into the blob where its alignment allows.
 * @param {ArrayBuffer | DataView | Uint8Array} blob
 * @returns {Table}
 */
export function decodeTable(blob) {
  const bytes = blob instanceof ArrayBuffer ? new Uint8Array(blob) : viewOf(blob);
  if (bytes.byteLength < 4) throw new Error(`a table of ${bytes.byteLength} bytes is too short`);
  const headLength = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  const start = Math.ceil((4 + headLength) / 8) * 8;
  if (start > bytes.byteLength + 7) throw new Error(`a table of ${bytes.byteLength} bytes ends inside its header`);
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + headLength)));
  if (head.kind !== "table") throw new Error(`expected a table, received "${head.kind}"`);
  const body = aligned(bytes.subarray(start));
  return {
    version: head.version,
    mode: head.mode,
    rows: head.rows,
    removed: head.removed ?? [],
    goals: head.goals ?? {},
    store: head.store ?? { name: "", snapshot: null },
    columns: head.columns.map((/** @type {any} */ column) => decodeColumn(column, head.rows, body)),
  };
}

/**
 * @param {any} column an entry of the header
 * @param {number} rows
 * @param {Uint8Array} body starts at a multiple of 8
 * @returns {Column}
 */
function decodeColumn({ id, group, key, stat, type, values, offset, valid }, rows, body) {
  const at = body.byteOffset + offset;
  const head = stat === undefined ? { id, group, key } : { id, group, key, stat };
  if (type === "dict") return { ...head, type, values, codes: new Int32Array(body.buffer, at, rows) };
  return {
    ...head,
    type,
    numbers: new Float64Array(body.buffer, at, rows),
    valid: valid === undefined || valid === null ? null : body.subarray(valid, valid + rows),
  };
}

/** @param {ArrayBufferView} blob */
function viewOf(blob) {
  return new Uint8Array(blob.buffer, blob.byteOffset, blob.byteLength);
}

/**
 * Typed arrays must start at a multiple of 8; the buffer of a message often does not.
 * @param {Uint8Array} bytes
 */
function aligned(bytes) {
  return bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
}
