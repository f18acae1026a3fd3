"""Runs say when they are stale, for each cause and for nothing else."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nbtrack.cli.main import app
from nbtrack.tracking import active, cells
from nbtrack.views.stale import stale_marks

CELLS = (
    "import csv\nimport helper_of_stale\nSCALE = 2",
    "rows = list(csv.reader(open('data.csv')))",
    "unrelated = open('other.txt').read()",
    "total = helper_of_stale.add(len(rows)) * SCALE",
    "%%track\n{'total': total}",
)
TOUCHED = (1, 2, 4, 5)


class Book:
    """A notebook file whose cells are run in a shell as Jupyter runs them."""

    def __init__(self, notebook, path):
        self.notebook, self.path = notebook, path
        self.cells = {f"cell-{i}": source for i, source in enumerate(CELLS, 1)}
        self.save(-60)

    def save(self, after_s=60.0):
        """Save the notebook, as if some time after now."""
        cells = [{"cell_type": "code", "id": name, "source": text} for name, text in self.cells.items()]
        self.path.write_text(json.dumps({"cells": cells}))
        os.utime(self.path, (time.time() + after_s,) * 2)

    def run(self, *order):
        for i in order:
            self.notebook.shell.run_cell(self.cells[f"cell-{i}"], store_history=True, cell_id=f"cell-{i}")
        cells.settle()
        return self.notebook.last()

    def marks(self, run):
        return [(each.kind, each.text) for each in stale_marks(active.get_store(), run.info.run_id)]


@pytest.fixture
def book(notebook, tmp_path, monkeypatch):
    past = time.time() - 1000
    for name, text in (
        ("helper_of_stale.py", "def add(x):\n    return x + 1\n"),
        ("data.csv", "1\n2\n"),
        ("other.txt", "some text"),
    ):
        (tmp_path / name).write_text(text)
        os.utime(tmp_path / name, (past, past))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "x.ipynb"))
    made = Book(notebook, tmp_path / "x.ipynb")
    yield made
    sys.modules.pop("helper_of_stale", None)


def edit(book, number, text):
    book.cells[f"cell-{number}"] = text
    book.save()


def test_a_run_in_order_has_no_marks_whatever_does_not_matter_changes(book):
    run = book.run(1, 2, 3, 4, 5)
    assert book.marks(run) == []  # the notebook is saved late: it is older than the run
    book.save()
    assert book.marks(run) == []
    edit(book, 3, "unrelated = 'edited, and nothing depends on it'")
    edit(book, 1, f"# a comment\n{CELLS[0]}  \n\n")
    edit(book, 5, CELLS[4].replace("%%track", "%%track named --tag a=b"))
    book.cells = {"above": "", **book.cells, "below": "", "note": "print('more')"}  # empty ones, and new ones after it
    book.save()
    Path("other.txt").write_text("read, but by no cell that matters")
    for name in ("data.csv", "helper_of_stale.py"):  # written again with the same content
        Path(name).write_text(Path(name).read_text())
    book.notebook.run("unrelated = 5")
    assert book.marks(run) == []


def test_an_edited_cell_is_told(book):
    run = book.run(1, 2, 3, 4, 5)
    for number in TOUCHED:
        edit(book, number, CELLS[number - 1] + "\nmore = 1")
        assert book.marks(run) == [("edited", f"cell {number} edited after this run")]
        edit(book, number, CELLS[number - 1])  # taken back
        assert book.marks(run) == []


def test_status_and_the_card_of_the_run_say_it(book, capsys):
    run = book.run(1, 2, 3, 4, 5)
    edit(book, 4, "total = 0")
    capsys.readouterr()
    book.notebook.run("%track status")
    assert "stale       cell 4 edited after this run" in capsys.readouterr().out
    shown = CliRunner().invoke(app, ["runs", "show", run.info.run_id])
    assert "⚠ cell 4 edited after this run" in shown.output


def test_a_cell_that_ran_again_otherwise_is_told_before_it_is_saved(book):
    run = book.run(1, 2, 3, 4, 5)
    book.cells["cell-4"] = "total = 0"
    book.run(4)
    assert book.marks(run) == [("edited", "cell 4 edited after this run")]


def test_a_deleted_cell_is_told_and_merged_ones_are_not(book):
    run = book.run(1, 2, 3, 4, 5)
    book.cells["cell-1"] += "\n" + book.cells.pop("cell-2")
    book.save()
    assert book.marks(run) == [("edited", "cell 1 edited after this run")]
    del book.cells["cell-4"]
    book.save()
    assert ("edited", "a cell deleted after this run") in book.marks(run)


def test_out_of_order_is_told_and_running_again_what_others_replaced_is_not(book):
    assert book.marks(book.run(1, 3, 2, 4, 5)) == []  # nothing depends on 3
    assert book.marks(book.run(4, 5, 4, 5)) == []
    assert book.marks(book.run(1, 4, 2, 4, 5)) == []
    book.cells["cell-3"] = "SCALE = 3"
    assert book.marks(book.run(3, 2, 4, 5)) == [("order", "ran 1→3→2→4…")]


def test_a_changed_module_is_told(book):
    run = book.run(1, 2, 3, 4, 5)
    Path("helper_of_stale.py").write_text("def add(x):\n    return x + 2\n")
    assert book.marks(run) == [("module", "imported module changed: helper_of_stale")]
    # what Python holds is still the old one
    assert book.marks(book.run(5)) == [("module", "imported module changed: helper_of_stale")]
    book.notebook.run("import importlib\nimportlib.reload(helper_of_stale)")
    assert book.marks(book.run(5)) == []


def test_a_changed_data_file_is_told(book):
    run = book.run(1, 2, 3, 4, 5)
    Path("data.csv").write_text("1\n3\n")
    assert book.marks(run) == [("data", "data file changed: data.csv")]
    Path("data.csv").unlink()
    assert book.marks(run) == [("data", "data file changed: data.csv")]
    Path("data.csv").write_text("1\n2\n")
    assert book.marks(run) == []


def test_a_file_that_the_cell_writes_is_none_that_it_reads(book):
    book.cells["cell-5"] = "%%track\nopen('data.csv', 'a').write('9')\nopen('data.csv').read()\n{'n': 1}"
    run = book.run(1, 5)
    Path("data.csv").write_text("another")
    assert book.marks(run) == []


def test_runs_of_another_machine_are_left_alone(book, monkeypatch):
    run = book.run(1, 2, 3, 4, 5)
    edit(book, 4, "total = 0")
    monkeypatch.setattr("platform.node", lambda: "elsewhere")
    assert book.marks(run) == []
