// Every view by the name that a widget's trait `_view` gives, all in one module: for tests and the demo page. What travels to
// readers is put together from parts, see ../parts.mjs.

import * as artifacts from "./artifacts/index.js";
import * as board from "./board/index.js";
import * as compare from "./compare/index.js";
import * as curves from "./curves/index.js";
import { StaticModel } from "./kit/static-model.js";
import * as live from "./live/index.js";
import * as parallel from "./parallel/index.js";
import * as registry from "./registry/index.js";
import * as table from "./run-table/index.js";
import * as sweep from "./sweep/index.js";

const views = { artifacts, board, compare, curves, live, parallel, registry, "run-table": table, sweep };

/** @type {import("./page/stage.js").Load} */
export const load = (name) => /** @type {Record<string, any>} */ (views)[name];
export { StaticModel };
export default views;
