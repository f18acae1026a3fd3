"""Purging: what is in the trash is gone for good, from the file, the history and the disk."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from nbtrack.entities import ViewType
from nbtrack.errors import NbtrackWarning, NotFoundError, StoreBusyError
from nbtrack.store.history import history_files
from nbtrack.store.protocol import RunQuery
from nbtrack.store.rebuild import rebuild
from tests.store.kit import assert_same, crash, end, everything, fold_all, quiet_store, start

if TYPE_CHECKING:
    from nbtrack.store.local import LocalStore


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return quiet_store(tmp_path / "runs.duckdb")


def trash(store: LocalStore, run_id: str) -> None:
    store.append(("state", run_id, None, {"lifecycle_stage": "deleted"}))


def history_rows(store: LocalStore) -> list[tuple[Any, ...]]:
    """Return (kind, run, text of everything) of each row of the history."""
    con = duckdb.connect()
    rows = []
    for kind in ("points", "events"):
        files = [str(path) for path in history_files(store.folder, kind)]
        if files:
            rows += con.execute(
                f"SELECT {'k' if kind == 'events' else repr('m')}, r, f::VARCHAR FROM read_parquet(?) f", [files]
            ).fetchall()
    return rows


def disk_bytes(store: LocalStore) -> int:
    return store.path.stat().st_size + sum(
        p.stat().st_size for p in store.folder.rglob("*") if p.is_file() and p.name != "ballast"
    )


def test_a_purge_frees_the_disk(store: LocalStore) -> None:
    kept = start(store, "kept")
    store.log_metrics(kept, 0, {"x": 1.0})
    store.add_artifact(kept, "shared.bin", b"shared" * 1000)
    large = start(store, "large")
    for step in range(300):
        store.log_metrics(large, step, {f"metric {i}": step * i / 7 for i in range(100)})
    store.add_artifact(large, "model.bin", os.urandom(3 << 20))
    store.add_artifact(large, "shared.bin", b"shared" * 1000)
    fold_all(store)
    before, size = everything(store), disk_bytes(store)
    trash(store, large)
    assert store.purge(older_than_s=3600) == {
        "runs": 0,
        "experiments": 0,
        "kept_runs": 0,
        "artifact_bytes": 0,
        "file_bytes": pytest.approx(0, abs=1 << 20),
    }
    found = store.purge()
    assert (found["runs"], found["artifact_bytes"]) == (1, 3 << 20)
    assert found["file_bytes"] > 100_000
    assert size - disk_bytes(store) > 3 << 20
    assert [run.info.run_name for run in store.search_runs(RunQuery(view=ViewType.ALL))] == ["kept"]
    assert store.artifact_file(kept, "shared.bin").read_bytes() == b"shared" * 1000
    with pytest.raises(NotFoundError):
        store.get_run(large)
    only_kept = {
        name: [row for row in rows if kept in row]
        for name, rows in before.items()
        if name in ("metrics", "latest", "tags", "artifacts")
    }
    after = everything(store)
    assert_same(only_kept, {name: after[name] for name in only_kept}, "what was not in the trash")


def test_a_purged_run_leaves_the_history_and_does_not_come_back(store: LocalStore) -> None:
    kept, gone = start(store, "kept"), start(store, "a secret")
    for run_id in (kept, gone):
        store.log_metrics(run_id, 0, {"x": 1.0})
        store.append(("params", run_id, {"lr": "1"}, None))
    fold_all(store)
    trash(store, gone)
    store.purge()
    assert {run for _, run, _ in history_rows(store)} == {kept, None}
    assert not any("a secret" in text for _, _, text in history_rows(store))
    before = everything(store)
    rebuild(store.path, store.folder)
    assert_same(before, everything(store), "after a rebuild")


@pytest.mark.parametrize("how", ["kept", "made anew", "lost"])
def test_late_records_of_a_purged_run_are_dropped(store: LocalStore, how: str) -> None:
    other = quiet_store(store.path)
    gone = start(store, "gone")
    other.log_metrics(gone, 0, {"x": 1.0})
    trash(store, gone)
    store.purge()
    other.log_metrics(gone, 1, {"x": 2.0})
    other.append(("tags", gone, {"late": "1"}, None), ("resume", gone, None, None))
    if how == "made anew":
        rebuild(store.path, store.folder)
    elif how == "lost":
        store.path.unlink()
        with pytest.warns(NbtrackWarning, match="made anew"):
            store.settings()
    assert store.search_runs(RunQuery(view=ViewType.ALL)) == []
    fold_all(other, store)
    assert store.search_runs(RunQuery(view=ViewType.ALL)) == []
    found = everything(store)
    assert (found["metrics"], found["tags"]) == ([], [])


def test_what_another_living_process_has_restored_is_spared(store: LocalStore) -> None:
    other = quiet_store(store.path)
    run_id = start(store, "spared")
    experiment = store.create_experiment("spared")
    trash(store, run_id)
    store.delete_experiment(experiment)
    fold_all(store)
    other.append(("state", run_id, None, {"lifecycle_stage": "active"}))
    other.restore_experiment(experiment)
    found = store.purge()
    assert (found["runs"], found["experiments"]) == (0, 0)
    assert store.get_run(run_id).info.lifecycle_stage == "active"


def test_a_purged_experiment_takes_its_runs_and_leaves_its_name(store: LocalStore) -> None:
    experiment = store.create_experiment("digits", {"team": "vision"})
    run_id = start(store, "inside", experiment_id=int(experiment), experiment="digits")
    fold_all(store)
    store.delete_experiment(experiment)
    assert store.purge(older_than_s=3600)["experiments"] == 0
    found = store.purge()
    assert (found["runs"], found["experiments"]) == (1, 1)
    with pytest.raises(NotFoundError):
        store.get_run(run_id)
    with pytest.raises(NotFoundError):
        store.get_experiment(experiment)
    assert not any("digits" in text or "vision" in text for _, _, text in history_rows(store))
    for lost in ("names.json", "counter"):
        (store.folder / lost).unlink()
    assert store.create_experiment("digits") == "2", "an id is never given twice"
    rebuild(store.path, store.folder)
    assert [e.experiment_id for e in store.search_experiments(view=ViewType.ALL)] == ["2", "0"]


def test_what_was_taken_back_leaves_the_history_up_to_that_moment(store: LocalStore) -> None:
    run_id = start(store, "a")
    store.append(
        ("params", run_id, {"password": "hunter2", "lr": "1"}, None),
        ("tags", run_id, {"token": "s3cr3t", "a": "b"}, None),
    )
    store.add_artifact(run_id, "key.pem", b"-----BEGIN")
    for name in ("customers", "prices"):
        store.append(("input", run_id, None, {"name": name, "digest": f"digest-{name}"}))
    store.forget(run_id, params=["password"], tags=["token"], artifacts=["key.pem"], inputs=["customers"])
    fold_all(store)
    assert [each.dataset.name for each in store.get_run(run_id).inputs.dataset_inputs] == ["prices"]
    store.append(("params", run_id, {"password": "said aloud"}, None))
    seen = everything(store)["params"]
    assert ("lr", "1") in [row[1:] for row in seen]
    assert ("password", "said aloud") in [row[1:] for row in seen]
    fold_all(store)
    store.purge()
    texts = [text for _, _, text in history_rows(store)]
    events = store.sql("SELECT body FROM events")["body"].tolist()
    assert not any("hunter2" in text or "s3cr3t" in text or "digest-customers" in text for text in [*texts, *events])
    assert any("said aloud" in text for text in texts)
    assert any('"lr":"1"' in text for text in events), "its neighbours stay"
    assert not [*store.folder.glob("blobs/sha256/*/*")]
    before = everything(store)
    rebuild(store.path, store.folder)
    assert_same(before, everything(store), "after a rebuild")


def test_a_purge_may_be_killed_and_done_again(store: LocalStore, monkeypatch: pytest.MonkeyPatch) -> None:
    from nbtrack.store import purge as purging

    run_id = start(store, "gone")
    store.log_metrics(run_id, 0, {"x": 1.0})
    fold_all(store)
    trash(store, run_id)

    def die(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    for step in ("_write_event", "forget_in_history", "compact_history", "compact"):
        with monkeypatch.context() as patch:
            patch.setattr(purging, step, die)
            with pytest.raises(KeyboardInterrupt):
                store.purge()
        assert len(store.search_runs(RunQuery(view=ViewType.ALL))) == (1 if step == "_write_event" else 0)
    store.purge()
    assert {run for _, run, _ in history_rows(store)} == {None}


def test_a_purge_waits_for_a_reader_and_not_for_a_holder(store: LocalStore, monkeypatch: pytest.MonkeyPatch) -> None:
    from nbtrack.store import purge as purging

    trash(store, start(store, "gone"))
    fold_all(store)
    monkeypatch.setattr(purging, "LOCK_S", 0.2)
    with duckdb.connect(str(store.path)), pytest.raises(StoreBusyError):
        store.purge()
    assert len(store.search_runs(RunQuery(view=ViewType.ALL))) == 1
    assert store.purge()["runs"] == 1


def test_leftovers_of_processes_killed_before_their_first_record_are_swept(store: LocalStore) -> None:
    end(store, start(store))
    old = store.folder / "w" / f"{'a' * 32}.lock"
    young = store.folder / "w" / f"{'b' * 32}.lock"
    half = store.folder / "w" / f"{'c' * 32}-00000000.new"
    for path in (old, young, half):
        path.touch()
    for path in (old, half):
        os.utime(path, (0, 0))
    store.purge()
    assert (old.exists(), young.exists(), half.exists()) == (False, True, False)
    assert (store.folder / "w" / f"{store.writer.id}.lock").exists()


def test_artifacts_named_in_open_journals_are_kept(store: LocalStore) -> None:
    other = crash(quiet_store(store.path))
    run_id, gone = start(other, "alive"), start(store, "gone")
    other.add_artifact(run_id, "same.bin", b"same")
    store.add_artifact(gone, "same.bin", b"same")
    store.append(("artifact", gone, None, {"path": "same.bin", "sha256": None}))
    trash(store, gone)
    store.purge()
    assert store.artifact_file(run_id, "same.bin").read_bytes() == b"same"


def test_backups_go_too(store: LocalStore) -> None:
    run_id = start(store, "secret name")
    end(store, run_id)
    fold_all(store)
    kept = rebuild(store.path, store.folder)["kept"]
    assert Path(kept).exists()
    trash(store, run_id)
    store.purge()
    assert list(store.path.parent.glob("*.bak-*")) == []
    everything_on_disk = [p for p in store.path.parent.rglob("*") if p.is_file()]
    assert not any(b"secret name" in p.read_bytes() for p in everything_on_disk)
