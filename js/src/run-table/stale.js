// Whether runs in sight are stale: their code or data has changed since. Asked from the kernel for the rows in sight only, and again now and then.

import { signal } from "@preact/signals-core";
import { h, icon } from "../kit/dom.js";

/**
 * @typedef {{ kind: string, text: string }} Mark
 * @typedef {import("../kit/kernel.js").Kernel} Kernel
 */

const SETTLE = 250; // ms without scrolling before anything is asked
const FRESH = 15_000; // ms after which a run is looked at again: people edit cells
const PAUSE = 60_000; // ms after a question that got no answer
const MOST_RUNS = 60;
/** @type {Mark[]} */
const NONE = [];

export class Stale {
  /** @type {Map<string, Mark[]>} */
  #marks = new Map();
  /** @type {Map<string, number>} when a run was last asked for */
  #asked = new Map();
  /** @type {Set<string>} */
  #wanted = new Set();
  /** @type {any} */
  #timer = null;
  #quietUntil = 0;

  /** Raised when there is something new to say. */
  revision = signal(0);

  /**
   * @param {Kernel} kernel
   * @param {AbortSignal} until
   */
  constructor(kernel, until) {
    this.kernel = kernel;
    until.addEventListener("abort", () => clearTimeout(this.#timer), { once: true });
    this.until = until;
  }

  /**
   * What is known; asks for it soon when that is old.
   * @param {string} runId
   * @returns {Mark[]}
   */
  of(runId) {
    const asked = this.#asked.get(runId);
    const now = performance.now();
    if (this.kernel.answers && now >= this.#quietUntil && (asked === undefined || now - asked > FRESH))
      this.#want(runId);
    return this.#marks.get(runId) ?? NONE;
  }

  /** @param {string} runId */
  text(runId) {
    return this.of(runId)
      .map(({ text }) => text)
      .join(" · ");
  }

  /** @param {string} runId */
  #want(runId) {
    this.#wanted.add(runId);
    this.#timer ??= setTimeout(() => this.#ask(), SETTLE);
  }

  async #ask() {
    this.#timer = null;
    const runs = [...this.#wanted].slice(0, MOST_RUNS);
    this.#wanted.clear();
    const now = performance.now();
    for (const run of runs) this.#asked.set(run, now);
    try {
      const { content } = await this.kernel.ask({ what: "stale", runs });
      this.#take(runs, content.runs ?? {});
    } catch {
      this.#quietUntil = performance.now() + PAUSE; // busy, or a page without a kernel: nothing is said
    }
  }

  /** @param {string[]} runs @param {Record<string, Mark[]>} found */
  #take(runs, found) {
    if (this.until.aborted) return;
    let changed = false;
    for (const run of runs) {
      const marks = found[run];
      if (!marks) {
        this.#asked.delete(run); // there was no time for it: it is asked for with the next drawing
        changed = Object.keys(found).length > 0 || changed;
        continue;
      }
      changed ||= JSON.stringify(marks) !== JSON.stringify(this.#marks.get(run) ?? NONE);
      this.#marks.set(run, marks);
    }
    if (changed) this.revision.value += 1;
  }
}

/** What is said of a stale run, a line a reason. @param {Mark[]} marks */
export function staleList(marks) {
  if (!marks.length) return null;
  const lines = marks.map(({ text }) => h("li", {}, icon("stale", 12), h("span", {}, text)));
  return h("ul", { class: "nbt-stale-list", "aria-label": "Stale" }, lines);
}
