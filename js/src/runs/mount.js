// What every view of runs needs before it can draw: the kernel, the runs, and tables on their way in.

import { h } from "../kit/dom.js";
import { Kernel } from "../kit/kernel.js";
import { RunStore } from "../kit/run-store.js";
import { watchSeen } from "../kit/seen.js";
import theme from "../kit/theme.css";
import { Feed } from "./feed.js";

/**
 * @typedef {import("../kit/model.js").Model} Model
 * @typedef {{ model: Model, kernel: Kernel, store: RunStore, until: AbortSignal }} Ground
 */

/**
 * @param {{ model: Model, el: HTMLElement }} context what anywidget, an exported page or the web interface hand over
 * @param {(ground: Ground) => HTMLElement} build makes the view, returns its root
 * @param {string} style
 * @returns {() => void} takes the view away
 */
export function mountRuns({ model, el }, build, style) {
  const closing = new AbortController();
  const { signal: until } = closing;
  const kernel = new Kernel(model, until);
  const store = new RunStore();
  const data = model.get("_data");
  if (data?.byteLength) store.take(data);
  const root = build({ model, kernel, store, until });
  const isSeen = watchSeen(root, () => feed.flush(), until);
  const feed = new Feed(store, { isSeen, needData: () => kernel.needData(), until });
  kernel.onData = (blob) => feed.take(blob);
  if (!store.loaded.peek()) kernel.needData();
  // styles stand inside the element: marimo renders widgets in a shadow root
  el.replaceChildren(h("style", {}, theme, style), root);
  return () => {
    closing.abort();
    el.replaceChildren();
  };
}
