/** Search in the page: the same language, errors and answers as nbtrack.search_runs. */

export { makeFilter, makeOrder } from "./evaluate.js";
export { parseFilter, parseOrderBy } from "./parser.js";
export { SearchError } from "./tokens.js";
