// Histories from the kernel: asked for once, again when a run has more points, and finer for a part that the reader zooms to.

import { signal } from "@preact/signals-core";
import { decodeCurves, splice } from "./answer.js";

/**
 * @typedef {import("./answer.js").History} History
 * @typedef {import("./scales.js").Range} Range
 * @typedef {{ history: History, count: number, buckets: number }} Kept `count`: points that the metric had when it was asked for
 * @typedef {{ run: string, key: string }} Pair
 */

const EMPTY = new Float64Array();
/** @type {History} */
const NOTHING = { x: EMPTY, y: EMPTY, low: null, high: null, count: null, thinned: false, bad: null };
const SETTLE = 30; // ms in which wishes are gathered
const FRESH = 700; // ms between two looks at runs that go on
const MOST_KEPT = 4000;

export class Histories {
  /** Raised when there is something new to draw. */
  revision = signal(0);
  /** Why there is nothing, in words. */
  trouble = signal("");
  /** True while an answer is awaited. */
  busy = signal(false);
  /** @type {Map<string, Kept>} */
  #whole = new Map();
  /** @type {Map<string, Kept>} of the present range */
  #detail = new Map();
  /** @type {Map<string, Pair & { count: number, range: Range | null, x: string, id: string }>} */
  #wanted = new Map();
  /** @type {Map<string, string>} wishes on their way: points that the metric had, and buckets */
  #asked = new Map();
  /** @type {any} */
  #timer = null;
  #rested = 0;
  #rangeId = "";

  /**
   * @param {import("../runs/view.js").RunsView} view
   * @param {() => boolean} isSeen
   */
  constructor(view, isSeen) {
    this.view = view;
    this.isSeen = isSeen;
    /** At most so many points or buckets a series: what the widest chart has room for. */
    this.buckets = 500;
    view.until.addEventListener("abort", () => clearTimeout(this.#timer), { once: true });
  }

  /**
   * What is known, coarse outside `range`; what is missing or out of date is asked for soon.
   * @param {Pair} pair
   * @param {string} x
   * @param {Range | null} range
   * @returns {History | null}
   */
  get({ run, key }, x, range) {
    const { store } = this.view;
    const count = store.number(`metrics.${key}.count`, store.rowOf.get(run) ?? -1) ?? 0;
    if (!count) return null;
    const id = `${x}\n${key}\n${run}`;
    const whole = this.#whole.get(id);
    if (this.#isStale(whole, count)) this.#want(`whole\n${id}`, { run, key, count, range: null, x, id });
    if (!whole) return null;
    if (!range || !whole.history.thinned || this.view.kernel.offline) return whole.history;
    this.#setRange(range);
    const detail = this.#detail.get(id);
    if (this.#isStale(detail, count)) this.#want(`detail\n${id}`, { run, key, count, range, x, id });
    return detail ? splice(whole.history, detail.history) : whole.history;
  }

  /**
   * Whether there are more points by now, or more pixels to show them.
   * @param {Kept | undefined} kept
   * @param {number} count
   */
  #isStale(kept, count) {
    return kept?.count !== count || (kept.history.thinned && kept.buckets < this.buckets && !this.view.kernel.offline);
  }

  /** @param {Range} range */
  #setRange(range) {
    const id = range.join();
    if (id === this.#rangeId) return;
    this.#rangeId = id;
    // what was finer before stays until the answer comes, with a count that is out of date
    for (const kept of this.#detail.values()) kept.count = -1;
    for (const wish of [...this.#asked.keys()]) if (wish.startsWith("detail")) this.#asked.delete(wish);
  }

  /**
   * @param {string} wish
   * @param {Pair & { count: number, range: Range | null, x: string, id: string }} what
   */
  #want(wish, what) {
    if (this.#asked.get(wish) === `${what.count}/${this.buckets}`) return;
    this.#wanted.set(wish, what);
    if (this.#timer !== null) return;
    const isNews = (what.range ? this.#detail : this.#whole).has(what.id);
    const pause = isNews ? Math.max(SETTLE, this.#rested - performance.now()) : SETTLE;
    this.#timer = setTimeout(() => this.flush(), pause);
  }

  /** Ask for what is wanted, if anybody looks. */
  flush() {
    this.#timer = null;
    if (!this.#wanted.size || !this.isSeen()) return;
    const wishes = [...this.#wanted];
    this.#wanted.clear();
    this.#rested = performance.now() + FRESH;
    /** @type {Map<string, typeof wishes>} */
    const questions = new Map();
    for (const wish of wishes) {
      const { x, range, count } = wish[1];
      this.#asked.set(wish[0], `${count}/${this.buckets}`);
      const name = `${x}\n${range}`;
      questions.set(name, [...(questions.get(name) ?? []), wish]);
    }
    for (const group of questions.values()) this.#ask(group);
  }

  /** @param {[string, Pair & { count: number, range: Range | null, x: string, id: string }][]} wishes of one x and range */
  async #ask(wishes) {
    const [, { x, range }] = /** @type {(typeof wishes)[0]} */ (wishes[0]);
    const series = wishes.map(([, { run, key }]) => [run, key]);
    const { buckets } = this;
    this.busy.value = true;
    try {
      const { content, buffers } = await this.view.kernel.ask({
        what: "curves",
        series,
        x,
        range,
        buckets,
      });
      if (range && range.join() !== this.#rangeId) return; // the reader has moved on
      const histories = decodeCurves(content, buffers);
      const kept = range ? this.#detail : this.#whole;
      if (kept.size > MOST_KEPT) kept.clear();
      for (const [i, [, { id, count }]] of wishes.entries()) {
        kept.set(id, { history: histories[i] ?? NOTHING, count, buckets });
      }
      this.trouble.value = "";
    } catch (cause) {
      this.trouble.value = cause instanceof Error ? cause.message : String(cause);
    } finally {
      for (const [wish, { count }] of wishes) if (this.#asked.get(wish) === `${count}/${buckets}`) this.#settle(wish);
      this.busy.value = false;
      this.revision.value += 1;
    }
  }

  /** A wish that failed is not made again at once: the page would ask without end. @param {string} wish */
  #settle(wish) {
    if (!this.trouble.peek()) this.#asked.delete(wish);
  }
}
