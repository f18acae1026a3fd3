"""Lives of runs across processes: killed, stopped, forked, resumed, folded in any order."""

from __future__ import annotations

import os
import signal
import time
from itertools import permutations
from typing import TYPE_CHECKING

import pytest

from nbtrack.entities import ViewType
from nbtrack.names import new_run_id
from nbtrack.store.protocol import RunQuery
from nbtrack.store.rebuild import rebuild
from tests.store.disks import read_only
from tests.store.kit import assert_same, crash, end, everything, everything_at, fold_all, quiet_store, start
from tests.store.processes import Acknowledged, kill, log_and_acknowledge, quick, running, soon
from tests.store.test_full_disk import in_child

if TYPE_CHECKING:
    from pathlib import Path

    from nbtrack.store.local import LocalStore


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return quiet_store(tmp_path / "runs.duckdb")


def status(store: LocalStore, run_id: str) -> str:
    return store.get_run(run_id).info.status


# -- the process behind a run ---------------------------------------------------------------------------------------------


def test_a_run_is_running_while_its_process_sleeps_and_killed_when_it_is_dead(store: LocalStore) -> None:
    run_id, said = new_run_id(), Acknowledged()
    with running(quick().Process(target=log_and_acknowledge, args=(store.path, run_id, said.writer))) as (process,):
        soon(lambda: len(said._data) > 100)
        assert status(store, run_id) == "RUNNING"
        assert process.pid is not None
        os.kill(process.pid, signal.SIGSTOP)  # a laptop that sleeps
        assert store.fold(timeout=10) is not None
        assert status(store, run_id) == "RUNNING"
        kill(process)
    said.lines()
    found = store.get_run(run_id).info
    assert found.status == "KILLED"
    assert found.end_time == found.last_seen
    before = everything(store)
    fold_all(store)
    assert_same(before, everything(store), "written down by the fold")
    assert store.sql("SELECT status FROM all_runs")["status"].tolist() == ["KILLED"], (
        "for people with their own DuckDB session, too"
    )


def test_a_killed_run_that_says_more_was_not_dead(store: LocalStore) -> None:
    child = quiet_store(store.path)
    leader = quiet_store(store.path)
    run_id = start(leader)
    crash(leader)
    fold_all(store)
    fold_all(store)
    assert status(store, run_id) == "KILLED"
    first_end = store.get_run(run_id).info.end_time
    time.sleep(0.002)
    child.log_metrics(run_id, 0, {"x": 1.0})
    before = everything(store)
    assert (store.get_run(run_id).info.end_time or 0) > (first_end or 0)
    fold_all(child)
    assert_same(before, everything(store), "after a fold")
    rebuild(store.path, store.folder)
    assert_same(before, everything(store), "after a rebuild")


def test_a_killed_run_goes_on_when_it_is_resumed(store: LocalStore) -> None:
    leader = quiet_store(store.path)
    run_id = start(leader)
    leader.log_metrics(run_id, 0, {"x": 1.0})
    crash(leader)
    fold_all(store)
    store.append(("resume", run_id, None, None))
    store.log_metrics(run_id, 1, {"x": 2.0})
    found = store.get_run(run_id)
    assert (found.info.status, found.info.end_time, found.info.duration) == ("RUNNING", None, None)
    assert found.data.summaries["x"].count == 2
    end(store, run_id)
    assert status(store, run_id) == "FINISHED"
    fold_all(store)
    assert store.get_run(run_id).info.number == 1


def test_a_forked_child_reads_and_folds_for_itself(store: LocalStore) -> None:
    run_id = start(store)
    store.search_runs(RunQuery())  # DuckDB is loaded and has been used
    child = os.fork()
    if child == 0:
        code = 1
        try:
            store.log_metrics(run_id, 1, {"x": 1.0})
            code = 0 if store.get_run(run_id).data.metrics == {"x": 1.0} and store.fold(timeout=10) is not None else 2
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    assert store.get_run(run_id).data.metrics == {"x": 1.0}
    assert status(store, run_id) == "RUNNING", "the child's end is not the run's"


def test_the_order_of_records_is_kept_when_the_clock_is_set_back(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time_ns()
    run_id = start(store)
    for number, hours in enumerate([0, -1, -5, 1]):
        monkeypatch.setattr(time, "time_ns", lambda hours=hours: now + hours * 3600 * 10**9)
        store.append(("tags", run_id, {"last": str(number)}, None))
        store.append(("params", run_id, {"first": str(number)}, None))
    end(store, run_id)
    found = store.get_run(run_id)
    assert (found.data.tags["last"], found.data.params["first"], found.info.status) == ("3", "0", "FINISHED")
    before = everything(store)
    fold_all(store)
    assert_same(before, everything(store), "after a fold")


# -- records that come late -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_order_of_folds_does_not_matter(store: LocalStore, order: tuple[int, ...]) -> None:
    ones = [quiet_store(store.path) for _ in range(3)]
    a, b, c = ones
    run_id = start(a, "first name")
    b.append(("tags", run_id, {"k": "b", "gone": "1"}, None), ("params", run_id, {"p": "b"}, None))
    c.append(("untag", run_id, None, {"keys": ["gone"]}), ("params", run_id, {"p": "c", "q": "c"}, None))
    a.append(
        ("tags", run_id, {"k": "a", "mlflow.runName": "second name"}, None),
        ("state", run_id, None, {"lifecycle_stage": "deleted"}),
    )
    c.append(("state", run_id, None, {"lifecycle_stage": "active"}))
    b.append(("artifact", run_id, None, {"path": "f", "sha256": "1" * 64, "size": 1, "mime": "x"}))
    a.append(("artifact", run_id, None, {"path": "f", "sha256": "2" * 64, "size": 2, "mime": "x"}))
    c.forget(run_id, params=["q"])
    a.append(("params", run_id, {"q": "a"}, None))
    end(a, run_id, "FAILED")
    c.append(("resume", run_id, None, None))
    b.log_metrics(run_id, 0, {"x": 1.0})
    experiment = b.create_experiment("one")
    a.rename_experiment(experiment, "two")
    c.experiments.set_tags(experiment, {"t": "c"})
    a.append(("setting", None, None, {"name": "goal/x", "value": "min"}))
    b.append(("setting", None, None, {"name": "goal/x", "value": "max"}))
    end(c, run_id)
    run = store.get_run(run_id)
    assert run.data.params == {"p": "b", "q": "a"}
    assert (run.data.tags["k"], "gone" in run.data.tags, run.info.run_name) == ("a", False, "second name")
    assert (run.info.status, run.info.lifecycle_stage) == ("FINISHED", "active")
    assert store.list_artifacts(run_id)[0].sha256 == "2" * 64
    assert store.settings() == {"goal/x": "max"}
    assert store.get_experiment(experiment).name == "two"
    before = everything(store)
    for number in order:
        fold_all(ones[number])
        assert_same(before, everything(store), f"after folding {number}")
    rebuild(store.path, store.folder)
    assert_same(before, everything(store), "after a rebuild")


def test_a_child_that_is_folded_before_its_parent_gives_way_to_the_real_start(store: LocalStore) -> None:
    child = quiet_store(store.path)
    run_id = new_run_id()
    child.log_metrics(run_id, 0, {"x": 1.0})
    child.append(("tags", run_id, {"from": "child"}, None))
    fold_all(child)
    stub = store.get_run(run_id)
    assert (stub.info.number, stub.info.run_name, stub.data.tags) == (None, f"run {run_id[:8]}", {"from": "child"})
    start(store, "the real one", run_id=run_id)
    found = store.get_run(run_id)
    assert (found.info.number, found.info.run_name, found.info.user_id) == (1, "the real one", "ada")
    assert found.data.tags == {"from": "child", "mlflow.runName": "the real one"}
    assert found.data.metrics == {"x": 1.0}


def test_kinds_of_tomorrow_are_kept(store: LocalStore) -> None:
    run_id = start(store)
    store.append(("hologram", run_id, {"a": "b"}, {"deep": [1, {"x": None}]}))
    before = everything(store)
    assert store.sql("SELECT kind, body FROM events WHERE kind = 'hologram'")["body"].tolist() == [
        '{"p":{"a":"b"},"o":{"deep":[1,{"x":null}]}}'
    ]
    fold_all(store)
    rebuild(store.path, store.folder)
    assert_same(before, everything(store), "after a rebuild")


# -- a folder that cannot be written ----------------------------------------------------------------------------------------


def look_and_log(path: Path) -> dict[str, object]:
    """Read a store in a read-only folder, and try to log into it."""
    from nbtrack.errors import JournalError, StoreError

    read_only(path.parent)
    store = quiet_store(path)
    found: dict[str, object] = {
        "names": sorted(run.info.run_name for run in store.search_runs(RunQuery(view=ViewType.ALL)))
    }
    found["rows"] = everything_at(path)
    run_id = store.resolve_run("folded")
    for change in (
        lambda: store.append(("tags", run_id, {"a": "b"}, None)),
        lambda: store.create_experiment("new"),
        lambda: store.delete_experiment("1"),
        lambda: store.add_artifact(run_id, "a.txt", b"a"),
        store.next_run_number,
        store.purge,
    ):
        with pytest.raises(StoreError, match=r"cannot be written here, so nothing in runs\.duckdb can be changed"):
            change()
    try:
        store.log_metrics("a" * 32, 0, {"x": 1.0})
    except JournalError as error:
        found["error"] = str(error)
    return found


def test_a_read_only_store_is_read_with_its_journals(store: LocalStore) -> None:
    end(store, start(store, "folded"))
    fold_all(store)
    start(store, "alive")
    before = everything(store)
    found = in_child(look_and_log, store.path)
    assert found["names"] == ["alive", "folded"]
    assert_same(before, found["rows"], "read-only")
    assert "wait in memory" in found["error"]
    assert "Read-only file system" in found["error"] or "Permission denied" in found["error"]


def test_a_store_can_be_moved_with_its_folder(store: LocalStore, tmp_path: Path) -> None:
    run_id = start(store)
    store.add_artifact(run_id, "a.txt", b"moved")
    fold_all(store)
    end(store, run_id)
    store.close()
    target = tmp_path / "elsewhere ü" / "other.duckdb"
    target.parent.mkdir()
    store.path.rename(target)
    store.folder.rename(target.with_suffix(".nbtrack"))
    moved = quiet_store(target)
    assert moved.artifact_file(run_id, "a.txt").read_bytes() == b"moved"
    assert moved.get_run(run_id).info.status == "FINISHED"
    assert moved.next_run_number() == 2
