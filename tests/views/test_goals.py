"""Which way a metric is better by its name; the page guesses the same from the same cases."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nbtrack.views.goals import goal_of, headlines, is_better

CASES = json.loads((Path(__file__).parents[1] / "data" / "goal_cases.json").read_text())
WANTED = [(key, None if goal == "none" else goal) for goal, keys in CASES.items() for key in keys]


@pytest.mark.parametrize(("key", "goal"), WANTED)
def test_a_name_says_which_way_is_better(key: str, goal: str | None) -> None:
    assert goal_of(key, {}) == goal


def test_what_was_said_counts_more_than_the_name() -> None:
    assert goal_of("loss", {"loss": "max"}) == "max"


def test_what_people_look_at_comes_first() -> None:
    metrics = ["x", "loss", "val_loss", "acc", "val_acc", "mine", "system/cpu"]
    assert headlines(metrics, {"mine": "min"}) == ["mine", "val_acc", "val_loss", "acc", "loss", "x"]


def test_a_change_is_better_in_the_direction_of_the_goal() -> None:
    assert [is_better(1, "max"), is_better(1, "min"), is_better(0, "max"), is_better(1, None)] == [
        True,
        False,
        None,
        None,
    ]
