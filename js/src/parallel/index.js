// Parallel coordinates as a view: what anywidget, an exported page or the web interface mount.

import around from "../run-table/style/around.js";
import { mountRuns } from "../runs/mount.js";
import { RunsView } from "../runs/view.js";
import { ParallelPlot } from "./parallel.js";
import style from "./style/index.js";

/** @param {{ model: import("../kit/model.js").Model, el: HTMLElement }} context */
export function render(context) {
  return mountRuns(
    context,
    ({ model, kernel, store, until }) =>
      new ParallelPlot(new RunsView(model, kernel, store, until), { alone: true }).root,
    [around, style].join("\n"),
  );
}

export { ParallelPlot, style };
