/** @type {CanvasRenderingContext2D | null | undefined} */
let context;

/**
 * Width of a text in pixels; about right where there is no canvas.
 * @param {string} text
 * @param {string} font as in CSS
 */
export function textWidth(text, font) {
  context ??= document.createElement("canvas").getContext?.("2d") ?? null;
  if (!context) return text.length * 6.6;
  context.font = font;
  return context.measureText(text).width;
}
