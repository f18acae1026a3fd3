"""Runs are searched, and read with SQL, as they are this moment."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import nbtrack
from nbtrack import ViewType
from nbtrack.errors import InvalidValueError, NotFoundError, SearchSyntaxError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module", autouse=True)
def ids(tmp_path_factory: pytest.TempPathFactory):
    """Three runs: two in Default, one of which is in the trash, one in another experiment."""
    path = tmp_path_factory.mktemp("search") / "runs.duckdb"
    nbtrack.set_tracking_uri(path)
    with nbtrack.start_run("a", params={"lr": 0.1}, tags={"team": "x"}) as a:
        for step in range(1000):
            a.log_metric("loss", 99.0 if step == 517 else 1 / (step + 1), step=step)
    with nbtrack.start_run("b", experiment="digits") as b:
        b.log_metric("acc", math.nan)
    with nbtrack.start_run("c") as c:
        pass
    nbtrack.delete_run(c.id)
    nbtrack.set_tracking_uri(path)
    return {"a": a.id, "b": b.id, "c": c.id}


def found(*args: Any, **options: Any) -> list[str]:
    return [run.info.run_name for run in nbtrack.search_runs(*args, output_format="list", **options)]


def test_columns_have_mlflows_names_and_types_of_their_own():
    frame = nbtrack.search_runs(search_all_experiments=True, order_by=["number"])
    assert frame.columns.tolist()[:10] == [
        "run_id",
        "number",
        "run_name",
        "experiment_id",
        "experiment",
        "status",
        "start_time",
        "end_time",
        "duration",
        "artifact_uri",
    ]
    assert [str(frame["start_time"].dt.tz), str(frame["end_time"].dt.tz)] == ["UTC", "UTC"]
    assert pd.api.types.is_integer_dtype(frame["number"])
    assert frame["number"].tolist() == [1, 2]
    assert frame["duration"].dtype == np.float64
    assert frame["metrics.loss"].dtype == np.float64
    assert frame["params.lr"].tolist() == ["0.1", None]
    assert frame["tags.team"].tolist() == ["x", None]
    assert frame["experiment"].tolist() == ["Default", "digits"]
    assert frame["experiment_id"].map(type).unique().tolist() == [str]


def test_a_run_without_a_number_does_not_spoil_those_that_have_one(tmp_path: Path):
    uri = nbtrack.get_tracking_uri()
    nbtrack.set_tracking_uri(tmp_path / "odd.duckdb")
    with nbtrack.start_run() as run:
        body = {"experiment_id": 0, "experiment": "Default", "name": "old", "start_us": 1}
        run.store.append(("start", "0" * 32, None, body))
    numbers = nbtrack.search_runs(order_by=["start_time"])["number"]
    nbtrack.set_tracking_uri(uri)
    assert str(numbers.dtype) == "Int64"
    assert numbers.isna().tolist() == [True, False]


def test_the_experiment_in_use_is_searched_unless_others_are_named(ids: dict[str, str]):
    digits = nbtrack.get_run(ids["b"]).info.experiment_id
    assert found() == ["a"]
    assert found(experiment_names=["digits"]) == found(experiment_names="digits") == ["b"]
    assert found(experiment_ids=[digits]) == found([digits]) == found([int(digits)]) == ["b"]
    assert found(["0", digits], order_by=["attributes.run_name DESC"]) == ["b", "a"]
    assert found(search_all_experiments=True, max_results=1, order_by="number ASC") == ["a"]
    assert found(max_results=0) == []


def test_arguments_come_in_mlflows_order_too():
    assert found(["0"], "metrics.loss < 1", ViewType.ALL, 5, ["number"]) == ["a"]
    assert found(["0"], "", ViewType.ALL, 1, ["number DESC"]) == ["c"]
    assert found(["0"], filter_string="params.lr = '0.1'") == ["a"]
    assert found(filter_string="params.lr = '0.2'") == []
    with pytest.raises(TypeError, match="takes one positional argument"):
        nbtrack.search_runs("", ViewType.ALL)
    with pytest.raises(TypeError, match="unexpected keyword argument 'colour'"):
        nbtrack.search_runs(colour="red")


def test_the_trash_is_searched_when_asked_for():
    assert found(run_view_type=ViewType.DELETED_ONLY) == ["c"]
    assert sorted(found(run_view_type=ViewType.ALL)) == ["a", "c"]


def test_what_is_not_there_is_suggested():
    with pytest.raises(NotFoundError, match=r"Experiment 'digts' is not in this store\. Did you mean 'digits'\?"):
        nbtrack.search_runs(experiment_names=["digts"])
    with pytest.raises(NotFoundError, match="loss"):
        nbtrack.metric_history("a", "lss")


def test_a_wrong_option_says_what_is_allowed():
    with pytest.raises(InvalidValueError, match="output_format 'json' is not allowed; use 'pandas' or 'list'"):
        nbtrack.search_runs(output_format="json")  # type: ignore[call-overload]
    with pytest.raises(InvalidValueError, match="max_results -1 is not allowed"):
        nbtrack.search_runs(max_results=-1)
    with pytest.raises(SearchSyntaxError):
        nbtrack.search_runs("metrics.loss <")
    with pytest.raises(InvalidValueError, match="Goal 'best' is not allowed; use 'min' or 'max'"):
        nbtrack.set_goal("loss", "best")


def test_an_experiment_in_use_that_has_nothing_yet_is_empty_and_is_not_made_by_looking():
    nbtrack.tracking.active.set_experiment_name("soon")
    assert nbtrack.search_runs().empty
    assert nbtrack.search_runs(output_format="list") == []
    assert nbtrack.get_experiment_by_name("soon") is None
    nbtrack.tracking.active.set_experiment_name(None)


def test_show_tables_names_the_tables_alone():
    models = "model_aliases model_events model_gates model_version_tags model_versions"
    registered = "registered_model_tags registered_models"
    tables = f"artifacts events experiment_tags experiments inputs latest metrics {models} params {registered} runs settings tags"
    assert nbtrack.sql("SHOW TABLES;")["name"].tolist() == tables.split()


def test_sql_sees_what_is_not_folded_yet():
    with nbtrack.start_run("live", experiment="live") as run:
        run.log_metric("x", 1)
        assert nbtrack.sql("SELECT value FROM metrics WHERE key = 'x'")["value"].tolist() == [1.0]
        assert nbtrack.sql("SELECT status FROM runs WHERE name = 'live'")["status"].tolist() == ["RUNNING"]


def test_a_history_is_whole_and_thinned_it_keeps_its_spikes(ids: dict[str, str]):
    whole = nbtrack.metric_history("a", "loss")
    assert whole["step"].tolist() == list(range(1000))
    assert whole.dtypes.astype(str).tolist() == ["int64", "datetime64[ms]", "float64"]
    thin = nbtrack.metric_history(ids["a"], "loss", n_buckets=20)
    assert thin.columns.tolist() == ["step", "timestamp", "min", "max", "first", "last", "mean", "count", "nans"]
    assert len(thin) <= 20
    assert (thin["max"].max(), thin["min"].min(), thin["count"].sum()) == (99.0, 1 / 1000, 1000)


def test_a_goal_is_kept_with_the_store_and_taken_back():
    nbtrack.set_goal("loss", "min")
    assert nbtrack.sql("SELECT value FROM settings WHERE name = 'goal/loss'")["value"].tolist() == ["min"]
    nbtrack.set_goal("loss", None)
    assert nbtrack.sql("SELECT value FROM settings WHERE name = 'goal/loss' AND value IS NOT NULL").empty
