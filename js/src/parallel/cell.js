// Code for a notebook cell. A widget is not given JupyterLab's application; only where the page exposes it
// (`--LabApp.expose_app_in_browser=True`, Notebook 7 with the same setting) can a cell be put in from here.

/**
 * Python that finds the runs of a filter.
 * @param {string} where
 */
export function runSearch(where) {
  const isPlain = !/["\\\n]/.test(where);
  const text = isPlain ? `"${where}"` : JSON.stringify(where);
  return `df = nbtrack.search_runs(${text})\ndf`;
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
