from __future__ import annotations

import json
import threading
import zipfile
from typing import TYPE_CHECKING

import pytest

from nbtrack.errors import AlreadyExistsError, InvalidValueError, NotFoundError, StoreBusyError
from nbtrack.moving import backup as room
from nbtrack.moving.backup import back_up
from nbtrack.store import database_files
from nbtrack.store.fold_lock import fold_lock
from tests.moving.contents import contents
from tests.store.kit import end, quiet_store, start

if TYPE_CHECKING:
    from pathlib import Path

    from nbtrack.store.local import LocalStore


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    """A store of which one part is folded, and one is not."""
    found = quiet_store(tmp_path / "runs.duckdb")
    for i in range(3):
        run = start(found, f"run {i}")
        found.log_points(run, [(1_700_000_000_000_000 + step, step, {"loss": step / 3}) for step in range(100)])
        found.add_artifact(run, "a.txt", f"file {i}".encode())
        end(found, run)
        if i == 1:
            found.registry.create("clf")
            found.fold(timeout=10)
    return found


def test_a_backup_has_all_that_the_store_has(store: LocalStore, tmp_path: Path) -> None:
    made = back_up(store, tmp_path / "backups")
    assert made.problems == []
    assert made.path.parent == tmp_path / "backups"
    assert made.counts["runs"] == 3
    restored, whole = quiet_store(made.path), contents(store)
    assert contents(restored) == whole
    restored.fold(timeout=10)
    assert contents(restored) == whole
    assert [path.name for path in made.path.parent.glob(".*")] == []
    note = json.loads((restored.folder / room.NOTE).read_text())
    assert (note["of"], note["counts"]["metrics"]) == (str(store.path), 300)
    start(restored, "goes on")  # it is a store like any other
    assert restored.get_run(restored.resolve_run("goes on")).info.number == 4


def test_a_zip_is_unpacked_and_used(store: LocalStore, tmp_path: Path) -> None:
    made = back_up(store, tmp_path / "b.zip")
    with zipfile.ZipFile(made.path) as file:
        file.extractall(tmp_path / "out")
        assert not any(name.endswith(".lock") for name in file.namelist())
    assert contents(quiet_store(tmp_path / "out" / "runs.duckdb")) == contents(store)


def test_a_store_that_was_never_folded_is_backed_up(tmp_path: Path) -> None:
    young = quiet_store(tmp_path / "young.duckdb")
    young.log_metrics(start(young), 0, {"loss": 1.0})
    made = back_up(young, tmp_path / "b.duckdb")
    assert quiet_store(made.path).sql("SELECT count(*) AS n FROM metrics")["n"][0] == 1


def test_others_write_meanwhile_and_each_run_is_there_up_to_a_point(store: LocalStore, tmp_path: Path) -> None:
    """What a writer has said before the backup began is in it, and of what comes later a beginning."""
    run = start(store, "busy")
    store.log_metrics(run, 0, {"busy": 0.0})
    said = 1
    is_over = threading.Event()

    def write() -> None:
        nonlocal said
        while not is_over.wait(0.002):
            store.log_metrics(run, said, {"busy": float(said)})
            said += 1
            if said % 50 == 0:
                store.fold()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for n in range(2):
            before = said
            made = back_up(store, tmp_path / f"b{n}.duckdb")
            after = said
            step, _, value = quiet_store(made.path).metric_history(run, "busy")
            assert step.tolist() == value.tolist() == [*range(len(step))]
            assert before - 1 <= len(step) <= after + 1
            assert made.problems == []
    finally:
        is_over.set()
        thread.join()
    assert len(store.metric_history(run, "busy")[0]) == said


def test_a_backup_that_was_interrupted_goes_on(
    store: LocalStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(room, "examine", interrupt)
        with pytest.raises(KeyboardInterrupt):
            back_up(store, tmp_path / "b")
    (partial,) = (tmp_path / "b").glob(".*.backup")
    kept = {path.stat().st_ino for path in partial.rglob("sha256/*/*")}
    assert len(kept) == 3
    made = back_up(store, tmp_path / "b")
    assert {path.stat().st_ino for path in made.path.with_suffix(".nbtrack").rglob("sha256/*/*")} == kept
    assert contents(quiet_store(made.path)) == contents(store)


def test_what_is_damaged_is_told_and_the_rest_is_there(store: LocalStore, tmp_path: Path) -> None:
    digest = store.sql("SELECT sha256 FROM artifacts")["sha256"][0]
    path = store.blobs.path_of(digest)
    path.chmod(0o600)
    path.write_bytes(b"evil")
    database_files.remove(store.path)
    store.path.write_bytes(b"no database")
    made = back_up(store, tmp_path / "b.duckdb")
    assert any(f"the content of file {digest} is damaged" in problem for problem in made.problems)
    assert any("made anew from the history" in problem for problem in made.problems)
    assert quiet_store(made.path).sql("SELECT count(*) AS n FROM metrics")["n"][0] == 300


def test_nothing_is_overwritten_and_busy_places_are_told(store: LocalStore, tmp_path: Path) -> None:
    made = back_up(store, tmp_path / "b.duckdb")
    with pytest.raises(AlreadyExistsError, match=r"b\.duckdb"):
        back_up(store, made.path)
    with pytest.raises(InvalidValueError, match=r"c\.zip"):
        back_up(store, tmp_path / "c.duckdb", is_zipped=True)
    with pytest.raises(NotFoundError):
        back_up(quiet_store(tmp_path / "nowhere.duckdb"), tmp_path / "d.duckdb")
    (tmp_path / "e").mkdir()
    with room._unfinished(tmp_path / "e" / "x.duckdb", "x", store.uri), pytest.raises(StoreBusyError, match="backup"):
        back_up(store, tmp_path / "e")
    from nbtrack.moving import snapshot

    with pytest.MonkeyPatch.context() as patched, fold_lock(store.folder):
        patched.setattr(snapshot, "PATIENCE_S", 0.01)
        with pytest.raises(StoreBusyError, match="folds"):
            back_up(store, tmp_path / "f.duckdb")
