"""Expectations of runs: what best, previous and baseline are, which way is better, and what is only noise."""

from __future__ import annotations

import json

import pytest

import nbtrack
from nbtrack.errors import ExpectationError, InvalidValueError, NbtrackError, SearchSyntaxError
from nbtrack.expectations.others import pin
from nbtrack.expectations.reading import read


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    nbtrack.set_tracking_uri("runs.duckdb")
    yield
    nbtrack.set_tracking_uri(None)


def log(metrics, name=None, **params):
    with nbtrack.start_run(name, params=params) as run:
        run.log_metrics(metrics)
    return run


@pytest.mark.parametrize(
    ("text", "key", "direction", "aliases"),
    [
        ("acc >= best - 0.005", "acc", "max", {"best"}),
        ("loss <= 1.1 * previous", "loss", "min", {"previous"}),
        ("best < acc", "acc", "max", {"best"}),
        ("acc >= baseline AND latency <= best.latency", "acc", "max", {"baseline", "best"}),
        ("acc > champion.acc OR NOT (loss > 0.3)", "acc", "max", {"champion"}),
        ("metrics.best > 0.5", "best", "max", set()),
        ("acc = 1", "acc", None, set()),
    ],
)
def test_what_is_read(text, key, direction, aliases):
    found = read(text)
    assert (found.key, found.direction, found.aliases) == (key, direction, frozenset(aliases))


def test_what_cannot_be_read():
    with pytest.raises(SearchSyntaxError, match="Expected a comparison"):
        read("acc")
    with pytest.raises(InvalidValueError, match="speaks of no metric"):
        read("params.lr = 1")
    with pytest.raises(InvalidValueError, match=r"write best\.acc"):
        read("best > 0.5 AND acc > 1")


def test_the_first_run_has_nothing_to_be_worse_than_and_a_worse_one_fails():
    log({"acc": 0.9})
    assert nbtrack.check("acc >= best - 0.005").status == "new"
    log({"acc": 0.93}, lr=0.1)
    assert nbtrack.check("acc >= best - 0.005").status == "held"
    log({"acc": 0.92}, lr=0.2)
    assert nbtrack.check("acc >= best - 0.02").against == "best #2"
    with pytest.raises(ExpectationError, match=r"acc >= best - 0.005 is 0.92 >= 0.925, which does not hold") as failed:
        nbtrack.check("acc >= best - 0.005")
    assert isinstance(failed.value, AssertionError)
    assert isinstance(failed.value, NbtrackError)
    assert "changed lr 0.1 → 0.2 against #2" in str(failed.value)
    tags = nbtrack.get_run("3").data.tags
    assert tags["nbtrack.expect"] == "failed"
    assert [each["status"] for each in json.loads(tags["nbtrack.expectations"])] == ["held", "failed"]
    assert nbtrack.check("acc > 0.9", 2)
    with pytest.raises(ExpectationError, match="#3 has no metric 'auc'"):
        nbtrack.check("auc > 0.9")


def test_a_goal_says_which_is_best_else_the_comparison_does():
    log({"score_x": 3.0, "nan": float("nan")})
    log({"score_x": 5.0})
    log({"score_x": 4.0})
    assert nbtrack.check("score_x <= best + 1").against == "best #2"
    nbtrack.set_goal("score_x", "min")
    with pytest.raises(ExpectationError, match="4 <= 3"):
        nbtrack.check("score_x <= best")
    nbtrack.set_goal("score_x", "max")
    assert nbtrack.check("score_x <= best").against == "best #2"
    log({"odd": 1.0})
    log({"odd": 2.0})
    assert nbtrack.check("odd >= best").status == "held"


def test_previous_and_a_pinned_or_named_baseline():
    first = log({"acc": 0.5, "ms": 10.0}, "first")
    log({"acc": 0.9, "ms": 30.0})
    log({"acc": 0.7, "ms": 12.0})
    assert nbtrack.check("acc < previous").against == "previous #2"
    assert nbtrack.check("acc >= baseline").status == "new"
    store = first.store
    pin(store, store.get_run(first.id), store.get_run(first.id).info.experiment_id)
    assert nbtrack.check("acc >= baseline AND ms <= baseline.ms * 1.25").against == "baseline #1"
    with pytest.raises(ExpectationError):
        nbtrack.check("acc >= baseline", baseline="2")
    with pytest.raises(nbtrack.errors.NotFoundError):
        nbtrack.check("acc >= baseline", baseline="churn@champion")


def test_what_fails_within_the_noise_of_repeated_seeds_is_no_failure():
    for seed, acc in enumerate((0.90, 0.91, 0.92, 0.89)):
        log({"acc": acc}, lr=0.1, seed=seed)
    with nbtrack.start_run(params={"lr": 0.1, "seed": 9}) as run:
        run.log_metric("acc", 0.905)
        found = nbtrack.check("acc >= best")
    assert found.status == "noise"
    assert "within the noise of 4 seeds" in found.text()
    log({"acc": 0.80}, lr=0.1, seed=10)  # a regression, which widens no band enough to hide itself
    with pytest.raises(ExpectationError):
        nbtrack.check("acc >= best")
    log({"acc": 0.70}, lr=0.3)
    with pytest.raises(ExpectationError):
        nbtrack.check("acc >= best")
