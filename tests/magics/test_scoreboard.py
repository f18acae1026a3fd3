"""The runs of a store in memory: read in the background, and added to when a cell ends."""

from __future__ import annotations

import numpy as np
import pytest

import nbtrack
from nbtrack.magics.outcome import Score
from nbtrack.magics.scoreboard import Scoreboard
from nbtrack.tracking import active


@pytest.fixture
def board(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = Scoreboard(active.get_store())
    yield made
    made.close()


def test_an_empty_store_has_no_scores(board):
    assert not board.is_loaded
    board.refresh_soon().result(20)
    assert board.is_loaded
    assert board.of("Default") == []


def test_ended_runs_are_read_with_what_the_line_needs(board):
    with nbtrack.start_run("one", params={"lr": 0.1}) as run:
        run.log_metrics({"acc": 0.5, "nothing": float("nan")})
    with nbtrack.start_run("other", experiment="elsewhere"):
        pass
    nbtrack.set_goal("acc", "max")
    open_run = nbtrack.start_run("open")
    board.refresh_soon().result(20)
    open_run.end()
    (score,) = board.of("Default")
    assert (score.run_id, score.number, score.name, score.status) == (run.id, run.number, "one", "FINISHED")
    assert score.params == {"lr": "0.1"}
    assert score.metrics["acc"] == 0.5
    assert np.isnan(score.metrics["nothing"])
    assert score.start_time == run.info.start_time
    assert [s.name for s in board.of("elsewhere")] == ["other"]
    assert board.goals == {"acc": "max"}


def test_a_run_that_has_just_ended_stays_when_the_store_is_read(board):
    board.add("Default", Score("mine", 99))
    board.refresh_soon().result(20)
    assert [s.number for s in board.of("Default")] == [99]


def test_an_unchanged_store_is_not_read_again(board, monkeypatch):
    with nbtrack.start_run():
        pass
    board.refresh_soon().result(20)
    board.refresh_soon().result(20)
    monkeypatch.setattr(type(board.store), "run_columns", lambda *_: 1 / 0)
    monkeypatch.setattr(type(board.store), "signature", lambda _: board._seen)
    called = []
    board.refresh_soon(lambda: called.append(1)).result(20)
    assert called == [1]
