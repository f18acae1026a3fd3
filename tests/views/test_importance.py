"""Which params move a metric."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import nbtrack
from nbtrack.errors import InvalidValueError, SearchSyntaxError
from nbtrack.tracking import active
from nbtrack.views import importance, questions
from nbtrack.views.importance import Param, correlate, shares_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nbtrack.set_tracking_uri(tmp_path / "runs.duckdb")
    monkeypatch.setattr(importance, "_known", type(importance._known)())


def study(count: int) -> None:
    """Record runs whose loss depends on the rate, a little on the model, and not on the seed."""
    noise = np.random.default_rng(3)
    for index in range(count):
        rate = 10.0 ** -(index % 4)
        params = {"lr": rate, "model": ("cnn", "mlp", "vit")[index % 3], "seed": int(noise.integers(1000)), "epochs": 3}
        with nbtrack.start_run(f"run-{index}", params={**params, "depth": None if index % 2 else index % 5}) as run:
            run.log_metric("loss", 1 + math.log10(rate) + 0.3 * (index % 3) + 0.05 * noise.random(), step=1)


def ask(**question: Any) -> dict[str, Any]:
    facts, buffers = questions.answer(active.get_store(), {"what": "importance", "metric": "loss", **question})
    assert buffers == []
    return facts


def by_column(facts: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {share["column"]: share for share in facts["shares"]}


def test_the_param_that_moves_the_metric_comes_first_and_chance_is_called_weak() -> None:
    study(48)
    facts = ask()
    assert [facts["metric"], facts["runs"], facts["used"]] == ["loss", 48, 48]
    assert facts["shares"][0]["column"] == "params.lr"
    shares = by_column(facts)
    assert shares["params.lr"]["spearman"] > 0.8
    assert shares["params.seed"]["weak"]
    assert not shares["params.lr"]["weak"]
    assert "params.epochs" not in shares  # the same in all runs
    assert "params.depth" in shares  # numbers, and None where it is off
    assert facts["score"] > 0.5


def test_the_answer_is_the_same_each_time_and_not_worked_out_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    study(16)
    first = ask()
    monkeypatch.setattr(importance, "shares_of", lambda *_: pytest.fail("worked out again"))
    assert ask() == first
    monkeypatch.undo()
    importance._known.clear()
    assert ask() == first


def test_runs_are_chosen_by_filter_and_experiment() -> None:
    study(24)
    assert ask(where="params.model = 'cnn'")["runs"] == 8
    assert ask(where="params.model = 'cnn'")["shares"] == []  # fewer than ten runs
    assert ask(experiments=["999"])["runs"] == 0
    assert ask(metric="accuracy")["runs"] == 0


def test_what_cannot_be_answered_is_refused_in_clear_words() -> None:
    with pytest.raises(InvalidValueError, match="'mean' is not known; use last, min, max, best"):
        ask(statistic="mean")
    with pytest.raises(SearchSyntaxError):
        ask(where="params.model = ")


def test_without_scikit_learn_there_is_rank_correlation_and_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importance, "find_spec", lambda _: None)
    study(20)
    facts = ask()
    assert facts["score"] is None
    assert "nbtrack[models]" in facts["hint"]
    assert facts["shares"][0]["column"] == "params.lr"
    assert facts["shares"][0]["importance"] is None


def test_a_forest_that_foretells_nothing_has_no_importances() -> None:
    noise = np.random.default_rng(0)
    params = [
        Param("params.a", noise.random(40), is_category=False),
        Param("params.b", noise.random(40), is_category=False),
    ]
    facts = shares_of(params, noise.random(40))
    assert facts["score"] is None
    assert all(share["importance"] is None for share in facts["shares"])


def test_many_runs_are_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importance, "MOST_RUNS", 15)
    study(20)
    facts = ask()
    assert (facts["runs"], facts["used"]) == (20, 15)


def test_rank_correlation_agrees_with_scipy() -> None:
    stats = pytest.importorskip("scipy.stats")
    noise = np.random.default_rng(1)
    x = np.round(noise.random(60), 1)
    y = x + 0.4 * noise.random(60)
    r, p = correlate(Param("x", x, is_category=False), y)
    expected = stats.spearmanr(x, y)
    assert r == pytest.approx(expected.statistic, abs=1e-9)
    assert p is not None
    assert p < 1e-6
    z = noise.random(60)
    _, chance = correlate(Param("x", x, is_category=False), z)
    assert chance == pytest.approx(stats.spearmanr(x, z).pvalue, abs=0.02)


def test_categories_are_compared_by_the_ranks_of_their_runs() -> None:
    stats = pytest.importorskip("scipy.stats")
    noise = np.random.default_rng(2)
    codes = np.arange(60) % 3.0
    y = codes * 0.2 + noise.random(60)
    share, p = correlate(Param("x", codes, is_category=True), y)
    test = stats.kruskal(*(y[codes == code] for code in range(3)))
    assert share == pytest.approx(math.sqrt(test.statistic / 59), abs=1e-9)
    assert p == pytest.approx(test.pvalue, rel=1e-9)


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 7])
def test_the_tail_of_chi_squared_agrees_with_scipy(freedom: int) -> None:
    stats = pytest.importorskip("scipy.stats")
    for value in (0.1, 1.0, 8.0, 40.0):
        assert importance._chi2_tail(value, freedom) == pytest.approx(stats.chi2.sf(value, freedom), rel=1e-9)


def test_a_param_with_one_value_has_no_correlation() -> None:
    assert correlate(Param("x", np.ones(20), is_category=False), np.arange(20.0)) == (None, None)
