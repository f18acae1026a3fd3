// Curves as a view: what anywidget, an exported page or the web interface mount.

import { mountRuns } from "../runs/mount.js";
import { RunsView } from "../runs/view.js";
import chart from "./chart-style.js";
import curves from "./curves.css";
import { CurvesPlot } from "./curves.js";
import { LineChart } from "./line-chart.js";

const style = [chart, curves].join("\n");

/** @param {{ model: import("../kit/model.js").Model, el: HTMLElement }} context */
export function render(context) {
  return mountRuns(
    context,
    ({ model, kernel, store, until }) =>
      new CurvesPlot(new RunsView(model, kernel, store, until), { filter: true }).root,
    style,
  );
}

export { CurvesPlot, LineChart, style };
