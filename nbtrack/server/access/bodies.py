"""What comes with a request: no more than its route takes, counted as it comes, and not too slowly."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import Message, Receive

CHUNK_S = 30.0
"""How long a client may say nothing while its body has not ended."""
GRACE_S, SLOWEST = 60.0, 1024
"""A body has a minute, and a second more for each so many bytes that have come."""

MAX_AT_ONCE = 512
"""Requests that are worked on."""
MAX_KEPT = 1 << 30
"""Bytes of bodies that are in memory."""
STREAMED = 64 << 20
"""Bodies that may be larger than this are files, which go to the disk as they come."""


@dataclass
class Load:
    """What a server has to do: requests that wait for their client are not counted, what their bodies hold is.

    Attributes
    ----------
    n, n_bytes : int
        Requests, and bytes of bodies, now.
    most, most_bytes : int
    """

    most: int = MAX_AT_ONCE
    most_bytes: int = MAX_KEPT
    n: int = 0
    n_bytes: int = 0

    @contextmanager
    def waiting(self, n: int = 1) -> Iterator[None]:
        """Count a request as one that waits for its client."""
        self.n -= n
        try:
            yield
        finally:
            self.n += n


class StopError(Exception):
    """A body that is not read further: `status` says why."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Body:
    """The receiving end of a request, with limits.

    Attributes
    ----------
    stopped : int
        The status to answer with when a limit was passed, else 0.
    """

    def __init__(self, receive: Receive, limit: int, load: Load) -> None:
        self._receive = receive
        self._limit = limit
        self._load = load
        self._began = asyncio.get_running_loop().time()
        self._size = self._in_memory = 0
        self._is_whole = False
        self._kept: list[Message] = []
        self.stopped = 0

    async def __call__(self) -> Message:
        """Return the next message."""
        if self._kept:
            return self._kept.pop(0)
        if self._is_whole:
            return await self._receive()  # how one hears that the client is gone
        try:
            with self._load.waiting():
                message = await asyncio.wait_for(self._receive(), CHUNK_S)
        except TimeoutError:
            raise self._stop(408) from None
        if message["type"] != "http.request":
            self._is_whole = True
            return message
        self._take(len(message.get("body", b"")))
        self._is_whole = not message.get("more_body", False)
        if not self._is_whole and asyncio.get_running_loop().time() - self._began > GRACE_S + self._size / SLOWEST:
            raise self._stop(408)
        return message

    def _take(self, size: int) -> None:
        self._size += size
        if self._size > self._limit:
            raise self._stop(413)
        if self._limit <= STREAMED:
            self._in_memory += size
            self._load.n_bytes += size
            if self._load.n_bytes > self._load.most_bytes:
                raise self._stop(503)

    def let_go(self) -> None:
        """Count what was in memory no more: the request has been answered."""
        self._load.n_bytes -= self._in_memory
        self._in_memory = 0

    async def whole(self) -> bytes:
        """Return all of it; it can be read once more."""
        pieces: list[bytes] = []
        kept: list[Message] = []
        while True:
            message = await self()
            kept.append(message)
            pieces.append(message.get("body", b""))
            if message["type"] != "http.request" or not message.get("more_body", False):
                break
        self._kept = kept
        return b"".join(pieces)

    def replace(self, data: bytes) -> None:
        """Let it have been another one."""
        self._kept = [{"type": "http.request", "body": data, "more_body": False}]

    def _stop(self, status: int) -> StopError:
        self.stopped = status
        return StopError(status)
