"""A stream goes on for as long as whoever opened it may come in: a token that is taken away, or a sign-out, ends it with its next frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import Message, Send


class _OverError(OSError):
    """What tells an application that nobody listens."""


class Welcome:
    """Sends what an application answers, while somebody is welcome.

    Parameters
    ----------
    send : callable
        Where messages go.
    is_welcome : callable
        Asked before each piece of the body.
    """

    def __init__(self, send: Send, is_welcome: Callable[[], Awaitable[bool]]) -> None:
        self._send = send
        self._is_welcome = is_welcome
        self.is_over = False

    async def send(self, message: Message) -> None:
        """Send a message, or end the answer."""
        if message["type"] == "http.response.body" and not self.is_over and not await self._is_welcome():
            self.is_over = True
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})
        if self.is_over:
            raise _OverError
        await self._send(message)
