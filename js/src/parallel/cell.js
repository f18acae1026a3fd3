// Code for a notebook cell. A widget is not given JupyterLab's application; only where the page exposes it
// (`--LabApp.expose_app_in_browser=True`, Notebook 7 with the same setting) can a cell be put in from here.

/** What `search_runs` returns at most when it is not told. */
const USUAL_RESULTS = 1000;

/**
 * Python that finds the runs on view: of the experiments of the page, which need not be the one in use, and all of them.
 * @param {import("../runs/view.js").RunsView} view
 */
export function runSearch({ matched, showDeleted, store, where }) {
  const quote = (/** @type {string} */ text) => (/["\\\n]/.test(text) ? JSON.stringify(text) : `"${text}"`);
  const names = usedTexts(store, "experiment");
  const options = [
    quote(where.value),
    names.length ? `experiment_names=[${names.map(quote).join(", ")}]` : "",
    matched.value.length > USUAL_RESULTS ? "max_results=100_000" : "",
    showDeleted.value ? "run_view_type=nbtrack.ViewType.ALL" : "",
  ].filter(Boolean);
  return `df = nbtrack.search_runs(${options.join(", ")})\ndf`;
}

/**
 * SQL that finds the runs on view by their ids: without Python nobody turns a filter into SQL.
 * @param {import("../runs/view.js").RunsView} view
 */
export function sqlOfRuns({ matched, store, where }) {
  const ids = Array.from(matched.value, (row) => `'${store.idAt(row).replaceAll("'", "''")}'`);
  const title = where.value.replace(/\s+/g, " "); // a comment ends with its line
  return `-- ${title}\nSELECT r.*\nFROM runs r\nWHERE r.run_id IN (${ids.join(", ") || "NULL"})\nORDER BY r.start_time DESC NULLS LAST, r.run_id`;
}

/**
 * The texts of a column that some run has.
 * @param {import("../kit/run-store.js").RunStore} store
 * @param {string} id
 * @returns {string[]}
 */
export function usedTexts(store, id) {
  const column = store.column(id);
  if (column?.type !== "dict") return [];
  const used = new Set(column.codes.subarray(0, store.size));
  return column.values.filter((_, code) => used.has(code));
}

/** Whether this page lets a widget put in cells. */
export function canWriteCell() {
  const app = /** @type {any} */ (globalThis).jupyterapp;
  return Boolean(app?.commands?.hasCommand?.("notebook:insert-cell-below"));
}

/**
 * Put a cell below the one in use.
 * @param {string} code
 * @returns {Promise<boolean>} whether the page allowed it
 */
export async function writeCell(code) {
  if (!canWriteCell()) return false;
  const app = /** @type {any} */ (globalThis).jupyterapp;
  await app.commands.execute("notebook:insert-cell-below");
  const cell = app.shell?.currentWidget?.content?.activeCell;
  if (!cell?.model?.sharedModel) return false;
  cell.model.sharedModel.setSource(code);
  return true;
}
