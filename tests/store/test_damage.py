"""Damaged journals, a damaged or lost DuckDB file, a damaged history: what is whole is shown, and the user is told once."""

from __future__ import annotations

import random
import warnings
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from nbtrack.errors import NbtrackWarning, StoreBusyError, StoreError
from nbtrack.journal.segments import list_segments
from nbtrack.store import health
from nbtrack.store.connect import DamagedError
from nbtrack.store.database_files import all_of, existing
from nbtrack.store.history import history_files
from nbtrack.store.protocol import RunQuery
from nbtrack.store.rebuild import rebuild
from tests.effort import tries
from tests.store.kit import assert_same, crash, end, everything, fold_all, quiet_store, start

if TYPE_CHECKING:
    from pathlib import Path

    from nbtrack.store.local import LocalStore


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    """A store with two folded runs and one that is not folded yet."""
    made = quiet_store(tmp_path / "runs.duckdb")
    for name in ("one", "two"):
        run_id = start(made, name)
        for step in range(20):
            made.log_metrics(run_id, step, {"loss": step / 3})
        end(made, run_id)
        fold_all(made)
    start(made, "three")
    return made


def names(store: LocalStore) -> list[str]:
    return sorted(run.info.run_name for run in store.search_runs(RunQuery()))


# -- the DuckDB file ------------------------------------------------------------------------------------------------------


def damage(path: Path, how: str) -> None:
    whole = path.read_bytes()
    if how == "gone":
        path.unlink()
    elif how == "replaced":
        path.unlink()
        duckdb.connect(str(path)).close()
    else:
        path.write_bytes(
            {"empty": b"", "garbage": b"garbage" * 5000, "zeros": bytes(len(whole)), "cut": whole[: len(whole) // 2]}[
                how
            ]
        )


HOWS = ["gone", "replaced", "empty", "garbage", "zeros", "cut"]


@pytest.mark.parametrize("how", HOWS)
def test_a_damaged_file_is_made_anew_by_the_next_read(store: LocalStore, how: str) -> None:
    before = everything(store)
    damage(store.path, how)
    with pytest.warns(NbtrackWarning, match="made anew from its history") as told:
        assert_same(before, everything(store), how)
    assert len(told) == 1
    kept = [p.name for p in store.path.parent.glob("runs.duckdb.bak-*")]
    assert len(kept) == (0 if how == "gone" else 1), "the damaged file is kept"
    assert_same(before, everything(store), "and it stays so")


@pytest.mark.parametrize("how", HOWS)
def test_a_damaged_file_stops_neither_logging_nor_folding(store: LocalStore, how: str) -> None:
    damage(store.path, how)
    end(store, start(store, "four"))
    with pytest.warns(NbtrackWarning, match="made anew from its history"):
        assert store.fold(timeout=10) is not None
    assert names(store) == ["four", "one", "three", "two"]
    assert not store._is_new()


def test_a_purge_of_a_lost_file_purges_the_one_made_anew(store: LocalStore) -> None:
    (run_id,) = (run.info.run_id for run in store.search_runs(RunQuery()) if run.info.run_name == "one")
    store.append(("state", run_id, None, {"lifecycle_stage": "deleted"}))
    damage(store.path, "gone")
    with pytest.warns(NbtrackWarning, match="made anew from its history"):
        assert store.purge()["runs"] == 1
    assert names(store) == ["three", "two"]


def test_damage_inside_the_file_is_told_and_healed(store: LocalStore) -> None:
    for step in range(200):
        store.log_metrics(start(store, f"more {step}"), 0, {f"key {i}": random.random() for i in range(50)})
    fold_all(store)
    before = everything(store)
    whole = bytearray(store.path.read_bytes())
    healed = 0
    for at in range(70_000, len(whole), 40_000):
        whole[at : at + 40] = bytes(255 - byte for byte in whole[at : at + 40])
    store.path.write_bytes(whole)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            found = everything(store)
        except StoreError:  # "please do that again"
            found = everything(store)
        healed = sum("made anew" in str(w.message) for w in told)
    assert healed == 1
    assert_same(before, found, "healed")


def test_an_error_of_the_users_own_query_heals_nothing(store: LocalStore, tmp_path: Path) -> None:
    (tmp_path / "other.parquet").write_bytes(b"PAR1 Could not read enough bytes")
    before = store.path.stat().st_ino
    with pytest.raises(duckdb.Error):
        store.sql(f"SELECT * FROM '{tmp_path}/other.parquet'")
    with pytest.raises(duckdb.CatalogException):
        store.sql("SELECT * FROM no_such_table")
    assert store.path.stat().st_ino == before


def test_without_a_history_the_damage_is_told(tmp_path: Path) -> None:
    store = quiet_store(tmp_path / "runs.duckdb")
    store.path.write_bytes(b"garbage" * 5000)
    with pytest.raises(DamagedError, match="nbtrack doctor --rebuild"):
        store.search_runs(RunQuery())
    assert store.path.read_bytes() == b"garbage" * 5000, "somebody else's file stays where it is"
    store.folder.mkdir(exist_ok=True)
    with pytest.raises(StoreError, match="no history and no journals"):
        rebuild(store.path, store.folder)


def test_a_file_of_the_users_own_gets_the_tables_at_the_first_fold(tmp_path: Path) -> None:
    path = tmp_path / "runs.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute("CREATE TABLE mine AS SELECT 42 AS x")
    store = quiet_store(path)
    assert store.search_runs(RunQuery()) == []
    end(store, start(store, "one"))
    assert names(store) == ["one"]
    fold_all(store)
    assert names(store) == ["one"]
    assert duckdb.connect(str(path)).execute("SELECT x FROM mine").fetchall() == [(42,)]


# -- rebuilding -----------------------------------------------------------------------------------------------------------


def test_a_rebuild_keeps_the_old_file_and_gives_numbers_on(store: LocalStore) -> None:
    before = everything(store)
    told: list[str] = []
    found = rebuild(store.path, store.folder, told.append)
    assert found["records"] > 40
    assert str(found["kept"]).startswith(f"{store.path}.bak-")
    assert told[0] == "reading the history"
    assert_same(before, everything(store), "after a rebuild")
    assert not (store.folder / "counter").exists()
    assert store.next_run_number() == 4
    assert store.create_experiment("new") == "1"


def test_a_rebuild_waits_for_nobody_who_holds_the_file(store: LocalStore) -> None:
    import subprocess
    import sys

    hold = "import sys, duckdb; con = duckdb.connect(sys.argv[1]); print(1, flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(store.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        try:
            assert holder.stdout is not None
            holder.stdout.readline()
            inode = store.path.stat().st_ino
            with pytest.raises(StoreBusyError):
                rebuild(store.path, store.folder)
            assert store.path.stat().st_ino == inode
        finally:
            holder.kill()


def test_a_damaged_history_file_is_put_aside_and_the_rest_is_read(store: LocalStore) -> None:
    victim = history_files(store.folder, "points")[0]
    data = bytearray(victim.read_bytes())
    data[4:60] = bytes(56)
    victim.write_bytes(data)
    assert f"history file {victim.name} is damaged" in health.examine(store.path, store.folder)["problems"]
    told: list[str] = []
    rebuild(store.path, store.folder, told.append)
    assert any("is damaged; put aside" in line for line in told)
    assert names(store) == ["one", "three", "two"]
    assert (store.folder / "quarantine" / victim.name).exists()


def test_a_leftover_wal_of_a_lost_file_does_not_reach_the_new_one(store: LocalStore) -> None:
    before = everything(store)
    store.path.unlink()
    for file in all_of(store.path)[1:]:
        file.write_bytes(b"old news" * 100)
    with pytest.warns(NbtrackWarning, match="made anew"):
        assert_same(before, everything(store), "healed")
    assert existing(store.path) == [store.path]


def test_the_doctor_finds_nothing_wrong_with_a_whole_store(store: LocalStore) -> None:
    found = health.examine(store.path, store.folder)
    assert (found["problems"], found["quarantined"], found["writers_alive"]) == ([], [], 1)
    assert (found["counts"]["runs"], found["counts"]["metrics"]) == (3, 40)


# -- journals -------------------------------------------------------------------------------------------------------------


def damaged_journal(folder: Path, change: Any) -> tuple[LocalStore, int]:
    """Make a store of one dead writer with 50 points, change the bytes of its journal, and say how many records there were."""
    store = quiet_store(folder / "runs.duckdb")
    path = journal_of_a_dead_writer(store, "hurt")
    path.write_bytes(change(path.read_bytes()))
    return quiet_store(store.path), path.read_bytes().count(b"\n")


def journal_of_a_dead_writer(store: LocalStore, name: str) -> Path:
    """Log 50 points and crash; return the file that is left."""
    run_id = start(store, name)
    for step in range(50):
        store.log_metrics(run_id, step, {"x": float(step)})
    journal = list_segments(store.folder / "w")[store.writer.id][0].path
    crash(store)
    return journal


def test_random_damage_to_a_journal_costs_only_what_it_hits(tmp_path: Path) -> None:
    dice = random.Random(3)
    path = tmp_path / "runs.duckdb"
    journals = {}
    for number in range(tries(50)):
        name = f"run {number}"
        journals[name] = journal_of_a_dead_writer(quiet_store(path), name)
        data = journals[name].read_bytes()
        at = dice.randrange(data.index(b'"k":"m"'), len(data))
        journals[name].write_bytes(data[:at] + bytes([data[at] ^ dice.choice([1, 0x80, 0xFF])]) + data[at + 1 :])
    store = quiet_store(path)
    seen = everything(store)
    counted = "SELECT name, count(*) FROM runs JOIN metrics USING (run_id) GROUP BY name"
    points: dict[str, int] = dict(store.sql(counted).itertuples(index=False))
    assert points.keys() == journals.keys()
    assert set(points.values()) <= {49, 50}
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        fold_all(store)
    assert_same(seen, everything(store), "after a fold")
    kept = {path.name for path in (store.folder / "quarantine").glob("*.jnl")}
    assert len(told) == 1
    # Only the last byte, the newline of the last record, can be hurt without a trace.
    assert {name for name, journal in journals.items() if journal.name not in kept} <= {
        name for name, n in points.items() if n == 50
    }


@pytest.mark.parametrize(
    ("change", "points"),
    [
        (lambda data: data[:-7], 49),
        (lambda data: data[:-1], 50),
        (lambda data: data + bytes(4096), 50),
        (lambda data: data + b'{"q":99,"k":"m","t":1,"r":"x","s":1,"m":{"x":1', 50),
        (lambda data: b"", 0),
    ],
    ids=["torn", "no newline", "zeros", "torn batch", "empty"],
)
def test_a_torn_end_is_no_damage(tmp_path: Path, change: Any, points: int) -> None:
    store, _ = damaged_journal(tmp_path, change)
    assert len(everything(store)["metrics"]) == points
    fold_all(store)
    assert len(everything(store)["metrics"]) == points
    assert not (store.folder / "quarantine").exists()


def test_several_damaged_journals_are_one_warning(tmp_path: Path) -> None:
    for _ in range(3):
        store = quiet_store(tmp_path / "runs.duckdb")
        start(store, "hurt")
        crash(store)
    for group in list_segments(store.folder / "w").values():
        data = group[0].path.read_bytes()
        group[0].path.write_bytes(data[:100] + b"?" + data[101:])
    found = health.examine(store.path, store.folder)["problems"]
    assert len([line for line in found if "damaged lines" in line]) == 3
    with pytest.warns(NbtrackWarning, match="3 journal segments have damaged lines") as told:
        fold_all(quiet_store(store.path))
    assert len(told) == 1
    assert len([*(store.folder / "quarantine").glob("*.jnl")]) == 3
    assert health.examine(store.path, store.folder)["quarantined"] != []
