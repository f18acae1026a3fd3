// The style that every LineChart needs; a view with charts adds its own.

import uplot from "uplot/dist/uPlot.min.css";
import chart from "./chart.css";

export default [uplot, chart].join("\n");
