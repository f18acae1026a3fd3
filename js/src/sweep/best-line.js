// The best trial so far, drawn over the others with a star at its value; the others keep their strength.

import { h } from "../kit/dom.js";
import { react } from "../kit/model.js";

const SVG = "http://www.w3.org/2000/svg";

export class BestLine {
  /** @type {string | undefined} */
  #run;

  /**
   * @param {import("../parallel/parallel.js").ParallelPlot} plot
   * @param {import("@preact/signals-core").Signal<import("./sweep.js").Standing>} standing
   */
  constructor(plot, standing) {
    this.plot = plot;
    this.ground = shape("polyline", "nbt-sweep-under");
    this.line = shape("polyline", "nbt-sweep-line");
    this.svg = shape("svg", "nbt-sweep-best");
    this.svg.setAttribute("aria-hidden", "true");
    this.svg.append(this.ground, this.line);
    this.star = h("span", { class: "nbt-sweep-star", "aria-hidden": "true", hidden: true }, "★");
    plot.layers.over.before(this.svg); // words of the axes stay readable over it
    plot.layers.el.append(this.star);
    react(plot.view.until, () => this.#draw(standing.value.best?.run));
  }

  /** @param {string | undefined} run */
  #draw(run) {
    const { layers, view } = this.plot;
    view.store.revision.value;
    const { height, width, xs } = layers.geometry.value;
    const heights = layers.heights.value;
    if (run === undefined || view.store.rowOf.has(run)) this.#run = run; // until the new one is here, the one before stands
    const row = this.#run === undefined ? undefined : view.store.rowOf.get(this.#run);
    const points = row === undefined ? [] : pointsOf(xs, heights, row);
    const isShown = points.length > 0 && layers.isMeasured.value;
    this.svg.toggleAttribute("hidden", !isShown);
    this.star.hidden = !isShown;
    if (!isShown) return;
    this.svg.setAttribute("width", String(width));
    this.svg.setAttribute("height", String(height));
    const text = points.map((point) => point.join(",")).join(" ");
    this.ground.setAttribute("points", text);
    this.line.setAttribute("points", text);
    const [x, y] = /** @type {[number, number]} */ (points.at(-1));
    this.star.style.transform = `translate(${x}px, ${y}px)`;
  }
}

/**
 * @param {number[]} xs
 * @param {Float32Array[]} heights by axis, then by row
 * @param {number} row
 * @returns {[number, number][]}
 */
export function pointsOf(xs, heights, row) {
  return heights.map((ys, i) => [xs[i] ?? 0, Math.round((ys[row] ?? 0) * 10) / 10]);
}

/** @param {string} name @param {string} className */
function shape(name, className) {
  const made = document.createElementNS(SVG, name);
  made.setAttribute("class", className);
  return made;
}
