// A canvas as sharp as the screen, and pictures saved from it.

/**
 * Fit a canvas to a size in CSS pixels; afterwards one unit is one CSS pixel.
 * @param {HTMLCanvasElement} canvas
 * @param {number} width
 * @param {number} height
 * @param {number} [ratio] device pixels per CSS pixel
 * @returns {CanvasRenderingContext2D | null} null where there is no drawing (tests without a browser)
 */
export function fitCanvas(canvas, width, height, ratio = globalThis.devicePixelRatio || 1) {
  const w = Math.max(1, Math.round(width * ratio));
  const h = Math.max(1, Math.round(height * ratio));
  if (canvas.width !== w) canvas.width = w;
  if (canvas.height !== h) canvas.height = h;
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  context?.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}

/**
 * Give the reader a file.
 * @param {Blob | string} content a text becomes a UTF-8 file of `type`
 * @param {string} name
 * @param {string} [type]
 */
export function saveFile(content, name, type = "text/plain") {
  const blob = typeof content === "string" ? new Blob([content], { type: `${type};charset=utf-8` }) : content;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
