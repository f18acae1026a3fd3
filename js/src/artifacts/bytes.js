// Buffers of an answer as bytes, and sizes as a reader wants them.

const UNITS = ["B", "kB", "MB", "GB", "TB"];

/**
 * @param {any} buffer ArrayBuffer (fetch, stored answers) or a view (Jupyter)
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function bytesOf(buffer) {
  if (!buffer) return new Uint8Array();
  return buffer instanceof ArrayBuffer
    ? new Uint8Array(buffer)
    : new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}

/** @param {any} buffer */
export function floatsOf(buffer) {
  return new Float32Array(bytesOf(buffer).slice().buffer);
}

/** @param {any} buffer */
export function intsOf(buffer) {
  return new Int32Array(bytesOf(buffer).slice().buffer);
}

/**
 * `512 B`, `1.2 MB`: powers of ten, as file managers and `nbtrack artifacts` say it.
 * @param {number} size bytes
 */
export function sizeText(size) {
  let value = size;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1)}\u202f${UNITS[unit]}`;
}
