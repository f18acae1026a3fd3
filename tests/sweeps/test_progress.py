"""What a terminal shows of a sweep."""

from __future__ import annotations

import pytest

from nbtrack.sweeps.plan import Plan
from nbtrack.sweeps.progress import Bar, duration, line
from nbtrack.sweeps.space import space_of
from nbtrack.sweeps.standing import Board, News, Trial


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def board(clock):
    plan = Plan(space_of({"x": [1, 2]}), "random", 6, 1, "acc", "max", None, "train", "", "")
    return Board(plan, jobs=2, clock=clock)


def ended(number, value=None, status="FINISHED", pruned_at=None):
    return Trial(number, {"x": 1}, "", status, {}, value, pruned_at, seconds=10.0)


def test_how_long_it_takes_follows_from_how_long_trials_took(board, clock):
    assert board.standing().eta_s is None
    board.start(ended(0))
    board.start(ended(1))
    clock.now = 10.0
    assert board.end(ended(0, 0.5))
    assert not board.end(ended(1, 0.4))
    assert board.standing().eta_s == 20.0  # four more, two at a time
    board.start(ended(2))
    board.start(ended(3))
    clock.now = 16.0
    assert board.standing().eta_s == pytest.approx((2 * 10 + 4 + 4) / 2)
    assert (board.standing().running, board.standing().elapsed_s) == ((2, 3), 16.0)


def test_the_line_has_what_matters(board):
    board.end(ended(0, 0.5))
    board.end(ended(1, status="FAILED"))
    board.end(ended(2, 0.9, pruned_at=3))
    board.end(ended(3, float("nan")))
    assert line(board.standing()) == "1 failed · 1 pruned · best acc 0.5 · 10 s to go"
    assert [duration(s) for s in (0, 40, 200, 9000)] == ["1 s", "40 s", "3 min", "2.5 h"]


def test_the_bar_comes_and_goes(board, monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    bar = Bar()
    for kind in ("begun", "started", "ended", "done"):
        bar(News(kind, None, is_best=False, standing=board.standing(), parent=""))
    assert bar._bar is None
    assert "0/6" in capsys.readouterr().err
