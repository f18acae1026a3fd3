"""A wire between a client and a server that can be cut, go silent, reset everything, or be slow."""

from __future__ import annotations

import selectors
import socket
import struct
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

PIECE = 16 << 10


@dataclass(eq=False)
class _Pair:
    """A client's socket and the server's; what is on its way, with the time from which it may arrive."""

    ends: tuple[socket.socket, socket.socket]
    under_way: list[tuple[float, int, bytes]] = field(default_factory=list)

    def close(self, *, is_reset: bool = False) -> None:
        for end in self.ends:
            with suppress(OSError):
                if is_reset:
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                end.close()


class Wire:
    """A TCP proxy on loopback.

    Attributes
    ----------
    state : str
        ``whole``; ``hole``: connections are taken and nothing of them arrives; ``cut``: nobody is there; ``resets``: each connection is
        reset when something is said.
    rate : float
        Bytes a second, each way; 0 for as fast as it goes.
    delay_s : float
        What each piece takes.
    """

    def __init__(self, port: int) -> None:
        self._to = port
        self.state, self.rate, self.delay_s = "whole", 0.0, 0.0
        self._server: socket.socket | None = None
        self._pairs: list[_Pair] = []
        self._ends = False
        self._free = [0.0, 0.0]
        self._lock = threading.Lock()
        self._open(0)
        self._thread = threading.Thread(target=self._run, name="wire", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends = True
        self._thread.join()
        if self._server is not None:
            self._server.close()
        for pair in self._pairs:
            pair.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def become(self, state: str) -> None:
        """Change what becomes of what is sent; a hole stays open, and what was in it goes on when it is whole again."""
        with self._lock:
            self.state = state
            if state in ("cut", "resets"):
                for pair in self._pairs:
                    pair.close(is_reset=state == "resets")
                self._pairs.clear()
            if state == "cut" and self._server is not None:
                self._server.close()
                self._server = None
            if state != "cut" and self._server is None:
                self._open(self.port)

    def _open(self, port: int) -> None:
        self._server = socket.create_server(("127.0.0.1", port), backlog=256)
        self._server.setblocking(False)
        self.port = self._server.getsockname()[1]

    def _run(self) -> None:
        while not self._ends:
            with self._lock:
                is_busy = self._accept()
                if self.state == "whole":
                    is_busy = sum(map(self._pump, list(self._pairs))) > 0 or is_busy
                elif self.state == "resets":
                    self._reset_those_that_speak()
            if not is_busy:
                time.sleep(0.002)

    def _accept(self) -> bool:
        if self._server is None:
            return False
        try:
            here, _ = self._server.accept()
        except OSError:
            return False
        there = socket.create_connection(("127.0.0.1", self._to))
        for each in (here, there):
            each.setblocking(False)
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._pairs.append(_Pair((here, there)))
        return True

    def _pump(self, pair: _Pair) -> bool:
        is_busy = False
        for way, end in enumerate(pair.ends):
            if sum(to == way for _, to, _ in pair.under_way) > 64:
                continue
            try:
                data = end.recv(PIECE)
            except BlockingIOError:
                continue
            except OSError:
                data = b""
            if not data and not pair.under_way:
                self._drop(pair)
                return True
            if data:
                is_busy = True
                pair.under_way.append((self._arrives(way, len(data)), way, data))
        return self._deliver(pair) or is_busy

    def _arrives(self, way: int, size: int) -> float:
        self._free[way] = max(self._free[way], time.monotonic()) + (size / self.rate if self.rate else 0.0)
        return self._free[way] + self.delay_s

    def _deliver(self, pair: _Pair) -> bool:
        is_busy = False
        while pair.under_way and pair.under_way[0][0] <= time.monotonic():
            when, way, data = pair.under_way.pop(0)
            try:
                sent = pair.ends[1 - way].send(data)
            except BlockingIOError:
                sent = 0
            except OSError:
                self._drop(pair)
                return True
            if sent < len(data):
                pair.under_way.insert(0, (when, way, data[sent:]))
                return is_busy
            is_busy = True
        return is_busy

    def _reset_those_that_speak(self) -> None:
        with selectors.DefaultSelector() as those:
            for pair in self._pairs:
                those.register(pair.ends[0], selectors.EVENT_READ, pair)
            for key, _ in those.select(0) if self._pairs else ():
                key.data.close(is_reset=True)
                self._pairs.remove(key.data)

    def _drop(self, pair: _Pair) -> None:
        pair.close()
        if pair in self._pairs:
            self._pairs.remove(pair)
