// A kernel that knows histories: answers the question "curves" as Python does.

import { FakeKernel } from "../fake-kernel.js";
import { randomFrom } from "../fake-runs.js";

/** @typedef {{ x: number, y: number, low?: number, high?: number, count?: number, nans?: number, ups?: number, downs?: number }} Point */

export class CurvesKernel extends FakeKernel {
  /** @type {any[]} */
  questions = [];
  /** Points of one series; replace it to say what there is. @type {(run: string, key: string, question: any) => Point[]} */
  history = (run, key) => madeUp(run, key);

  /** @override @param {any} message */
  send(message) {
    const { content } = message;
    if (message.method !== "custom" || content?.kind !== "ask" || content.what !== "curves") {
      super.send(message);
      return;
    }
    this.heard.push(message);
    this.questions.push(content);
    const answer = () => {
      if (this.refusal !== null) {
        const refused = { kind: "answer", id: content.id, ok: false, error: this.refusal };
        this.receive({ method: "custom", content: refused }, []);
        return;
      }
      const { head, buffers } = encodeCurves(
        content.series,
        content.series.map((/** @type {[string, string]} */ [run, key]) => this.history(run, key, content)),
      );
      this.receive({ method: "custom", content: { kind: "answer", id: content.id, ok: true, ...head } }, buffers);
    };
    if (this.delay) setTimeout(answer, this.delay);
    else queueMicrotask(answer);
  }
}

/**
 * @param {[string, string][]} series
 * @param {Point[][]} histories
 */
export function encodeCurves(series, histories) {
  const points = histories.flat();
  const starts = [0];
  for (const history of histories) starts.push(/** @type {number} */ (starts.at(-1)) + history.length);
  const thinned = histories.map((history) => history.some(({ count = 1 }) => count > 1));
  const isThin = thinned.includes(true);
  const column = (/** @type {(point: Point) => number} */ of) => Float64Array.from(points, of).buffer;
  const band = (/** @type {(point: Point) => number} */ of) => (isThin ? column(of) : new ArrayBuffer(0));
  const odd = points.flatMap(({ nans = 0, ups = 0, downs = 0 }, i) =>
    nans + ups + downs ? [i, nans, ups, downs] : [],
  );
  return {
    head: { series, starts, thinned },
    buffers: [
      column(({ x }) => x),
      column(({ y }) => y),
      band(({ y, low = y }) => low),
      band(({ y, high = y }) => high),
      band(({ count = 1 }) => count),
      Float64Array.from(odd).buffer,
    ],
  };
}

/** @param {string} run @param {string} key @param {number} [length] */
export function madeUp(run, key, length = 400) {
  const random = randomFrom(Number.parseInt(run.slice(-6), 16) + key.length);
  const speed = 2 + 4 * random();
  const falls = /loss/.test(key);
  return Array.from({ length }, (_, i) => {
    const rise = 1 - Math.exp((-i / length) * speed);
    const y = (falls ? 2.2 * (1 - rise) + 0.08 : rise * 0.95) + 0.06 * (random() - 0.5);
    return { x: i * 10, y, low: y - 0.08 * random(), high: y + 0.1 * random(), count: 10 };
  });
}
