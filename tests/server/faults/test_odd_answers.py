"""Whatever stands before a server may answer in its place: nothing is taken for sent that is not, and all of it goes there later."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest

from nbtrack.errors import RemoteError, UnreachableError
from nbtrack.journal.outbox import Outbox
from nbtrack.journal.record import event_body, line
from nbtrack.journal.segments import segment_path
from nbtrack.store.protocol import RunQuery
from nbtrack.store.remote import connection, shipper
from nbtrack.store.remote.store import ServerStore
from tests.store.kit import end, start
from tests.store.remote.served import Served, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGE = b"<!doctype html><html><body><h1>Sign in to go on</h1></body></html>"


class OddServed(Served):
    """A server behind a proxy that answers what it likes.

    Attributes
    ----------
    odd : tuple, optional
        Status, headers and body that everything is answered with.
    most : int
        Bytes that a request may have, 0 for any.
    """

    odd: tuple[int, dict[str, str], bytes] | None = None
    most = 0

    async def _handle(self, scope: Any, receive: Any, send: Any) -> None:
        size = int(dict(scope["headers"]).get(b"content-length", b"0"))
        if self.odd is not None:
            await _say(send, *self.odd)
        elif self.most and size > self.most:
            await _say(send, 413, {}, b"<html><h1>413 Request Entity Too Large</h1></html>")
        else:
            await super()._handle(scope, receive, send)


async def _say(send: Any, status: int, headers: dict[str, str], body: bytes) -> None:
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()] + [(b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OddServed]:
    found = OddServed(tmp_path_factory.mktemp("server") / "team.duckdb")
    yield found
    found.stop()


@pytest.fixture
def store(served: OddServed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ServerStore]:
    monkeypatch.setenv("NBTRACK_OUTBOX", str(tmp_path / "outbox"))
    monkeypatch.setattr(shipper, "PAUSE_S", 0.02)
    monkeypatch.setattr(connection, "REST_S", 0.05)
    found = ServerStore(served.url)
    yield found
    served.odd, served.most = None, 0
    found.connection.wake()
    found.close()


HTML = {"content-type": "text/html"}


ANSWERS: list[tuple[int, dict[str, str], bytes]] = [
    (200, HTML, PAGE),
    (200, {"content-type": "application/json"}, b'{"last": "soon"}'),
    (200, {"content-type": "application/json"}, b"[]"),
    (200, {"content-encoding": "gzip"}, b"no gzip"),
    (204, {}, b""),
    (302, {"location": "https://login.example.org/"}, b""),
    (400, HTML, PAGE),
    (401, HTML, PAGE),
    (404, HTML, PAGE),
    (408, {}, b""),
    (413, HTML, PAGE),
    (429, {"retry-after": "1"}, b""),
    (500, HTML, PAGE),
    (502, HTML, PAGE),
    (503, HTML, PAGE),
    (504, HTML, PAGE),
    (520, HTML, PAGE),
]


def test_what_a_proxy_says_is_not_taken_for_the_server(store: ServerStore, served: OddServed):
    run_id = start(store, "fox")  # type: ignore[arg-type]
    store.shipper.flush()
    for step, odd in enumerate(ANSWERS):
        store.add_artifact(run_id, f"{step}.bin", repr(odd).encode())
        served.odd = odd
        store.log_metrics(run_id, step, {"loss": 0.5})
        for ask in (lambda: store.get_run(run_id), store.sync):
            with pytest.raises(RemoteError) as said:
                ask()
            assert served.url in str(said.value), odd
        served.odd = None
        store.connection.wake()
    store.sync()
    end(store, run_id)  # type: ignore[arg-type]
    found = store.get_run(run_id)
    assert (found.info.status, found.data.summaries["loss"].count) == ("FINISHED", len(ANSWERS))
    for step, odd in enumerate(ANSWERS):
        assert served.store.artifact_file(run_id, f"{step}.bin").read_bytes() == repr(odd).encode()


def test_one_that_gives_odd_answers_is_asked_again_later(store: ServerStore, served: OddServed):
    served.odd = 200, HTML, PAGE
    run_id = start(store, "hen")  # type: ignore[arg-type]
    wait_until(lambda: store.shipper._warned == "UnreachableError")
    served.odd = None
    wait_until(lambda: any(run.info.run_id == run_id for run in served.store.search_runs(RunQuery())))


def test_a_limit_of_a_proxy_makes_deliveries_smaller(store: ServerStore, served: OddServed):
    run_id = start(store, "owl")  # type: ignore[arg-type]
    served.most = 4096
    for step in range(500):
        store.log_metrics(run_id, step, {"loss": float(step)})
    assert store.shipper.waiting() > 5 * served.most
    store.sync()
    steps, _, _ = store.metric_history(run_id, "loss")
    assert steps.tolist() == list(range(500))
    store.append(("tags", run_id, {"note": "x" * 5000}, None))
    with pytest.raises(RemoteError, match="client_max_body_size"):
        store.sync()
    served.most = 0
    store.sync()
    assert store.get_run(run_id).data.tags["note"] == "x" * 5000


def test_what_is_refused_of_one_process_does_not_keep_others_waiting(store: ServerStore, served: OddServed):
    first = "0" * 32  # sent before all others; of a process that is gone
    folder = store.folder / "w"
    store.make_folder()
    folder.mkdir(parents=True, exist_ok=True)
    bodies = [event_body("hdr", 1, None, o={"user": "ada"}), event_body("tags", 2, "no run", p={"a": "b"})]
    segment_path(folder, first, 0).write_bytes(b"".join(line(q, each) for q, each in enumerate(bodies)))
    assert first in Outbox(store.folder).writers()
    run_id = start(store, "cat")  # type: ignore[arg-type]
    store.log_metrics(run_id, 0, {"loss": 1.0})
    wait_until(lambda: any(r.info.run_id == run_id for r in served.store.search_runs(RunQuery())))
    assert store.shipper._warned == "InvalidValueError"
    segment_path(folder, first, 0).unlink()


def test_a_name_that_is_not_found_is_a_server_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NBTRACK_OUTBOX", str(tmp_path / "outbox"))
    asked = []

    def lookup(*arguments: Any, **_: Any) -> Any:
        asked.append(arguments[0])
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    store = ServerStore("http://team.example.org")
    assert store.next_run_number() is None
    assert store.experiment_id("vision") is None
    assert len(asked) == 1, "waited for once"
    with pytest.raises(UnreachableError, match="has not answered just now"):
        store.search_runs(RunQuery())
    store.close()
