// Three canvases, one over the other: all runs in grey, those brushed in colour, and what follows the pointer.

import { computed, signal } from "@preact/signals-core";
import { fitCanvas } from "../kit/canvas.js";
import { h } from "../kit/dom.js";
import { react } from "../kit/model.js";
import { themeColours } from "../kit/theme.js";
import { spansOf } from "./brush.js";
import { colouringOf } from "./colours.js";
import { drawAxes, drawRun } from "./drawing.js";
import { geometryOf, heightsOf } from "./geometry.js";
import { alphaFor, DENSE, drawing, Painter } from "./lines.js";
import { canvasPen } from "./pen.js";

/** @typedef {import("./state.js").ParallelState} ParallelState */

const INKS = {
  axis: "--nbt-faint",
  ink: "--nbt-ink",
  muted: "--nbt-muted",
  ground: "--nbt-bg",
  accent: "--nbt-accent",
  grey: "--nbt-faint",
  plain: "--nbt-spark-dot",
};
const MOST_STRONG = 200;
const AUTOMATIC_HEIGHT = 330;
/** What the other lines keep of their strength while some runs are selected or pinned. */
export const FADED = 0.35;

export class Layers {
  /**
   * @param {ParallelState} state
   * @param {HTMLElement} root
   */
  constructor(state, root) {
    this.state = state;
    const { until } = state.view;
    this.under = h("canvas", { "aria-hidden": "true" });
    this.lines = h("canvas", { "aria-hidden": "true" });
    this.over = h("canvas", { "aria-hidden": "true" });
    this.el = h("div", { class: "nbt-par-plot", tabindex: -1 }, this.under, this.lines, this.over);
    /** Width of the place that shows the axes. */
    this.room = signal(900);
    /** Nothing is drawn before the width is known: it would be drawn twice. */
    this.isMeasured = signal(false);
    this.inks = themeColours(root, INKS, until);
    this.geometry = computed(() =>
      geometryOf(
        state.shown.value,
        this.room.value,
        state.height.value > 0 ? Math.max(120, state.height.value) : AUTOMATIC_HEIGHT,
      ),
    );
    this.heights = computed(() => state.shown.value.map((axis) => this.#heightsOf(axis)));
    this.colouring = computed(() => {
      const axis = state.colourAxis.value;
      const { dark, plain, grey } = this.inks.value;
      return colouringOf(axis, state.view.store.size, {
        dark,
        plain,
        faint: grey,
        goal: axis ? state.goalOf(axis) : null,
      });
    });
    this.painters = { under: new Painter(until), lines: new Painter(until) };
    this.#underIsFor = /** @type {unknown[]} */ ([]);
    react(until, () => this.#drawLines());
    react(until, () => this.#drawOver());
  }

  /** @type {unknown[]} */
  #underIsFor;

  /** @param {HTMLCanvasElement} canvas */
  #fit(canvas) {
    const { width, height } = this.geometry.value;
    // very wide pictures of many axes would not fit in a canvas at twice the sharpness
    const ratio = Math.min(globalThis.devicePixelRatio || 1, 16_000 / Math.max(1, width));
    const context = fitCanvas(canvas, width, height, ratio);
    context?.clearRect(0, 0, width, height);
    return context;
  }

  /** @type {WeakMap<object, { fits: string, ys: Float32Array }>} */
  #known = new WeakMap();

  /** @param {import("./axes.js").Axis} axis */
  #heightsOf(axis) {
    const { top, bottom, nanY, missingY } = this.geometry.value;
    const fits = [top, bottom, nanY, missingY].join();
    let known = this.#known.get(axis);
    if (known?.fits !== fits) {
      known = { fits, ys: heightsOf(axis, this.geometry.value) };
      this.#known.set(axis, known);
    }
    return known.ys;
  }

  /** What is brushed, in colour; all runs in grey behind it once there is a brush. */
  #drawLines() {
    const { state } = this;
    if (!this.isMeasured.value) return;
    const rows = state.view.matched.value;
    const base = state.view.base.value;
    const geometry = this.geometry.value;
    const heights = this.heights.value;
    const { bucket, colours, order } = this.colouring.value;
    const context = this.#fit(this.lines);
    this.#drawUnder(rows.length < base.length);
    if (!context || !heights.length) return;
    const alpha = alphaFor(rows.length);
    const width = rows.length > 60 ? 1 : 1.5;
    this.painters.lines.start(drawing(context, { rows, heights, geometry, bucket, colours, order, alpha, width }));
  }

  /** The grey picture is drawn once, and kept while only the brush changes. @param {boolean} isNeeded */
  #drawUnder(isNeeded) {
    const rows = this.state.view.base.value;
    const grey = this.inks.value.grey;
    const key = [rows, this.geometry.value, this.heights.value, grey];
    this.under.style.visibility = isNeeded ? "" : "hidden";
    if (!isNeeded || key.every((part, i) => part === this.#underIsFor[i])) return;
    this.#underIsFor = key;
    const context = this.#fit(this.under);
    if (!context || !key[2]) return;
    const bucket = new Uint8Array(this.state.view.store.size);
    const work = {
      rows,
      heights: this.heights.value,
      geometry: this.geometry.value,
      bucket,
      colours: [grey],
      order: [0],
    };
    this.painters.under.start(drawing(context, { ...work, alpha: alphaFor(rows.length), fade: 0.4, width: 1 }));
  }

  #drawOver() {
    const { state } = this;
    if (!this.isMeasured.value) return;
    const { store } = state.view;
    const geometry = this.geometry.value;
    const heights = this.heights.value;
    const inks = this.inks.value;
    const axes = state.shown.value;
    const context = this.#fit(this.over);
    const strong = this.strongRuns();
    this.lines.style.opacity = strong.length ? String(FADED) : ""; // nothing is drawn anew for it
    const hovered = state.view.hovered.value;
    const brushes = state.brushes.value;
    const { bucket, colours } = this.colouring.value;
    if (!context) return;
    const pen = canvasPen(context);
    const colourOf = (/** @type {number} */ row) => colours[bucket[row] ?? 0] ?? inks.ink;
    for (const { row, width } of strong)
      drawRun(pen, row, heights, geometry, { colour: colourOf(row), width, ground: inks.ground });
    const row = hovered === null ? undefined : store.rowOf.get(hovered);
    if (row !== undefined)
      drawRun(pen, row, heights, geometry, { colour: colourOf(row), width: 3.2, ground: inks.ground });
    // words stay readable over any line
    drawAxes(pen, { axes, geometry, brushes, inks });
  }

  /** Selected and pinned runs, that stand out from the others. */
  strongRuns() {
    const { view } = this.state;
    view.store.revision.value;
    const found = [];
    for (const [ids, width] of /** @type {[string[], number][]} */ ([
      [view.selected.value.slice(0, MOST_STRONG), 2.2],
      [view.pinnedRuns.value.slice(0, MOST_STRONG), 2.8],
    ])) {
      for (const id of ids) {
        const row = view.store.rowOf.get(id);
        if (row !== undefined) found.push({ row, width });
      }
    }
    return found;
  }

  /** The brushes of an axis as spans. @param {number} index */
  spansAt(index) {
    const axis = this.state.shown.value[index];
    return axis ? spansOf(axis, this.state.brushes.value[index] ?? []) : [];
  }

  /** Whether lines are counted instead of drawn one by one. */
  get isDense() {
    return this.state.view.matched.value.length > DENSE;
  }
}
