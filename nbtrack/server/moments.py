"""Each request is answered from one moment of the store; see :mod:`nbtrack.store.moment`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbtrack.store.moment import Moment, moment

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

STREAMS = ("/api/stream",)
"""Ends of paths whose answers go on for as long as somebody looks."""


class OneMoment:
    """Gives each request a moment of its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http" or scope["path"].endswith(STREAMS):
            await self._app(scope, receive, send)
            return
        token = moment.set(Moment())
        try:
            await self._app(scope, receive, send)
        finally:
            moment.reset(token)
