"""Notebooks of five habits run into runs, all in one kernel: what the runs have, and what the notebooks look like afterwards."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest
from jupyter_client.blocking.client import BlockingKernelClient

import nbtrack
from nbtrack.entities import RunStatus
from nbtrack.environments.wanted import Wanted
from nbtrack.errors import InvalidValueError
from nbtrack.journal.control import new_order
from nbtrack.projects.notebooks import check_parameters, is_notebook, run_notebook
from nbtrack.projects.plan import Plan

HERE = Path(__file__).parent / "notebooks"
ROOT = str(Path(__file__).parents[2])
FRESH = """
import os, sys
%reset -f
import os, sys
while "nbtrack" in sys.modules and sys.modules["nbtrack"].active_run(): sys.modules["nbtrack"].end_run()
os.environ.update({variables!r})
"""


@pytest.fixture(scope="module")
def shared():
    from nbtrack.projects.notebook_engine import kernel_for

    manager = kernel_for("python", "", sys.executable)
    yield manager
    asyncio.run(_await(manager.shutdown_kernel(now=True)))


@pytest.fixture
def kernel(shared):
    """Give the kernel, begun anew when a test let it die."""
    if not shared.has_kernel or not asyncio.run(_await(shared.is_alive())):
        plain = {key: value for key, value in os.environ.items() if not key.startswith(("NBTRACK_", "MLFLOW_"))}
        asyncio.run(_await(shared.start_kernel(env={**plain, "PYTHONPATH": ROOT})))
    return shared


async def _await(asked):
    return await asked


@pytest.fixture
def execute(kernel, tmp_path: Path, monkeypatch):
    """Run a notebook of ours in the kernel that they share, without what the one before left; a page takes half a second."""
    nbtrack.set_tracking_uri(tmp_path / "runs.duckdb")

    def go(name: str, parameters=None, *, has_page: bool = False, **options):
        if not has_page:
            monkeypatch.setattr("nbtrack.projects.notebook_files.as_html", lambda *_: b"")
        with _run() as run:
            plan = Plan(run.id, run.store.uri, HERE, name, Wanted(), notebook=Path(name), parameters=parameters or {})
            client = BlockingKernelClient(connection_file=kernel.connection_file)
            client.load_connection_file()
            client.start_channels()
            try:
                client.execute_interactive(FRESH.format(variables=run.env), timeout=120)
            finally:
                client.stop_channels()
            ending = run_notebook(plan, kernel=kernel, **options)
        return ending, nbtrack.get_run(run.id)

    yield go
    nbtrack.set_tracking_uri(None)


@contextmanager
def _run():
    run = nbtrack.start_run("notebook")
    nbtrack.tracking.active.pop(run)
    yield run
    run.end()


def kept(run, path: str) -> str:
    return nbtrack.tracking.active.get_store().artifact_file(run.info.run_id, f"notebook/{path}").read_text()


def text_of(run, name: str) -> str:
    book = nbformat.reads(kept(run, name), as_version=4)
    nbformat.validate(book)
    return "\n".join(output.get("text", "") for cell in book.cells for output in cell.get("outputs", ()))


def children(run):
    found = nbtrack.search_runs(output_format="list", order_by=["start_time"])
    return [each for each in found if each.info.parent_run_id == run.info.run_id]


def test_a_loop_of_runs_under_a_parameters_cell(execute):
    ending, run = execute("loops.ipynb", {"alphas": "[1.0, 2.0, 4.0]", "seed": "1"})
    assert (ending.status, ending.ran) == (RunStatus.FINISHED, 6)
    assert run.data.params == {"noise": "4.0", "rows": "120", "alpha": "1.0"}  # the launcher records what was given
    assert [each.data.params["alpha"] for each in children(run)] == ["2.0", "4.0"]
    scores = [each.data.metrics["r2"] for each in (run, *children(run))]
    assert scores == sorted(scores, reverse=True)
    book = nbformat.reads(kept(run, "loops.ipynb"), as_version=4)
    assert book.cells[2].source == "# Parameters\nalphas = [1.0, 2.0, 4.0]\nseed = 1"


def test_functions_without_any_tracker(execute):
    begun: list[tuple[int, int, str]] = []
    ending, run = execute(
        "functions.ipynb", {"n_estimators": "3"}, begins=lambda cell: begun.append((cell.number, cell.of, cell.title))
    )
    assert ending.status == RunStatus.FINISHED
    assert run.data.params == {"max_depth": "2", "criterion": "gini"}
    assert run.data.tags["nbtrack.notebook"] == "functions.ipynb"
    assert begun[1] == (2, 5, "n_estimators = 5".replace("5", "3"))
    assert "with 3 trees" in text_of(run, "functions.ipynb")
    assert "from a shell" in text_of(run, "functions.ipynb")


def test_a_class_that_logs_and_a_tracked_cell(execute):
    ending, run = execute("classes.ipynb", {"epochs": "2"})
    assert ending.status == RunStatus.FINISHED, ending.error
    assert run.data.summaries["accuracy"].count == 2
    assert run.data.metrics["classes"] == 10
    [tracked] = children(run)
    assert (tracked.info.status, list(tracked.data.metrics)) == ("FINISHED", ["sampled"])
    assert tracked.data.params["sample"] == "300"
    assert "the run itself" in text_of(run, "classes.ipynb")  # the warning that a name was not used


def test_plots_and_tables_stand_in_the_page_and_secrets_do_not(execute):
    secret = "S3cr3t-0f-mine-42"
    ending, run = execute("plots.ipynb", {"components": "3", "api_key": secret}, has_page=True)
    assert ending.status == RunStatus.FINISHED, ending.error
    assert run.data.params == {"title": 'Wine \u2013 "PCA"'}
    page, book = kept(run, "plots.html"), kept(run, "plots.ipynb")
    assert "data:image/png;base64," in page
    assert "<table" in page
    assert "Wine" in page
    assert secret not in page + book


def test_an_error_names_its_cell_and_all_before_it_is_kept(execute):
    ending, run = execute("errors.ipynb", {"depth": "2"}, has_page=True)
    assert ending.status == RunStatus.FAILED
    assert ending.error.startswith("cell 5 (In [")
    assert "NotFittedError" in ending.error
    assert run.data.tags["nbtrack.error"] == ending.error
    text = text_of(run, "errors.ipynb")
    assert "before" in text
    assert "in the cell" in text
    assert "never" not in text
    assert "NotFittedError" in kept(run, "errors.html")


def test_stop_ends_the_notebook_before_the_next_cell(execute):
    def begins(cell):
        assert cell.number == 1
        run = nbtrack.search_runs(output_format="list")[0]
        nbtrack.tracking.active.get_store().post_order(run.info.run_id, new_order("stop"))

    ending, run = execute("functions.ipynb", begins=begins)
    assert (ending.status, ending.ran) == (RunStatus.FINISHED, 0)
    assert "nbtrack.stopped_at" in run.data.tags
    assert "accuracy" not in text_of(run, "functions.ipynb")


def test_a_kernel_that_dies_is_a_failure_of_its_cell(execute, tmp_path: Path):
    cells = [nbformat.v4.new_code_cell(source) for source in ("print('one')", "import os; os._exit(1)", "2")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "dies.ipynb")
    ending, run = execute(str(tmp_path / "dies.ipynb"))
    assert ending.status == RunStatus.FAILED
    assert "cell 2" in ending.error
    assert "the kernel died" in ending.error
    book = nbformat.reads(kept(run, "dies.ipynb"), as_version=4)
    assert [cell.metadata.papermill.status for cell in book.cells] == ["completed", "failed", "pending"]


def test_what_cannot_be_run_is_refused_before_anything_is(execute, tmp_path: Path):
    broken = tmp_path / "broken.ipynb"
    broken.write_text("{")
    with pytest.raises(InvalidValueError, match="is no notebook that can be read"):
        check_parameters(broken, {})
    with pytest.raises(InvalidValueError, match="There is no notebook"):
        check_parameters(tmp_path / "none.ipynb", {})
    with pytest.raises(InvalidValueError, match=r"depth is 3 \(int\) in cell 2 of errors\.ipynb; 'deep' is none"):
        execute("errors.ipynb", {"depth": "deep"})
    assert is_notebook("a/B.IPYNB")
    assert not is_notebook("a.py")


def test_a_kernel_that_is_not_here_is_named():
    from nbtrack.projects.notebook_engine import kernel_for

    with pytest.raises(InvalidValueError, match=r"needs the Jupyter kernel 'ir' \(r\)"):
        kernel_for("r", "ir", sys.executable)
