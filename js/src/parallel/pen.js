// One way to draw for three targets: the canvas on the page, a picture saved as PNG, and real vectors in an SVG file.

/**
 * @typedef {{ colour: string, width?: number, alpha?: number, dash?: number[] }} Stroke
 * @typedef {{ colour: string, size?: number, align?: "left" | "center" | "right", bold?: boolean, halo?: string }} Writing
 *
 * @typedef {object} Pen
 * @property {(points: number[], stroke: Stroke) => void} line through x, y, x, y, …
 * @property {(x: number, y: number, width: number, height: number, fill: string, alpha: number, edge?: string) => void} box
 * @property {(text: string, x: number, y: number, writing: Writing) => void} text `y` is the middle of the line
 * @property {(text: string, size?: number) => number} measure width of a text
 */

const FAMILY = 'system-ui, -apple-system, "Segoe UI", sans-serif';

/**
 * @param {CanvasRenderingContext2D} context
 * @returns {Pen}
 */
export function canvasPen(context) {
  const font = (size = 11, bold = false) => `${bold ? "600 " : ""}${size}px ${FAMILY}`;
  return {
    line(points, { colour, width = 1, alpha = 1, dash = [] }) {
      context.globalAlpha = alpha;
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.lineJoin = "round";
      context.setLineDash(dash);
      context.beginPath();
      for (let i = 0; i < points.length; i += 2) context.lineTo(points[i] ?? 0, points[i + 1] ?? 0);
      context.stroke();
      context.setLineDash([]);
    },
    box(x, y, width, height, fill, alpha, edge) {
      context.globalAlpha = alpha;
      context.fillStyle = fill;
      context.fillRect(x, y, width, height);
      if (!edge) return;
      context.globalAlpha = 1;
      context.strokeStyle = edge;
      context.lineWidth = 1;
      context.strokeRect(x, y, width, height);
    },
    text(text, x, y, { colour, size, align = "left", bold, halo }) {
      context.globalAlpha = 1;
      context.font = font(size, bold);
      context.textAlign = align;
      context.textBaseline = "middle";
      if (halo) {
        context.strokeStyle = halo;
        context.lineWidth = 3;
        context.lineJoin = "round";
        context.globalAlpha = 0.85;
        context.strokeText(text, x, y);
        context.globalAlpha = 1;
      }
      context.fillStyle = colour;
      context.fillText(text, x, y);
    },
    measure(text, size) {
      context.font = font(size);
      return context.measureText(text).width;
    },
  };
}

/** Writes SVG. */
export class SvgPen {
  /** @type {string[]} */
  parts = [];

  /** @param {number[]} points @param {Stroke} stroke */
  line(points, { colour, width = 1, alpha = 1, dash = [] }) {
    const pairs = [];
    for (let i = 0; i < points.length; i += 2) pairs.push(`${tenth(points[i])},${tenth(points[i + 1])}`);
    const dashes = dash.length ? ` stroke-dasharray="${dash.join(" ")}"` : "";
    this.parts.push(
      `<polyline points="${pairs.join(" ")}" fill="none" stroke="${escaped(colour)}" stroke-width="${width}" stroke-opacity="${alpha}"${dashes}/>`,
    );
  }

  /** @param {number} x @param {number} y @param {number} width @param {number} height @param {string} fill @param {number} alpha @param {string} [edge] */
  box(x, y, width, height, fill, alpha, edge) {
    const line = edge ? ` stroke="${escaped(edge)}"` : "";
    this.parts.push(
      `<rect x="${tenth(x)}" y="${tenth(y)}" width="${tenth(width)}" height="${tenth(height)}" fill="${escaped(fill)}" fill-opacity="${alpha}"${line}/>`,
    );
  }

  /** @param {string} text @param {number} x @param {number} y @param {Writing} writing */
  text(text, x, y, { colour, size = 11, align = "left", bold, halo }) {
    const anchor = { left: "start", center: "middle", right: "end" }[align];
    const weight = bold ? ' font-weight="600"' : "";
    const edge = halo ? ` stroke="${escaped(halo)}" stroke-width="3" stroke-opacity="0.85" paint-order="stroke"` : "";
    this.parts.push(
      `<text x="${tenth(x)}" y="${tenth(y)}" dy="0.35em" font-size="${size}" text-anchor="${anchor}" fill="${escaped(colour)}"${weight}${edge}>${escaped(text)}</text>`,
    );
  }

  /** A guess that no narrow font breaks. @param {string} text */
  measure(text, size = 11) {
    return text.length * size * 0.58;
  }

  /** @param {number} width @param {number} height @param {string} title */
  done(width, height, title) {
    return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif"><title>${escaped(title)}</title>\n${this.parts.join("\n")}\n</svg>\n`;
  }
}

/** @param {number | undefined} value */
function tenth(value) {
  return Math.round((value ?? 0) * 10) / 10;
}

/** @param {string} text */
function escaped(text) {
  const named = /** @type {Record<string, string>} */ ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" });
  // control characters are not allowed in XML at all
  return text.replace(/[^\P{Cc}\t\n\r]/gu, "\ufffd").replace(/[&<>"]/g, (sign) => named[sign] ?? sign);
}

/**
 * A text that fits, with "…" where it was cut.
 * @param {Pick<Pen, "measure">} pen
 * @param {string} text
 * @param {number} width
 * @param {number} [size]
 */
export function fitted(pen, text, width, size) {
  if (pen.measure(text, size) <= width) return text;
  let low = 0;
  let high = text.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (pen.measure(`${text.slice(0, middle)}…`, size) <= width) low = middle;
    else high = middle - 1;
  }
  return `${text.slice(0, low)}…`;
}
