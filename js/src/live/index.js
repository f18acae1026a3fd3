// A run as it goes on, as a view: what anywidget, an exported page or the web interface mount.

import chartStyle from "../curves/chart-style.js";
import { h } from "../kit/dom.js";
import { Kernel } from "../kit/kernel.js";
import { listen } from "../kit/model.js";
import { watchSeen } from "../kit/seen.js";
import theme from "../kit/theme.css";
import { News } from "./news.js";
import { LivePanel } from "./panel.js";
import style from "./style.css";

const ASK_AGAIN = 1000; // at most one question for everything a second

/** @param {{ model: import("../kit/model.js").Model, el: HTMLElement }} context */
export function render({ model, el }) {
  const closing = new AbortController();
  const { signal: until } = closing;
  const kernel = new Kernel(model, until);
  const news = new News();
  let asked = -ASK_AGAIN;
  /** @type {any} */
  let asking = null;
  const needAll = () => {
    if (asking !== null) return;
    const ask = () => {
      asking = null;
      asked = performance.now();
      kernel.needData();
    };
    const wait = asked + ASK_AGAIN - performance.now();
    if (wait <= 0) ask();
    else asking = setTimeout(ask, wait);
  };
  until.addEventListener("abort", () => clearTimeout(asking), { once: true });
  const take = (/** @type {any} */ blob) => {
    if (blob?.byteLength && !news.take(blob)) needAll();
  };
  const panel = new LivePanel(model, kernel, news, until);
  const isSeen = watchSeen(panel.root, () => panel.wake(), until);
  panel.isSeen = isSeen;
  kernel.onData = take;
  listen(model, "change:_data", () => take(model.get("_data")), until);
  take(model.get("_data"));
  if (!news.run.peek()) load(model, kernel, take);
  el.replaceChildren(h("style", {}, theme, chartStyle, style), panel.root);
  return () => {
    closing.abort();
    el.replaceChildren();
  };
}

/**
 * A kernel sends by itself; an exported page has an answer in it.
 * @param {import("../kit/model.js").Model} model
 * @param {Kernel} kernel
 * @param {(blob: any) => void} take
 */
function load(model, kernel, take) {
  if (!kernel.offline) {
    kernel.needData();
    return;
  }
  kernel.ask({ what: "live", run: model.get("run_id") }).then(
    ({ buffers }) => take(buffers[0]),
    () => {}, // nothing was stored: the panel says so
  );
}
