// A strip above the axes: which params move the metric. Worked out by Python, away from the page.

import { batch, signal } from "@preact/signals-core";
import { h, replace, setText } from "../kit/dom.js";
import { formatNumber, plural } from "../kit/format.js";
import { react } from "../kit/model.js";
import { whereOf } from "../runs/where.js";
import { usedTexts } from "./cell.js";

/**
 * @typedef {import("./parallel.js").ParallelPlot} ParallelPlot
 * @typedef {{ column: string, importance: number | null, std: number | null, spearman: number | null, p: number | null,
 *   ordered: boolean, weak: boolean }} Share
 * @typedef {{ metric: string, statistic: string, runs: number, used: number, score: number | null, shares: Share[],
 *   hint: string }} Found
 */

const LEAST = 10;
const WAIT = 500;
const PATIENCE = 60_000;
/** Ask again when there are this many times more runs; a study that grows one by one is not asked about each time. */
const GROWTH = 1.1;
const MOST_OFFERED = 3;

export class Importance {
  /** @type {any} */
  #timer = null;
  #asked = "";
  #count = 0;

  /** @param {ParallelPlot} plot */
  constructor(plot) {
    this.plot = plot;
    this.found = signal(/** @type {Found | null} */ (null));
    this.isWanted = signal(true);
    /** An answer is on its way: its place is kept, so that the axes do not jump down. */
    this.isAwaited = signal(false);
    this.strip = h("div", { class: "nbt-par-strip", role: "list", "aria-label": "Importance of params", hidden: true });
    this.line = h("div", { class: "nbt-par-why", hidden: true });
    const { until } = plot.view;
    until.addEventListener("abort", () => clearTimeout(this.#timer), { once: true });
    react(until, () => this.#look());
    react(until, () => this.#draw());
  }

  toggle() {
    this.isWanted.value = !this.isWanted.value;
  }

  /** Ask when what is asked about has changed, a moment later. */
  #look() {
    const { state, view } = this.plot;
    const field = state.mainMetric();
    const count = view.base.value.length;
    if (!this.isWanted.value || !field || count < LEAST) {
      this.found.value = null;
      this.isAwaited.value = false;
      this.#asked = "";
      return;
    }
    const question = {
      what: "importance",
      metric: field.key,
      statistic: view.statisticOf(field.key),
      where: whereOf(view.matcher.value.text, view.steps.value, {}),
      experiments: usedTexts(view.store, "experiment_id"),
    };
    const text = JSON.stringify(question);
    if (text === this.#asked && count < this.#count * GROWTH && count > this.#count / GROWTH) return;
    this.#asked = text;
    this.#count = count;
    clearTimeout(this.#timer);
    this.isAwaited.value = !view.kernel.offline;
    this.#timer = setTimeout(() => this.#ask(question), WAIT);
  }

  /** @param {Record<string, any>} question */
  async #ask(question) {
    const asked = this.#asked;
    try {
      const { content } = await this.plot.view.kernel.ask(question, PATIENCE);
      this.#take(asked, content);
    } catch {
      // without an answer there is no strip; an exported page may have none
      this.#take(asked, null);
    }
  }

  /** @param {string} asked @param {Found | null} found */
  #take(asked, found) {
    if (asked !== this.#asked) return;
    batch(() => {
      this.isAwaited.value = false;
      this.found.value = found;
    });
  }

  #draw() {
    const { layers, state } = this.plot;
    const found = this.found.value;
    const isShown = found !== null && found.shares.length > 0;
    const isFirst = !isShown && this.isAwaited.value;
    this.strip.hidden = !isShown && !isFirst;
    this.line.hidden = this.strip.hidden;
    if (isFirst) {
      replace(this.strip);
      replace(this.line, `What moves ${state.mainMetric()?.label ?? "it"}: being worked out…`);
    }
    if (!isShown) return;
    const axes = state.shown.value;
    const { gap, xs } = layers.geometry.value;
    const most = Math.max(1e-9, ...found.shares.map(strength));
    const shares = new Map(found.shares.map((share) => [share.column, share]));
    replace(
      this.strip,
      ...axes.map((axis, i) => {
        const share = shares.get(axis.id);
        return share ? bar(share, (xs[i] ?? 0) - (gap - 20) / 2, gap - 20, strength(share) / most, axis.label) : null;
      }),
    );
    this.#tell(found, new Set(axes.map(({ id }) => id)));
  }

  /** @param {Found} found @param {Set<string>} shown */
  #tell({ hint, metric, runs, score, shares, statistic, used }, shown) {
    const of = statistic === "last" ? metric : `${metric} (${statistic})`;
    const how =
      score === null
        ? `rank correlation in ${plural(runs, "run")}`
        : `random forest over ${used < runs ? `${used} of ` : ""}${plural(runs, "run")}, R² ${formatNumber(Math.round(score * 100) / 100)} on runs it has not seen`;
    const offered = shares.filter((share) => !share.weak && !shown.has(share.column)).slice(0, MOST_OFFERED);
    const buttons = offered.map(({ column }) =>
      h(
        "button",
        {
          class: "nbt-plain",
          type: "button",
          title: "Matters too: show its axis",
          on: { click: () => this.plot.state.show(column, true) },
        },
        `+ ${column.replace(/^params\./, "")}`,
      ),
    );
    const text = h("span", {});
    setText(text, `What moves ${of}: ${how}`);
    replace(this.line, text, ...buttons, hint ? h("span", { class: "nbt-par-hint" }, hint) : null);
  }
}

/** @param {Share} share */
function strength({ importance, spearman }) {
  return Math.max(0, importance ?? Math.abs(spearman ?? 0));
}

/**
 * @param {Share} share
 * @param {number} left
 * @param {number} width
 * @param {number} part of the longest bar
 * @param {string} label
 */
function bar({ importance, ordered, p, spearman, std, weak }, left, width, part, label) {
  // categories have no order: how far their ranks lie apart, without a sign
  const rank = spearman === null ? "" : `${ordered ? "ρ" : "η"} ${formatNumber(Math.round(spearman * 100) / 100)}`;
  const words = [
    importance === null
      ? ""
      : `importance ${formatNumber(Math.round(importance * 1000) / 1000)} ± ${formatNumber(Math.round((std ?? 0) * 1000) / 1000)}`,
    spearman === null
      ? ""
      : `${ordered ? "rank correlation" : "correlation ratio of ranks"} ${formatNumber(Math.round(spearman * 1000) / 1000)}`,
    p === null ? "" : p < 0.001 ? "p < 0.001" : `p ${formatNumber(Math.round(p * 1000) / 1000)}`,
    weak ? "may be chance" : "",
  ].filter(Boolean);
  const title = `${label}: ${words.join(", ")}`;
  return h(
    "span",
    {
      class: weak ? "nbt-par-share nbt-par-weak" : "nbt-par-share",
      role: "listitem",
      title,
      "aria-label": title,
      style: { left: `${left}px`, width: `${width}px` },
    },
    h("i", { style: { width: `${Math.max(2, Math.round(part * 100))}%` } }),
    h("span", {}, weak ? "weak" : rank),
  );
}
