"""The line under a cell, over scripted histories."""

from __future__ import annotations

import math

import pytest

from nbtrack.magics.outcome import Score, changed_params, headline, outcome
from nbtrack.views.goals import goal_of


def score(number, metrics=None, *, params=None, status="FINISHED", duration=41.0, parent=None, name="", start=None):
    start = number if start is None else start
    return Score(f"r{number}", number, name, status, metrics or {}, params or {}, duration, parent, start)


BEST = score(37, {"acc": 0.901, "loss": 0.33}, params={"lr": "0.001", "bs": "32"})
OTHER = score(40, {"acc": 0.7, "loss": 0.9}, params={"lr": "0.1", "bs": "32"})


def line(run, others=(BEST, OTHER), goals=None, **options):
    return outcome(run, others, goals or {}, **options).text()


def test_better_than_the_best():
    run = score(43, {"acc": 0.913}, params={"lr": "0.0003", "bs": "32"})
    assert line(run) == "#43 acc 0.913 ▲ +0.012 vs best #37 · lr 1e-3 → 3e-4 · 41 s"


def test_worse_than_the_best():
    assert line(score(43, {"acc": 0.85})) == "#43 acc 0.85 ▼ -0.051 vs best #37 · 41 s"


def test_less_loss_is_better_and_the_line_says_so():
    assert line(score(43, {"loss": 0.31})) == "#43 loss 0.31 ▼ -0.02 better vs best #37 · 41 s"
    assert line(score(43, {"loss": 0.35})) == "#43 loss 0.35 ▲ +0.02 worse vs best #37 · 41 s"


def test_the_same_value():
    assert line(score(43, {"acc": 0.901})) == "#43 acc 0.901 ±0 vs best #37 · 41 s"


def test_the_first_run_has_nothing_to_compare_with():
    assert line(score(1, {"acc": 0.9}), ()) == "#1 acc 0.9 · 41 s"


def test_no_metric_at_all():
    assert line(score(43, name="calm-otter-43")) == "#43 calm-otter-43 · 41 s"


def test_a_metric_that_no_other_run_has():
    assert line(score(43, {"wer": 0.2})) == "#43 wer 0.2 · 41 s"


def test_an_unknown_metric_is_compared_with_the_last_run_without_judging():
    others = (score(1, {"temperature": 20.0}), score(2, {"temperature": 25.0}))
    assert line(score(3, {"temperature": 22.0}), others) == "#3 temperature 22 ▼ -3 vs last #2 · 41 s"


def test_a_goal_of_the_store_decides():
    run = score(43, {"acc": 0.9, "cost": 5.0})
    assert line(run, (score(1, {"cost": 7.0}),), {"cost": "min"}) == "#43 cost 5 ▼ -2 better vs best #1 · 41 s"
    assert goal_of("loss", {"loss": "max"}) == "max"


@pytest.mark.parametrize("status", ["FAILED", "KILLED"])
def test_a_failed_or_killed_run_is_no_baseline(status):
    assert line(score(43, {"acc": 0.9}), (score(1, {"acc": 0.99}, status=status),)) == "#43 acc 0.9 · 41 s"


def test_nan_is_no_baseline_and_is_shown():
    assert line(score(43, {"acc": 0.9}), (score(1, {"acc": math.nan}),)) == "#43 acc 0.9 · 41 s"
    assert line(score(43, {"acc": math.nan})) == "#43 acc nan ? vs best #37 · 41 s"


def test_a_failure_names_its_error():
    run = score(43, status="FAILED", duration=2)
    assert line(run, error="ValueError: bad shape") == "#43 failed: ValueError: bad shape · 2.0 s"
    with_metric = score(43, {"acc": 0.5}, status="FAILED", params={"lr": "1"})
    assert line(with_metric, error="KeyError: 'x'") == "#43 failed: KeyError: 'x' acc 0.5 ▼ -0.401 vs best #37 · 41 s"


def test_an_interrupt():
    assert line(score(43, {"loss": 0.4}, status="KILLED"), ()) == "#43 interrupted loss 0.4 · 41 s"


def test_later_runs_do_not_count():
    assert line(score(43, {"acc": 0.9}), (score(50, {"acc": 0.99}),)) == "#43 acc 0.9 · 41 s"


def test_of_two_equally_good_runs_the_first_is_best():
    assert "vs best #2" in line(score(9, {"acc": 0.9}), (score(3, {"acc": 0.8}), score(2, {"acc": 0.8})))


def test_runs_inside_the_cell_are_listed():
    inside = (score(45, {"acc": 0.93}, parent="r43"), score(44, {"acc": 0.91}, parent="r43", status="FAILED"))
    assert line(score(43, name="n"), inside) == "#43 · 2 runs inside · #44 acc 0.91 failed · #45 acc 0.93 · 41 s"


def test_notes_come_last():
    assert line(score(43, {"acc": 0.9}), (), notes=["no variable bs"]) == "#43 acc 0.9 · 41 s · no variable bs"


def test_at_most_three_params_are_named():
    before, now = dict.fromkeys("abcdef", "1"), dict.fromkeys("abcdef", "2")
    assert changed_params(before, now) == ["a 1 → 2", "b 1 → 2", "c 1 → 2", "3 more params differ"]
    assert changed_params({"a": "1"}, {"b": "2"}) == []


@pytest.mark.parametrize(
    ("metrics", "key"),
    [
        ({"loss": 1, "acc": 1}, "acc"),
        ({"train/loss": 1, "val/loss": 1}, "val/loss"),
        ({"train_acc": 1, "val_acc": 1}, "val_acc"),
        ({"steps": 1, "rmse": 1}, "rmse"),
        ({"steps": 1, "time": 2}, "steps"),
        ({"system/cpu": 1}, None),
        ({"accident": 1, "f1": 1}, "f1"),
        ({"mAP@50": 1, "x": 1}, "mAP@50"),
        ({}, None),
    ],
)
def test_which_metric_stands_for_a_run(metrics, key):
    assert headline(metrics, {}) == key


def test_html_says_the_same_and_is_safe():
    run = score(43, {"<img onerror=x>": 0.9}, name='"><script>', params={"a": "<b>2</b>"})
    html = outcome(run, (score(1, {"<img onerror=x>": 0.8}, params={"a": "1"}),), {}).html()
    assert "<img" not in html
    assert "<script" not in html
    assert "<b>" not in html
    assert "&lt;b&gt;2" in html
    assert "<style" not in html
    assert html.startswith("<div")
