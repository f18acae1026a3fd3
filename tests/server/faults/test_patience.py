"""Clients that wait for ever are not waited for: others are served, and their sockets are closed."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from nbtrack.server.access.gate import Gate
from nbtrack.server.serve import TeamServer
from nbtrack.serving import files, patience
from tests.server.faults.crowd import KINDS, Crowd
from tests.server.mlflow.conftest import Rest
from tests.store.kit import quiet_store
from tests.store.remote.served import wait_until

if TYPE_CHECKING:
    import pytest


def n_files() -> int:
    return len([*Path("/proc/self/fd").iterdir()])


def test_a_crowd_of_silent_clients_is_hung_up_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name, value in {"LOOK_S": 0.1, "HEAD_S": 1.0, "SILENCE_S": 1.5, "GRACE_S": 1.5, "SEND_S": 1.5}.items():
        monkeypatch.setattr(patience, name, value)
    store = quiet_store(tmp_path / "team.duckdb")
    server = TeamServer(store, has_pages=False)
    server.start()
    rest = Rest(server.url)
    run = rest.run()
    path = f"0/{run}/artifacts/large.bin"
    assert rest.put(path, bytes(8 << 20)).status == 200
    before = n_files()
    host, port = server.url.removeprefix("http://").split(":")
    try:
        with Crowd(host, int(port), 12, f"/api/2.0/mlflow-artifacts/artifacts/{path}") as crowd:
            slowest = 0.0
            wait_until(lambda: n_files() >= before + 2 * 12 * len(KINDS) - 12)  # both ends are in this process
            while any(crowd.n_open.values()):
                began = time.monotonic()
                rest.post("runs/search", experiment_ids=["0"])
                slowest = max(slowest, time.monotonic() - began)
                assert time.monotonic() - crowd._began < 200, crowd.n_open
                time.sleep(0.02)
        assert slowest < 30
        wait_until(lambda: n_files() <= before + 4)
        assert rest.get("runs/get", run_id=run)["run"]["info"]["run_id"] == run
    finally:
        rest.close()
        server.close()
        store.close()


class Waited:
    """A connection that was made up."""

    def __init__(self, since: float, waits_for: Any) -> None:
        self.since, self.waits_for, self.transport, self.is_gone = since, waits_for, self, False

    def hang_up(self) -> None:
        self.is_gone = True

    def is_closing(self) -> bool:
        return self.is_gone

    def look(self, _: float) -> bool:
        return False


def test_the_one_that_was_waited_for_longest_makes_room():
    loop = asyncio.new_event_loop()
    try:
        at_work, body, older, newer = (
            Waited(0, None),
            Waited(1, ("body", 0)),
            Waited(3, ("head", None)),
            Waited(4, ("head", None)),
        )
        everyone: Any = {at_work, body, older, newer}
        patience.Watch(everyone, loop, most=3).has_come(newer)  # type: ignore[arg-type]
        assert [each.is_gone for each in (at_work, body, older, newer)] == [False, False, True, False]
        others: Any = {at_work, body}
        patience.Watch(others, loop, most=1).has_come(body)  # type: ignore[arg-type]
        assert body.is_gone
        patience.Watch({at_work}, loop, most=0).has_come(at_work)  # type: ignore[arg-type]
        assert at_work.is_gone, "nobody else waits"
    finally:
        loop.close()


def test_there_are_fewer_connections_than_files(monkeypatch: pytest.MonkeyPatch):
    import resource

    limits = {"now": (1024, 4096)}
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits["now"])
    monkeypatch.setattr(resource, "setrlimit", lambda _, new: limits.update(now=new))
    assert files.max_connections() == 1024 - files.SPARE
    files.raise_file_limit()
    assert limits["now"] == (4096, 4096)
    limits["now"] = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    files.raise_file_limit()
    assert files.max_connections() == files.MOST


def test_bodies_in_memory_have_a_limit_together():
    async def reads(scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass
        await PlainTextResponse("fine")(scope, receive, send)

    guard = Gate(reads, max_bytes=1000)
    http = TestClient(guard, base_url="http://127.0.0.1")
    path, kind = "/api/2.0/mlflow/runs/search", {"content-type": "application/json"}
    assert http.post(path, content=b"x" * 900, headers=kind).status_code == 200
    assert http.post(path, content=b"x" * 900, headers=kind).status_code == 200, (
        "what was answered is not counted any more"
    )
    assert http.post(path, content=b"x" * 1100, headers=kind).status_code == 503
    assert (guard._load.n, guard._load.n_bytes) == (0, 0)
