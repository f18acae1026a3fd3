// The style of the comparison, in the order in which later rules refine earlier ones.

import files from "./files.css";
import frame from "./frame.css";
import grid from "./grid.css";

export default [frame, grid, files].join("\n");
