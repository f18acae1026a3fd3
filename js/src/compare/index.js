// The comparison as a view: what anywidget, an exported page or the web interface mount.

import { h } from "../kit/dom.js";
import { Kernel } from "../kit/kernel.js";
import { watchSeen } from "../kit/seen.js";
import theme from "../kit/theme.css";
import { Compare } from "./compare.js";
import { CompareData } from "./data.js";
import { CompareState } from "./state.js";
import style from "./style/index.js";

/** @param {{ model: import("../kit/model.js").Model, el: HTMLElement }} context */
export function render({ model, el }) {
  const closing = new AbortController();
  const { signal: until } = closing;
  const kernel = new Kernel(model, until);
  const data = new CompareData();
  const first = model.get("_data");
  if (first?.byteLength) data.take(first);
  const compare = new Compare(new CompareState(model, kernel, data, until));
  /** @type {any[]} what came while nobody could see it */
  let waiting = [];
  const flush = () => {
    for (const blob of waiting.splice(0)) {
      if (data.take(blob)) continue;
      waiting = [];
      kernel.needData();
      return;
    }
  };
  const isSeen = watchSeen(compare.root, flush, until);
  kernel.onData = (blob) => {
    waiting.push(blob);
    if (isSeen() || !data.loaded.peek()) flush();
  };
  if (!data.loaded.peek()) load(model, kernel, data);
  el.replaceChildren(h("style", {}, theme, style), compare.root);
  return () => {
    closing.abort();
    el.replaceChildren();
  };
}

/**
 * An exported page answers the question from what was stored in it; a kernel sends its data.
 * @param {import("../kit/model.js").Model} model
 * @param {Kernel} kernel
 * @param {CompareData} data
 */
function load(model, kernel, data) {
  if (!kernel.offline) {
    kernel.needData();
    return;
  }
  const question = { what: "compare", runs: model.get("runs") ?? [], base: model.get("base") ?? "" };
  kernel.ask(question).then(
    ({ buffers }) => buffers[0] && data.take(buffers[0]),
    () => {}, // nothing was stored: the view says that there are no runs
  );
}

export { Compare, CompareData, CompareState, style };
