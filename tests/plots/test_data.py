"""What the charts show, by value."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import nbtrack
from nbtrack.errors import InvalidValueError
from nbtrack.plots.data import (
    choose,
    correlation,
    curves,
    make_column,
    mean_band,
    pareto_front,
    seeds,
    smooth,
    smoothed,
    surface,
    timeline,
)
from nbtrack.plots.data.relations import cells
from nbtrack.plots.data.smoothing import STUDENT

coordinates = st.one_of(st.integers(-4, 4).map(float), st.sampled_from([float("nan"), float("inf"), -float("inf")]))


def beaten(x: np.ndarray, y: np.ndarray, index: int) -> bool:
    """Compare with every other point, as the definition says; smaller is better."""
    finite = np.isfinite(x) & np.isfinite(y)
    as_good = finite & (x <= x[index]) & (y <= y[index])
    return bool((as_good & ((x < x[index]) | (y < y[index]))).any())


@given(
    st.lists(st.tuples(coordinates, coordinates), max_size=40),
    st.sampled_from(["min", "max"]),
    st.sampled_from(["min", "max"]),
)
def test_the_front_is_what_nothing_beats(points: list[tuple[float, float]], goal_x: str, goal_y: str) -> None:
    x, y = np.array(points, dtype=float).reshape(-1, 2).T
    cost_x, cost_y = x * (1 if goal_x == "min" else -1), y * (1 if goal_y == "min" else -1)
    expected = [bool(np.isfinite(x[i]) and np.isfinite(y[i])) and not beaten(cost_x, cost_y, i) for i in range(len(x))]
    assert pareto_front(x, y, (goal_x, goal_y)).tolist() == expected


def test_a_goal_is_min_or_max() -> None:
    with pytest.raises(InvalidValueError, match="'up' is not allowed"):
        pareto_front([1], [1], ("up", "min"))


def test_a_million_points_have_a_front_in_no_time() -> None:
    x, y = np.random.default_rng(0).random((2, 1_000_000))
    assert 1 < pareto_front(x, y).sum() < 100


def test_smoothing_is_an_average_without_a_pull_to_the_first() -> None:
    values = np.random.default_rng(0).normal(size=50)
    expected = pd.Series(values).ewm(alpha=0.3, adjust=True).mean()
    assert smooth(values, 0.7) == pytest.approx(expected.to_numpy())
    assert smooth(values, 0.0) == pytest.approx(values)
    assert smooth([5.0, 5.0, 5.0], 0.9) == pytest.approx([5, 5, 5])
    assert smooth([1.0, np.nan, np.inf, 1.0], 0.5) == pytest.approx([1, np.nan, np.inf, 1], nan_ok=True)
    with pytest.raises(InvalidValueError, match="smooth=1"):
        smooth([1.0], 1)


def test_a_point_that_stands_for_several_counts_as_several() -> None:
    every = smooth([0.0, 1, 1, 1, 2], 0.8)
    assert smooth([0.0, 1, 2], 0.8, [1, 3, 1]) == pytest.approx(every[[0, 3, 4]])


def test_the_band_is_student_s() -> None:
    rng = np.random.default_rng(1)
    x = np.arange(5.0)
    rows = rng.normal(size=(4, 5))
    band = mean_band([(x, row) for row in rows])
    low, high = stats.t.interval(0.95, 3, rows.mean(axis=0), stats.sem(rows, axis=0))
    assert band["mean"] == pytest.approx(rows.mean(axis=0))
    assert band["low"] == pytest.approx(low, abs=2e-3)
    assert band["high"] == pytest.approx(high, abs=2e-3)
    assert pytest.approx(stats.t.ppf(0.975, np.arange(1, 31)), abs=6e-4) == STUDENT


def test_the_band_ends_where_curves_end() -> None:
    band = mean_band([(np.array([0.0, 2]), np.array([0.0, 2])), (np.array([0.0, 1]), np.array([0.0, np.nan]))])
    assert band["x"].tolist() == [0, 2]
    assert band["n"].tolist() == [2, 1]
    assert np.isnan(band["low"][1])
    assert len(mean_band([])["x"]) == 0
    assert len(mean_band([(np.arange(5000.0), np.zeros(5000))])["x"]) == 1000


def test_a_curve_comes_as_it_was_logged(study: list[str]) -> None:
    table = curves(choose(study), "acc")
    assert sorted(set(table["run"])) == [0, 1, 2, 3, 5]
    assert table.loc[table["run"] == 1, "value"].to_numpy() == pytest.approx(0.1 + np.arange(10) / 100)
    relative = curves(choose(study), "acc", x="relative")["x"]
    assert ((relative > -1) & (relative < 60)).all()
    assert curves(choose(study), "acc", x="wall")["x"].dtype.kind == "M"
    assert curves(choose(study), "acc", rows=[3])["run"].unique().tolist() == [3]
    with pytest.raises(InvalidValueError, match="'step', 'wall' or 'relative'"):
        curves(choose(study), "acc", x="epoch")  # type: ignore[arg-type]


def test_a_long_curve_is_thinned_and_keeps_its_spikes() -> None:
    values = np.sin(np.arange(50_000) / 3000)
    values[31_234] = 99
    values[7] = np.nan
    with nbtrack.start_run("long") as run:
        for step, value in enumerate(values):
            run.log_metric("m", float(value), step=step)
    table = curves(choose(), "m")
    assert len(table) <= 2000
    assert table["value"].max() == 99
    assert table["nans"].max() == 1
    calm = smoothed(table, 0.5)
    assert len(calm) == table["mean"].notna().sum()
    near = calm["value"].iloc[int((calm["x"] - 25_000).abs().argmin())]
    assert near == pytest.approx(values[25_000], abs=0.05)


def test_runs_that_differ_in_the_seed_alone_belong_together(study: list[str]) -> None:
    for seed in (0, 1):
        with nbtrack.start_run(params={"lr": 5, "model": "cnn", "seed": seed}) as run:
            run.log_metric("acc", seed, step=0)
    chosen = choose()
    groups = seeds(chosen, range(len(chosen)), "seed")
    assert [chosen.column("seed").data[row] for row in groups["lr=5, model=cnn"]] == [1, 0]
    assert sum(map(len, groups.values())) == len(chosen)


def test_correlation_is_spearman_s_and_counts_its_runs() -> None:
    rng = np.random.default_rng(0)
    a = rng.normal(size=30)
    b = a**3 + rng.normal(size=30)
    b[:4] = [np.nan, np.inf, -np.inf, np.nan]
    rho, n = correlation([make_column("a", a)], [make_column("b", b), make_column("c", np.ones(30))])
    assert rho.loc["a", "b"] == pytest.approx(stats.spearmanr(a[4:], b[4:]).statistic)
    assert n.to_numpy().tolist() == [[26, 30]]
    assert np.isnan(rho.to_numpy()[0, 1])


def test_a_surface_goes_through_its_points() -> None:
    x, y = np.array([0.0, 0, 1, 1]), np.array([0.0, 1, 0, 1])
    z = np.array([1.0, 2, 3, 4])
    _, _, grid = surface(x, y, z, size=5)
    assert grid[[0, -1, 0, -1], [0, 0, -1, -1]] == pytest.approx(z)
    assert grid[2, 2] == pytest.approx(2.5)
    assert np.isfinite(surface(np.zeros(3), np.zeros(3), np.arange(3.0))[2]).all()


def test_cells_are_means() -> None:
    x, y = make_column("x", ["a", "a", "b", None]), make_column("y", [1, 1, 2, 2])
    names_x, names_y, mean, n = cells(x, y, np.array([1.0, 3, np.nan, 5]))
    assert (names_x, names_y) == (["a", "b"], ["1", "2"])
    assert mean[0].tolist()[0] == 2
    assert np.isnan(mean[1]).all()
    assert n.tolist() == [[2, 0], [0, 0]]


def test_children_stand_under_their_parents() -> None:
    with nbtrack.start_run("parent"):
        with nbtrack.start_run("child", nested=True), nbtrack.start_run("grandchild", nested=True):
            pass
        with nbtrack.start_run("second child", nested=True):
            pass
    open_run = nbtrack.start_run("later")
    table = timeline(choose())
    assert [label.split(" ", 1)[1] for label in table["label"]] == [
        "parent",
        "child",
        "grandchild",
        "second child",
        "later",
    ]
    assert table["depth"].tolist() == [0, 1, 2, 1, 0]
    assert table["is_open"].tolist() == [False] * 4 + [True]
    assert (table["seconds"] >= 0).all()
    open_run.end()
    assert timeline(choose("params.none = 'x'")).empty


def test_ten_thousand_runs_are_fine() -> None:
    n = 10_000
    frame = pd.DataFrame({"a": np.random.default_rng(0).random(n), "b": np.arange(n), "m": ["x", "y"] * (n // 2)})
    chosen = choose(frame)
    columns = [chosen.column(name) for name in ("a", "b", "m")]
    correlation(columns[:2], columns[:2])
    surface(columns[0].data, columns[1].data, columns[0].data)
    assert len(chosen.labels) == n
