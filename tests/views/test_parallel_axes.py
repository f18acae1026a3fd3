"""Axes of parallel coordinates until a reader chooses; those of the page are tested in js/test/parallel/plot.test.js."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import nbtrack
from nbtrack.store.protocol import RunQuery
from nbtrack.tracking import active
from nbtrack.views.parallel_axes import MOST_AXES, automatic_axes, main_metric

if TYPE_CHECKING:
    from pathlib import Path

    from nbtrack.store.protocol import RunColumns


def record(path: Path, runs: int, **metrics: float) -> RunColumns:
    nbtrack.set_tracking_uri(path / "runs.duckdb")
    for index in range(runs):
        params = {"lr": index, "model": ("cnn", "mlp")[index % 2], "same": 1, "sha": f"x{index}"}
        with nbtrack.start_run(params=params) as run:
            run.log_metrics({key: value * index for key, value in metrics.items()} | {"epochs": 3.0}, step=0)
    return active.get_store().run_columns(RunQuery())


@pytest.fixture
def found(tmp_path: Path) -> RunColumns:
    return record(tmp_path, 25, loss=1.0, depth=1.0, acc=1.0, val_f1=1.0)


def test_axes_are_params_that_differ_and_metrics_with_a_direction(found: RunColumns) -> None:
    assert automatic_axes(found) == ["params.lr", "params.model", "metrics.val_f1", "metrics.loss", "metrics.acc"]


def test_the_metric_asked_for_stands_alone_even_when_it_stays_the_same(found: RunColumns) -> None:
    assert automatic_axes(found, "depth") == ["params.lr", "params.model", "metrics.depth"]
    assert automatic_axes(found, "epochs")[-1] == "metrics.epochs"


def test_few_runs_keep_their_names_and_axes_are_no_more_than_fit(tmp_path: Path) -> None:
    assert "params.sha" in automatic_axes(record(tmp_path, 5, loss=1.0))
    with nbtrack.start_run(params={f"p{index}": index for index in range(20)}):
        pass
    found = active.get_store().run_columns(RunQuery())
    assert len(automatic_axes(found)) == MOST_AXES
    assert "params.sha" not in automatic_axes(found)
    assert automatic_axes(found)[-1] == "metrics.loss"


def test_a_param_that_only_some_runs_have_tells_them_apart(found: RunColumns) -> None:
    with nbtrack.start_run(params={"trick": "on"}):
        pass
    axes = automatic_axes(active.get_store().run_columns(RunQuery()))
    assert "params.trick" in axes
    assert "params.same" not in axes  # 25 of 26 have it


def test_a_picture_is_about_what_is_asked_or_has_a_goal(found: RunColumns) -> None:
    assert main_metric(found) == "acc"
    assert main_metric(found, "depth") == "depth"
    nbtrack.set_goal("epochs", "max")
    assert main_metric(active.get_store().run_columns(RunQuery())) == "epochs"
