"""A server of a store in a thread of the test, which can fall silent, lose answers and come back."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import uvicorn
from fastapi import FastAPI

from nbtrack.server.native.routes import NativeRoutes
from nbtrack.serving.threaded import ThreadedServer, listen, url_of
from tests.store.kit import quiet_store

if TYPE_CHECKING:
    from pathlib import Path


class Served:
    """A store behind HTTP.

    Attributes
    ----------
    is_down : bool
        Every request is answered by 503, as a proxy does whose server is gone.
    loses : int
        So many of the next answers are lost after the server has done what was asked.
    requests : list of str
        ``METHOD path`` of what was asked.
    """

    def __init__(self, path: Path) -> None:
        self.store = quiet_store(path)
        self.is_down, self.loses = False, 0
        self.requests: list[str] = []
        self._port = 0
        self.start()

    def start(self) -> None:
        app = FastAPI()
        app.include_router(NativeRoutes(self.store).router)
        self._app = app
        socket = listen("127.0.0.1", self._port)
        self._port = socket.getsockname()[1]
        config = uvicorn.Config(
            self._handle, log_level="critical", lifespan="off", timeout_graceful_shutdown=1, interface="asgi3"
        )
        self.server = ThreadedServer(socket, url_of(socket, "127.0.0.1"), uvicorn.Server(config))
        self.server.start()

    @property
    def url(self) -> str:
        return self.server.url

    def stop(self) -> None:
        self.server.close()

    async def _handle(self, scope: Any, receive: Any, send: Any) -> None:
        self.requests.append(f"{scope['method']} {scope['path']}")
        if self.is_down:
            await _unavailable(send)
            return
        if self.loses:
            self.loses -= 1
            await self._app(scope, receive, _nowhere)
            await _unavailable(send)
            return
        await self._app(scope, receive, send)


async def _nowhere(_: Any) -> None:
    """Lose an answer."""


async def _unavailable(send: Any) -> None:
    await send({"type": "http.response.start", "status": 503, "headers": [(b"connection", b"close")]})
    await send({"type": "http.response.body", "body": b""})


def wait_until(condition: Any, seconds: float = 30.0) -> None:
    """Wait until something holds."""
    pause = threading.Event()
    for _ in range(int(seconds / 0.02)):
        if condition():
            return
        pause.wait(0.02)
    raise AssertionError(f"not within {seconds} s")
