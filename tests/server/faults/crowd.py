"""Clients that cost themselves nothing and a server its sockets: they begin something and say a byte now and then, or read nothing."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

KINDS = ("silent", "head", "body", "answered", "unread", "sign-in")


@dataclass
class Client:
    """One of the crowd."""

    kind: str
    socket: socket.socket
    closed_s: float | None = None
    """When the server hung up, from the beginning of the crowd on."""


@dataclass
class Crowd:
    """Many of them, on one server.

    Parameters
    ----------
    host, port
        Of the server.
    n : int
        How many of each kind.
    large : str
        A path whose answer is larger than what a socket holds.
    pause_s : float
        Between two bytes of those that trickle.
    """

    host: str
    port: int
    n: int
    large: str = ""
    kinds: tuple[str, ...] = KINDS
    pause_s: float = 0.2
    clients: list[Client] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._ends = threading.Event()
        self._began = time.monotonic()
        self._thread = threading.Thread(target=self._trickle, name="crowd", daemon=True)

    def __enter__(self) -> Self:
        for kind in self.kinds:
            self.clients += [Client(kind, self._begin(kind)) for _ in range(self.n)]
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._thread.join()
        for each in self.clients:
            each.socket.close()

    @property
    def n_open(self) -> dict[str, int]:
        """How many of each kind the server still has."""
        return {kind: sum(c.kind == kind and c.closed_s is None for c in self.clients) for kind in self.kinds}

    def slowest(self) -> dict[str, float]:
        """When the last one of each kind was hung up on."""
        return {k: round(max((c.closed_s or 0.0) for c in self.clients if c.kind == k), 1) for k in self.kinds}

    def _begin(self, kind: str) -> socket.socket:
        found = socket.socket()
        found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        found.settimeout(10)
        found.connect((self.host, self.port))
        with suppress(OSError):
            found.sendall(self._first(kind))
        found.setblocking(False)
        return found

    def _first(self, kind: str) -> bytes:
        host = f"Host: {self.host}:{self.port}\r\n"
        post = "POST /api/2.0/mlflow/runs/search HTTP/1.1\r\n" + host + "Content-Type: application/json\r\n"
        sign_in = f"POST /sign-in HTTP/1.1\r\n{host}Content-Type: application/x-www-form-urlencoded\r\n"
        return {
            "silent": "",
            "head": f"GET /health HTTP/1.1\r\n{host}X-Slow: ",
            "body": f"{post}Content-Length: 30000\r\n\r\n",
            # refused at once, because of its host; what follows is read away
            "answered": "POST /api/2.0/mlflow/runs/search HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 30000\r\n\r\n",
            "unread": f"GET {self.large} HTTP/1.1\r\n{host}\r\n",
            "sign-in": f"{sign_in}Content-Length: 3000\r\n\r\n",
        }[kind].encode()

    def _trickle(self) -> None:
        while not self._ends.wait(self.pause_s):
            for each in self.clients:
                if each.closed_s is None and self._is_gone(each):
                    each.closed_s = time.monotonic() - self._began

    def _is_gone(self, client: Client) -> bool:
        try:
            if client.kind not in ("silent", "unread"):
                client.socket.send(b"a")
            if client.kind != "unread":
                return self._heard_end(client.socket)
            client.socket.send(b"")
            # one that reads nothing sees the end as an error of its socket only
            return client.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0 or _is_reset(client.socket)
        except BlockingIOError:
            return False
        except OSError:
            return True

    @staticmethod
    def _heard_end(found: socket.socket) -> bool:
        while True:
            if not found.recv(1 << 16):
                return True


def _is_reset(found: socket.socket) -> bool:
    """Say whether the connection is over, of which nothing is read."""
    return found.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] in (0, 7, 8)  # closed, or waiting to be
