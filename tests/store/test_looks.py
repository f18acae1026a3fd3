"""What one look leaves for the next: nothing is worked out twice, and nothing that has changed is missed."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from nbtrack.store import reader as reading
from nbtrack.store.protocol import RunQuery
from nbtrack.store.schema import TABLES
from tests.store.kit import crash, end, everything, fold_all, quiet_store, start

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nbtrack.store.local import LocalStore

WRITE = "import duckdb, sys; con = duckdb.connect(sys.argv[1]); con.execute(sys.argv[2]); con.close()"


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return quiet_store(tmp_path / "runs.duckdb")


@pytest.fixture
def times_prepared(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    done: list[object] = []
    prepare = reading._prepare

    def counted(*given: Any) -> Any:
        done.append(given)
        return prepare(*given)

    monkeypatch.setattr(reading, "_prepare", counted)
    return lambda: len(done)


def statuses(store: LocalStore) -> list[str]:
    return [run.info.status for run in store.search_runs(RunQuery())]


def test_a_second_look_works_out_nothing_until_something_is_written(
    store: LocalStore, times_prepared: Callable[[], int]
) -> None:
    run = start(store)
    first = everything(store)
    assert everything(store) == first
    assert times_prepared() == 1

    store.log_metrics(run, 0, {"loss": 1.0})
    assert len(everything(store)["metrics"]) == 1
    fold_all(store)
    folded = everything(store)
    assert (folded["metrics"], times_prepared()) == (everything(store)["metrics"], 3)


def test_what_others_change_in_the_file_is_seen_and_they_find_it_free(store: LocalStore) -> None:
    start(store)
    fold_all(store)
    assert len(store.search_runs(RunQuery())) == 1
    # Another process can write at once: what is remembered holds no file.
    subprocess.run([sys.executable, "-c", WRITE, str(store.path), "UPDATE runs SET name = 'theirs'"], check=True)
    assert store.sql("SELECT name FROM runs")["name"].tolist() == ["theirs"]


def test_a_process_that_dies_between_two_looks_is_noticed(store: LocalStore, times_prepared: Callable[[], int]) -> None:
    start(store)
    assert statuses(store) == ["RUNNING"]
    crash(store)
    assert statuses(store) == ["KILLED"]
    assert times_prepared() == 1


def test_sql_that_does_more_than_select_reaches_nobody_else(store: LocalStore) -> None:
    start(store)
    before = everything(store)
    for query in (
        "CREATE OR REPLACE TEMP VIEW runs AS SELECT 1 AS run_id",
        "SELECT 1; DROP VIEW runs",
        "INSERT INTO nothing.tags SELECT 'a', 'b', 'c', NULL",
        "EXPLAIN ANALYZE DELETE FROM x_runs",
        "SET threads = 1",
        "BEGIN",
    ):
        store.sql(query)
        assert everything(store) == before, query
    with pytest.raises(duckdb.Error):
        store.sql("SELECT no_such_column FROM runs")
    assert everything(store) == before


def test_looks_inside_a_look_are_that_one(store: LocalStore) -> None:
    run = start(store)
    with store.one_look():
        store.append(("end", run, None, {"status": "FINISHED", "end_us": 1, "duration_us": 1, "lost": 0}))
        assert statuses(store) == ["RUNNING"]
        with store.reading(is_fresh=True):
            assert statuses(store) == ["FINISHED"]
        assert statuses(store) == ["RUNNING"]
        others: list[list[str]] = []
        thread = threading.Thread(target=lambda: others.append(statuses(store)))
        thread.start()
        thread.join()
        assert others == [["FINISHED"]]
    assert statuses(store) == ["FINISHED"]


def test_a_change_of_the_registry_inside_a_look_sees_what_was_written_since(store: LocalStore) -> None:
    with store.one_look():
        store.registry.create("m")
        store.registry.set_tags("m", {"a": "b"})
    assert store.registry.get("m").tags == {"a": "b"}


def test_rows_of_the_tail_have_the_types_of_the_tables(store: LocalStore) -> None:
    run = start(store)
    fold_all(store)
    store.log_metrics(run, 0, {"loss": 1.0})
    store.append(
        ("params", run, {"lr": "1"}, None),
        ("artifact", run, None, {"path": "a", "sha256": "b", "size": 1, "mime": "c"}),
        ("input", run, None, {"name": "d", "digest": "e"}),
        ("setting", None, None, {"name": "goal/loss", "value": "min"}),
        ("experiment", None, {"a": "b"}, {"op": "tags", "experiment_id": 0}),
    )
    store.registry.create("m")
    end(store, start(store, "new"))
    with store.reading() as look:
        for name, columns in TABLES.items():
            shown = look.con.execute(f"DESCRIBE SELECT * FROM {name}").fetchall()
            assert [f"{column} {kind}" for column, kind, *_ in shown] == columns.split(", "), name
