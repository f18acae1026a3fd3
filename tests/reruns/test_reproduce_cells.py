"""A tracked cell is made again with the cells before it; what comes out differently, or not at all, is said."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from dataclasses import replace
from typing import Any

import pytest
from typer.testing import CliRunner

import nbtrack
from nbtrack.cli.main import app
from nbtrack.entities import RunStatus
from nbtrack.reruns.driver import run_cells
from nbtrack.reruns.executing import follow
from nbtrack.reruns.fork import Fork
from nbtrack.reruns.matching import counterpart, match_metrics
from nbtrack.reruns.recorded import recipe_of
from nbtrack.reruns.reproduction import Reproduction
from nbtrack.reruns.workspace import Workspace
from nbtrack.tracking import active

CELLS = [
    "%load_ext nbtrack\nimport random, nbtrack",
    "random.seed(4)\nbase = random.random()",
    "%%track first\n{'acc': -1.0}",
    "%%track child\nlr = 0.1\nawait __import__('asyncio').sleep(0)\n{'acc': base + lr, 'fit_seconds': 1.5}",
]


def _page(cells):
    listed = [{"n": i, "count": i, "source": cell, "ok": True} for i, cell in enumerate(cells, 1)]
    return json.dumps({"format": 1, "notebook": "", "cells": listed, "opened": len(cells)}).encode()


@pytest.fixture
def original(tmp_path, monkeypatch):
    """A run as a notebook would have left it, with what its cells logged worked out beforehand."""
    import random

    monkeypatch.chdir(tmp_path)
    nbtrack.set_tracking_uri("runs.duckdb")
    random.seed(4)
    with nbtrack.start_run("child", params={"lr": 0.1}) as run:
        run.log_metrics({"acc": random.random() + 0.1, "fit_seconds": 9.0})
        run.store.add_artifact(run.id, "source/cells.json", _page(CELLS))
    yield run
    nbtrack.set_tracking_uri(None)


def test_cells_come_out_the_same_and_the_command_says_so_with_its_status(original, tmp_path):
    words = ["reproduce", "child", "--env", "local", "--store", original.store.uri]
    done = CliRunner().invoke(app, [*words, "--json", "--folder", str(tmp_path / "a")])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert {row["metric"]: row["result"] for row in told["metrics"]} == {"acc": "equal", "fit_seconds": "timing"}
    again = active.get_store().get_run(told["run"]["run_id"])
    assert again.data.tags["nbtrack.reproduces"] == original.id
    assert [run.info.run_name for run in nbtrack.search_runs(output_format="list")] == ["child again", "child"]
    assert "%%track child" in (tmp_path / "a" / "reproduction.ipynb").read_text()


def test_another_result_is_another_exit_status_and_a_failure_yet_another(original, tmp_path, monkeypatch):
    import nbtrack.reruns.reproduce as room

    before = original.store.get_run(original.id)
    with nbtrack.start_run("after") as run:
        run.log_metrics({"acc": 0.5, "fit_seconds": 1.0, "more": 1.0})
    after = original.store.get_run(run.id)
    found = Reproduction(before, after, tmp_path, match_metrics(before, after, 0))
    monkeypatch.setattr(room, "reproduce", lambda *_, **__: found)
    words = ["reproduce", "child", "--store", original.store.uri]
    done = CliRunner().invoke(app, words)
    assert (done.exit_code, "came out differently as run #2: acc, more" in done.stdout) == (3, True)
    assert "came out differently" in found._repr_html_()
    failed = replace(found, error="cell 2 of 3 failed: NameError: x", run=None)
    monkeypatch.setattr(room, "reproduce", lambda *_, **__: failed)
    done = CliRunner().invoke(app, words)
    assert (done.exit_code, "could not be made again: cell 2 of 3 failed" in done.stdout) == (1, True)


def test_a_cell_that_fails_now_is_named(original):
    cells: list[dict[str, Any]] = [
        {"source": "1 / 0", "fails": True},
        {"source": "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"},
        {"source": "boom", "fails": False},
        {"source": "never = 1"},
    ]
    from IPython.core.interactiveshell import InteractiveShell

    try:
        told = run_cells(cells)
    finally:
        active.on_open.pop()
        InteractiveShell.clear_instance()
    assert told == {"started": [], "error": "NameError: name 'boom' is not defined", "cell": 3}


def test_an_interrupt_as_a_process_begins_ends_it(tmp_path, monkeypatch):
    begun: list[subprocess.Popen[bytes]] = []
    begin = subprocess.Popen

    def interrupted(*words, **options):
        begun.append(begin(*words, **options))
        signal.raise_signal(signal.SIGINT)
        return begun[0]

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    monkeypatch.setattr(subprocess, "Popen", interrupted)
    try:
        with pytest.raises(KeyboardInterrupt):
            follow(["sleep", "600"], tmp_path, {**os.environ}, print)
    finally:
        signal.signal(signal.SIGINT, before)
    assert begun[0].returncode == -signal.SIGTERM


def test_code_that_fails_again_is_no_success(original, tmp_path):
    with pytest.raises(ZeroDivisionError), nbtrack.start_run("broken"):
        _ = 1 / 0
    broken = nbtrack.get_run("broken")
    assert "#2 broken failed again, as run #2" in Reproduction(broken, broken, tmp_path, ()).verdict()
    assert "from #2 broken with lr 1 → 2: failed, as it did before" in repr(Fork(broken, broken, ("lr 1 → 2",), ()))


def test_code_outside_of_the_folder_is_refused(original, tmp_path):
    recipe = recipe_of(original.store, original.store.get_run(original.id))
    with pytest.raises(nbtrack.errors.InvalidValueError, match="outside its repository"):
        _ = Workspace(tmp_path / "c", replace(recipe, folder="../..")).working_folder


def test_the_run_is_found_among_others_by_what_it_was(original):
    with nbtrack.start_run("sweep"):
        runs: list[Any] = []
        for lr in (0.1, 0.2):
            with nbtrack.start_run(nested=True, params={"lr": lr}) as run:
                run.log_metric("acc", lr)
            runs.append(run)
    stored: Any = [original.store.get_run(run.id) for run in runs]
    assert counterpart(stored[1], stored) is stored[1]
    assert counterpart(stored[0], []) is None
    matched = match_metrics(stored[0], stored[1], 0.6)
    assert [(m.key, m.result) for m in matched] == [("acc", "within tolerance")]
    assert [m.result for m in match_metrics(stored[0], None, 0)] == ["missing"]
    assert stored[0].info.status == RunStatus.FINISHED


def test_a_fork_names_where_it_came_from_and_without_a_change_it_is_the_same(original, capsys):
    same = nbtrack.fork("child")
    assert same.is_same
    assert same.run is not None
    other = nbtrack.fork(same.original.info.run_id, {"lr": 0.25}, progress=print)
    assert other.run is not None
    assert other.run.data.tags["nbtrack.forked_from"] == original.id
    assert other.run.data.tags["nbtrack.fork.changes"] == "lr 0.1 → 0.25"
    assert other.run.data.metrics["acc"] == pytest.approx(original.metrics["acc"] + 0.15)
    assert "child, lr 0.1 → 0.25 from #1 child: acc " in repr(other)
    assert (same.run.info.run_name, other.run.info.run_name) == ("child, again", "child, lr 0.1 → 0.25")
    assert capsys.readouterr().out == ""  # it prints nothing; what it shows is for a notebook
