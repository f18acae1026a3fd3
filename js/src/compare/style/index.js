// The style of the comparison, in the order in which later rules refine earlier ones.

import files from "./files.css";
import frame from "./frame.css";
import grid from "./grid.css";
import tables from "./tables.css";

export default [frame, grid, tables, files].join("\n");
