// One chart for each group of metrics; the machine's own below, closed.

import { LineChart } from "../curves/line-chart.js";
import { h, setText } from "../kit/dom.js";
import { formatNumber } from "../kit/format.js";
import { react } from "../kit/model.js";
import { categorical } from "../kit/palette.js";
import { groupsOf } from "./groups.js";
import { isWide, stairs } from "./series.js";

/**
 * @typedef {import("./news.js").News} News
 * @typedef {import("./news.js").RunEvent} RunEvent
 * @typedef {import("./groups.js").Group} Group
 */

const HEIGHT = 150;
const MOST = 12; // charts before the reader asks for all
/** @type {[import("./series.js").Over, string][]} */
const OVER = [
  ["step", "x: step"],
  ["relative", "x: time since the start"],
  ["time", "x: clock time"],
];
let lastKey = 0;

export class LiveCharts {
  /** @type {Map<string, { chart: LineChart, latest: HTMLElement }>} */
  #charts = new Map();
  #shape = "";
  /** @type {RunEvent[]} */
  #events = [];
  #told = "";
  #showsAll = false;

  /**
   * @param {AbortSignal} until
   * @param {import("@preact/signals-core").Signal<import("./series.js").Over>} over
   * @param {import("@preact/signals-core").Signal<boolean>} logY
   */
  constructor(until, over, logY) {
    this.until = until;
    this.over = over;
    this.logY = logY;
    lastKey += 1;
    this.syncKey = `nbt-live-${lastKey}`;
    this.own = h("div", { class: "nbt-live-charts" });
    this.machine = h("div", { class: "nbt-live-charts" });
    this.all = h("button", {
      class: "nbt-button nbt-live-all",
      type: "button",
      hidden: true,
      on: { click: () => this.#showAll() },
    });
    this.more = h("details", { class: "nbt-live-machine", hidden: true }, h("summary", {}, "System"), this.machine);
    this.bar = this.#bar();
    this.root = h("div", {}, this.own, this.all, this.more);
    /** @type {News | null} */
    this.news = null;
    react(until, () => {
      over.value;
      logY.value;
      for (const { chart } of this.#charts.values()) chart.setRange(null);
      this.#mark();
      if (this.news) this.draw(this.news);
    });
    this.more.addEventListener("toggle", () => this.news && this.draw(this.news));
  }

  /** How the charts are looked at. */
  #bar() {
    const over = h(
      "select",
      { "aria-label": "x axis", on: { change: () => (this.over.value = OVER[over.selectedIndex]?.[0] ?? "step") } },
      OVER.map(([value, text]) => h("option", { value }, text)),
    );
    const log = h(
      "button",
      {
        class: "nbt-button",
        type: "button",
        title: "Logarithmic y axes",
        on: { click: () => (this.logY.value = !this.logY.peek()) },
      },
      "log y",
    );
    react(this.until, () => {
      over.selectedIndex = OVER.findIndex(([value]) => value === this.over.value);
      log.classList.toggle("nbt-on", this.logY.value);
      log.setAttribute("aria-pressed", String(this.logY.value));
    });
    return h("div", { class: "nbt-live-bar-of-charts", role: "toolbar", "aria-label": "Charts" }, over, log);
  }

  /** @param {RunEvent[]} events */
  setEvents(events) {
    const text = JSON.stringify(events);
    if (text === this.#told) return;
    this.#told = text;
    this.#events = events;
    this.#mark();
  }

  #mark() {
    const marks = this.#marks();
    for (const [id, { chart }] of this.#charts) if (!id.startsWith("system ")) chart.setMarks(marks);
  }

  #marks() {
    return this.#events.flatMap(({ step, t, text, kind }) => {
      const x = this.over.peek() === "step" ? step : this.#x(t);
      return typeof x === "number" ? [{ x, text, kind }] : [];
    });
  }

  /** @param {number} time milliseconds */
  #x(time) {
    return this.over.peek() === "time" ? time : (time - this.#start) / 1000;
  }

  get #start() {
    return this.news?.run.peek()?.start ?? 0;
  }

  #showAll() {
    this.#showsAll = true;
    if (this.news) this.draw(this.news);
    const next = this.own.querySelectorAll("[tabindex='0']").item(MOST);
    if (next instanceof HTMLElement) next.focus();
  }

  /** @param {News} news */
  draw(news) {
    this.news = news;
    const every = groupsOf(news.series.keys());
    const groups = this.#chosen(every);
    this.#arrange(groups);
    const [over, start] = [this.over.peek(), this.#start];
    const end = lastX(groups, news, over, start);
    for (const group of groups) {
      if (group.kind === "system" && !this.more.open) continue;
      const { chart, latest } = this.#chart(group);
      const series = group.keys.map((key, i) => {
        const curve = /** @type {import("./series.js").LiveSeries} */ (news.series.get(key));
        const drawn = curve.drawn(over, start);
        return { label: key, colour: categorical(i), ...(group.kind === "knob" ? stairs(drawn, end) : drawn) };
      });
      const isLog = this.logY.peek() || (group.kind === "knob" && series.every(({ y }) => isWide(y)));
      chart.setOptions({ logY: isLog, xKind: over === "step" ? "number" : over });
      chart.setSeries(series);
      this.#tell(latest, group, news);
    }
  }

  /**
   * The first of very many charts; the machine's own are folded anyway.
   * @param {Group[]} groups
   */
  #chosen(groups) {
    const own = groups.filter((group) => !isSystem(group));
    const isCut = own.length > MOST && !this.#showsAll;
    this.all.hidden = !isCut;
    if (!isCut) return groups;
    setText(this.all, `Show all ${own.length} charts`);
    return [...own.slice(0, MOST), ...groups.filter(isSystem)];
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
      if (kind !== "system") chart.setMarks(this.#marks());
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
 * Where the last point of anything but the machine is.
 * @param {Group[]} groups
 * @param {News} news
 * @param {import("./series.js").Over} over
 * @param {number} start
 */
function lastX(groups, news, over, start) {
  const keys = groups.flatMap((group) => (isSystem(group) ? [] : group.keys));
  return Math.max(...keys.map((key) => news.series.get(key)?.lastX(over, start) ?? Number.NEGATIVE_INFINITY));
}

/** @param {Group} group */
function isSystem({ kind }) {
  return kind === "system";
}
