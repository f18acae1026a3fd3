"""A model server that only this machine reaches is asked by a name of this machine only.

A page elsewhere can have its own name stand for 127.0.0.1 (DNS rebinding), and its script then talks to the server as to its own. The
name that it used stands in the header ``Host``. The port may be another one: of a tunnel, or of a container.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import ASGIApp, Receive, Scope, Send

MISDIRECTED = 421


def is_loopback(name: str) -> bool:
    """Say whether a host, as an address or a name, is this machine and can be reached from nowhere else."""
    bare = name.strip("[]").lower().rstrip(".")
    try:
        return ipaddress.ip_address(bare).is_loopback
    except ValueError:
        return bare == "localhost" or bare.endswith(".localhost")


class LocalNames:
    """Answers only requests that name this machine, or one of `more`."""

    def __init__(self, app: ASGIApp, more: Iterable[str] = ()) -> None:
        self.app = app
        self._known: set[bytes] = set()
        self._more = {name.lower() for name in more}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or say by which names it may ask."""
        app = self.app
        if scope["type"] == "http":
            for key, value in scope["headers"]:
                if key == b"host" and not self._fits(value):
                    app = _refusal(value)
        await app(scope, receive, send)

    def _fits(self, host: bytes) -> bool:
        if host in self._known:
            return True
        name = _without_port(host)
        if not (is_loopback(name) or name in self._more):
            return False
        if len(self._known) < 100:  # noqa: PLR2004 - there are three or four
            self._known.add(host)
        return True


def _without_port(host: bytes) -> str:
    text = host.decode("latin-1").strip().lower()
    return text.partition("]")[0] + "]" if text.startswith("[") else text.partition(":")[0]


def _refusal(host: bytes) -> PlainTextResponse:
    text = (
        f"This server is asked by the names of this machine, such as localhost, and not as {_without_port(host)[:100]}. "
        "A proxy in front of it may be allowed by its name: --allow-host NAME.\n"
    )
    return PlainTextResponse(text, MISDIRECTED, {"x-content-type-options": "nosniff"})
