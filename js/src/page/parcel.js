// A JSON header and binary buffers as one: how answers are stored in an exported page and travel from `nbtrack ui`.
// Twin of nbtrack/wire/parcel.py.

const WORD = 8;

/**
 * @typedef {{ content: any, buffers: Uint8Array<ArrayBuffer>[] }} Parcel
 */

/**
 * @param {Uint8Array} bytes
 * @returns {Parcel}
 */
export function openParcel(bytes) {
  const whole = /** @type {Uint8Array<ArrayBuffer>} */ (bytes.byteOffset % WORD === 0 ? bytes : bytes.slice());
  const length = new DataView(whole.buffer, whole.byteOffset, 4).getUint32(0, true);
  const { content, sizes } = JSON.parse(new TextDecoder().decode(whole.subarray(4, 4 + length)));
  let at = padded(4 + length);
  const buffers = sizes.map((/** @type {number} */ size) => {
    const buffer = whole.subarray(at, at + size);
    at += padded(size);
    return buffer;
  });
  return { content, buffers };
}

/** @param {number} size */
function padded(size) {
  return Math.ceil(size / WORD) * WORD;
}

/**
 * The bytes that an element of the page holds as base64 of gzip.
 * @param {Element | null} element
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
export async function storedBytes(element) {
  const packed = fromBase64(element?.textContent ?? "");
  if (!packed.length) return packed;
  const unpacked = new DecompressionStream("gzip");
  const writer = unpacked.writable.getWriter();
  const written = writer.write(packed).then(() => writer.close());
  const [bytes] = await Promise.all([new Response(unpacked.readable).arrayBuffer(), written]);
  return new Uint8Array(bytes);
}

/** @param {string} text @returns {Uint8Array<ArrayBuffer>} */
export function fromBase64(text) {
  const letters = atob(text.trim());
  const bytes = new Uint8Array(letters.length);
  for (let i = 0; i < letters.length; i += 1) bytes[i] = letters.charCodeAt(i);
  return bytes;
}
