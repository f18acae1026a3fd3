// A comparison as one blob, as nbtrack/views/compare_pack.py writes it.

/**
 * @typedef {import("../compare/data.js").Value} Value
 * @typedef {import("../compare/data.js").Steps} Steps
 *
 * @typedef {object} Line a row before it is packed
 * @property {string} section
 * @property {string} key
 * @property {string} kind
 * @property {string} [stat]
 * @property {"min" | "max" | null} [goal]
 * @property {string} [mime]
 * @property {Value[]} values one a run
 * @property {(number | null)[] | undefined} [sizes] bytes of files
 * @property {Steps[] | undefined} [steps]
 */

const MISSING = -1;
const UNKNOWN = -2;
const WORD = 8;

/**
 * @param {Record<string, any>} head
 * @param {Line[]} lines in order
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function packComparison(head, lines) {
  let offset = 0;
  const packed = [...new Set(lines.map(({ section }) => section))].map((id) => {
    const found = packSection(
      id,
      lines.filter(({ section }) => section === id),
    );
    const at = offset;
    offset += found.data.length;
    return { head: { ...found.head, offset: at }, data: found.data };
  });
  const sections = packed.map((each) => each.head);
  const text = new TextEncoder().encode(JSON.stringify({ kind: "compare", mode: "full", ...head, sections }));
  const start = padded(4 + text.length);
  const blob = new Uint8Array(start + offset);
  new DataView(blob.buffer).setUint32(0, text.length, true);
  blob.set(text, 4);
  for (const each of packed) blob.set(each.data, start + each.head.offset);
  return blob;
}

/** @param {string} id @param {Line[]} lines */
function packSection(id, lines) {
  /** @type {Map<string, number>} */
  const texts = new Map();
  const codeOf = (/** @type {Value} */ value) => {
    if (value === undefined) return UNKNOWN;
    if (value === null) return MISSING;
    if (typeof value === "number") return 0;
    const code = texts.get(value) ?? texts.size;
    texts.set(value, code);
    return code;
  };
  const codes = Int32Array.from(lines.flatMap(({ values }) => values.map(codeOf)));
  /** @type {number[]} */
  const numbers = [];
  let numeric = 0;
  const rows = lines.map(({ key, kind, stat, goal, mime, steps, values, sizes }) => {
    const amounts = sizes ?? values;
    const at = amounts.some((value) => typeof value === "number") ? numeric++ : undefined;
    if (at !== undefined) numbers.push(...amounts.map((value) => (typeof value === "number" ? value : Number.NaN)));
    const said = { key, kind, stat: stat || undefined, goal: goal ?? undefined, mime: mime || undefined, at };
    return steps?.some(({ length }) => length) ? { ...said, steps } : said;
  });
  const place = padded(codes.byteLength);
  const data = new Uint8Array(place + numbers.length * WORD);
  data.set(new Uint8Array(codes.buffer));
  data.set(new Uint8Array(Float64Array.from(numbers).buffer), place);
  return { head: { id, rows, texts: [...texts.keys()], numbers: place }, data };
}

/** @param {number} size */
function padded(size) {
  return Math.ceil(size / WORD) * WORD;
}
