"""What one machine writes every other sees, once; what is gone is gone for all; the schema is looked after."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from nbtrack.errors import GateRefusedError, NotFoundError, StoreVersionError
from nbtrack.journal import control
from nbtrack.journal.record import event_body, line
from nbtrack.names import new_run_id
from nbtrack.registry.remote import registry_of
from nbtrack.store.postgres import migrations, schema
from nbtrack.store.protocol import RunQuery
from nbtrack.store.registry_protocol import NewVersion
from tests.store.kit import end, start

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbtrack.store.postgres.store import PostgresStore

    Machine = Callable[[str], PostgresStore]


def begin(store: PostgresStore, name: str = "fox", **more: Any) -> str:
    return start(store, name, **more)  # type: ignore[arg-type]


def test_each_machine_sees_what_the_others_wrote(machine: Machine):
    here, there = machine("here"), machine("there")
    run_id = begin(here)
    here.log_metrics(run_id, 0, {"loss": 0.5})
    here.add_artifact(run_id, "a.txt", b"hello" * 500_000)
    here.shipper.flush()
    assert there.get_run(run_id).data.metrics == {"loss": 0.5}
    assert there.get_run(run_id).info.status == "RUNNING"
    assert there.artifact_file(run_id, "a.txt").read_bytes() == b"hello" * 500_000
    before, cut = there.signature(), there.curves(run_id, 10).cut
    follower = there.follow(run_id, cut)
    here.log_metrics(run_id, 1, {"loss": 0.25})
    here.shipper.flush()
    assert there.signature() != before
    assert follower.news().points["loss"][:2] == ([1], [0.25])
    end(here, run_id)  # type: ignore[arg-type]
    here.close()
    assert there.get_run(run_id).info.status == "FINISHED"
    assert not there.is_writer_alive(here.writer.id)


def test_what_is_committed_late_is_not_missed(machine: Machine, url: str):
    """A transaction that began first and ends last has a smaller id than what was seen before it."""
    reader, run_id = machine("reader"), new_run_id()
    body = {"experiment_id": 0, "experiment": "Default", "name": "late", "number": 1, "start_us": 1}
    lines = line(0, event_body("start", 1, run_id, None, body))
    with psycopg.connect(url) as slow:
        slow.execute("INSERT INTO nbtrack.journal (writer, last_q, lines) VALUES (%s, 0, %b)", (new_run_id(), lines))
        for name in ("first", "second"):
            other = machine("writer")
            begin(other, name)
            other.shipper.flush()
            assert name in {run.info.run_name for run in reader.search_runs(RunQuery())}
        assert len(reader.search_runs(RunQuery())) == 2
    assert reader.get_run(run_id).info.run_name == "late"
    assert len(reader.search_runs(RunQuery())) == 3


def test_a_copy_can_be_deleted_at_any_time(machine: Machine):
    store = machine("here")
    ids = [begin(store, name) for name in "ab"]
    store.log_metrics(ids[0], 0, {"loss": 0.5})
    assert store.fold(timeout=10) is not None
    for _ in range(2):
        shutil.rmtree(store.database.folder)
        assert len(store.search_runs(RunQuery())) == 2
        assert store.metric_history(ids[0], "loss")[2].tolist() == [0.5]
    store.log_metrics(ids[0], 1, {"loss": 0.25})
    assert store.metric_history(ids[0], "loss")[2].tolist() == [0.5, 0.25]


def test_what_is_purged_is_gone_from_the_database_and_every_copy(machine: Machine, url: str):
    here, there = machine("here"), machine("there")
    kept, gone = begin(here, "kept"), begin(here, "gone")
    here.append(("params", kept, {"password": "hunter2", "lr": "0.1"}, None))
    here.add_artifact(kept, "secret.txt", b"hunter2")
    here.add_artifact(kept, "fine.txt", b"fine")
    here.forget(kept, params=["password"], artifacts=["secret.txt"])
    here.add_artifact(gone, "big.bin", b"big")
    here.append(("state", gone, None, {"lifecycle_stage": "deleted"}))
    here.shipper.flush()
    assert len(there.search_runs(RunQuery())) == 1
    assert here.purge()["runs"] == 1
    here.log_metrics(gone, 9, {"late": 1.0})
    here.log_metrics(kept, 9, {"late": 1.0})
    for store in (here, there):
        with pytest.raises(NotFoundError):
            store.get_run(gone)
        run = store.get_run(kept)
        assert (run.data.params, run.data.metrics) == ({"lr": "0.1"}, {"late": 1.0})
        assert store.artifact_file(kept, "fine.txt").read_bytes() == b"fine"
    with psycopg.connect(url) as con:
        lines = b"".join(row[0] for row in con.execute("SELECT lines FROM nbtrack.journal").fetchall())
        assert con.execute("SELECT count(*) FROM nbtrack.blobs").fetchone() == (1,)
    assert b"hunter2" not in lines
    assert gone.encode() not in lines


def test_gates_are_judged_under_the_lock_and_by_what_was_just_written(machine: Machine):
    here, there = machine("here"), machine("there")
    registry, run_id = registry_of(here), begin(here)
    here.log_metrics(run_id, 0, {"auc": 0.8})
    registry.add_version("fraud", NewVersion(f"runs:/{run_id}/model", run_id, "model"), makes_model=True)
    registry_of(there).expect("fraud", "auc > 0.9", alias="champion")
    with pytest.raises(GateRefusedError, match="auc"):
        registry.set_alias("fraud", "champion", 1)
    here.log_metrics(run_id, 1, {"auc": 0.95})
    registry.set_alias("fraud", "champion", 1)
    assert registry_of(there).version_by_alias("fraud", "champion").version == 1


def test_a_run_hears_what_another_machine_asks_of_it(machine: Machine, monkeypatch: pytest.MonkeyPatch):
    here, there = machine("here"), machine("there")
    run_id = begin(here)
    for _ in range(3):
        there.post_order(run_id, control.new_order("note", value="for an earlier life"))
    seen = here.database.call("orders", {run_id: -1})[run_id]
    assert seen[0] == []
    there.post_order(run_id, control.new_order("stop"))
    (orders, last) = here.database.call("orders", {run_id: seen[1]})[run_id]
    assert [order["do"] for order in orders] == ["stop"]
    assert here.database.call("orders", {run_id: last}) == {}
    here.database.call("put_state", run_id, {"knobs": [{"name": "lr"}]})
    assert there.live_state(run_id) == {"knobs": [{"name": "lr"}]}
    here.database.call("put_state", run_id, None)
    assert there.live_state(run_id) == {}


def test_a_newer_schema_is_told_and_left_alone(machine: Machine, url: str):
    with psycopg.connect(url) as con:
        con.execute("UPDATE nbtrack.schema_version SET version_num = '0099'")
    with pytest.raises(StoreVersionError, match="has schema 99; this nbtrack reads up to 2"):
        machine("here").settings()
    with psycopg.connect(url) as con:
        con.execute("UPDATE nbtrack.schema_version SET version_num = %s", (schema.REVISIONS[-1],))
    assert machine("here").settings() == {}


def test_every_step_of_the_schema_is_known():
    folder = Path(str(migrations.__file__)).parent / "versions"
    steps = [re.search(r'^revision = "(\w+)"', file.read_text(), re.MULTILINE) for file in sorted(folder.glob("v*.py"))]
    assert tuple(step[1] for step in steps if step) == schema.REVISIONS
