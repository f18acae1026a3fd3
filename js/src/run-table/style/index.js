// The style of the runs table, in the order in which later rules refine earlier ones.

import cells from "./cells.css";
import details from "./details.css";
import filter from "./filter.css";
import grid from "./grid.css";
import narrow from "./narrow.css";
import popovers from "./popovers.css";
import toolbar from "./toolbar.css";

export default [filter, grid, cells, toolbar, details, popovers, narrow].join("\n");
