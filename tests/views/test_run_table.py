"""Runs travel to the page as one binary table."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

import nbtrack
from nbtrack.entities import ViewType
from nbtrack.store.opening import open_local
from nbtrack.store.protocol import RunColumns, RunQuery
from nbtrack.tracking import surroundings
from nbtrack.views.run_rows import changed_rows, take_rows
from nbtrack.views.run_table import pack
from tests.widgets.blob import unpack

if TYPE_CHECKING:
    from pathlib import Path

    from nbtrack.store.local import LocalStore


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    nbtrack.set_tracking_uri(tmp_path / "runs.duckdb")
    return open_local(tmp_path / "runs.duckdb")


def look(store: LocalStore) -> RunColumns:
    surroundings.settle()
    return store.run_columns(RunQuery(view=ViewType.ALL, order_by=("number",)))


def test_every_kind_of_value_survives_the_journey(store: LocalStore) -> None:
    with nbtrack.start_run("a", params={"lr": 0.01, "näme": "ü"}, tags={"team": "x"}) as run:
        run.log_metrics({"acc": 0.5, "odd": math.nan})
        run.log_metrics({"acc": 0.4, "big": math.inf})
    with nbtrack.start_run("b <img src=x onerror=alert(1)>"):
        pass

    header, columns = unpack(pack(look(store), version=3, store="runs.duckdb"))

    assert (header["kind"], header["version"], header["mode"], header["rows"]) == ("table", 3, "full", 2)
    assert columns["name"] == ["a", "b <img src=x onerror=alert(1)>"]
    assert columns["number"] == [1.0, 2.0]
    assert columns["status"] == ["FINISHED", "FINISHED"]
    assert columns["params.lr"] == ["0.01", None]
    assert columns["params.näme"] == ["ü", None]
    assert columns["tags.team"] == ["x", None]
    assert columns["metrics.acc.last"] == [0.4, None]
    assert columns["metrics.acc.max"] == [0.5, None]
    assert columns["metrics.acc.count"] == [2.0, None]
    assert columns["metrics.big.last"] == [math.inf, None]
    assert math.isnan(columns["metrics.odd.last"][0])
    assert columns["metrics.odd.min"] == [None, None]
    assert columns["start_time"][0] == pytest.approx(run.info.start_time, abs=1)


def test_the_header_is_strict_json_also_with_nan_and_surrogates(store: LocalStore) -> None:
    with nbtrack.start_run("x", params={"file": "caf\udce9"}) as run:
        run.log_metric("loss", math.nan)
    header, _ = unpack(pack(look(store), version=1, store="runs.duckdb"))
    assert header["rows"] == 1


def test_an_empty_store_is_a_table_without_rows(store: LocalStore) -> None:
    header, columns = unpack(pack(look(store), version=1, store="runs.duckdb"))
    assert header["rows"] == 0
    assert columns["name"] == []


def test_only_what_changed_counts_as_changed(store: LocalStore) -> None:
    first, second = nbtrack.start_run("first"), nbtrack.start_run("second", nested=True)
    before = look(store)
    same, none = changed_rows(before, look(store))
    assert not same.any()
    assert none == []

    second.log_metric("loss", 0.5)
    after = look(store)
    changed, removed = changed_rows(before, after)
    assert changed.tolist() == [False, True]
    assert removed == []
    assert take_rows(after, changed).attributes["name"].tolist() == ["second"]

    second.end()
    first.end()


def test_a_removed_tag_a_new_run_and_a_vanished_run_count_as_changed(store: LocalStore) -> None:
    with nbtrack.start_run("kept", tags={"team": "x"}) as kept:
        pass
    with nbtrack.start_run("gone") as gone:
        pass
    before = look(store)
    nbtrack.Client().delete_tag(kept.id, "team")
    nbtrack.delete_run(gone.id)
    nbtrack.purge()
    with nbtrack.start_run("new"):
        pass
    changed, removed = changed_rows(before, look(store))
    assert changed.tolist() == [True, True]
    assert removed == [gone.id]


def test_nan_that_stays_nan_has_not_changed(store: LocalStore) -> None:
    with nbtrack.start_run() as run:
        run.log_metric("loss", math.nan)
    changed, _ = changed_rows(look(store), look(store))
    assert not changed.any()
