"""pytest --nbtrack: cells and expectations of a notebook are tests, with JUnit's report; one real run of pytest."""

from __future__ import annotations

import os
import subprocess
import sys
from xml.etree import ElementTree as ET

import pytest
from nbformat import v4, write

import nbtrack

CELLS = [
    "%load_ext nbtrack",
    "seed = 1",
    "%%track train\nacc = 0.9\n%track expect acc >= best - 0.005\n{'acc': acc}",
    "%%track worse\nlr = 2\n%track expect acc >= best - 0.005\n%track expect acc > 0.5\n{'acc': 0.8}",
    "1 / 0",
    "never = 1",
]


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """The tests of one run of pytest, by name: '' when one passed, else the text of its failure."""
    folder = tmp_path_factory.mktemp("nb")
    notebook = v4.new_notebook(cells=[v4.new_code_cell(cell) for cell in CELLS])
    write(notebook, folder / "train.ipynb")
    (folder / ".ipynb_checkpoints").mkdir()
    write(notebook, folder / ".ipynb_checkpoints" / "train-checkpoint.ipynb")
    words = ["-m", "pytest", "-q", "--nbtrack", "--strict-markers", "--junitxml=j.xml", "-p", "no:cacheprovider"]
    if not _is_installed():
        words += ["-p", "nbtrack.plugins.pytest"]
    environment = {**os.environ, "NBTRACK_TRACKING_URI": str(folder / "runs.duckdb")}
    done = subprocess.run(
        [sys.executable, *words], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 1, done.stdout + done.stderr
    found = {}
    for case in ET.parse(folder / "j.xml").iter("testcase"):
        failure = case.find("failure")
        found[case.get("name")] = "" if failure is None else (failure.text or "")
    return folder, found


def _is_installed():
    from importlib.metadata import entry_points

    return any(each.value == "nbtrack.plugins.pytest" for each in entry_points(group="pytest11"))


def test_cells_and_expectations_are_tests_and_a_regression_is_red(report):
    _, found = report
    assert list(found) == [
        "cell 1",
        "cell 2",
        "cell 3 train",
        "cell 3 expect acc >= best - 0.005",
        "cell 4 worse",
        "cell 4 expect acc >= best - 0.005",
        "cell 4 expect acc > 0.5",
        "cell 5",
        "cell 6",
    ]
    assert [name for name, text in found.items() if text] == ["cell 4 expect acc >= best - 0.005", "cell 5", "cell 6"]
    assert "acc >= best - 0.005 is 0.8 >= 0.895, which does not hold" in found["cell 4 expect acc >= best - 0.005"]
    assert "acc fell by 0.1 to 0.8 (worse)" in found["cell 4 expect acc >= best - 0.005"]
    assert "ZeroDivisionError" in found["cell 5"]
    assert "Not run: cell at place 5 failed with ZeroDivisionError" in found["cell 6"]


def test_the_runs_are_in_the_store(report, monkeypatch):
    folder, _ = report
    monkeypatch.setenv("NBTRACK_TRACKING_URI", str(folder / "runs.duckdb"))
    runs = nbtrack.search_runs(output_format="list", order_by=["start_time ASC"])
    assert [run.data.tags["nbtrack.expect"] for run in runs] == ["new", "failed"]
