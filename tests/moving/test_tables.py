from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

import nbtrack
from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.moving.importing import take_in
from nbtrack.moving.tables import Columns, Table
from tests.moving.other_sources import history, nothing_new, runs, taken
from tests.store.kit import end, quiet_store, start

if TYPE_CHECKING:
    from pathlib import Path


def test_what_search_runs_has_written_comes_back(tmp_path: Path) -> None:
    source = quiet_store(tmp_path / "from.duckdb")
    for i, status in enumerate(("FINISHED", "FAILED")):
        run_id = start(source, f"run {i}")
        source.append(("tags", run_id, {"kind": "a, b"}, None))
        source.append(("params", run_id, {"lr": "0.1", "text": '"quoted"\nlines'}, None))
        source.log_metrics(run_id, 0, {"loss": 1 / 3, "odd": float("nan") if i else float("inf")})
        end(source, run_id, status)
    nbtrack.set_tracking_uri(tmp_path / "from.duckdb")
    frame = nbtrack.search_runs()
    frame.to_csv(tmp_path / "runs.csv", index=False)
    frame.to_parquet(tmp_path / "runs.parquet")
    store, tally = taken(Table(tmp_path / "runs.csv", "csv"), tmp_path)
    assert tally.n_skipped == 0
    before = runs(source)
    after = runs(store)
    assert {name: run.info.run_id for name, run in after.items()} == {n: r.info.run_id for n, r in before.items()}
    for name, run in after.items():
        was = before[name]
        assert run.data.params == was.data.params
        assert run.data.tags == was.data.tags
        assert run.info.experiment_name == was.info.experiment_name
        times = ("status", "start_time", "end_time")
        assert [getattr(run.info, each) for each in times] == [getattr(was.info, each) for each in times]
        assert run.data.metrics["loss"] == 1 / 3
    assert after["run 0"].data.metrics["odd"] == float("inf")
    assert nothing_new(take_in(Table(tmp_path / "runs.parquet", "parquet"), store))


def test_columns_are_chosen_by_name(tmp_path: Path) -> None:
    path = tmp_path / "sweep.csv"
    path.write_text("id,lr,depth,loss,note,when\na,0.10,3,0.5,hi,2024-01-01\nb,0.2,,bad,ho,1700000000\n")
    columns = Columns(["lr", "depth"], ["loss"], ["note"], "id")
    store, tally = taken(Table(path, "csv", columns=columns), tmp_path)
    found = runs(store)
    assert found["a"].data.params == {"lr": "0.10", "depth": "3"}  # text as it stands there
    assert found["a"].data.metrics == {"loss": 0.5}
    assert found["a"].data.tags["note"] == "hi"
    assert found["b"].data.params == {"lr": "0.2"}
    assert tally.skipped == [("row 2, column loss", "'bad' is no number")]
    path.write_text("id,lr,depth,loss,note,when\na,0.10,3,0.5,hi,\nb,0.2,,0.7,ho,\nc,1,1,1,1,\n")
    again = take_in(Table(path, "csv", columns=columns), store)
    assert (again.runs.new, again.runs.changed, again.runs.known) == (1, 1, 1)


def test_rows_without_names_are_known_by_what_stands_in_them(tmp_path: Path) -> None:
    path = tmp_path / "plain.csv"
    path.write_text("params.lr,metrics.loss\n1,2\n1,2\n1,3\n")
    store, tally = taken(Table(path, "csv", "mine"), tmp_path)
    assert tally.runs.new == 3
    assert {run.info.experiment_name for run in runs(store).values()} == {"mine"}
    assert nothing_new(take_in(Table(path, "csv", "mine"), store))


def test_a_row_a_step(tmp_path: Path) -> None:
    path = tmp_path / "steps.csv"
    path.write_text(
        "run,step,loss,acc,time\nb,0,3,nan,2024-01-01\na,0,1.5,0.1,1700000000\na,5,1.2,,1700000001\n,1,1,1,\n"
    )
    store, tally = taken(Table(path, "csv"), tmp_path)
    found = runs(store)
    assert history(store, found["a"], "loss") == [(0, 1.5), (5, 1.2)]
    assert history(store, found["a"], "acc") == [(0, 0.1)]
    assert history(store, found["b"], "acc") == [(0, "NaN")]
    assert (found["a"].info.start_time, found["a"].info.end_time) == (1_700_000_000_000, 1_700_000_001_000)
    assert tally.n_skipped == 1
    with path.open("a") as file:
        file.write("a,6,1.1,,1700000002\n")
    assert take_in(Table(path, "csv"), store).points == 1


def test_a_word_among_numbers_costs_its_point_only_and_is_told(tmp_path: Path) -> None:
    path = tmp_path / "steps.csv"
    path.write_text("run,step,loss,acc\na,0,1.5,0.5\na,1,oops,0.6\n")
    store, tally = taken(Table(path, "csv"), tmp_path)
    assert history(store, runs(store)["a"], "loss") == [(0, 1.5)]
    assert history(store, runs(store)["a"], "acc") == [(0, 0.5), (1, 0.6)]
    assert tally.skipped == [("run a, column loss", "'oops' is no number")]


def test_a_row_a_point_with_the_name_of_the_metric(tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    path.write_text("run_name,step,metric,value\na,0,loss,1\na,1,loss,inf\na,0,acc,2\n")
    store, _ = taken(Table(path, "csv"), tmp_path)
    assert history(store, runs(store)["a"], "loss") == [(0, 1.0), (1, float("inf"))]
    assert history(store, runs(store)["a"], "acc") == [(0, 2.0)]
    path.write_text("run_name,step,metric,value\na,0,loss,1\na,1,loss,inf\na,0,acc,2\na,2,loss,5\n")
    os.utime(path, (1_800_000_000, 1_800_000_000))
    tally = take_in(Table(path, "csv"), store)  # a file without times: the same step and value is the same point
    assert (tally.points, tally.runs.changed) == (1, 1)


def test_what_is_not_clear_is_asked_for_with_the_columns_there_are(tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_text("lr,loss\n1,2\n")
    with pytest.raises(InvalidValueError, match=r"--params lr,depth.*Columns: lr, loss\."):
        Table(path, "csv")
    with pytest.raises(InvalidValueError, match=r"no column 'lrr'. Columns: lr, loss\."):
        Table(path, "csv", columns=Columns(["lrr"]))
    with pytest.raises(InvalidValueError, match="cannot be read as parquet"):
        Table(path, "parquet")
    with pytest.raises(NotFoundError):
        Table(tmp_path / "nowhere.csv", "csv")
    with pytest.raises(InvalidValueError, match=r"is a folder\. Name a csv file\."):
        Table(tmp_path, "csv")
