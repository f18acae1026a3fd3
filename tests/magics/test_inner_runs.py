"""Runs that begin inside a tracked cell, and cells inside runs."""

from __future__ import annotations

import time


def test_two_runs_in_one_cell_are_children_of_its_run(notebook, capsys):
    notebook.run(
        "%%track sweep\nimport nbtrack\nfor lr in (0.1, 0.2):\n"
        "    with nbtrack.start_run(params={'lr': lr}) as run:\n        run.log_metric('acc', lr)\n"
        "nbtrack.log_metric('best', 0.2)"
    )
    parent, *children = notebook.runs()
    assert [run.data.params["lr"] for run in children] == ["0.1", "0.2"]
    assert {run.info.parent_run_id for run in children} == {parent.info.run_id}
    assert {run.info.status for run in (parent, *children)} == {"FINISHED"}
    assert parent.data.metrics == {"best": 0.2}
    notebook.tracker.board().refresh_soon().result(20)
    time.sleep(0.1)
    assert "2 runs inside · #2 acc 0.1 · #3 acc 0.2" in capsys.readouterr().out


def test_runs_left_open_inside_end_with_the_cell_and_the_next_cell_does_not_log_there(notebook, capsys):
    notebook.run("%%track\nimport nbtrack\nr = nbtrack.start_run()\ns = nbtrack.start_run(nested=True)")
    assert "2 runs left open ended with the cell" in capsys.readouterr().out
    notebook.run("%%track\nnbtrack.log_metric('a', 1)")
    *ended, cell = notebook.runs()
    assert {run.info.status for run in (*ended, cell)} == {"FINISHED"}
    assert [run.data.metrics for run in (*ended, cell)] == [{}, {}, {}, {"a": 1}]


def test_a_run_that_a_thread_or_task_opened_outlives_the_cell(notebook):
    notebook.run(
        "%%track\nimport asyncio, threading, nbtrack\ngo = threading.Event()\nopened = threading.Event()\n"
        "def work():\n    with nbtrack.start_run('worker') as run:\n        opened.set(); go.wait(20)\n        run.log_metric('a', 1)\n"
        "thread = threading.Thread(target=work); thread.start(); opened.wait(20);"
    )
    assert {run.info.run_name: run.info.status for run in notebook.runs()}["worker"] == "RUNNING"
    notebook.run("go.set(); thread.join()")
    assert {run.info.run_name: run.data.metrics for run in notebook.runs()}["worker"] == {"a": 1}


def test_nested_makes_a_child_of_the_open_run(notebook):
    notebook.run("import nbtrack; outer = nbtrack.start_run('outer')")
    notebook.run("%%track inner --nested\nlr = 1")
    notebook.run("outer.end()")
    outer, inner = notebook.runs()
    assert inner.info.parent_run_id == outer.info.run_id
    assert outer.data.params == {}


def test_a_tracked_cell_inside_a_tracked_cell_is_its_child(notebook):
    notebook.run("%%track outer\na = 1\nget_ipython().run_cell('%%track inner\\nb = 2')\nc = 3")
    outer, inner = notebook.runs()
    assert inner.info.parent_run_id == outer.info.run_id
    assert inner.data.params == {"b": "2"}
    assert outer.data.params == {"a": "1", "c": "3"}


def test_an_experiment_chosen_in_the_cell_counts_for_the_runs_inside(notebook):
    notebook.run("%%track\nimport nbtrack\nnbtrack.set_experiment('E2')\nwith nbtrack.start_run('in'):\n    pass")
    assert [run.info.experiment_name for run in notebook.runs()] == ["Default", "E2"]
    notebook.run("nbtrack.tracking.active.set_experiment_name(None)")


def test_a_last_dict_that_is_not_all_numbers_is_said(notebook, capsys):
    notebook.run("%%track\n{'acc': 0.7, 'model': 'x'}")
    assert "the last dict has values that are no numbers: no metrics taken from it" in capsys.readouterr().out
    assert notebook.last().data.metrics == {}


def test_runs_of_plain_cells_keep_the_packages_once_a_session_aside(notebook):
    notebook.run(
        "import nbtrack\nwith nbtrack.start_run('plain'):\n    nbtrack.start_run('nested', nested=True).end()\n"
        "nbtrack.start_run('trial', tags={'nbtrack.sweep.trial': '1'}).end()"
    )
    notebook.run("%%track --no-capture\n{'a': 1.0}")
    plain, *others = notebook.runs()
    files = notebook.files(plain)
    assert b"numpy==" in files["environment/packages.txt"]
    assert "source/cells.json" in files
    assert len(others) == 3
    assert not any(path.startswith("environment/") for run in others for path in notebook.files(run))
