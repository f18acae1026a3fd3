"""What changed between two runs, in one sentence: scripted histories and the words for them."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from nbtrack.views.compare_sentence import Facts, cell_title, line_changes, sentence, text_of

BASE = Facts(
    "#37",
    params={"lr": "0.001", "model": "cnn"},
    metrics={"acc": 0.901, "loss": 0.4},
    datasets={"train (training)": "aa"},
    packages={"numpy": "1.26", "pandas": "2.2"},
    code={"source/cell.py": ("# model", "lr = 0.001", "fit(lr)")},
    commit="a" * 40,
    duration=50.0,
)
SAME = replace(BASE, label="#43")


def told(run: Facts, base: Facts = BASE, **goals: str) -> str:
    return text_of(sentence(run, base, goals))


def test_params_metrics_code_data_and_time_come_in_this_order() -> None:
    run = replace(
        SAME,
        params={"lr": "0.0003", "model": "cnn", "dropout": "0.1"},
        metrics={"acc": 0.913, "loss": 0.4},
        code={"source/cell.py": ("# model", "lr = 0.0003", "drop(0.1)", "fit(lr)")},
        duration=41.0,
    )
    assert told(run) == (
        "#43 changed lr 0.001 → 0.0003 and added dropout 0.1 against #37; acc rose by 0.012 to 0.913 (better); "
        'code: cell "model" ±2 lines; data same; 9.0 s faster.'
    )


def test_a_run_that_repeats_another_says_what_stayed() -> None:
    assert told(SAME) == "#43 repeats #37: same params, code and data; acc and 1 more unchanged at 0.901."


def test_a_repeat_may_still_come_out_otherwise() -> None:
    assert told(replace(SAME, metrics={"acc": 0.9, "loss": 0.4})) == (
        "#43 repeats #37: same params, code and data; acc fell by 0.001 to 0.9 (worse)."
    )


def test_of_a_metric_to_minimise_less_is_better() -> None:
    assert "loss fell by 0.1 to 0.3 (better)" in told(replace(SAME, metrics={"loss": 0.3}))
    assert "cost rose by 1 to 3 (worse)" in told(
        replace(SAME, metrics={"cost": 3.0}), replace(BASE, metrics={"cost": 2.0}), cost="min"
    )


def test_a_metric_whose_direction_nobody_knows_is_not_judged() -> None:
    assert "; width rose by 1 to 3; " in told(
        replace(SAME, metrics={"width": 3.0}, params={"lr": "1"}), replace(BASE, metrics={"width": 2.0})
    )


def test_a_stated_goal_counts_more_than_the_name() -> None:
    assert "acc rose by 0.1 to 1.001 (worse)" in told(replace(SAME, metrics={"acc": 1.001}), acc="min")


def test_missing_and_new_metrics_are_named() -> None:
    text = told(replace(SAME, metrics={"f1": 0.7}))
    assert "new: f1 0.7" in text
    assert "no acc (0.901 in #37) and loss (0.4 in #37)" in text


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (0.4, math.nan, "loss became NaN from 0.4"),
        (math.nan, 0.4, "loss went from NaN to 0.4"),
        (0.4, math.inf, "loss went from 0.4 to ∞"),
        (math.nan, math.nan, "loss unchanged at NaN"),
    ],
)
def test_values_that_are_no_numbers(before: float, after: float, words: str) -> None:
    assert words in told(replace(SAME, metrics={"loss": after}), replace(BASE, metrics={"loss": before}))


def test_a_failed_run_says_why() -> None:
    text = told(
        replace(SAME, status="FAILED", error="ValueError: exploded", metrics={}, params={"lr": "1", "model": "cnn"})
    )
    assert text.startswith("#43 changed lr 0.001 → 1 against #37; it failed (ValueError: exploded); no acc")
    assert "faster" not in text


def test_a_failed_base_an_interrupted_run_and_one_that_still_runs() -> None:
    assert "it finished where #37 failed" in told(SAME, replace(BASE, status="FAILED"))
    assert "it was interrupted" in told(replace(SAME, status="KILLED"))
    assert "it still runs" in told(replace(SAME, status="RUNNING", duration=None))


def test_packages_data_and_commit_that_changed_are_named() -> None:
    run = replace(SAME, packages={"numpy": "2.0", "torch": "2.1"}, datasets={"train (training)": "bb"}, commit="b" * 40)
    assert told(run).startswith(
        "#43 keeps the params of #37; acc and 1 more unchanged at 0.901; code same; commit aaaaaaa → bbbbbbb; "
        "data: train (training) changed; packages: numpy 1.26 → 2.0, torch added and 1 more change"
    )


def test_datasets_added_and_left_out() -> None:
    assert "data: eval added, train (training) left out" in told(replace(SAME, datasets={"eval": "cc"}))


def test_nothing_is_said_about_what_was_not_recorded() -> None:
    bare = Facts("#43", params={"lr": "0.1"})
    assert told(bare, Facts("#37", params={"lr": "0.2"})) == "#43 changed lr 0.2 → 0.1 against #37."


def test_many_params_are_counted() -> None:
    text = told(
        Facts("#2", params={f"p{i}": "1" for i in range(9)}), Facts("#1", params={f"p{i}": "0" for i in range(9)})
    )
    assert text == "#2 changed p0 0 → 1, p1 0 → 1, p2 0 → 1, p3 0 → 1 and 5 more params against #1."


def test_dropped_params_and_long_values() -> None:
    text = told(Facts("#2", params={"prompt": "word " * 50}), Facts("#1", params={"prompt": "x", "seed": "1"}))
    assert text == "#2 changed prompt x → word word word word word word w… and dropped seed against #1."


def test_code_that_came_or_went_whole() -> None:
    assert "code: train.py is new" in told(replace(SAME, code={**BASE.code, "train.py": ("x",)}))


def test_system_metrics_are_not_worth_a_sentence() -> None:
    assert "cpu" not in told(replace(SAME, metrics={**BASE.metrics, "system/cpu": 5.0}))


def test_tones_carry_the_judgement_beside_the_words() -> None:
    parts = sentence(replace(SAME, metrics={"acc": 0.8, "loss": 0.3}), BASE)
    assert [(part.text, part.tone) for part in parts if part.tone in ("good", "bad")] == [
        ("(worse)", "bad"),
        ("(better)", "good"),
    ]


def test_lines_are_counted_by_what_was_added_and_removed() -> None:
    assert line_changes(("a", "b", "c"), ("a", "x", "c", "d")) == (2, 1)
    assert line_changes(tuple(map(str, range(9000))), tuple(map(str, range(9001)))) == (1, 0)


@pytest.mark.parametrize(
    ("lines", "title"),
    [
        (("# %% Train the model", "x = 1"), "Train the model"),
        (("import numpy", "", "def fit(x):", "    pass"), "fit"),
        (("%%track", "class Net(Module):"), "Net"),
        (("x = 1", "# later"), ""),
        ((), ""),
    ],
)
def test_a_cell_is_called_what_it_calls_itself(lines: tuple[str, ...], title: str) -> None:
    assert cell_title(lines) == title
