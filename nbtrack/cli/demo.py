"""``nbtrack demo``: runs the quickstart notebook in a folder of yours and shows its best runs."""

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nbtrack.cli import options
from nbtrack.cli.output import console, say, show, show_json
from nbtrack.cli.progress import working
from nbtrack.cli.units import count
from nbtrack.deps import require
from nbtrack.errors import InvalidValueError, MissingPackageError, NbtrackError

if TYPE_CHECKING:
    from nbtrack.store.local import LocalStore
    from nbtrack.store.protocol import RunColumns

NEEDED = {"ipykernel": "ipykernel", "sklearn": "scikit-learn", "matplotlib": "matplotlib", "plotly": "plotly"}
FOLDER = Path("nbtrack-demo")
N_BEST = 3
CELL_TIMEOUT_S = 600


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo", epilog="Example: nbtrack demo --folder ~/try-nbtrack --open")(demo)


def demo(
    folder: Annotated[
        Path, typer.Option("--folder", metavar="FOLDER", help="Where the notebook and its runs.duckdb go.")
    ] = FOLDER,
    open_lab: Annotated[
        bool | None,
        typer.Option(
            "--open/--no-open",
            help="Open the notebook in JupyterLab afterwards; asked of nobody, it opens on a terminal with a display.",
            show_default=False,
        ),
    ] = None,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Run the quickstart notebook (under a minute) and show the best runs of each data set."""
    for module, package in NEEDED.items():
        if find_spec(module) is None:
            raise MissingPackageError(package, "to run the demo", extra="demo")
    notebook = copy_notebook(folder)
    opened = options.open_local(store or str(folder / "runs.duckdb"), is_new_fine=True)
    n_cells = execute(notebook, opened.path)
    best = {name: found for name in _studies(opened) if len(found := _best(opened, name)) > 0}
    if as_json:
        show_json(_report(notebook, opened, best))
    else:
        _tell(notebook, opened, best, n_cells)
    if open_lab or (open_lab is None and not as_json and _someone_is_there()):
        _open_lab(notebook)


def source_notebook() -> Path:
    """Return the packaged notebook; in a checkout it is in ``notebooks/``.

    Raises
    ------
    InvalidValueError
        It is in neither place.
    """
    package = Path(__file__).parents[1]
    for place in (package.parent / "notebooks", package / "demo"):
        if (place / "quickstart.ipynb").is_file() and (
            place.name == "demo" or (place.parent / "pyproject.toml").is_file()
        ):
            return place / "quickstart.ipynb"
    raise InvalidValueError("The quickstart notebook is not in this installation; install nbtrack anew.")


def copy_notebook(folder: Path) -> Path:
    """Copy the notebook into `folder`; one of an earlier demo is replaced, one that was edited is not.

    Raises
    ------
    InvalidValueError
        A notebook of that name, with other cells, is in the folder.
    """
    source, target = source_notebook(), folder.expanduser() / "quickstart.ipynb"
    if target.is_file() and target.resolve() == source.resolve():
        raise InvalidValueError(f"{target} is the original; choose another --folder.")
    if target.exists() and _cells(target) != _cells(source):
        raise InvalidValueError(f"{target} has been edited; move it away, or choose another --folder.")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    return target


def execute(notebook: Path, store: Path) -> int:
    """Run every cell with this Python, write the notebook with its outputs, and return the number of cells.

    Raises
    ------
    NbtrackError
        A cell failed; the notebook shows how far it came.
    """
    nbformat = require("nbformat", "to run the demo", extra="demo")
    nbclient = require("nbclient", "to run the demo", extra="demo")
    document = nbformat.read(notebook, as_version=4)
    code = [cell for cell in document.cells if cell.cell_type == "code"]
    with working("starting Python", total=len(code)) as work:
        client = nbclient.NotebookClient(
            document,
            km=_kernel(),
            timeout=CELL_TIMEOUT_S,
            extra_arguments=["--IPKernelApp.log_level=40"],  # what it says about its sockets is nobody's business here
            record_timing=False,
            store_widget_state=False,  # a saved state would take the place of the summary that every viewer can show
            resources={"metadata": {"path": str(notebook.parent)}},
            on_cell_start=lambda cell, cell_index: work.say(_title(document.cells, cell_index)),  # noqa: ARG005
            on_cell_executed=lambda **_: work.advance(),
        )
        try:
            client.execute(env=_environment(store))
        except nbclient.exceptions.CellExecutionError as error:
            raise NbtrackError(f"A cell of {notebook} failed: {error.ename}: {error.evalue}") from error
        finally:
            nbformat.write(document, notebook)
    return len(code)


def _kernel() -> Any:
    """Return a manager for a kernel of this Python, whatever kernel of the user's is called python3."""
    manager = require("jupyter_client.manager", "to run the demo", package="jupyter_client", extra="demo")
    specs = require("jupyter_client.kernelspec", "to run the demo", package="jupyter_client", extra="demo")
    return manager.AsyncKernelManager(
        kernel_name="python3", kernel_spec_manager=specs.KernelSpecManager(kernel_dirs=[])
    )


def _environment(store: Path) -> dict[str, str]:
    """Return the environment of the kernel: no settings but the store, and matplotlib draws into the notebook."""
    ours = ("NBTRACK_", "MLFLOW_", "MPLBACKEND")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**kept, "NBTRACK_TRACKING_URI": str(store)}


def _title(cells: list[Any], index: int) -> str:
    """Return the heading above a cell."""
    lines = [line for cell in cells[:index] if cell.cell_type == "markdown" for line in cell.source.splitlines()]
    return next((line.lstrip("# ") for line in reversed(lines) if line.startswith("#")), "running")


def _cells(notebook: Path) -> list[str]:
    nbformat = require("nbformat", "to run the demo", extra="demo")
    try:
        return [cell.source for cell in nbformat.read(notebook, as_version=4).cells]
    except Exception:  # noqa: BLE001 - whatever is there, it is not our notebook
        return []


# -- what came out -----------------------------------------------------------------------------------------------------


def _studies(store: "LocalStore") -> list[str]:
    return [e.name for e in store.search_experiments(order_by=["experiment_id ASC"])]


def _best(store: "LocalStore", experiment: str) -> "RunColumns":
    """Return the best runs of an experiment by the metric that has a goal."""
    from nbtrack.cli import experiments  # noqa: PLC0415
    from nbtrack.store.protocol import RunQuery  # noqa: PLC0415

    ids = (experiments.find(store, experiment).experiment_id,)
    goals = sorted(store.run_columns(RunQuery(experiment_ids=ids)).goals.items())
    metrics = store.run_columns(RunQuery(experiment_ids=ids)).metrics
    wanted = [(key, goal) for key, goal in goals if key in metrics]
    if not wanted:
        return store.run_columns(RunQuery(experiment_ids=ids, max_results=N_BEST))
    key, goal = wanted[0]
    order = f"metrics.`{key}`.{goal} {'ASC' if goal == 'min' else 'DESC'}"
    return store.run_columns(RunQuery(experiment_ids=ids, order_by=(order,), max_results=N_BEST))


def _tell(notebook: Path, store: "LocalStore", best: dict[str, "RunColumns"], n_cells: int) -> None:
    from nbtrack.cli import columns, table  # noqa: PLC0415

    width = console().width
    for name, found in best.items():
        say(f"\nBest runs of {name}", "bold")
        goal = next((key for key in sorted(found.goals) if key in found.metrics), None)
        stat = [f"metrics.{goal}.{found.goals[goal]}"] if goal else []
        params = [c.id for c in columns.param_columns(found) if not c.is_constant or len(found) == 1][:4]
        show(table.build_named(found, ["number", "name", *stat, *params, "duration"], width, 0.0))
    say(f"\n{count(n_cells, 'cell')} ran. The runs are in {store.path}")
    say(f"The notebook with its outputs is {notebook}")
    say(f"Look at them: jupyter lab {notebook}   or   nbtrack runs list --store {store.path}")


def _report(notebook: Path, store: "LocalStore", best: dict[str, "RunColumns"]) -> dict[str, Any]:
    from nbtrack.store.protocol import RunQuery  # noqa: PLC0415

    return {
        "notebook": str(notebook.absolute()),
        "store": str(store.path),
        "runs": len(store.run_columns(RunQuery())),
        "best": {
            name: store.search_runs(RunQuery(run_ids=tuple(map(str, found.attributes["run_id"]))))
            for name, found in best.items()
        },
    }


def _someone_is_there() -> bool:
    """Say whether a browser can be shown to a person."""
    has_display = sys.platform in ("darwin", "win32") or bool({"DISPLAY", "WAYLAND_DISPLAY"} & set(os.environ))
    return sys.stdin.isatty() and sys.stdout.isatty() and has_display and "CI" not in os.environ


def _open_lab(notebook: Path) -> None:
    if find_spec("jupyterlab") is None:
        raise MissingPackageError("jupyterlab", "to open the notebook", extra="demo")
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    command = [sys.executable, "-m", "jupyter", "lab", notebook.name, *(["--allow-root"] if is_root else [])]
    subprocess.run(command, cwd=notebook.parent, check=False)  # noqa: S603 - our own words and a path
