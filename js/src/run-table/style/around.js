// The style of the filter box, of menus and of saved views: for every view of runs that has them.

import filter from "./filter.css";
import popovers from "./popovers.css";

export default [filter, popovers].join("\n");
