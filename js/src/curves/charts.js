// The charts in a grid: one for each metric (and value of the facet), grouped by what stands before the slash.

import { h, icon, replace } from "../kit/dom.js";
import { plural } from "../kit/format.js";
import { react } from "../kit/model.js";
import { themeColours } from "../kit/theme.js";
import { chartMenu } from "./chart-menu.js";
import { CHART_COLOURS, LineChart } from "./line-chart.js";
import { groupsOf, marksOf, panelsOf, seriesOf } from "./lines.js";

/**
 * @typedef {import("./curves.js").CurvesPlot} CurvesPlot
 * @typedef {import("./lines.js").Panel} Panel
 */

const MOST_CHARTS = 60;
const LEAST_PAUSE = 250; // ms between two pictures of data that keep coming
const HEIGHT = 200;
const LARGE = 420;

export class Charts {
  /** @type {Map<string, LineChart>} */
  charts = new Map();
  /** @type {Map<string, AbortController>} */
  #closing = new Map();
  /** @type {Map<string, Panel>} */
  panels = new Map();
  #drawn = 0;
  /** @type {any} */
  #timer = null;

  /** @param {CurvesPlot} plot */
  constructor(plot) {
    this.plot = plot;
    const { state, view, histories } = plot;
    const { until } = view;
    this.el = h("div", { class: "nbt-charts" });
    this.colours = themeColours(plot.root, CHART_COLOURS, until);
    until.addEventListener("abort", () => this.#end(), { once: true });
    react(until, () => {
      state.dark.value = this.colours.value.dark;
    });
    react(until, () => this.#arrange());
    react(until, () => {
      // everything that a picture depends on is read here; the picture itself waits a moment
      histories.revision.value;
      view.store.revision.value;
      for (const panel of this.panels.values()) {
        groupsOf(state, panel.rows);
        state.isLogY(panel.id);
      }
      state.hidden.value;
      state.x.value;
      state.xRange.value;
      state.smoothing.value;
      state.colouring.value;
      state.dashValues.value;
      state.logX.value;
      state.clip.value;
      state.drawn.value;
      this.#drawSoon();
    });
    react(until, () => {
      const hovered = view.hovered.value;
      for (const chart of this.charts.values()) chart.setHighlight(plot.groupOf(hovered));
    });
  }

  /** Charts that are there for the metrics, in their sections. */
  #arrange() {
    const { state } = this.plot;
    const largest = state.largest.value;
    const all = panelsOf(state);
    const panels = all.some(({ id }) => id === largest) ? all.filter(({ id }) => id === largest) : all;
    const shown = panels.slice(0, MOST_CHARTS);
    const present = new Set(shown.map(({ id }) => id));
    for (const id of [...this.charts.keys()]) if (!present.has(id)) this.#remove(id);
    this.panels = new Map(shown.map((panel) => [panel.id, panel]));
    for (const panel of shown) this.#chart(panel);
    const height = state.height.value || (shown.length === 1 ? (largest ? LARGE : 260) : HEIGHT);
    for (const chart of this.charts.values()) chart.setHeight(height);
    this.el.classList.toggle("nbt-one-chart", shown.length === 1);
    replace(this.el, ...this.#sections(shown), all.length > MOST_CHARTS && !largest ? this.#rest(all.length) : null);
    this.#drawSoon();
  }

  /** @param {number} count */
  #rest(count) {
    return h("p", { class: "nbt-quiet-line" }, `${count - MOST_CHARTS} more charts: choose fewer metrics to see them.`);
  }

  /** @param {Panel[]} panels */
  #sections(panels) {
    const { state } = this.plot;
    /** @type {Map<string, Panel[]>} */
    const groups = new Map();
    for (const panel of panels) {
      const slash = panel.key.lastIndexOf("/");
      const prefix = slash > 0 ? panel.key.slice(0, slash) : "";
      groups.set(prefix, [...(groups.get(prefix) ?? []), panel]);
    }
    const elements = (/** @type {Panel[]} */ some) => some.map(({ id }) => this.charts.get(id)?.root);
    // a heading for each chart would say nothing that its title does not
    if (panels.length < 2 * groups.size || groups.size < 2)
      return [h("div", { class: "nbt-chart-grid" }, elements(panels))];
    return [...groups].map(([prefix, some]) => {
      const isFolded = state.folded.value.has(prefix);
      const fold = () => {
        const folded = new Set(state.folded.value);
        if (!folded.delete(prefix)) folded.add(prefix);
        state.folded.value = folded;
      };
      return h(
        "section",
        { class: "nbt-chart-group" },
        h(
          "button",
          { class: "nbt-plain", type: "button", "aria-expanded": String(!isFolded), on: { click: fold } },
          icon(isFolded ? "right" : "down", 12),
          prefix || "metrics",
          h("span", { class: "nbt-quiet-count" }, String(some.length)),
        ),
        isFolded ? null : h("div", { class: "nbt-chart-grid" }, elements(some)),
      );
    });
  }

  /** @param {Panel} panel */
  #chart({ id, title }) {
    let chart = this.charts.get(id);
    if (chart) return chart;
    const { plot } = this;
    const { state, view } = plot;
    const closing = new AbortController();
    this.#closing.set(id, closing);
    chart = new LineChart({ title, until: closing.signal, syncKey: view.uid, height: HEIGHT, colours: this.colours });
    chart.onZoom = (range) => {
      state.xRange.value = range;
    };
    chart.onHover = (group) => {
      view.hovered.value = group === null ? null : plot.runOf(group);
    };
    chart.onPick = (group, event) => plot.pick(group, event);
    chart.head.append(chartMenu(plot, id));
    this.charts.set(id, chart);
    return chart;
  }

  #drawSoon() {
    if (this.#timer !== null) return;
    const early = this.#drawn + LEAST_PAUSE - performance.now();
    this.#timer = setTimeout(() => this.draw(), Math.max(0, Math.min(early, LEAST_PAUSE)));
  }

  /** Bring all charts up to date; out of sight they wait. */
  draw() {
    clearTimeout(this.#timer);
    this.#timer = null;
    const { state, isSeen, view } = this.plot;
    if (view.until.aborted || !isSeen()) return;
    this.#drawn = performance.now();
    this.plot.fit();
    const { series, ofMetric } = this.#lines();
    for (const [id, chart] of this.charts) {
      const panel = this.panels.get(id);
      const lines = series.get(id);
      if (!panel || !lines) continue;
      chart.setOptions({
        logX: state.logX.value,
        logY: state.isLogY(id),
        clip: state.clip.value,
        xKind: state.xKind,
        xLabel: state.xLabel,
      });
      chart.range = state.xRange.value;
      chart.marks = marksOf(state, panel.rows);
      chart.setSeries(lines, ofMetric.get(panel.key));
      chart.say(this.#nothing(panel));
    }
  }

  /** The lines of each chart in the page, and those of each metric over all its facets. */
  #lines() {
    const { state, histories } = this.plot;
    /** @type {Map<string, import("./strokes.js").Series[]>} */
    const series = new Map();
    /** @type {typeof series} */
    const ofMetric = new Map();
    for (const [id, panel] of this.panels) {
      if (!this.charts.get(id)?.root.isConnected) continue;
      const lines = seriesOf(state, histories, panel);
      series.set(id, lines);
      ofMetric.set(panel.key, [...(ofMetric.get(panel.key) ?? []), ...lines]);
    }
    return { series, ofMetric };
  }

  /** Why a chart is empty. @param {Panel} panel */
  #nothing({ key, rows }) {
    const { histories, view } = this.plot;
    if (!rows.length) return "no runs on view";
    const has = rows.some((row) => view.store.number(`metrics.${key}.count`, row));
    if (!has) return `no points of ${key} in ${rows.length === 1 ? "this run" : `these ${plural(rows.length, "run")}`}`;
    if (view.kernel.offline) return "these curves were not stored in this page";
    return histories.trouble.value || (histories.busy.value ? "" : "nothing to draw with this x");
  }

  /** @param {string} id */
  #remove(id) {
    this.#closing.get(id)?.abort();
    this.#closing.delete(id);
    this.charts.delete(id);
  }

  #end() {
    clearTimeout(this.#timer);
    for (const id of [...this.charts.keys()]) this.#remove(id);
  }

  /** How wide a chart is, in pixels of the screen: what histories are thinned to. */
  get pixels() {
    const [chart] = this.charts.values();
    return (chart?.field.clientWidth || 500) * (globalThis.devicePixelRatio || 1);
  }
}
