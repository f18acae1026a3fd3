"""Which runs a chart shows, and what the names of columns mean."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import nbtrack
from nbtrack.errors import InvalidValueError, NotFoundError, SearchSyntaxError
from nbtrack.plots.data import choose, make_column
from nbtrack.views.log_axis import wants_log


def test_every_way_to_name_runs_finds_the_same(study: list[str]) -> None:
    frame = nbtrack.search_runs("metrics.acc > 0.2")
    view = nbtrack.runs("metrics.acc > 0.2")
    expected = set(frame["run_id"])
    assert expected == {study[2], study[3], study[5]}
    for runs in (
        "metrics.acc > 0.2",
        frame,
        view,
        list(frame["run_id"]),
        nbtrack.search_runs("metrics.acc > 0.2", output_format="list"),
    ):
        assert set(choose(runs).ids) == expected
    view.close()


def test_all_runs_of_the_chosen_experiment_by_default(study: list[str]) -> None:
    with nbtrack.start_run("elsewhere", experiment="other"):
        pass
    assert len(choose()) == 7
    nbtrack.set_experiment("other")
    try:
        assert choose().frame["run_name"].tolist() == ["elsewhere"]
    finally:
        nbtrack.set_experiment("Default")
    assert len(choose(experiment="other")) == 1
    nbtrack.delete_run(study[0])
    assert len(choose()) == 6


def test_runs_by_number_and_name_keep_their_order(study: list[str]) -> None:
    assert choose(["run 3", 2, study[4]]).ids == [study[3], study[1], study[4]]


@pytest.mark.parametrize(
    ("runs", "error", "said"),
    [
        ("metrics.acc >", SearchSyntaxError, "metrics.acc >"),
        (["0" * 32], NotFoundError, "Run '0000"),
        (["no such run"], NotFoundError, "no such run"),
        ([3.5], InvalidValueError, "float"),
        (17, InvalidValueError, "int; use a filter"),
    ],
)
def test_runs_that_cannot_be_used_are_refused(
    study: list[str], runs: object, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        choose(runs)


def test_columns_have_short_names_and_statistics(study: list[str]) -> None:
    chosen = choose(study)
    assert chosen.column("lr").id == "params.lr"
    assert chosen.column("lr").data[:3] == pytest.approx([1, 0.1, 0.01])
    assert np.isnan(chosen.column("params.lr").data[5])
    assert chosen.column("metrics.acc").data[1] == pytest.approx(0.19)
    assert chosen.column("acc.min").data[1] == pytest.approx(0.1)
    assert chosen.column("metrics.loss.best").label == "loss (best)"
    assert chosen.column("loss.best").data[0] == pytest.approx(0.1)
    assert np.isnan(chosen.column("loss.best").data[4])
    assert chosen.column("started").kind == "time"
    assert chosen.column("acc").goal == "max"


def test_a_short_name_that_means_two_things_is_refused(study: list[str]) -> None:
    with nbtrack.start_run("both", params={"acc": 1}):
        pass
    with pytest.raises(InvalidValueError, match=r"'acc' may be 'params.acc' or 'metrics.acc'"):
        choose().column("acc")


def test_unknown_columns_name_the_nearest(study: list[str]) -> None:
    with pytest.raises(NotFoundError, match=r"Did you mean 'params.model'"):
        choose().column("params.modle")
    with pytest.raises(InvalidValueError, match="runs are given as runs="):
        choose().column(pd.DataFrame())  # type: ignore[arg-type]
    nbtrack.set_goal("acc", None)
    with pytest.raises(InvalidValueError, match="No goal is set"):
        choose().column("acc.best")


def test_columns_added_to_a_frame_count(study: list[str]) -> None:
    frame = nbtrack.search_runs().assign(ratio=lambda t: t["metrics.acc"] / t["metrics.loss"])
    chosen = choose(frame)
    assert chosen.column("ratio").data == pytest.approx(frame["ratio"].to_numpy(), nan_ok=True)
    assert chosen.column("acc.max").kind == "number"
    bare = choose(pd.DataFrame({"a": [1, 2]}))
    assert bare.labels == ["row 0", "row 1"]
    assert bare.column("a").data.tolist() == [1, 2]


def test_texts_are_numbers_only_when_all_are() -> None:
    assert make_column("a", ["1", None, "1e-3"]).kind == "number"
    assert make_column("a", ["1", "None"]).kind == "category"
    assert make_column("a", [None, None]).kind == "category"
    assert make_column("a", [True, False]).data.tolist() == ["True", "False"]
    codes, names = make_column("a", ["b", None, "10", "2"]).codes()
    assert (codes.tolist(), names) == ([2, -1, 1, 0], ["2", "10", "b"])
    assert make_column("a", [2.0, np.nan, 1.5]).codes()[1] == ["1.5", "2"]


@pytest.mark.parametrize(
    ("values", "is_log"),
    [
        ([1, 101], True),
        ([1, 100], False),
        ([0, 1000], False),
        ([-1, 1000], False),
        ([np.nan, 1, 1e5, np.inf], True),
        ([], False),
        ([1e-5, 1e-4, 1e-3, 1e-2, 0.1], True),
        ([1e-4, 0.1, 0.2, 0.3, 0.4, 0.5], False),
    ],
)
def test_wide_positive_axes_are_logarithmic(values: list[float], is_log: bool) -> None:
    assert wants_log(np.array(values, dtype=float)) is is_log
