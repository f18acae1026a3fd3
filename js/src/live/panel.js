// One run as it goes on: status and progress, buttons, knobs, curves.

import { h, replace, setAttribute, setText } from "../kit/dom.js";
import { plural } from "../kit/format.js";
import { react, trait } from "../kit/model.js";
import { LiveCharts } from "./charts.js";
import { LiveHead } from "./head.js";
import { Knobs } from "./knobs.js";
import { bannerOf } from "./texts.js";

/**
 * @typedef {import("../kit/model.js").Model} Model
 * @typedef {import("../kit/kernel.js").Kernel} Kernel
 * @typedef {import("./news.js").News} News
 */

const REDRAW = 250; // milliseconds between two pictures
const MOST_PARAMS = 14;

export class LivePanel {
  isSeen = () => true;
  #drawn = 0;
  /** @type {any} */
  #timer = null;
  #isStale = false;

  /**
   * @param {Model} model
   * @param {Kernel} kernel
   * @param {News} news
   * @param {AbortSignal} until
   */
  constructor(model, kernel, news, until) {
    this.kernel = kernel;
    this.news = news;
    this.folded = trait(model, "folded", false, until);
    this.head = new LiveHead(this, until);
    this.knobs = new Knobs(this);
    const over = trait(model, "x", /** @type {import("./series.js").Over} */ ("step"), until);
    this.charts = new LiveCharts(until, over, trait(model, "log_y", false, until));
    this.banner = h("div", { class: "nbt-live-banner", role: "status", hidden: true });
    this.params = h("div", { class: "nbt-live-params", "aria-label": "Params" });
    this.quiet = h("div", { class: "nbt-live-quiet" }, "Waiting for the run…");
    this.note = h("div", { class: "nbt-live-note", "aria-label": "Note", hidden: true });
    this.body = h(
      "div",
      { class: "nbt-live-body" },
      this.knobs.root,
      h("div", { class: "nbt-live-line" }, this.params, this.charts.bar),
      this.note,
      this.quiet,
      this.charts.root,
    );
    this.root = h("section", { class: "nbt nbt-live" }, this.head.root, this.banner, this.body);
    react(until, () => this.#tell());
    react(until, () => {
      this.news.revision.value;
      this.#drawSoon();
    });
    react(until, () => {
      this.body.hidden = this.folded.value;
      setAttribute(this.root, "data-folded", String(this.folded.value));
      if (!this.folded.value) this.wake();
    });
    until.addEventListener("abort", () => clearTimeout(this.#timer), { once: true });
  }

  /** Draw what came while nobody could see it. */
  wake() {
    if (this.#isStale) this.#drawSoon();
  }

  #tell() {
    const run = this.news.run.value;
    const gone = this.kernel.gone.value;
    if (!run) {
      if (this.kernel.offline) setText(this.quiet, "This page has nothing stored of the run.");
      return;
    }
    setAttribute(this.root, "data-status", run.status);
    setAttribute(this.root, "aria-label", `Run #${run.number} ${run.name}, ${run.status.toLowerCase()}`);
    const said = bannerOf(run, this.news.points, gone ? this.kernel.farewell : "");
    this.banner.hidden = !said;
    setAttribute(this.banner, "data-kind", said?.kind ?? null);
    setText(this.banner, said?.text ?? "");
    const params = Object.entries(run.params);
    const shown = params.slice(0, MOST_PARAMS).map(([key, text]) => chip(key, text));
    const more = params.length - shown.length;
    this.params.hidden = !params.length;
    const key = JSON.stringify(params);
    if (this.params.dataset.shown !== key) {
      this.params.dataset.shown = key;
      replace(this.params, shown, more > 0 ? h("span", { class: "nbt-live-more" }, plural(more, "more param")) : null);
    }
    setText(this.note, run.note);
    this.note.hidden = !run.note;
    this.knobs.show(run.knobs, run.status === "RUNNING" && !gone);
    this.charts.setEvents(run.events);
    const isEmpty = this.news.series.size === 0;
    this.quiet.hidden = !isEmpty;
    this.charts.bar.hidden = isEmpty;
    const waiting = "No metrics yet: the first log_metric draws a curve here.";
    setText(this.quiet, run.status === "RUNNING" ? waiting : "No metrics were logged.");
  }

  #drawSoon() {
    this.#isStale = true;
    if (this.#timer !== null) return;
    const rest = Math.max(0, this.#drawn + REDRAW - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = null;
      if (!this.isSeen() || this.folded.peek()) return; // wake() draws when somebody looks
      this.#drawn = performance.now();
      this.#isStale = false;
      this.charts.draw(this.news);
      setAttribute(this.root, "data-points", this.news.points);
    }, rest);
  }
}

/**
 * @param {string} key
 * @param {string} text
 */
function chip(key, text) {
  return h(
    "span",
    { class: "nbt-live-param", title: `${key} = ${text}` },
    h("span", { class: "nbt-live-key" }, key),
    h("span", { class: "nbt-live-value" }, text),
  );
}
