// A sweep: its head, and its trials as parallel coordinates with the best one in front.

import { h } from "../kit/dom.js";
import { react, trait } from "../kit/model.js";
import { ParallelPlot } from "../parallel/parallel.js";
import { RunsView } from "../runs/view.js";
import { BestLine } from "./best-line.js";
import { SweepHead } from "./head.js";

/**
 * @typedef {{ run: string, trial: number, value: number, params: Record<string, string> }} Best
 * @typedef {{ state: "running" | "paused" | "done", number: number, total: number, done: number, failed: number, pruned: number,
 *   before: number, running: number, metric: string | null, direction: "max" | "min" | null, elapsed: number, eta: number | null,
 *   best: Best | null }} Standing
 */

/** @type {Standing} */
const UNKNOWN = {
  state: "done",
  number: 0,
  total: 0,
  done: 0,
  failed: 0,
  pruned: 0,
  before: 0,
  running: 0,
  metric: null,
  direction: null,
  elapsed: 0,
  eta: null,
  best: null,
};

export class SweepView {
  /** @param {import("../runs/mount.js").Ground} ground */
  constructor({ model, kernel, store, until }) {
    this.kernel = kernel;
    this.standing = trait(model, "_sweep", UNKNOWN, until);
    const view = new RunsView(model, kernel, store, until);
    this.plot = new ParallelPlot(view);
    this.plot.emptyText = "The first trial is under way. Each one that ends becomes a line here.";
    react(until, () => {
      const isNarrowed = Object.keys(view.extents.value).length > 0 || view.steps.value.length > 0;
      this.plot.root.classList.toggle("nbt-sweep-plain", !isNarrowed);
    });
    this.best = new BestLine(this.plot, this.standing);
    this.head = new SweepHead(this, until);
    this.root = h("div", { class: "nbt nbt-sweep", data: { view: "sweep" } }, this.head.root, this.plot.root);
  }
}
