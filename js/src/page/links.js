// What pages of `nbtrack ui` show when the address does not say: the selected runs, else the newest.

const NEWEST = 2;
const LISTED = 300;

/**
 * @typedef {import("../kit/run-store.js").RunStore} RunStore
 */

/**
 * Ids of runs, newest first, without the trash.
 * @param {RunStore} store
 * @returns {string[]}
 */
export function newest(store) {
  const rows = Array.from({ length: store.size }, (_, row) => row)
    .filter((row) => store.text("lifecycle_stage", row) !== "deleted")
    .sort((a, b) => (store.number("start_time", b) ?? 0) - (store.number("start_time", a) ?? 0));
  return rows.map((row) => store.idAt(row));
}

/**
 * Those of them that go on.
 * @param {RunStore} store
 */
export function running(store) {
  return newest(store).filter((run) => store.text("status", store.rowOf.get(run) ?? -1) === "RUNNING");
}

/**
 * @param {string} page
 * @param {RunStore} store
 * @param {string[]} selected
 * @returns {Record<string, any>} state of the page's views
 */
export function defaultState(page, store, selected) {
  const known = selected.filter((run) => store.rowOf.has(run));
  if (page === "compare") {
    const runs = known.length > 1 ? known : newest(store).slice(0, NEWEST).reverse();
    return runs.length ? { runs, base: runs[0] } : {};
  }
  if (page === "artifacts" || page === "live") {
    const [run = (page === "live" && running(store)[0]) || newest(store)[0]] = known;
    return run ? { run_id: run } : {};
  }
  return {};
}

/**
 * What a reader may not know of a page that chose its runs by itself.
 * @param {string} page
 * @param {RunStore} store
 * @param {string[]} selected
 * @param {Record<string, any>} state what the address says
 */
export function hintOf(page, store, selected, state) {
  if (page !== "compare" || state.runs || selected.length > 1 || !store.size) return "";
  return "These are the newest two; select others in the table of runs.";
}

/**
 * Runs to choose among, as a list of names.
 * @param {RunStore} store
 * @param {string} chosen stays in the list however old it is
 * @returns {{ run: string, label: string }[]}
 */
export function choices(store, chosen) {
  const runs = newest(store).slice(0, LISTED);
  if (chosen && !runs.includes(chosen) && store.rowOf.has(chosen)) runs.push(chosen);
  const goesOn = new Set(running(store));
  return runs.map((run) => ({ run, label: `${labelOf(store, run)}${goesOn.has(run) ? " · running" : ""}` }));
}

/** @param {RunStore} store @param {string} run */
export function labelOf(store, run) {
  const row = store.rowOf.get(run);
  if (row === undefined) return run;
  const number = store.number("number", row);
  return `${number === null ? "" : `#${number} `}${store.text("name", row) ?? ""}`;
}
