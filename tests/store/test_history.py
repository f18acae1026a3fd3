"""The history: merged when there are many small files, without doubles."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import duckdb
import pytest

from nbtrack.store import history
from nbtrack.store.history import append_history, compact_history, has_runs, history_files, load_history
from nbtrack.store.rebuild import rebuild
from tests.store.kit import assert_same, end, everything, fold_all, quiet_store, start

if TYPE_CHECKING:
    from pathlib import Path

    from nbtrack.store.local import LocalStore


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    folder = tmp_path / "k=5"  # looks like a Hive partition
    folder.mkdir()
    return quiet_store(folder / "runs.duckdb")


def test_many_small_files_become_one_and_nothing_is_lost(store: LocalStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MAX_FILES", 5)
    for number in range(14):
        run_id = start(store, f"run {number}")
        store.log_metrics(run_id, number, {"x": float(number), "y": float("nan")})
        end(store, run_id)
        fold_all(store)
        assert len(history_files(store.folder, "events")) <= 6
        assert len(history_files(store.folder, "points")) <= 6
    before = everything(store)
    rebuild(store.path, store.folder)
    assert_same(before, everything(store), "after a rebuild")


def test_large_files_are_not_merged_again(store: LocalStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MAX_FILES", 2)
    monkeypatch.setattr(history, "MERGE_BYTES", 10)
    for _ in range(5):
        start(store)
        fold_all(store)
    assert len(history_files(store.folder, "events")) == 5


def test_doubles_are_read_once(store: LocalStore) -> None:
    run_id = start(store)
    store.log_metrics(run_id, 0, {"x": 1.0, "y": 2.0})
    fold_all(store)
    for path in (*history_files(store.folder, "points"), *history_files(store.folder, "events")):
        kind, _, name = path.name.partition("-")
        path.with_name(f"{kind}-0{name[1:]}").write_bytes(path.read_bytes())
    con = duckdb.connect()
    assert load_history(con, store.folder) == 5  # header, start, tags, two points
    con.execute(
        "CREATE TEMP TABLE forgotten(r VARCHAR, kind VARCHAR, name VARCHAR, until STRUCT(t BIGINT, w VARCHAR, q BIGINT))"
    )
    con.execute("CREATE TEMP TABLE gone_experiments(id BIGINT)")
    compact_history(con, store.folder, force=True)
    assert len(history_files(store.folder, "points")) == len(history_files(store.folder, "events")) == 1
    assert load_history(con, store.folder) == 5
    assert has_runs(con, store.folder, [run_id])
    assert not has_runs(con, store.folder, ["f" * 32])
    assert not has_runs(con, store.folder, [])


def test_a_file_that_cannot_be_written_leaves_nothing(store: LocalStore, monkeypatch: pytest.MonkeyPatch) -> None:
    start(store)
    fold_all(store)
    files = sorted((store.folder / "history").iterdir())
    (store.folder / "history" / "killed.new").touch()
    con = duckdb.connect()
    load_history(con, store.folder)

    def broken(fd: int) -> None:
        raise OSError(5, "broken")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(OSError, match="broken"):
        append_history(con, store.folder)
    assert sorted((store.folder / "history").iterdir()) == files
