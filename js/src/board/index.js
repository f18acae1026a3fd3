// The board as a view: what anywidget, an exported page or the web interface mount.

import { TableState } from "../run-table/state.js";
import table from "../run-table/style/index.js";
import { mountRuns } from "../runs/mount.js";
import own from "./board.css";
import { Board } from "./board.js";

/** @param {{ model: import("../kit/model.js").Model, el: HTMLElement, load: import("./board.js").Load }} context */
export function render(context) {
  return mountRuns(
    context,
    ({ model, kernel, store, until }) => new Board(new TableState(model, kernel, store, until), context.load).root,
    [table, own].join("\n"),
  );
}
