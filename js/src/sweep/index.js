// A sweep as a view: how far it is above parallel coordinates of its trials.

import parallelStyle from "../parallel/style/index.js";
import around from "../run-table/style/around.js";
import { mountRuns } from "../runs/mount.js";
import style from "./style.css";
import { SweepView } from "./sweep.js";

/** @param {{ model: import("../kit/model.js").Model, el: HTMLElement }} context */
export function render(context) {
  return mountRuns(context, (ground) => new SweepView(ground).root, [around, parallelStyle, style].join("\n"));
}
