"""A notebook as an entry point: it runs from top to bottom in a kernel of its own and leaves its outputs in the run.

The run gets the params that the notebook has (see :mod:`nbtrack.projects.notebook_parameters`), the executed notebook and a page of it
under ``notebook/``, also when a cell fails, the kernel dies or somebody interrupts; the tag ``nbtrack.error`` names the cell. The notebook
need not import nbtrack. When it does, ``log_*`` and its first ``start_run`` log into this run; every further ``start_run``, and each
``%%track`` cell, is a child of it, because results of several runs in one would be written over each other.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nbtrack.deps import require
from nbtrack.errors import InvalidValueError, warn
from nbtrack.projects import notebook_files
from nbtrack.projects.backends.words import variables
from nbtrack.projects.notebook_parameters import fill, language
from nbtrack.store.opening import open_store
from nbtrack.tracking.redaction import redact, redact_params
from nbtrack.tracking.starting import join
from nbtrack.tracking.stop import StopRun

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from nbtrack.projects.notebook_engine import Cell, Ending, Watch
    from nbtrack.projects.plan import Plan
    from nbtrack.tracking.run import ActiveRun

SUFFIX = ".ipynb"
ERROR, NOTEBOOK = "nbtrack.error", "nbtrack.notebook"
LONGEST_ERROR = 2000
NEEDS = ("ipykernel",)
"""What the environment of a notebook must have beside what its project says."""


@dataclass(frozen=True, slots=True)
class Order:
    """A notebook to be run into a run.

    Attributes
    ----------
    run_id, store_uri : str
        The run, which somebody else began and will end.
    notebook : Path
    parameters : mapping
        Values, or texts that are read as what stands in the notebook.
    python : str
        The Python of the kernel.
    variables : mapping of str to str
        All environment variables of the kernel.
    """

    run_id: str
    store_uri: str
    notebook: Path
    parameters: Mapping[str, Any] = field(default_factory=dict)
    python: str = sys.executable
    variables: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))


def is_notebook(path: str | os.PathLike[str]) -> bool:
    """Say whether a path is that of a notebook."""
    return os.fspath(path).lower().endswith(SUFFIX)


def check_parameters(notebook: Path, parameters: Mapping[str, Any]) -> None:
    """Raise ``InvalidValueError`` for what the notebook has no parameter for, or of another type; nothing is run or recorded."""
    fill(read(notebook), parameters, notebook.name)


def run_notebook(
    plan: Plan, *, begins: Callable[[Cell], None] | None = None, kernel: Any = None, out: Any = None
) -> Ending:
    """Run the notebook of a plan here, and wait for it.

    Parameters
    ----------
    plan : Plan
        With a `notebook`; its run stays open.
    begins : callable, optional
        Told of each cell of code as it begins.
    kernel : AsyncKernelManager, optional
        A kernel that runs already and stays; by default one of the plan's Python is started and ended.
    out : file of text, optional
        Where the cells' output goes as it comes.

    Returns
    -------
    Ending
        ``status``, ``error`` with its cell, and how many cells ``ran``.

    Raises
    ------
    InvalidValueError
        The file is no notebook, or a parameter is not one of it.
    MissingPackageError
        papermill or nbconvert is not installed: they come with ``nbtrack[notebooks]``.
    """
    if plan.notebook is None:
        raise InvalidValueError(f"Entry point {plan.entry!r} is no notebook.")
    order = Order(
        plan.run_id,
        plan.store_uri,
        plan.folder / plan.notebook,
        {**plan.parameters, **plan.typed},
        sys.executable if plan.python is None else os.fspath(plan.python),
        variables(plan),
    )
    return carry_out(order, begins=begins, kernel=kernel, out=out)


def carry_out(
    order: Order, *, begins: Callable[[Cell], None] | None = None, kernel: Any = None, out: Any = None
) -> Ending:
    """Run a notebook into its run; see :func:`run_notebook`."""
    require("papermill", "to run notebooks", extra="notebooks")
    from nbtrack.projects import notebook_engine as engine  # noqa: PLC0415 - papermill takes 0.4 s to load

    filled = fill(read(order.notebook), order.parameters, order.notebook.name)
    for note in filled.notes:
        warn(note)
    run = join(open_store(order.store_uri), order.run_id)
    run.record_params(redact_params(filled.defaults))
    run.set_tags({NOTEBOOK: order.notebook.name})
    notebook = filled.notebook
    _prepare(notebook, order)
    name = str(notebook.metadata.get("kernelspec", {}).get("name", ""))
    manager = kernel or engine.kernel_for(language(notebook), name, order.python)

    def begin(cell: Cell) -> None:
        if begins is not None:
            begins(cell)
        run.progress(cell.number - 1, cell.of)  # may raise StopRun: somebody pressed Stop, and the notebook ends here

    watch = engine.Watch(notebook, begin, lambda so_far: _keep(run, so_far, order))
    around = {**order.variables, "JPY_SESSION_NAME": str(order.notebook)}
    ending = engine.execute(watch, manager, engine.Surroundings(order.notebook.parent, around, out))
    _record(run, watch, ending, order)
    return ending


def read(path: Path) -> Any:
    """Return a notebook of any format as one of format 4; raises ``InvalidValueError``."""
    nbformat = require("nbformat", "to run notebooks", extra="notebooks")
    try:
        notebook = nbformat.read(path, as_version=4)
    except FileNotFoundError as error:
        raise InvalidValueError(f"There is no notebook {path}.") from error
    except Exception as error:
        raise InvalidValueError(f"{path} is no notebook that can be read: {error}".splitlines()[0]) from error
    if not isinstance(notebook.get("cells"), list):
        raise InvalidValueError(f"{path} is no notebook: it has no cells.")
    return notebook


# -- inside --------------------------------------------------------------------------------------------------------------


def _prepare(notebook: Any, order: Order) -> None:
    """Put in what papermill keeps in a notebook that it runs."""
    given = {key: str(value) for key, value in redact_params(order.parameters).items()}
    notebook.metadata["papermill"] = type(notebook.metadata)(parameters=given, input_path=order.notebook.name)
    for cell in notebook.cells:
        cell.metadata.setdefault("papermill", {})


def _keep(run: ActiveRun, notebook: Any, order: Order) -> None:
    cleaned = notebook_files.clean(notebook, order.parameters)
    path = f"{notebook_files.FOLDER}/{order.notebook.name}"
    run.log_bytes(notebook_files.as_ipynb(cleaned), path, "application/x-ipynb+json")


def _record(run: ActiveRun, watch: Watch, ending: Ending, order: Order) -> None:
    """Keep the notebook and its page; what cannot be kept is a warning, because the cells have run."""
    if ending.error:
        run.set_tags({ERROR: redact(ending.error)[:LONGEST_ERROR]})
    try:
        _keep(run, watch.nb, order)
        page = notebook_files.as_html(notebook_files.clean(watch.nb, order.parameters), order.notebook.stem)
        run.log_bytes(page, f"{notebook_files.FOLDER}/{order.notebook.stem}.html", "text/html")
    except Exception as error:  # noqa: BLE001
        warn(f"The page of {order.notebook.name} could not be made: {type(error).__name__}: {error}")
    if ending.ran == watch.total:
        with suppress(StopRun):  # it has ended already
            run.progress(max(watch.total, 1), max(watch.total, 1))
