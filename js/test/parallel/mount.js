// Parallel coordinates in happy-dom, over a made-up kernel. There is no canvas: what is tested is all but the pixels.

import { Kernel } from "../../src/kit/kernel.js";
import { RunStore } from "../../src/kit/run-store.js";
import { StaticModel } from "../../src/kit/static-model.js";
import { ParallelPlot } from "../../src/parallel/parallel.js";
import { RunsView } from "../../src/runs/view.js";
import { FakeKernel } from "../fake-kernel.js";
import { fakeColumns } from "../fake-runs.js";

export const NOW = Date.UTC(2026, 10, 23, 6, 30);
export const SHARES = [
  { column: "params.lr", importance: 0.5, std: 0.02, spearman: -0.6, p: 1e-9, ordered: true, weak: false },
  { column: "params.seed", importance: 0, std: 0.01, spearman: 0.02, p: 0.7, ordered: true, weak: true },
];

/** Answers what only the parallel coordinates ask. */
class Answering extends FakeKernel {
  /** @override @param {any} message */
  send(message) {
    const question = message.content;
    /** @type {Record<string, any>} */
    const answers = {
      importance: {
        metric: question?.metric,
        statistic: "last",
        runs: 39,
        used: 39,
        score: 0.7,
        hint: "",
        shares: SHARES,
      },
      "run-sql": { sql: `SELECT -- ${question?.where}` },
    };
    const facts = answers[question?.what];
    if (!facts) {
      super.send(message);
      return;
    }
    this.heard.push(message);
    const content = { kind: "answer", id: question.id, ok: true, ...facts };
    queueMicrotask(() => this.receive({ method: "custom", content }, []));
  }
}

/**
 * @param {{ count?: number, state?: Record<string, any>, change?: (kernel: FakeKernel) => void, offline?: boolean }} [options]
 */
export function mount({ count = 40, state = {}, change, offline = false } = {}) {
  const fake = new Answering(fakeColumns({ count, now: NOW }));
  change?.(fake);
  const model = new StaticModel({ _view: "parallel", ...state }, offline ? null : fake);
  const closing = new AbortController();
  const store = new RunStore();
  store.take(fake.blob());
  const kernel = new Kernel(model, closing.signal);
  kernel.onData = (blob) => store.take(blob);
  const plot = new ParallelPlot(new RunsView(model, kernel, store, closing.signal));
  document.body.append(plot.root);
  /** @param {string} selector */
  const one = (selector) => {
    const found = plot.root.querySelector(selector);
    if (!(found instanceof HTMLElement)) throw new Error(`nothing matches ${selector}`);
    return found;
  };
  const titles = () =>
    [...plot.root.querySelectorAll(".nbt-par-head")]
      .sort((a, b) => left(a) - left(b))
      .map((head) => head.querySelector(".nbt-label")?.textContent ?? "");
  /** @param {string} id @param {string} key @param {KeyboardEventInit} [init] */
  const press = (id, key, init = {}) =>
    one(`[data-axis="${id}"] .nbt-par-title`).dispatchEvent(
      new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...init }),
    );
  const close = () => {
    closing.abort();
    plot.root.remove();
  };
  return { plot, model, fake, store, one, titles, press, close };
}

/** @param {Element} head */
function left(head) {
  return Number.parseFloat(/** @type {HTMLElement} */ (head).style.left);
}

/** Let frames, microtasks and short timers pass. */
export async function settle(ms = 30) {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
