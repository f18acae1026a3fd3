// The runs table as a view: what anywidget, an exported page or the web interface mount.

import { effect } from "@preact/signals-core";
import { h } from "../kit/dom.js";
import { Kernel } from "../kit/kernel.js";
import { RunStore } from "../kit/run-store.js";
import theme from "../kit/theme.css";
import { Grid } from "./grid.js";
import { Scales } from "./scales.js";
import { Sparks } from "./sparks.js";
import { TableState } from "./state.js";
import style from "./style.css";

/** @typedef {import("../kit/model.js").Model} Model */

/**
 * @param {{ model: Model, el: HTMLElement }} context
 * @returns {() => void} takes the view away
 */
function render({ model, el }) {
  const closing = new AbortController();
  const until = closing.signal;
  const kernel = new Kernel(model, until);
  const store = new RunStore();
  kernel.onData = (blob) => {
    if (store.take(blob) === "gap") kernel.needData();
  };
  const data = model.get("_data");
  if (data?.byteLength) store.take(data);
  else kernel.needData();

  const state = new TableState(model, kernel, store, until);
  const sparks = new Sparks(kernel, store, () => grid.invalidate());
  const brush = { state, scales: new Scales(state), sparks, colours: { line: "#888", dot: "#888" }, narrow: false };
  const grid = new Grid(state, brush);
  const root = h("div", { class: "nbt", data: { view: "run-table" } }, grid.el);
  const stop = effect(() => {
    root.dataset.density = state.density.value;
  });
  el.replaceChildren(h("style", {}, theme, style), root);
  return () => {
    stop();
    closing.abort();
    el.replaceChildren();
  };
}

export const runTable = { render };
