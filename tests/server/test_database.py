"""The team server over PostgreSQL: processes side by side, nbtrack's own client, pages that hear of what another server did."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from nbtrack.journal.record import event_body, line
from nbtrack.names import new_run_id
from nbtrack.registry.remote import registry_of
from nbtrack.server.security import Lock
from nbtrack.server.serve import TeamServer
from nbtrack.store.postgres.served import ServedDatabase
from nbtrack.store.protocol import RunQuery
from nbtrack.store.remote import shipper
from nbtrack.store.remote.store import ServerStore
from nbtrack.views.watcher import watch
from tests.server.conftest import Tab
from tests.server.mlflow.conftest import Rest
from tests.store.kit import end, start
from tests.store.postgres.cluster import Cluster, shared

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.xdist_group("mlflow-database")


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    yield from shared()


@pytest.fixture(scope="module")
def url(cluster: Cluster) -> Iterator[str]:
    name = cluster.new_database()
    yield cluster.url(name)
    cluster.drop(name)


def opened(url: str, folder: Path) -> ServedDatabase:
    with pytest.MonkeyPatch.context() as env:
        env.setenv("NBTRACK_CACHE", str(folder))
        return ServedDatabase(url)


@pytest.fixture(scope="module")
def server(url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TeamServer]:
    store = opened(url, tmp_path_factory.mktemp("one"))
    found = TeamServer(store)
    found.start()
    yield found
    found.close()
    watch(store).close()
    store.close()


@pytest.fixture(scope="module")
def other(url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedDatabase]:
    """The store of another server."""
    found = opened(url, tmp_path_factory.mktemp("two"))
    yield found
    found.close()


def test_nbtracks_own_client_works_as_with_a_file(
    server: TeamServer, other: ServedDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("NBTRACK_OUTBOX", str(tmp_path))
    monkeypatch.setattr(shipper, "PAUSE_S", 0.02)
    client: Any = ServerStore(server.url)
    run_id = start(client, "fox", experiment_id=client.experiment_id("vision"), experiment="vision")
    for step in range(500):
        client.log_metrics(run_id, step, {"loss": 1 / (1 + step)})
    client.add_artifact(run_id, "notes/a.txt", b"hello" * 300_000)
    assert len(client.metric_history(run_id, "loss")[0]) == 500
    assert client.artifact_file(run_id, "notes/a.txt").read_bytes() == b"hello" * 300_000
    assert other.artifact_file(run_id, "notes/a.txt").read_bytes() == b"hello" * 300_000
    assert other.get_run(run_id).info.experiment_name == "vision"
    follower = client.follow(run_id, client.curves(run_id, 10).cut)
    other.log_metrics(run_id, 1000, {"loss": 0.0})
    assert follower.news().points["loss"][:2] == ([1000], [0.0])
    before = client.signature()
    registry_of(client).create("fraud", {"a": "b"})
    assert other.registry.get("fraud").tags == {"a": "b"}
    assert client.signature() != before
    other.post_order(run_id, {"do": "stop"})
    assert client.connection.call("orders", {run_id: 0})[run_id][0][0]["do"] == "stop"
    assert client.sql("SELECT count(*) AS n FROM metrics")["n"].tolist() == [501]
    end(client, run_id)
    client.close()
    assert other.get_run(run_id).info.status == "FINISHED"
    assert other.get_run(run_id).info.number == 1


def test_a_delivery_is_taken_once_by_whichever_server(server: TeamServer, other: ServedDatabase):
    rest, writer, run_id = Rest(server.url), "b" * 32, new_run_id()
    body = {"experiment": "vision", "name": "owl", "start_us": 1_700_000_000_000_000}
    bodies = [event_body("hdr", 1, None, o={"user": "ada"}), event_body("start", 2, run_id, o=body)]
    data = b"".join(line(q, each) for q, each in enumerate(bodies))
    path = f"/api/nbtrack/v1/journals/{writer}"
    assert rest.ask("POST", path, data, content_type="application/x-ndjson").json == {"last": 1}
    assert other.receive(writer, data, after=-1, lease_s=60.0) == 1
    late = rest.ask("POST", f"{path}?after=7", data, content_type="application/x-ndjson")
    assert (late.status, late.json) == (409, {"last": 1})
    assert rest.ask("GET", path).json == {"last": 1}
    assert [run.info.run_id for run in other.search_runs(RunQuery("attributes.run_name = 'owl'"))] == [run_id]
    assert rest.ask("POST", path, b"x", content_type="application/x-ndjson").status == 400
    ready = rest.ask("GET", "/ready")
    assert (ready.status, ready.json["parts"]["database"]) == (200, "ok")
    assert b"nbtrack_" in rest.ask("GET", "/metrics").body
    rest.close()


def test_pages_hear_of_what_another_server_did(server: TeamServer, other: ServedDatabase):
    token = server.pages_url.partition("token=")[2]
    tab = Tab(SimpleNamespace(lock=Lock(int(server.url.rpartition(":")[2]), token)))  # type: ignore[arg-type]
    page = tab.ask("GET", "/").read().decode()
    assert other.title in page
    assert "postgresql://nbtrack@" in page
    tab.follow()
    run_id = start(other, "from elsewhere", holder="rest")  # type: ignore[arg-type]
    names: list[str] = []
    while "from elsewhere" not in names:
        names += tab.table()[1]["name"]
    reply, _ = tab.message(kind="edit", op="rename", runs=[run_id], value="renamed")
    assert reply["ok"], reply
    assert other.get_run(run_id).info.run_name == "renamed"
    tab.close()


def test_two_processes_one_of_which_is_killed(cluster: Cluster, tmp_path: Path):
    name = cluster.new_database()
    processes = [process(cluster.url(name), tmp_path / str(i)) for i in range(2)]
    try:
        urls = [json.loads(told(each))["url"] for each in processes]
        acknowledged: list[list[str]] = [[], []]

        def work(i: int) -> None:
            rest = Rest(urls[i])
            try:
                while len(acknowledged[1]) < 60:
                    acknowledged[i].append(rest.run())
                    if i == 0 and len(acknowledged[0]) == 20:
                        processes[0].send_signal(signal.SIGKILL)
            except OSError:
                assert i == 0

        threads = [threading.Thread(target=work, args=(i,)) for i in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        rest = Rest(urls[1])
        assert rest.ask("GET", "/health").body == b"OK"
        found = rest.post("runs/search", experiment_ids=["0"], max_results=1000)["runs"]
        rest.close()
    finally:
        for each in processes:
            each.send_signal(signal.SIGTERM)
        for each in processes:
            each.communicate()
    assert {*acknowledged[0], *acknowledged[1]} <= {run["info"]["run_id"] for run in found}
    assert {run["info"]["status"] for run in found} == {"RUNNING"}, "also those of the server that was killed"
    store = opened(cluster.url(name), tmp_path / "later")
    numbers = store.sql("SELECT number FROM runs")["number"].tolist()
    assert len({*numbers}) == len(numbers) >= 80
    store.close()
    cluster.drop(name)


def process(url: str, folder: Path) -> subprocess.Popen[str]:
    words = ["server", "--store", url, "--port", "0", "--json"]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "NBTRACK_CACHE": str(folder)}
    return subprocess.Popen([sys.executable, "-m", "nbtrack", *words], stdout=subprocess.PIPE, text=True, env=env)


def told(started: subprocess.Popen[str]) -> str:
    assert started.stdout is not None
    text = ""
    while not text.rstrip().endswith("}"):
        more = started.stdout.readline()
        assert more, text
        text += more
    return text
