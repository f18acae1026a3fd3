// The style of the parallel coordinates.

import around from "./around.css";
import plot from "./plot.css";

export default [plot, around].join("\n");
