// What the kernel says of a run: the blob of nbtrack/views/live.py.

import { signal } from "@preact/signals-core";
import { LiveSeries } from "./series.js";

/**
 * @typedef {{ name: string, value: any, min: number | null, max: number | null, log: boolean, whole: boolean, choices: any[] | null }} KnobState
 * @typedef {{ t: number, step: number | null, kind: string, text: string }} RunEvent
 * @typedef {{ done: number, total: number | null, first: number, since: number | null, unit: string }} Progress
 *
 * @typedef {object} RunFacts
 * @property {string} id
 * @property {number | null} number
 * @property {string} name
 * @property {string} status
 * @property {string} experiment
 * @property {number} start milliseconds
 * @property {number | null} end milliseconds
 * @property {number | null} duration seconds
 * @property {number} now milliseconds, by the kernel's clock
 * @property {Record<string, string>} params
 * @property {string} note
 * @property {string} error
 * @property {string | null} stopped step
 * @property {boolean} died its process is gone without having ended it
 * @property {boolean} notebook it was begun in a notebook
 * @property {RunEvent[]} events
 * @property {KnobState[]} knobs
 * @property {boolean} checkpoint somebody listens to that button
 * @property {Progress | null} progress
 * @property {boolean} [here] the run is in the kernel behind this page
 *
 * @typedef {{ kind: string, seq: number, mode: "full" | "more", run: RunFacts, series: { key: string, rows: number, count: number, offset: number, bad?: boolean }[] }} Head
 */

const FULL = 7;
const BAD = 3;

/**
 * @param {ArrayBuffer | ArrayBufferView} blob
 * @returns {{ head: Head, arrays: (offset: number, rows: number, count: number) => Float64Array[] }}
 */
export function decodeLive(blob) {
  const bytes =
    blob instanceof ArrayBuffer ? new Uint8Array(blob) : new Uint8Array(blob.buffer, blob.byteOffset, blob.byteLength);
  const length = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  if (head.kind !== "live") throw new Error(`expected a run, received "${head.kind}"`);
  const body = bytes.slice(Math.ceil((4 + length) / 8) * 8); // copied: arrays must start at a multiple of 8
  const arrays = (/** @type {number} */ offset, /** @type {number} */ rows, /** @type {number} */ count) =>
    Array.from({ length: count }, (_, i) => new Float64Array(body.buffer, offset + i * rows * 8, rows));
  return { head, arrays };
}

/** A run and its curves, as far as this page has heard. */
export class News {
  /** @type {import("@preact/signals-core").Signal<RunFacts | null>} */
  run = signal(null);
  /** Rises with each point that came. */
  revision = signal(0);
  /** @type {Map<string, LiveSeries>} */
  series = new Map();
  /** Milliseconds that the kernel's clock is ahead of the page's. */
  ahead = 0;
  #seq = 0;

  /**
   * @param {any} blob
   * @returns {boolean} false when something before it was missed
   */
  take(blob) {
    const { head, arrays } = decodeLive(blob);
    if (head.mode === "full") this.series.clear();
    else if (head.seq !== this.#seq + 1) return head.seq <= this.#seq;
    this.#seq = head.seq;
    for (const { key, rows, count, offset, bad } of head.series) {
      let series = this.series.get(key);
      if (!series) {
        series = new LiveSeries();
        this.series.set(key, series);
      }
      if (head.mode === "full") {
        const [step, min, max, mean, last, counts, time, ...odd] = arrays(offset, rows, FULL + (bad ? BAD : 0));
        series.fill({ step, min, max, mean, last, counts, time, bad: bad ? odd : null });
      } else {
        const [steps, values, times] = arrays(offset, rows, 3);
        series.append(steps ?? [], values ?? [], times ?? []);
      }
      if (series.count !== count) return false;
    }
    this.ahead = head.run.now - Date.now();
    this.run.value = head.run;
    if (head.series.length || head.mode === "full") this.revision.value += 1;
    return true;
  }

  /** Points of all metrics together. */
  get points() {
    let points = 0;
    for (const { count } of this.series.values()) points += count;
    return points;
  }
}
