"""A running web interface over a small store, and a browser's side of it."""

from __future__ import annotations

import http.client
import json
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

import nbtrack
from nbtrack.server.running import Interface  # noqa: TC001 - dataclasses read their annotations
from nbtrack.store.opening import open_local
from nbtrack.views.watcher import watch
from tests.widgets.blob import unpack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TIMEOUT_S = 30


def open_parcel(data: bytes) -> tuple[Any, list[bytes]]:
    """Read a parcel as the page does."""
    (length,) = struct.unpack_from("<I", data)
    header = json.loads(data[4 : 4 + length])
    at, buffers = -(-(4 + length) // 8) * 8, []
    for size in header["sizes"]:
        buffers.append(data[at : at + size])
        at += -(-size // 8) * 8
    return header["content"], buffers


@dataclass
class Tab:
    """One page of a browser."""

    interface: Interface
    headers: dict[str, str] = field(default_factory=dict)
    stream: http.client.HTTPResponse | None = None
    session: str = ""

    def __post_init__(self) -> None:
        lock = self.interface.lock
        self.headers = {"Host": f"127.0.0.1:{lock.port}", "Cookie": f"{lock.cookie}={lock.token}"} | self.headers

    def ask(self, method: str, path: str, body: Any = None, **changed: str | None) -> http.client.HTTPResponse:
        """Send a request; a header given as None is left out."""
        given = {name.replace("_", "-"): value for name, value in changed.items()}
        headers = {k: v for k, v in {**self.headers, **given}.items() if v is not None}
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection("127.0.0.1", self.interface.lock.port, timeout=TIMEOUT_S)
        connection.putrequest(method, path, skip_host=True)
        data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        for name, value in {**headers, "Content-Length": str(len(data))}.items():
            connection.putheader(name, value)
        connection.endheaders(data)
        return connection.getresponse()

    def follow(self) -> dict[str, list[Any]]:
        """Open the stream; return the runs that it begins with."""
        self.stream = self.ask("GET", "/api/stream")
        assert self.stream.status == 200, self.stream.read()
        self.session = self.frame()[0]["session"]
        return self.table()[1]

    def frame(self) -> tuple[Any, list[bytes]]:
        """Return the next frame that says something."""
        assert self.stream is not None
        while True:
            (length,) = struct.unpack("<I", self.stream.read(4))
            if length:
                return open_parcel(self.stream.read(length))

    def table(self) -> tuple[dict[str, Any], dict[str, list[Any]]]:
        """Return the next runs."""
        content, (blob,) = self.frame()
        assert content == {"method": "custom", "content": {"kind": "data"}}
        return unpack(blob)

    def message(self, **content: Any) -> tuple[dict[str, Any], list[bytes]]:
        """Send a message of the page; return what it is answered."""
        reply = self.ask("POST", "/api/message", {"session": self.session, "content": {"id": 1, **content}})
        assert reply.status == 200, reply.read()
        return open_parcel(reply.read())

    def close(self) -> None:
        """Close the page."""
        if self.stream is not None:
            self.stream.close()


@pytest.fixture
def interface(tmp_path: Path) -> Iterator[Interface]:
    nbtrack.set_tracking_uri(tmp_path / "runs.duckdb")
    for index, name in enumerate(["a", "b", "<img src=x onerror=alert(1)>"]):
        with nbtrack.start_run(name, params={"lr": 10.0**-index}) as run:
            for step in range(5):
                run.log_metric("acc", step / 10 + index, step=step)
    found = nbtrack.ui()
    yield found
    found.close()
    watch(open_local(tmp_path / "runs.duckdb")).close()


@pytest.fixture
def tab(interface: Interface) -> Iterator[Tab]:
    found = Tab(interface)
    yield found
    found.close()
