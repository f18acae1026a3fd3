"""A shell with nbtrack loaded, on a store of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from nbtrack.magics.report import all_files
from nbtrack.tracking import active, surroundings

if TYPE_CHECKING:
    from collections.abc import Iterator


class Notebook:
    """Cells to run, and what the store says of their runs."""

    def __init__(self, shell):
        self.shell = shell

    @property
    def tracker(self):
        return self.shell._nbtrack

    def run(self, source, **options):
        return self.shell.run_cell(source, store_history=True, **options)

    def settle(self):
        """Wait until all that is written in the background is there."""
        self.tracker.filing.flush()
        surroundings.settle()

    def runs(self):
        from nbtrack.tracking.searching import search_runs

        self.settle()
        return search_runs(output_format="list", order_by=["start_time ASC"], search_all_experiments=True)

    def last(self):
        return self.runs()[-1]

    def files(self, run=None):
        run = run or self.last()
        store = active.get_store()
        paths = [file.path for file in all_files(store, run.info.run_id)]
        return {path: store.artifact_file(run.info.run_id, path).read_bytes() for path in paths}


@pytest.fixture
def shell(tmp_path, monkeypatch) -> Iterator[Any]:
    monkeypatch.chdir(tmp_path)
    active.set_tracking_uri(None)
    active.set_experiment_name(None)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / ".ipython"))
    made: Any = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    made.colors = "nocolor"
    yield made
    if getattr(made, "_nbtrack", None) is not None:
        made.extension_manager.unload_extension("nbtrack")
    for run in active.open_runs():
        run.end("KILLED")
    InteractiveShell.clear_instance()


@pytest.fixture
def notebook(shell, capsys):
    shell.run_cell("%load_ext nbtrack")
    shell._nbtrack.board().refresh_soon().result(20)
    capsys.readouterr()
    return Notebook(shell)
