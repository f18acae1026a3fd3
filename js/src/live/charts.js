// One chart for each group of metrics; the machine's own below, closed.

import { LineChart } from "../curves/line-chart.js";
import { h } from "../kit/dom.js";
import { formatNumber } from "../kit/format.js";
import { categorical } from "../kit/palette.js";
import { groupsOf } from "./groups.js";
import { stairs } from "./series.js";

/**
 * @typedef {import("./news.js").News} News
 * @typedef {import("./news.js").RunEvent} RunEvent
 * @typedef {import("./groups.js").Group} Group
 */

const HEIGHT = 150;
let lastKey = 0;

export class LiveCharts {
  /** @type {Map<string, { chart: LineChart, latest: HTMLElement }>} */
  #charts = new Map();
  #shape = "";
  /** @type {{ x: number, text: string, kind: string }[]} */
  #marks = [];
  #events = "";

  /** @param {AbortSignal} until */
  constructor(until) {
    this.until = until;
    lastKey += 1;
    this.syncKey = `nbt-live-${lastKey}`;
    this.own = h("div", { class: "nbt-live-charts" });
    this.machine = h("div", { class: "nbt-live-charts" });
    this.more = h("details", { class: "nbt-live-machine", hidden: true }, h("summary", {}, "System"), this.machine);
    this.root = h("div", {}, this.own, this.more);
    /** @type {News | null} */
    this.news = null;
    this.more.addEventListener("toggle", () => this.news && this.draw(this.news));
  }

  /** @param {RunEvent[]} events */
  setEvents(events) {
    const text = JSON.stringify(events);
    if (text === this.#events) return;
    this.#events = text;
    this.#marks = events.flatMap(({ step, text, kind }) => (typeof step === "number" ? [{ x: step, text, kind }] : []));
    for (const { chart } of this.#charts.values()) chart.setMarks(this.#marks);
  }

  /** @param {News} news */
  draw(news) {
    this.news = news;
    const groups = groupsOf(news.series.keys());
    this.#arrange(groups);
    const end = lastStep(groups, news);
    for (const group of groups) {
      if (group.kind === "system" && !this.more.open) continue;
      const { chart, latest } = this.#chart(group);
      const series = group.keys.map((key, i) => {
        const curve = /** @type {import("./series.js").LiveSeries} */ (news.series.get(key));
        const lines = group.kind === "knob" ? stairs(curve.drawn(), end) : curve.drawn();
        return { label: key, colour: categorical(i), ...lines };
      });
      chart.setSeries(series);
      this.#tell(latest, group, news);
    }
  }

  /** @param {Group[]} groups */
  #arrange(groups) {
    const shape = JSON.stringify(groups.map(({ name, kind }) => [name, kind]));
    if (shape === this.#shape) return;
    this.#shape = shape;
    const place = (/** @type {HTMLElement} */ parent, /** @type {Group[]} */ members) =>
      parent.replaceChildren(...members.map((group) => this.#chart(group).chart.root));
    const [machine, own] = [groups.filter(isSystem), groups.filter((group) => !isSystem(group))];
    place(this.own, own);
    place(this.machine, machine);
    this.more.hidden = machine.length === 0;
  }

  /** @param {Group} group */
  #chart({ name, kind }) {
    const id = `${kind} ${name}`;
    let found = this.#charts.get(id);
    if (!found) {
      const chart = new LineChart({
        title: kind === "system" ? name.slice("system/".length) : name,
        until: this.until,
        height: HEIGHT,
        // samples of the machine count in their own steps
        syncKey: kind === "system" ? `${this.syncKey}-system` : this.syncKey,
      });
      const latest = h("span", { class: "nbt-live-latest" });
      chart.head.append(latest); // hovering shows values in the same place
      if (kind !== "system") chart.setMarks(this.#marks);
      found = { chart, latest };
      this.#charts.set(id, found);
    }
    return found;
  }

  /**
   * @param {HTMLElement} latest
   * @param {Group} group
   * @param {News} news
   */
  #tell(latest, { keys, name }, news) {
    const parts = keys.slice(0, 3).map((key, i) => {
      const label = keys.length > 1 ? key.replace(name, "").replace(/^[_/.\s-]+|[_/.\s-]+$/g, "") : "";
      const value = formatNumber(news.series.get(key)?.latest ?? Number.NaN);
      const swatch = keys.length > 1 ? h("i", { style: { background: categorical(i) } }) : null;
      return h("span", { title: key }, swatch, label && keys.length > 1 ? `${label} ` : "", h("b", {}, value));
    });
    latest.replaceChildren(...parts);
  }
}

/**
 * The last step that anything but the machine was logged at.
 * @param {Group[]} groups
 * @param {News} news
 */
function lastStep(groups, news) {
  const keys = groups.flatMap((group) => (isSystem(group) ? [] : group.keys));
  return Math.max(...keys.map((key) => news.series.get(key)?.drawn().x.at(-1) ?? Number.NEGATIVE_INFINITY));
}

/** @param {Group} group */
function isSystem({ kind }) {
  return kind === "system";
}
