"""A view under a cell is as its reader left it when the cell runs again."""

import pytest

import nbtrack
from nbtrack.views.watcher import watch
from nbtrack.widgets import runs_panel, view_memory
from nbtrack.widgets.board import runs


class Shell:
    """As much of a notebook's shell as the memory looks at."""

    def __init__(self):
        self.execution_count = 0
        self.cell = "c1"
        self.listeners = []
        self.events = self

    def get_parent(self):
        return {"metadata": {"cellId": self.cell}}

    def register(self, event, listener):
        assert event == "post_run_cell"
        self.listeners.append(listener)

    def end_cell(self):
        for listener in self.listeners:
            listener(None)


@pytest.fixture
def shell(tmp_path, monkeypatch):
    made = Shell()
    nbtrack.set_tracking_uri(tmp_path / "runs.duckdb")
    monkeypatch.setattr(runs_panel, "shell", lambda: made)
    monkeypatch.setattr(runs_panel, "memory", view_memory.ViewMemory())
    with nbtrack.start_run(params={"lr": 0.1}):
        pass
    yield made
    watch(nbtrack.tracking.active.get_store()).close()


def run_cell(shell, cell, *arguments, **named):
    shell.execution_count += 1
    shell.cell = cell
    return runs(*arguments, **named)


def test_a_cell_that_runs_again_keeps_its_brush(shell):
    table = run_cell(shell, "c1")
    table.extents = {"params.lr": (0.01, 1)}
    table.order_by = ["duration DESC"]
    again = run_cell(shell, "c1")
    assert again.extents == {"params.lr": [[0.01, 1.0]]}
    assert again.order_by == ["duration DESC"]
    assert run_cell(shell, "c2").extents == {}


def test_other_arguments_in_the_code_are_meant(shell):
    run_cell(shell, "c1").filter = "params.lr > 1"
    assert run_cell(shell, "c1", "params.lr < 1").filter == "params.lr < 1"


def test_two_views_of_a_cell_are_two(shell):
    shell.execution_count = 1
    first, _second = runs(), runs()
    first.group_by = "params.lr"
    shell.execution_count = 2
    assert [table.group_by for table in (runs(), runs())] == ["params.lr", None]


def test_another_kernel_finds_what_was_left(shell, monkeypatch):
    run_cell(shell, "c1").density = "compact"
    shell.end_cell()
    monkeypatch.setattr(runs_panel, "memory", view_memory.ViewMemory())
    assert run_cell(shell, "c1").density == "compact"


def test_a_view_can_be_saved_and_opened(shell):
    table = run_cell(shell, "c1")
    table.filter = "params.lr > 0"
    table.save_view("mine")
    other = run_cell(shell, "c2")
    other.load_view("mine")
    assert other.filter == "params.lr > 0"
    assert other.selected == []
    other.drop_view("mine")
    with pytest.raises(nbtrack.errors.NotFoundError):
        other.load_view("mine")
