"""What comes with a request: no more than its route takes, counted as it comes, and not too slowly."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import Message, Receive

CHUNK_S = 30.0
"""How long a client may say nothing while its body has not ended."""
GRACE_S, SLOWEST = 60.0, 1024
"""A body has a minute, and a second more for each so many bytes that have come."""


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

    def __init__(self, receive: Receive, limit: int, *, chunk_s: float | None = None) -> None:
        self._receive = receive
        self._limit = limit
        self._chunk_s = CHUNK_S if chunk_s is None else chunk_s
        self._began = asyncio.get_running_loop().time()
        self._size = 0
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
            message = await asyncio.wait_for(self._receive(), self._chunk_s)
        except TimeoutError:
            raise self._stop(408) from None
        if message["type"] != "http.request":
            self._is_whole = True
            return message
        self._size += len(message.get("body", b""))
        self._is_whole = not message.get("more_body", False)
        if self._size > self._limit:
            raise self._stop(413)
        if not self._is_whole and asyncio.get_running_loop().time() - self._began > GRACE_S + self._size / SLOWEST:
            raise self._stop(408)
        return message

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
