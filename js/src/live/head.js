// The line at the top: what runs, for how long, how far it is; and the buttons.

import { h, icon, setAttribute, setText } from "../kit/dom.js";
import { formatDuration, plural } from "../kit/format.js";
import { react } from "../kit/model.js";
import { OrderButtons } from "./orders.js";
import { statusOf } from "./texts.js";
import { elapsed, progressOf } from "./timing.js";

/** @typedef {import("./panel.js").LivePanel} LivePanel */

const TICK = 1000;

export class LiveHead {
  /**
   * @param {LivePanel} panel
   * @param {AbortSignal} until
   */
  constructor(panel, until) {
    this.panel = panel;
    this.dot = h("span", { class: "nbt-live-dot" });
    this.name = h("span", { class: "nbt-live-name" });
    this.status = h("span", { class: "nbt-live-status" });
    this.time = h("span", { class: "nbt-live-time" });
    this.bar = h("div", { class: "nbt-live-bar" });
    this.track = h(
      "div",
      { class: "nbt-live-track", role: "progressbar", "aria-label": "Progress", hidden: true },
      this.bar,
    );
    this.place = h("span", { class: "nbt-live-place" });
    this.points = h("span", { class: "nbt-live-points" });
    this.orders = new OrderButtons(panel, until);
    this.fold = h(
      "button",
      { class: "nbt-button nbt-live-fold", type: "button", on: { click: () => this.#toggle() } },
      icon("down"),
    );
    this.root = h(
      "header",
      { class: "nbt-live-head" },
      h("div", { class: "nbt-live-title" }, this.dot, this.name, this.status, this.time),
      h("div", { class: "nbt-live-progress" }, this.track, this.place, this.points),
      h("div", { class: "nbt-live-buttons" }, this.orders.buttons, this.fold),
      this.orders.form,
      this.orders.message,
    );
    react(until, () => this.#tell());
    react(until, () => {
      const folded = panel.folded.value;
      setAttribute(this.fold, "aria-expanded", String(!folded));
      setAttribute(this.fold, "aria-label", folded ? "Show the curves" : "Hide the curves");
      setAttribute(this.fold, "title", folded ? "Show the curves" : "Hide the curves");
    });
    const timer = setInterval(() => document.visibilityState === "visible" && this.#clock(), TICK);
    until.addEventListener("abort", () => clearInterval(timer), { once: true });
  }

  #toggle() {
    this.panel.folded.value = !this.panel.folded.peek();
  }

  #tell() {
    const run = this.panel.news.run.value;
    this.panel.news.revision.value;
    if (!run) return;
    setAttribute(this.dot, "data-status", this.#isLost() ? "LOST" : run.status);
    setText(this.name, `#${run.number ?? "–"} ${run.name}`);
    setAttribute(this.name, "title", run.name);
    setText(this.status, this.#isLost() ? "was running" : statusOf(run));
    setText(this.points, plural(this.panel.news.points, "point"));
    this.#clock();
  }

  /** Whether nobody can say any more how the run goes on. */
  #isLost() {
    return this.panel.kernel.gone.value && this.panel.news.run.peek()?.status === "RUNNING";
  }

  #clock() {
    const run = this.panel.news.run.peek();
    if (!run || this.#isLost()) return;
    const now = Date.now() + this.panel.news.ahead;
    setText(this.time, formatDuration(elapsed(run, now)));
    const { share, text, left } = progressOf(run, now);
    this.track.hidden = share === null;
    if (share !== null) {
      this.bar.style.width = `${(share * 100).toFixed(2)}%`;
      setAttribute(this.track, "aria-valuenow", Math.round(share * 100));
      setAttribute(this.track, "aria-valuetext", text);
    }
    const isDone = run.status !== "RUNNING";
    setText(
      this.place,
      [text, left === null || isDone ? "" : `${formatDuration(left)} left`].filter(Boolean).join(" · "),
    );
  }
}
