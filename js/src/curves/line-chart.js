// One chart of lines over a shared x: axes, cursor and zoom by uPlot; lines, bands and marks by us, as each line has its own x.

import { signal } from "@preact/signals-core";
import uPlot from "uplot";
import { h, replace, setAttribute } from "../kit/dom.js";
import { formatNumber } from "../kit/format.js";
import { react } from "../kit/model.js";
import { themeColours } from "../kit/theme.js";
import { axes } from "./axes.js";
import { chartKeys } from "./chart-keys.js";
import { closest, idOf, pointsAt } from "./pointing.js";
import { Readout } from "./readout.js";
import { heightOf, spanOf, toPixels } from "./scales.js";
import { drawMarks, drawSeries } from "./strokes.js";
import { numberTicks } from "./ticks.js";

/**
 * @typedef {import("./scales.js").Range} Range
 * @typedef {import("./strokes.js").Series} Series
 * @typedef {import("./strokes.js").Mark} Mark
 * @typedef {import("./ticks.js").XKind} XKind
 *
 * @typedef {object} Options
 * @property {boolean} [logX]
 * @property {boolean} [logY]
 * @property {boolean} [clip] leave outliers outside
 * @property {XKind} [xKind]
 * @property {string} [xLabel] `step`, or the name of a metric
 *
 * @typedef {{ axis: string, grid: string, mark: string, ground: string, dark: boolean }} Colours
 */

const VEIL = 0.76;
export const CHART_COLOURS = { axis: "--nbt-muted", grid: "--nbt-line", mark: "--nbt-faint", ground: "--nbt-bg" };

export class LineChart {
  /** Told when the reader zooms: a range of x, or null for everything. @type {(range: Range | null) => void} */
  onZoom = (range) => this.setRange(range);
  /** Told which series the pointer means. @type {(id: string | null) => void} */
  onHover = () => {};
  /** Told when a line is clicked. @type {(id: string, event: MouseEvent) => void} */
  onPick = () => {};
  /** @type {Series[]} */
  series = [];
  /** Whose values the axes span: those of the facets beside it, so that they can be compared. @type {Series[]} */
  spanned = [];
  /** @type {Mark[]} */
  marks = [];
  /** @type {Range | null} what the reader zoomed to */
  range = null;
  /** Series that stands out, also when another view names it. @type {string | null} */
  highlight = null;
  /** @type {uPlot | null} */
  plot = null;
  /** @type {Required<Options>} */
  options = { logX: false, logY: false, clip: false, xKind: "number", xLabel: "step" };
  #width = 0;
  #frame = 0;
  /** @type {string | null} */
  #near = null;

  /**
   * @param {{ title?: string, until: AbortSignal, syncKey?: string, height?: number,
   *   colours?: import("@preact/signals-core").ReadonlySignal<Colours> } & Options} settings
   */
  constructor({ title = "", until, syncKey = "", height = 200, colours, ...options }) {
    this.title = title;
    this.syncKey = syncKey;
    this.height = height;
    this.until = until;
    Object.assign(this.options, options);
    this.empty = h("div", { class: "nbt-chart-empty" }, "");
    this.field = h(
      "div",
      { class: "nbt-chart-field", tabindex: 0, role: "group", "aria-roledescription": "chart" },
      this.empty,
    );
    this.field.style.height = `${height}px`;
    this.lifted = h("canvas", { class: "nbt-chart-lifted", hidden: true });
    this.value = h("span", { class: "nbt-chart-value" });
    /** Buttons may be put at its end. */
    this.head = h(
      "div",
      { class: "nbt-chart-head" },
      h("span", { class: "nbt-chart-title", title }, title),
      this.value,
    );
    this.root = h("section", { class: "nbt-chart", "aria-label": title || null }, this.head, this.field);
    this.readout = new Readout(this.field);
    this.colours = colours ?? themeColours(this.root, CHART_COLOURS, until);
    /** Raised with each picture, for those who wait for one. */
    this.drawn = signal(0);
    const watch = new ResizeObserver((entries) => this.#resize(entries.at(-1)?.contentRect.width ?? 0));
    watch.observe(this.field);
    until.addEventListener("abort", () => this.#close(watch), { once: true });
    react(until, () => {
      this.colours.value;
      this.#rebuild();
    });
    chartKeys(this);
    this.#tell();
  }

  /** @param {Series[]} series @param {Series[]} [spanned] */
  setSeries(series, spanned = series) {
    this.series = series;
    this.spanned = spanned;
    this.#update();
    this.#tell();
  }

  /** @param {Mark[]} marks */
  setMarks(marks) {
    this.marks = marks;
    this.#redraw();
  }

  /** @param {Options} options */
  setOptions(options) {
    const before = JSON.stringify(this.options);
    Object.assign(this.options, options);
    if (JSON.stringify(this.options) !== before) this.#rebuild();
  }

  /** @param {Range | null} range */
  setRange(range) {
    this.range = range;
    this.#update();
  }

  /** @param {string | null} id */
  setHighlight(id) {
    const known = this.series.some((series) => idOf(series) === id) ? id : null;
    if (known === this.highlight) return;
    this.highlight = known;
    this.#lift();
  }

  /** @param {number} height */
  setHeight(height) {
    if (height === this.height) return;
    this.height = height;
    this.field.style.height = `${height}px`;
    this.plot?.setSize({ width: this.#width, height });
  }

  /** What the x axis shows. @returns {Range} */
  get within() {
    return this.range ?? spanOf(this.spanned) ?? [0, 1];
  }

  /** @returns {import("./scales.js").Kind} */
  get #xScale() {
    return this.options.logX && this.options.xKind !== "time" ? "asinh" : "linear";
  }

  /** @returns {import("./scales.js").Kind} */
  get #yScale() {
    return this.options.logY ? "log" : "linear";
  }

  /** @param {number} width */
  #resize(width) {
    if (width === this.#width || width < 40) return;
    this.#width = width;
    if (this.plot) this.plot.setSize({ width, height: this.height });
    else this.#rebuild();
  }

  #rebuild() {
    this.plot?.destroy();
    this.plot = null;
    if (this.until.aborted || this.#width < 40 || !document.createElement("canvas").getContext?.("2d")) return;
    this.plot = new uPlot(this.#settings(), [[], []], this.field);
    this.plot.over.prepend(this.lifted);
    this.plot.over.addEventListener("dblclick", () => this.onZoom(null));
    this.plot.over.addEventListener("mouseleave", () => this.#leave());
    this.plot.over.addEventListener("click", (event) => this.#near && this.onPick(this.#near, event));
  }

  /** @returns {uPlot.Options} */
  #settings() {
    return /** @type {uPlot.Options} */ ({
      width: this.#width,
      height: this.height,
      ms: 1,
      legend: { show: false },
      padding: [8, { number: 10, relative: 20, time: 32 }[this.options.xKind], 0, 0],
      scales: {
        x: { time: false, distr: this.#xScale === "asinh" ? 4 : 1, asinh: 1, range: () => this.within },
        y: { distr: this.options.logY ? 3 : 1, range: () => this.#heightRange() },
      },
      series: [{}, { show: false }],
      axes: axes(this.options, this.#xScale, this.colours.peek()),
      cursor: {
        points: { show: false },
        y: false,
        drag: { x: true, y: false, setScale: false, dist: 4 },
        bind: { dblclick: () => () => null },
        ...(this.syncKey
          ? { sync: { key: this.syncKey, scales: ["x", null], filters: { pub: isMove, sub: () => true } } }
          : {}),
      },
      hooks: {
        drawAxes: [(/** @type {uPlot} */ u) => this.#drawMarks(u)],
        draw: [(/** @type {uPlot} */ u) => this.#draw(u)],
        setCursor: [(/** @type {uPlot} */ u) => this.#follow(u)],
        setSelect: [(/** @type {uPlot} */ u) => this.#select(u)],
      },
    });
  }

  /** @returns {Range} */
  #heightRange() {
    return heightOf(this.spanned, this.within, { kind: this.#yScale, clip: this.options.clip });
  }

  #update() {
    if (this.#frame || !this.plot) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.plot?.setData([[], []]);
    });
  }

  #redraw() {
    this.plot?.redraw(false, false);
  }

  /**
   * @param {uPlot} u
   * @param {CanvasRenderingContext2D} [pen]
   * @param {import("./strokes.js").Box} [box]
   * @returns {import("./strokes.js").Field}
   */
  #place(u, pen = u.ctx, box = u.bbox) {
    const { x, y } = u.scales;
    /** @type {Range} */
    const within = [x?.min ?? 0, x?.max ?? 1];
    /** @type {Range} */
    const height = [y?.min ?? 0, y?.max ?? 1];
    return {
      pen,
      box,
      within,
      ratio: globalThis.devicePixelRatio || 1,
      toX: toPixels(this.#xScale, within, box.left, box.left + box.width),
      toY: toPixels(this.#yScale, height, box.top + box.height, box.top),
    };
  }

  /** @param {uPlot} u */
  #drawMarks(u) {
    u.ctx.save(); // uPlot remembers what it has set
    drawMarks(this.#place(u), this.marks, this.colours.peek().mark);
    u.ctx.restore();
  }

  /** @param {uPlot} u */
  #draw(u) {
    const field = this.#place(u);
    const { pen, box } = field;
    pen.save();
    pen.beginPath();
    pen.rect(box.left, box.top, box.width, box.height);
    pen.clip();
    for (const series of this.series) drawSeries(field, series, 1, false);
    pen.restore();
    this.#lift();
    this.drawn.value = this.drawn.peek() + 1;
  }

  /** Put one line above a veil over all others: they need not be drawn again for it. */
  #lift() {
    const { lifted, plot } = this;
    const series = this.series.find((each) => idOf(each) === this.highlight);
    lifted.hidden = !series;
    if (!plot || !series) return;
    const { width, height } = plot.bbox;
    Object.assign(lifted, { width, height });
    const pen = lifted.getContext("2d");
    if (!pen) return;
    pen.globalAlpha = VEIL;
    pen.fillStyle = this.colours.peek().ground;
    pen.fillRect(0, 0, width, height);
    drawSeries(this.#place(plot, pen, { left: 0, top: 0, width, height }), series, 1, true);
  }

  /** @param {uPlot} u */
  #select(u) {
    const { left, width } = u.select;
    if (width < 4) return;
    const range = [u.posToVal(left, "x"), u.posToVal(left + width, "x")];
    u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.onZoom(/** @type {Range} */ (range));
  }

  /** The crosshair has moved, here or in a chart in step with this one. @param {uPlot} u */
  #follow(u) {
    const { left = -1, top = -1, event } = u.cursor;
    if (left < 0) {
      this.readout.hide();
      replace(this.value);
      return;
    }
    const x = u.posToVal(left, "x");
    const isHere = Boolean(event) || this.field.matches(":focus-visible");
    const points = pointsAt(u, this.series, x, left);
    if (isHere) {
      const meant = closest(points, top);
      if (meant !== this.#near) {
        this.#near = meant;
        this.onHover(meant);
      }
      this.readout.show({
        left,
        top,
        x,
        points,
        near: this.highlight ?? meant,
        chart: this,
        marks: this.#marksAt(u, left),
      });
    } else {
      this.readout.hide();
    }
    const told =
      points.find(({ series }) => idOf(series) === this.highlight) ?? (points.length === 1 ? points[0] : null);
    replace(this.value, told ? formatNumber(told.value) : null);
  }

  /** @param {uPlot} u @param {number} left */
  #marksAt(u, left) {
    return this.marks.filter(({ x }) => Math.abs(u.valToPos(x, "x") - left) < 6);
  }

  #leave() {
    this.readout.hide();
    if (this.#near === null) return;
    this.#near = null;
    this.onHover(null);
  }

  #tell() {
    const { series, title } = this;
    const [low, high] = heightOf(series, this.within);
    const text = series.length
      ? `${title}: ${series.length} ${series.length === 1 ? "line" : "lines"}, values ${numberTicks([low, high]).join(" to ")}. Arrow keys read values, plus and minus zoom.`
      : `${title}: nothing to draw`;
    setAttribute(this.field, "aria-label", text);
    this.empty.hidden = series.some(({ x }) => x.length > 0);
    this.field.classList.toggle("nbt-nothing", !this.empty.hidden);
  }

  /** @param {string} text what stands in an empty chart */
  say(text) {
    this.empty.textContent = text;
  }

  /** @param {ResizeObserver} watch */
  #close(watch) {
    watch.disconnect();
    cancelAnimationFrame(this.#frame);
    this.plot?.destroy();
    this.plot = null;
  }
}

/** Only the crosshair is shared: what is pressed in one chart is not pressed in the others. @param {string} type */
function isMove(type) {
  return type === "mousemove" || type === "mouseleave";
}
