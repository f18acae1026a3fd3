// The lines above the plot: how far the sweep is, which trial is the best, and the button that pauses it.

import { signal } from "@preact/signals-core";
import { h, replace, setAttribute, setText } from "../kit/dom.js";
import { formatDuration, formatNumber } from "../kit/format.js";
import { react } from "../kit/model.js";
import { leftText, paramText, progressText } from "./texts.js";

/** @typedef {import("./sweep.js").SweepView} SweepView */

const TICK = 1000;
const PATIENCE = 1500; // milliseconds until a kernel that has not answered counts as busy
const DEAF = "The kernel cannot hear while this cell runs. ■ pauses the sweep as well.";
const AFTER = "Pauses when a running trial logs or ends. Run the cell again to go on.";
const WORDS = { running: "running", paused: "paused", done: "done" };

export class SweepHead {
  /** Whether Pause was pressed. */
  pausing = signal(false);
  #told = performance.now();

  /**
   * @param {SweepView} sweep
   * @param {AbortSignal} until
   */
  constructor(sweep, until) {
    this.sweep = sweep;
    this.dot = h("span", { class: "nbt-sweep-dot" });
    this.name = h("b", {});
    this.status = h("span", { class: "nbt-sweep-quiet" });
    this.bar = h("div", { class: "nbt-sweep-bar" });
    this.track = h("div", { class: "nbt-sweep-track", role: "progressbar", "aria-label": "Trials" }, this.bar);
    this.place = h("span", { class: "nbt-sweep-quiet" });
    this.left = h("span", { class: "nbt-sweep-left" });
    this.best = h("div", { class: "nbt-sweep-found", role: "status" });
    this.pause = h(
      "button",
      { class: "nbt-button nbt-sweep-pause", type: "button", on: { click: () => this.#pause() } },
      h("span", { class: "nbt-sweep-square", "aria-hidden": "true" }),
      h("span", {}, "Pause"),
    );
    this.message = h("div", { class: "nbt-sweep-message", role: "status", hidden: true });
    this.root = h(
      "div",
      { class: "nbt-sweep-head" },
      h("div", { class: "nbt-sweep-title" }, this.dot, this.name, this.status),
      h("div", { class: "nbt-sweep-progress" }, this.track, this.place, this.left),
      this.pause,
      this.best,
      this.message,
    );
    react(until, () => this.#tell());
    const timer = setInterval(() => document.visibilityState === "visible" && this.#clock(), TICK);
    until.addEventListener("abort", () => clearInterval(timer), { once: true });
  }

  #tell() {
    const standing = this.sweep.standing.value;
    const { done, number, state, total } = standing;
    const isLost = this.sweep.kernel.gone.value && state === "running";
    this.#told = performance.now();
    setAttribute(this.dot, "data-state", isLost ? "lost" : state);
    setText(this.name, `Sweep #${number}`);
    const isOn = state === "running" && !isLost && !this.sweep.kernel.offline;
    if (!isOn) this.pausing.value = false;
    this.pause.hidden = !isOn;
    setText(/** @type {HTMLElement} */ (this.pause.lastElementChild), this.pausing.value ? "Interrupt now" : "Pause");
    setAttribute(
      this.pause,
      "title",
      this.pausing.value
        ? "Interrupt the cell, as ■ does; the trial that runs is tried again later"
        : "Pause the sweep; running the cell again goes on with the missing trials",
    );
    if (!isOn) this.#say("");
    this.bar.style.width = `${total ? ((100 * done) / total).toFixed(1) : 0}%`;
    setAttribute(this.track, "aria-valuenow", total ? Math.round((100 * done) / total) : 0);
    setAttribute(this.track, "aria-valuetext", progressText(standing));
    setText(this.place, progressText(standing));
    this.#tellBest();
    this.#clock();
  }

  #tellBest() {
    const { best, metric, state } = this.sweep.standing.value;
    if (best) {
      const params = Object.entries(best.params).map(([name, text]) =>
        h("span", { class: "nbt-sweep-param" }, h("span", {}, `${name} `), paramText(text)),
      );
      const star = h("span", { class: "nbt-sweep-mark", "aria-hidden": "true" }, "★");
      replace(this.best, star, h("span", {}, `Best ${metric} `, h("b", {}, formatNumber(best.value))), ...params);
    } else if (state === "done" && metric === null) {
      replace(this.best, "No trial has a metric: end the cell with a dict of numbers, or log one.");
    } else if (state === "done") {
      replace(this.best, `Say which way ${metric} is better to have the best one marked: --direction max or min.`);
    } else replace(this.best, state === "paused" ? "" : "The best trial will be starred here.");
  }

  /** Time goes on while nothing is told. */
  #clock() {
    const standing = this.sweep.standing.peek();
    const isOn = standing.state === "running" && !this.sweep.kernel.gone.peek();
    const passed = isOn ? (performance.now() - this.#told) / 1000 : 0;
    const word = isOn || standing.state !== "running" ? WORDS[standing.state] : "was running";
    setText(this.status, `${word} · ${formatDuration(standing.elapsed + passed)}`);
    setText(
      this.left,
      isOn ? leftText(standing, passed) : standing.state === "paused" ? "run the cell again to go on" : "",
    );
  }

  async #pause() {
    const isSecond = this.pausing.peek();
    this.pausing.value = true;
    this.#tell();
    const deaf = setTimeout(() => this.#say(DEAF), PATIENCE);
    try {
      await this.sweep.kernel.order({ do: isSecond ? "interrupt" : "stop" });
      clearTimeout(deaf);
      if (this.pausing.peek()) this.#say(isSecond ? "Interrupting the cell…" : AFTER);
    } catch (cause) {
      this.#say(cause instanceof Error ? cause.message : String(cause));
    } finally {
      clearTimeout(deaf);
    }
  }

  /** @param {string} text */
  #say(text) {
    setText(this.message, text);
    this.message.hidden = !text;
  }
}
