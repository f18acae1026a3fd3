"""A store on a server behaves as one here; what cannot be sent is sent later, once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from nbtrack.errors import AlreadyExistsError, InvalidValueError, NotFoundError, StoreError, UnreachableError
from nbtrack.journal import control
from nbtrack.registry.remote import registry_of
from nbtrack.store.protocol import CurveQuery, RunQuery
from nbtrack.store.remote import connection, exchange, shipper
from nbtrack.store.remote.store import ServerStore
from tests.store.kit import end, start
from tests.store.remote.served import Served, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    found = Served(tmp_path_factory.mktemp("server") / "team.duckdb")
    yield found
    found.stop()


@pytest.fixture
def store(served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ServerStore]:
    monkeypatch.setenv("NBTRACK_OUTBOX", str(tmp_path / "outbox"))
    monkeypatch.setattr(shipper, "PAUSE_S", 0.02)
    monkeypatch.setattr(connection, "REST_S", 0.05)
    served.is_down, served.loses = False, 0
    found = ServerStore(served.url)
    yield found
    served.is_down, served.loses = False, 0
    found.connection.wake()
    found.close()


def begin(store: ServerStore, name: str = "fox", **more: Any) -> str:
    return start(store, name, **more)  # type: ignore[arg-type]


def test_what_is_recorded_here_is_read_there_at_once(store: ServerStore, served: Served):
    run_id = begin(store)
    store.log_metrics(run_id, 0, {"loss": 0.5})
    info = store.add_artifact(run_id, "notes/a.txt", b"hello")
    assert store.get_run(run_id).data.metrics == {"loss": 0.5}, "what this process wrote is there before it asks"
    assert [found.path for found in store.list_artifacts(run_id, "notes")] == ["notes/a.txt"]
    assert served.store.artifact_file(run_id, "notes/a.txt").read_bytes() == b"hello"
    store.blobs.drop({str(info.sha256)})
    assert store.artifact_file(run_id, "notes/a.txt").read_bytes() == b"hello", "fetched"
    end(store, run_id)  # type: ignore[arg-type]
    assert store.get_run(run_id) == served.store.get_run(run_id)
    assert store.sql("SELECT count(*) AS n FROM runs WHERE run_id = ?", [run_id])["n"].tolist() == [1]


def test_records_go_by_themselves_and_in_bulk(store: ServerStore, served: Served):
    run_id = begin(store)
    store.shipper.flush()
    served.requests.clear()
    for step in range(2000):
        store.log_metrics(run_id, step, {"loss": 1 / (1 + step)})
    wait_until(
        lambda: served.store.metric_buckets(run_id, "loss", 1)["count"].sum() == 2000 if _has(served, run_id) else False
    )
    assert len([line for line in served.requests if line.startswith("POST")]) < 100


def _has(served: Served, run_id: str) -> bool:
    return "loss" in served.store.get_run(run_id).data.metrics


def test_without_a_server_runs_are_recorded_and_go_there_later(store: ServerStore, served: Served):
    served.is_down = True
    run_id = begin(store, number=None, experiment_id=None, experiment="vision")
    store.log_metrics(run_id, 0, {"loss": 0.25})
    wait_until(lambda: store.shipper._warned)
    with pytest.raises(UnreachableError, match="go there later"):
        store.get_run(run_id)
    assert store.next_run_number() is None
    assert store.experiment_id("vision") is None
    assert store.shipper.waiting() > 0
    served.is_down = False
    store.sync()
    run = store.get_run(run_id)
    assert (run.info.experiment_name, run.data.metrics) == ("vision", {"loss": 0.25})
    assert run.info.number is not None


def test_lost_answers_cost_nothing(store: ServerStore, served: Served):
    run_id = begin(store)
    store.shipper.flush()
    for step in range(5):
        store.log_metrics(run_id, step, {"loss": float(step)})
        served.loses = 1
        with suppress(UnreachableError):
            store.sync()
        store.sync()
    steps, _, value = store.metric_history(run_id, "loss")
    assert steps.tolist() == [0, 1, 2, 3, 4]
    assert value.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0]


SCRIPT = """
import os, sys
from nbtrack.store.remote.store import ServerStore
from tests.store.kit import start
store = ServerStore(sys.argv[1])
run_id = start(store, "orphan")
print(run_id, flush=True)
store.shipper.flush()
store.shipper._is_closing = True
for step in range(1000):
    store.log_metrics(run_id, step, {"loss": float(step)})
print("logged", flush=True)
sys.stdin.read()
"""


def test_what_a_killed_process_left_is_sent_by_the_next(store: ServerStore, served: Served):
    child = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, served.url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
    )
    assert child.stdout is not None
    run_id = child.stdout.readline().strip()
    assert child.stdout.readline() == "logged\n"
    child.send_signal(signal.SIGKILL)
    child.communicate()
    store.make_folder()
    store.sync()
    run = store.get_run(run_id)
    assert (run.data.summaries["loss"].count, run.info.status) == (1000, "KILLED")
    assert store.shipper.waiting() == 0


def test_experiments_and_models_follow_the_rules_of_the_server(store: ServerStore, served: Served):
    made = store.create_experiment("sound", {"a": "b"})
    with pytest.raises(AlreadyExistsError, match="sound"):
        store.create_experiment("sound")
    store.rename_experiment(made, "noise")
    assert store.get_experiment(made).name == "noise"
    registry = registry_of(store)
    registry.create("fraud")
    registry.expect("fraud", "auc > 0.9", alias="champion")
    assert [gate.expression for gate in registry.gates("fraud")] == [
        g.expression for g in registry_of(served.store).gates("fraud")
    ]
    with pytest.raises(NotFoundError, match="7"):
        registry.set_alias("fraud", "champion", 7)
    assert [event.op for event in registry.events("fraud")] == ["create", "expect"]


def test_searches_ask_the_server(store: ServerStore):
    ids = [begin(store, f"run {n}") for n in range(3)]
    for n, run_id in enumerate(ids):
        store.log_metrics(run_id, 0, {"score": float(n)})
    found = store.search_runs(RunQuery("metrics.score >= 1", order_by=("metrics.score DESC",)))
    assert [run.info.run_id for run in found] == [ids[2], ids[1]]
    before = store.signature()
    begin(store)
    store.shipper.flush()
    assert store.signature() != before


@pytest.mark.parametrize(
    "url", ["ftp://x", "http://", "http://host/?token=secret", "localhost:5000", "http://user:secret@/x"]
)
def test_odd_addresses_are_refused_without_their_secrets(url: str):
    with pytest.raises(InvalidValueError, match="no address of a server") as told:
        ServerStore(url)
    assert "user:secret" not in str(told.value)


def test_a_login_in_the_address_is_shown_to_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NBTRACK_OUTBOX", str(tmp_path))
    store = ServerStore("http://ada:secret@127.0.0.1:9/team/")
    assert store.uri == "http://127.0.0.1:9/team"
    with pytest.raises(UnreachableError) as told:
        store.settings()
    assert "secret" not in str(told.value)


def test_a_run_hears_what_is_asked_of_it_on_the_server_and_says_how_it_stands(
    store: ServerStore, served: Served, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(exchange, "LOOK_S", 0.0)
    run_id = begin(store)
    inbox = control.Inbox(store.folder, run_id)
    control.write_state(store.folder, run_id, {"knobs": [{"name": "lr"}]})
    wait_until(lambda: served.store.live_state(run_id) == {"knobs": [{"name": "lr"}]})
    assert store.live_state(run_id) == {"knobs": [{"name": "lr"}]}
    served.store.post_order(run_id, control.new_order("stop"))
    orders: list[Any] = []

    def heard() -> list[Any]:
        orders.extend(inbox.new())
        return orders

    wait_until(heard)
    assert [order["do"] for order in orders] == ["stop"]
    end(store, run_id)  # type: ignore[arg-type]
    wait_until(lambda: served.store.live_state(run_id) == {})


def test_a_run_is_followed_point_by_point(store: ServerStore):
    run_id = begin(store)
    store.log_metrics(run_id, 0, {"loss": 1.0})
    follower = store.follow(run_id, store.curves(run_id, 10).cut)
    assert follower.news().points == {}
    store.log_metrics(run_id, 1, {"loss": 0.5})
    store.log_metrics(run_id, 2, {"loss": 0.25})
    assert follower.news().points["loss"][:2] == ([1, 2], [0.5, 0.25])
    assert follower.news().points == {}
    assert store.is_writer_alive(store.writer.id)


def test_a_connection_that_was_closed_meanwhile_is_opened_anew(store: ServerStore, served: Served):
    store.settings()
    served.stop()
    served.start()
    assert store.settings() == served.store.settings()


def test_the_other_verbs_ask_the_server_too(store: ServerStore, served: Served, tmp_path: Path):
    run_id = begin(store)
    for step in range(8):
        store.log_points(run_id, [(1_700_000_000_000_000 + step, step, {"loss": float(step)})])
    store.append(("params", run_id, {"lr": "1", "secret": "x"}, None))
    store.forget(run_id, params=["secret"])
    assert store.get_run(run_id).data.params == {"lr": "1"}
    assert store.resolve_run("fox") == served.store.resolve_run("fox")
    assert store.metric_buckets(run_id, "loss", 2)["count"].tolist() == [4, 4]
    assert store.metric_curves(CurveQuery(((run_id, "loss"),))).y.tolist() == [float(n) for n in range(8)]
    assert store.sparks([run_id], "loss", 8).tolist() == [[float(n) for n in range(8)]]
    assert len(store.run_columns(RunQuery(run_ids=(run_id,)))) == 1
    sizes = store.write_parquet([run_id], tmp_path)
    assert sizes == {name: (tmp_path / name).stat().st_size for name in sizes}
    assert "metrics.parquet" in sizes
    made = store.create_experiment("passing")
    store.set_experiment_tags(made, {"a": "b", "c": "d"})
    store.delete_experiment_tag(made, "a")
    assert store.get_experiment(made).tags == {"c": "d"}
    store.delete_experiment(made)
    assert "passing" not in [each.name for each in store.search_experiments()]
    store.restore_experiment(made)
    assert "passing" in [each.name for each in store.search_experiments()]
    assert store.settings() == served.store.settings()
    assert store.fold() is None
    assert store.title in store.uri
    with pytest.raises(StoreError, match="emptied on the server"):
        store.purge()
    store.post_order(run_id, {"do": "stop"})
