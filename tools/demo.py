"""Run the quickstart notebook, show its best runs, and open it in JupyterLab when someone is there to see it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import nbformat
import pandas as pd
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

import nbtrack

ROOT = Path(__file__).parents[1]
QUICKSTART = ROOT / "notebooks" / "quickstart.ipynb"
STORE = ROOT / "runs.duckdb"
BETTER_FIRST = (("accuracy", "DESC"), ("val/accuracy", "DESC"), ("val/loss", "ASC"), ("loss", "ASC"))
N_RUNS = 8
N_PARAMS = 4
CELL_TIMEOUT_S = 600

console = Console()


def run_notebook(path: Path) -> None:
    """Execute a notebook in the project's folder, one line of progress per cell."""
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call] # nbformat has no types
    n_cells = sum(cell.cell_type == "code" for cell in notebook.cells)
    with Progress(console=console) as progress:
        task = progress.add_task(f"{path.relative_to(ROOT)}", total=n_cells)
        client = NotebookClient(
            notebook,
            timeout=CELL_TIMEOUT_S,
            resources={"metadata": {"path": str(ROOT)}},
            on_cell_executed=lambda **_: progress.advance(task),
        )
        client.execute()


def search(order_by: list[str] | None = None) -> pd.DataFrame:
    """Return the first runs as a table."""
    runs = nbtrack.search_runs(order_by=order_by, max_results=N_RUNS)
    assert isinstance(runs, pd.DataFrame)
    return runs


def best_runs() -> Table:
    """Return the best runs of the demo's store as a table."""
    runs = search()
    metrics = [(name, order) for name, order in BETTER_FIRST if f"metrics.{name}" in runs]
    runs = search([f"metrics.`{name}` {order}" for name, order in metrics])
    params = sorted(column for column in map(str, runs) if column.startswith("params."))[:N_PARAMS]
    columns = {"run": "tags.mlflow.runName", **{name: f"metrics.{name}" for name, _ in metrics}}
    columns |= {column.removeprefix("params."): column for column in params}
    table = Table(title=f"Best runs in {STORE.name}")
    for title in columns:
        table.add_column(title)
    for _, run in runs.iterrows():
        values = [run.get(column) for column in columns.values()]
        table.add_row(*(f"{value:.4g}" if isinstance(value, float) else str(value) for value in values))
    return table


def someone_is_there() -> bool:
    """Say whether a browser can be shown to a person."""
    has_screen = sys.platform in {"darwin", "win32"} or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
    return sys.stdin.isatty() and sys.stdout.isatty() and has_screen and not os.environ.get("CI")


def main() -> int:
    """Return 1 when a cell of the notebook failed."""
    os.environ["NBTRACK_TRACKING_URI"] = str(STORE)
    try:
        run_notebook(QUICKSTART)
    except CellExecutionError as error:
        console.print(str(error), markup=False, highlight=False)
        return 1
    console.print(best_runs())
    if someone_is_there():
        as_root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        os.execv(sys.executable, [sys.executable, "-m", "jupyter", "lab", str(QUICKSTART), *as_root])  # noqa: S606 - our own
    console.print("Look at them: [bold]make lab[/bold], then notebooks/quickstart.ipynb")
    return 0


if __name__ == "__main__":
    sys.exit(main())
