// The bundle: every view by the name that a widget's trait `_view` gives.

import { render as artifacts } from "./artifacts/index.js";
import { render as board } from "./board/index.js";
import { render as compare } from "./compare/index.js";
import { render as curves } from "./curves/index.js";
import { StaticModel } from "./kit/static-model.js";
import { render as live } from "./live/index.js";
import { render as parallel } from "./parallel/index.js";
import { runTable } from "./run-table/index.js";

const views = {
  board: { render: board },
  artifacts: { render: artifacts },
  compare: { render: compare },
  curves: { render: curves },
  live: { render: live },
  parallel: { render: parallel },
  "run-table": runTable,
};

export { StaticModel };
export default views;
