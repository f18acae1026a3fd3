"""How long, and for how much, a server waits for each of its clients.

uvicorn closes a connection that is idle between two requests, and waits for ever for one that says a byte now and then: for the end of a
head, for a body, for somebody to read the answer. A thousand of those cost their owner nothing and the server all of its files. Here each
connection is looked at once a second, so that a request costs nothing more, and those that are waited for too long are closed. When there
are too many of them, the one that was waited for longest makes room for the next.
"""

from __future__ import annotations

import logging
import socket
import struct
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

from nbtrack.serving.files import max_connections

if TYPE_CHECKING:
    import asyncio

logger = logging.getLogger("nbtrack.serving")

LOOK_S = 1.0
HEAD_S = 20.0
"""For the head of a request to come, from the connection or from the last answer on."""
SILENCE_S = 40.0
"""For the next piece of a body."""
GRACE_S, SLOWEST = 75.0, 1024
"""A body has so many seconds, and one more for each so many bytes of it."""
SEND_S = 60.0
"""For anything of an answer to be taken."""
MAX_HEAD = 64 << 10
TELL_S = 60.0

_Base: Any = AutoHTTPProtocol


class PatientProtocol(_Base):  # type: ignore[misc]
    """uvicorn's protocol, whose patience ends: ``http=`` of its configuration, by the name ``threaded.PROTOCOL``."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Begin to wait for a first request."""
        super().connection_made(transport)
        self.received = self._head = 0
        self.body: tuple[Any, float, int] = (None, 0.0, 0)
        self.waits_for: tuple[Any, ...] | None = ("head", None)
        self.since = self.loop.time()
        watch = _watches.get(self.server_state)
        if watch is None:
            watch = _watches[self.server_state] = Watch(self.connections, self.loop)
        watch.has_come(self)

    def data_received(self, data: bytes) -> None:
        """Take what came; the head of a request has a limit, which not every parser knows."""
        self.received += len(data)
        before = self.cycle
        super().data_received(data)
        is_head = self.cycle is before and (before is None or (before.response_complete and not before.more_body))
        self._head = self._head + len(data) if is_head else 0
        if self._head > MAX_HEAD and not self.transport.is_closing():
            self.send_400_response("The head of the request is too large.")

    def on_message_complete(self) -> None:
        """Note that a body has ended, also one that was answered before."""
        super().on_message_complete()
        if self.cycle is not None and self.cycle.response_complete:
            self.cycle.more_body = False

    def look(self, now: float) -> bool:
        """Say whether this client was waited for too long."""
        waits_for, limit = self._waiting()
        if waits_for is None or waits_for != self.waits_for:
            self.waits_for, self.since = waits_for, now
        return waits_for is not None and (now - self.since > limit or self._is_slow(waits_for, now))

    def hang_up(self) -> None:
        """Close the connection now; what was not taken of an answer is thrown away, also what the system still has."""
        if self.transport.get_write_buffer_size():
            with suppress(OSError):
                linger = struct.pack("ii", 1, 0)
                self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.transport.abort()

    def _waiting(self) -> tuple[tuple[Any, ...] | None, float]:
        """Return what this server waits for, and how long it may; nothing when it is the server's turn."""
        size = self.transport.get_write_buffer_size()
        if size:
            return ("answer", size), SEND_S
        cycle = self.cycle
        if cycle is None or cycle.response_complete:
            is_read_away = (
                cycle is not None and cycle.more_body
            )  # of a body that was refused: its sender is to read why
            return ("head", cycle), SEND_S if is_read_away else HEAD_S
        if cycle.more_body and not self.flow.read_paused and not cycle.waiting_for_100_continue:
            return ("body", self.received), SILENCE_S
        return None, 0.0

    def _is_slow(self, waits_for: tuple[Any, ...], now: float) -> bool:
        """Say whether a body trickles."""
        if waits_for[0] != "body":
            return False
        if self.body[0] is not self.cycle:
            self.body = self.cycle, now, self.received
        _, began, before = self.body
        return bool(now - began > GRACE_S + (self.received - before) / SLOWEST)


class Watch:
    """Looks at the connections of one server for as long as there are any."""

    def __init__(self, connections: set[Any], loop: asyncio.AbstractEventLoop, most: int | None = None) -> None:
        self._connections = connections
        self._loop = loop
        self._most = max_connections() if most is None else most
        self._timer: asyncio.TimerHandle | None = None
        self._told = -TELL_S

    def has_come(self, new: PatientProtocol) -> None:
        """Hear of a new connection; when there are too many, the one that was waited for longest goes."""
        if self._timer is None:
            self._timer = self._loop.call_later(LOOK_S, self._look)
        if len(self._connections) <= self._most:
            return
        waiting = [each for each in self._connections if each.waits_for and not each.transport.is_closing()]
        heads = [each for each in waiting if each.waits_for[0] == "head"]
        gone = min(heads or waiting, key=lambda each: each.since, default=new)
        gone.hang_up()
        self._tell()

    def _look(self) -> None:
        self._timer = None
        now = self._loop.time()
        for each in list(self._connections):
            if each.look(now):
                each.hang_up()
        if self._connections:
            self._timer = self._loop.call_later(LOOK_S, self._look)

    def _tell(self) -> None:
        if self._loop.time() - self._told >= TELL_S:
            self._told = self._loop.time()
            logger.warning(
                "%d connections are open, most of them silent: those that were waited for longest are closed.",
                self._most,
            )


_watches: weakref.WeakKeyDictionary[Any, Watch] = weakref.WeakKeyDictionary()
