"""A store in a file as a server that only this process can use: one a file and process, begun when it is first needed."""

from __future__ import annotations

import hmac
import os
import secrets
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nbtrack.server.front import Front
from nbtrack.server.serve import TeamServer
from nbtrack.store.opening import open_local

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.types import ASGIApp, Receive, Scope, Send

HOST = "127.0.0.1"

_open: dict[tuple[int, Path], Loopback] = {}
_lock = threading.Lock()


@dataclass(frozen=True)
class Locked(Front):
    """Lets in who knows the secret, and nobody else: any program of this machine can reach the port."""

    secret: str = field(default="", repr=False)

    def around(self, app: ASGIApp) -> ASGIApp:
        """Return an application that asks for the secret first."""
        from starlette.responses import Response  # noqa: PLC0415 - the package may be missing; the server says so

        inner, wanted = super().around(app), f"Bearer {self.secret}".encode()

        async def asked(scope: Scope, receive: Receive, send: Send) -> None:
            shown = dict(scope.get("headers", ())).get(b"authorization", b"")
            if scope["type"] == "http" and not hmac.compare_digest(shown, wanted):
                await Response("This server is of one process.", 401)(scope, receive, send)
                return
            await inner(scope, receive, send)

        return asked


class Loopback:
    """The server of one file in this process; its thread ends with the process.

    It is not ended earlier: MLflow ends the run that is open when the interpreter leaves, and needs it for that.

    Attributes
    ----------
    url, secret : str
        Where it is, and what its clients show.
    """

    def __init__(self, path: Path) -> None:
        self.secret = secrets.token_urlsafe(32)
        self._server = TeamServer(open_local(path), has_pages=False, front=Locked(secret=self.secret))
        self._server.start()
        self.url = self._server.url

    def close(self) -> None:
        """End it; the next one who needs it begins another."""
        with _lock:
            for key in [key for key, found in _open.items() if found is self]:
                del _open[key]
        self._server.close()


def loopback(path: Path) -> Loopback:
    """Return the server of a file; a forked process has one of its own."""
    with _lock:
        key = os.getpid(), path
        if key not in _open:
            _ask_no_proxy()
            _open[key] = Loopback(path)
        return _open[key]


def _ask_no_proxy() -> None:
    """Keep requests to this machine, and the secret in them, from a proxy that is set for the world outside."""
    if any(os.environ.get(name) for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")):
        for name in ("NO_PROXY", "no_proxy"):
            hosts = os.environ.get(name, "")
            if hosts != "*" and HOST not in hosts.split(","):
                os.environ[name] = ",".join(part for part in (hosts, HOST) if part)


def _forget_in_child() -> None:
    global _lock  # noqa: PLW0603
    _lock = threading.Lock()
    _open.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_in_child)
