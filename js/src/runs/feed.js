// Tables from the kernel on their way into the store: at once when the page is idle, less often when taking them
// costs much, and not at all while nobody can see the table.

/** @typedef {import("../kit/run-store.js").RunStore} RunStore */

const REST = 4; // times as long as the last merge took
const MOST_WAITING = 100;

export class Feed {
  /** @type {any[]} */
  #waiting = [];
  /** @type {any} */
  #timer = null;
  #rested = 0;

  /**
   * @param {RunStore} store
   * @param {{ isSeen: () => boolean, needData: () => void, until: AbortSignal }} host
   */
  constructor(store, { isSeen, needData, until }) {
    this.store = store;
    this.isSeen = isSeen;
    this.needData = needData;
    until.addEventListener("abort", () => clearTimeout(this.#timer), { once: true });
    document.addEventListener("visibilitychange", () => this.flush(), { signal: until });
  }

  /** @param {any} blob */
  take(blob) {
    this.#waiting.push(blob);
    // after so many, one full table is less work
    if (this.#waiting.length > MOST_WAITING) this.#waiting.shift();
    this.flush();
  }

  /** Merge what waits, when it is time and somebody looks. */
  flush() {
    clearTimeout(this.#timer);
    if (!this.#waiting.length || (this.store.loaded.peek() && !this.isSeen())) return;
    const early = this.#rested - performance.now();
    if (early > 0) {
      this.#timer = setTimeout(() => this.flush(), early);
      return;
    }
    const begun = performance.now();
    const outcome = this.store.takeAll(this.#waiting.splice(0));
    const ended = performance.now();
    this.#rested = ended + (ended - begun) * REST;
    if (outcome === "gap") this.needData();
  }
}
