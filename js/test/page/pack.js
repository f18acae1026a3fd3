// Writes parcels, as nbtrack/views/parcel.py does.

/**
 * @param {any} content
 * @param {Uint8Array[]} [buffers]
 */
export function packParcel(content, buffers = []) {
  const head = new TextEncoder().encode(JSON.stringify({ content, sizes: buffers.map(({ length }) => length) }));
  const parts = [new Uint8Array(4 + head.length), ...buffers];
  parts[0]?.set(head, 4);
  new DataView(/** @type {Uint8Array} */ (parts[0]).buffer).setUint32(0, head.length, true);
  const padded = parts.map((part) => {
    const whole = new Uint8Array(Math.ceil(part.length / 8) * 8);
    whole.set(part);
    return whole;
  });
  const packed = new Uint8Array(padded.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of padded) {
    packed.set(part, at);
    at += part.length;
  }
  return packed;
}

/** @param {any} content @param {Uint8Array[]} [buffers] a parcel with its length before it */
export function packFrame(content, buffers) {
  const packed = packParcel(content, buffers);
  const frame = new Uint8Array(4 + packed.length);
  new DataView(frame.buffer).setUint32(0, packed.length, true);
  frame.set(packed, 4);
  return frame;
}
