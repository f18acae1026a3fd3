// The runs table as a view: what anywidget, an exported page or the web interface mount.

import { mountRuns } from "../runs/mount.js";
import { TableState } from "./state.js";
import style from "./style/index.js";
import { RunTable } from "./table.js";

/** @param {{ model: import("../kit/model.js").Model, el: HTMLElement }} context */
export function render(context) {
  return mountRuns(
    context,
    ({ model, kernel, store, until }) => new RunTable(new TableState(model, kernel, store, until)).root,
    style,
  );
}
