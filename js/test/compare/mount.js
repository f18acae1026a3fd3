// A comparison in happy-dom, over a made-up kernel.

import { render } from "../../src/compare/index.js";
import { StaticModel } from "../../src/kit/static-model.js";
import { encodeComparison, head } from "./encode.js";

/** @typedef {import("./encode.js").RowSpec} RowSpec */

/** @type {Record<string, RowSpec[]>} */
export const SECTIONS = {
  overview: [
    { key: "status", kind: "status", values: ["FINISHED", "FINISHED", "FAILED"] },
    { key: "started", kind: "time", values: [1000, 2000, 3000] },
    { key: "duration", kind: "duration", values: [50, 41, null] },
  ],
  params: [
    { key: "lr", values: ["0.1", "0.01", "0.1"] },
    { key: "model", values: ["cnn", "cnn", "cnn"] },
    { key: "prompt", values: ["one\ntwo\n", "one\n2\n", null] },
  ],
  metrics: [
    { key: "acc", kind: "number", stat: "last", goal: "max", values: [0.9, 0.913, 0.4] },
    { key: "acc", kind: "number", stat: "max", goal: "max", values: [0.9, 0.92, 0.4] },
    { key: "loss", kind: "number", stat: "last", goal: "min", values: [0.2, 0.3, null] },
  ],
  environment: [{ key: "numpy", kind: "package", values: ["1.26", "2.0", undefined] }],
  source: [
    {
      key: "source/cell.py",
      kind: "file",
      mime: "text/x-python",
      values: ["aa", "bb", null],
      sizes: [10, 12, Number.NaN],
    },
  ],
  artifacts: [
    { key: "config.json", kind: "file", mime: "application/json", values: ["cc", "dd", "cc"], sizes: [20, 20, 20] },
    { key: "same.txt", kind: "file", mime: "text/plain", values: ["ee", "ee", "ee"], sizes: [5, 5, 5] },
    {
      key: "weights.pt",
      kind: "file",
      mime: "application/x-pytorch",
      values: ["f1", "f2", null],
      sizes: [5e6, 6e6, Number.NaN],
    },
  ],
};

/** @type {Record<string, string>} */
const FILES = {
  "1 source/cell.py": "lr = 0.1\nfit()\n",
  "2 source/cell.py": "lr = 0.01\nfit()\nmore()\n",
  "1 config.json": '{"a": {"b": 1}, "same": [1]}',
  "2 config.json": '{"a": {"b": 2}, "same": [1]}',
};

export class Kernel {
  /** @type {(message: any, buffers?: any[]) => void} */
  receive = () => {};
  /** @type {any[]} */
  heard = [];

  /** @param {(message: any, buffers?: any[]) => void} receive */
  open(receive) {
    this.receive = receive;
  }

  /** @param {any} message */
  send(message) {
    this.heard.push(message);
    const { content } = message;
    if (content?.kind !== "ask") return;
    queueMicrotask(() => this.#answer(content));
  }

  /** @param {any} question */
  #answer({ id, what, run, base, path }) {
    const reply = { kind: "answer", id, ok: true };
    const say = (/** @type {any} */ content, /** @type {any[]} */ buffers = []) =>
      this.receive({ method: "custom", content: { ...reply, ...content } }, buffers);
    if (what === "compare_sentence")
      say({
        parts: [
          [`#${Number(run)} against #${Number(base)}`, "strong"],
          [".", ""],
        ],
      });
    if (what === "compare_table") say({ ok: false, error: "no table here" });
    if (what !== "compare_file") return;
    const text = FILES[`${Number(run)} ${path}`];
    if (text === undefined) say({ ok: false, error: "Artifact is not in this store." });
    else {
      const bytes = new TextEncoder().encode(text);
      say({ mime: "text/plain", size: bytes.length, is_text: true, is_cut: false, limit: 1e6 }, [bytes.buffer]);
    }
  }

  /** @param {any} spec */
  sendData(spec) {
    this.receive({ method: "custom", content: { kind: "data" } }, [encodeComparison(spec)]);
  }
}

/**
 * @param {{ runs?: any[], sections?: Record<string, RowSpec[]>, state?: Record<string, any>, sentences?: any, offline?: boolean, empty?: boolean }} [options]
 */
export function mount({
  runs = [head(1), head(2), head(3, { status: "FAILED" })],
  sections = SECTIONS,
  state = {},
  sentences,
  offline = false,
  empty = false,
} = {}) {
  const kernel = new Kernel();
  const ids = runs.map((run) => run.run_id);
  const told = sentences ?? {
    "": [
      ["3 runs", "strong"],
      [": lr differs.", ""],
    ],
    [ids[1] ?? ""]: [["#2 changed lr", ""]],
  };
  const blob = encodeComparison({ runs, sections, sentences: told });
  const model = new StaticModel(
    { runs: ids, base: ids[0] ?? "", _data: empty ? new ArrayBuffer(0) : blob, ...state },
    offline ? null : kernel,
  );
  const el = document.createElement("div");
  document.body.append(el);
  const close = render({ model, el });
  /** @param {string} selector */
  const all = (selector) => /** @type {HTMLElement[]} */ ([...el.querySelectorAll(selector)]);
  /** @param {string} selector */
  const one = (selector) => {
    const [found] = all(selector);
    if (!found) throw new Error(`nothing matches ${selector}`);
    return found;
  };
  const keys = () => all(".nbt-cmp-rows .nbt-cmp-key .nbt-cmp-name").map((name) => name.textContent);
  const heads = () => all(".nbt-cmp-th b").map((each) => each.textContent);
  /** @param {string} key @param {number} column 1 is the base */
  const cell = (key, column) => {
    const row = all(".nbt-cmp-line").find((line) => line.querySelector(".nbt-cmp-name")?.textContent === key);
    const found = row?.querySelector(`[data-column="${column}"]`);
    if (!found) throw new Error(`no cell ${key} ${column}`);
    return /** @type {HTMLElement} */ (found);
  };
  /** @param {string} key @param {KeyboardEventInit} [init] */
  const press = (key, init = {}) => {
    const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, composed: true, ...init });
    one(".nbt-cmp-grid").dispatchEvent(event);
  };
  return { kernel, model, el, close, all, one, keys, heads, cell, press, ids, blob };
}

/** Let frames, microtasks and short timers pass. */
export async function settle(ms = 40) {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
