"""%track … and %runs."""

from __future__ import annotations

import pandas as pd
import pytest

import nbtrack
from nbtrack.tracking import active


@pytest.fixture
def tracked(notebook, capsys):
    notebook.run("%%track one --tag team=vision\nlr = 0.1\nbs = 32\nprint('x')\n{'acc': 0.9}")
    notebook.run("%%track two\nlr = 0.2\n{'acc': 0.8}")
    notebook.settle()
    capsys.readouterr()
    return notebook


def said(notebook, capsys, line):
    done = notebook.run(line)
    captured = capsys.readouterr()
    assert done.success or captured.err
    return captured.out + captured.err


def test_status(tracked, capsys):
    text = said(tracked, capsys, "%track status")
    assert "none is open" in text
    assert "runs.duckdb" in text
    assert "Default" in text
    assert "0 records" in text
    assert said(tracked, capsys, "%track") == text


def test_status_names_the_open_run(tracked, capsys):
    with nbtrack.start_run("mine"):
        assert "mine is open" in said(tracked, capsys, "%track status")


def test_captured_lists_everything_with_sizes(tracked, capsys):
    text = said(tracked, capsys, "%track captured #1")
    assert "Run #1 one (FINISHED) in Default" in text
    assert "params (2, 9 B)" in text
    assert "lr  0.1" in text
    assert "acc  0.9\n" in text
    assert "team" in text
    assert "source/cell.py" in text
    assert "environment/packages.txt" in text
    assert "kB" in text
    assert "Run #2 two" in said(tracked, capsys, "%track captured")


def test_captured_counts_the_points_of_a_curve(notebook, capsys):
    notebook.run("%%track\nimport nbtrack\nfor i in range(1200): nbtrack.log_metric('loss', i)")
    assert "loss  1,199  (1,200 points)" in said(notebook, capsys, "%track captured")


def test_forget_removes_params_tags_and_files(tracked, capsys):
    text = said(tracked, capsys, "%track forget 1 lr team output/tail.txt")
    assert "Removed of run #1 one: params lr; tags team; artifacts output/tail.txt" in text
    first = tracked.runs()[0]
    assert first.data.params == {"bs": "32"}
    assert "team" not in first.data.tags
    assert "output/tail.txt" not in tracked.files(first)
    assert tracked.runs()[1].data.params == {"lr": "0.2"}


def test_forget_means_the_last_run(tracked, capsys):
    said(tracked, capsys, "%track forget params.lr")
    assert tracked.last().data.params == {}


def test_forget_of_something_unknown_removes_nothing(tracked, capsys):
    assert "'lrr'" in said(tracked, capsys, "%track forget 1 bs lrr")
    assert "say what" in said(tracked, capsys, "%track forget 1")
    assert tracked.runs()[0].data.params == {"lr": "0.1", "bs": "32"}


def test_runs_filters_and_orders(tracked, capsys):
    frame = tracked.run("%runs metrics.acc > 0.5 and params.lr != '0.3' --order-by metrics.acc ASC").result
    assert isinstance(frame, pd.DataFrame)
    assert list(frame["metrics.acc"]) == [0.8, 0.9]
    assert len(tracked.run("%runs").result) == 2
    assert list(tracked.run("%runs --order-by=metrics.acc DESC").result["metrics.acc"]) == [0.9, 0.8]
    assert len(tracked.run("%runs tags.team = 'vision'").result) == 1


def test_a_filter_that_cannot_be_read_is_pointed_at(tracked, capsys):
    text = said(tracked, capsys, "%runs metrics.acc >")
    assert "metrics.acc >" in text
    assert "^" in text
    assert "Traceback" not in text


def test_live_lists_running_runs_where_no_panel_can_be_shown(tracked, capsys):
    with nbtrack.start_run("mine"):
        text = said(tracked, capsys, "%track live")
    assert "need Jupyter" in text
    assert "mine" in text


def test_live_tells_of_the_run_that_is_named_and_of_one_only(tracked, capsys):
    with nbtrack.start_run("named") as run:
        run.log_metric("loss", 0.25)
    assert said(tracked, capsys, "%track live named").strip().endswith("finished, 1 point, loss 0.25")
    assert "one run at a time" in said(tracked, capsys, "%track live named 2")


def test_live_panels_can_be_switched_off_and_on(tracked, capsys):
    assert "no live panel" in said(tracked, capsys, "%track live off")
    assert tracked.tracker.live.choice is False
    assert "are shown" in said(tracked, capsys, "%track live on")
    assert tracked.tracker.live.choice is True


def test_an_unknown_verb_shows_the_forms(tracked, capsys):
    text = said(tracked, capsys, "%track foo")
    assert "unknown 'foo'" in text
    assert "%track captured" in text


def test_before_any_run(notebook, capsys, monkeypatch):
    monkeypatch.setattr(active, "_last_run_id", None)
    assert "No run was recorded" in said(notebook, capsys, "%track captured")
    assert "none is open" in said(notebook, capsys, "%track status")
    assert "#7" in said(notebook, capsys, "%track captured #7")
