// A runs table in happy-dom, over a made-up kernel.

import views, { StaticModel } from "../../src/index.js";
import { FakeKernel } from "../fake-kernel.js";
import { fakeColumns } from "../fake-runs.js";

export const NOW = Date.UTC(2026, 10, 23, 6, 30);

/**
 * @param {{ count?: number, state?: Record<string, any>, change?: (kernel: FakeKernel) => void, empty?: boolean }} [options]
 */
export function mount({ count = 40, state = {}, change, empty = false } = {}) {
  const kernel = new FakeKernel(fakeColumns({ count, now: NOW }));
  change?.(kernel);
  const model = new StaticModel(
    { _view: "run-table", _data: empty ? new ArrayBuffer(0) : kernel.blob(), ...state },
    kernel,
  );
  const el = document.createElement("div");
  document.body.append(el);
  const close = views["run-table"].render({ model, el });
  /** @param {string} selector */
  const all = (selector) => /** @type {HTMLElement[]} */ ([...el.querySelectorAll(selector)]);
  /** @param {string} selector */
  const one = (selector) => {
    const [found] = all(selector);
    if (!found) throw new Error(`nothing matches ${selector}`);
    return found;
  };
  /** @param {number} line @param {string} field */
  const cell = (line, field) => one(`.nbt-row[data-line="${line}"] [data-field="${field}"]`);
  const names = () => rows().map((row) => row.querySelector(".nbt-name .nbt-label")?.textContent ?? "");
  const rows = () => all(".nbt-row").sort((a, b) => Number(a.dataset.line) - Number(b.dataset.line));
  /** @param {string} key @param {KeyboardEventInit} [init] */
  const press = (key, init = {}) => {
    const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...init });
    one(".nbt-grid").dispatchEvent(event);
    return event;
  };
  const edits = () => kernel.heard.map(({ content }) => content).filter((content) => content?.kind === "edit");
  return { kernel, model, el, close, all, one, cell, rows, names, press, edits };
}

/** Let frames, microtasks and short timers pass. */
export async function settle(ms = 40) {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
