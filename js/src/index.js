// The bundle: every view by the name that a widget's trait `_view` gives.

import { StaticModel } from "./kit/static-model.js";
import { runTable } from "./run-table/index.js";

const views = { "run-table": runTable };

export { StaticModel };
export default views;
