// The runs table as a view: what anywidget, an exported page or the web interface mount.

import { h } from "../kit/dom.js";
import { Kernel } from "../kit/kernel.js";
import { RunStore } from "../kit/run-store.js";
import theme from "../kit/theme.css";
import { Feed } from "./feed.js";
import { TableState } from "./state.js";
import style from "./style/index.js";
import { RunTable } from "./table.js";

/** @typedef {import("../kit/model.js").Model} Model */

/**
 * @param {{ model: Model, el: HTMLElement }} context
 * @returns {() => void} takes the view away
 */
function render({ model, el }) {
  const closing = new AbortController();
  const { signal: until } = closing;
  const kernel = new Kernel(model, until);
  const store = new RunStore();
  const data = model.get("_data");
  if (data?.byteLength) store.take(data);
  const table = new RunTable(new TableState(model, kernel, store, until));
  const feed = new Feed(store, { isSeen: () => table.grid.isSeen, needData: () => kernel.needData(), until });
  kernel.onData = (blob) => feed.take(blob);
  table.grid.onSeen = () => feed.flush();
  if (!store.loaded.peek()) kernel.needData();
  // styles stand inside the element: marimo renders widgets in a shadow root
  el.replaceChildren(h("style", {}, theme, style), table.root);
  return () => {
    closing.abort();
    el.replaceChildren();
  };
}

export const runTable = { render };
