// The board as a view: what anywidget, an exported page or the web interface mount.

import compare from "../compare/style/index.js";
import { style as curves } from "../curves/index.js";
import { style as parallel } from "../parallel/index.js";
import { TableState } from "../run-table/state.js";
import table from "../run-table/style/index.js";
import { mountRuns } from "../runs/mount.js";
import own from "./board.css";
import { Board } from "./board.js";

/** @param {{ model: import("../kit/model.js").Model, el: HTMLElement }} context */
export function render(context) {
  return mountRuns(
    context,
    ({ model, kernel, store, until }) => new Board(new TableState(model, kernel, store, until)).root,
    [table, parallel, curves, compare, own].join("\n"),
  );
}
