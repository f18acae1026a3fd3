"""A server that runs: in the foreground for ``nbtrack ui``, in a thread for ``nbtrack.ui()``."""

from __future__ import annotations

import html
import socket
import threading
from typing import TYPE_CHECKING, Any

from nbtrack.deps import require
from nbtrack.errors import NbtrackError
from nbtrack.tracking import active

if TYPE_CHECKING:
    from nbtrack.store.local import LocalStore

START_S = 20.0
WHY = "for the web interface"


class Interface:
    """A running web interface.

    Attributes
    ----------
    url : str
        With the token; open it in a browser of this machine.
    """

    def __init__(self, store: LocalStore, *, host: str = "127.0.0.1", port: int = 0, token: str | None = None) -> None:
        uvicorn = require("uvicorn", WHY, extra="ui")
        require("starlette", WHY, extra="ui")
        from nbtrack.server import app, security  # noqa: PLC0415 - the packages may be missing

        self._socket = _listen(security.check_host(host), port)
        self.lock = security.Lock(self._socket.getsockname()[1], *([] if token is None else [token]))
        self.store = store
        self._app = app.Pages(store, self.lock)
        name = f"[{host.strip('[]')}]" if ":" in host else host
        self.url = f"http://{name}:{self.lock.port}{security.OPENING}?token={self.lock.token}"
        self._server = uvicorn.Server(
            uvicorn.Config(
                self._app.app(),
                log_level="critical",  # closing cancels questions that take long: nothing to tell
                access_log=False,  # addresses carry the token once
                server_header=False,
                timeout_graceful_shutdown=2,
                lifespan="off",
                ws="none",
            )
        )
        self._end_streams_with_server()
        self._thread: threading.Thread | None = None

    def run(self) -> None:
        """Serve until Ctrl+C."""
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self._socket.close()

    def start(self) -> None:
        """Serve in a thread, and return when pages can be opened."""
        self._thread = threading.Thread(target=self.run, name="nbtrack-ui", daemon=True)
        self._thread.start()
        pause = threading.Event()
        for _ in range(int(START_S / 0.02)):
            if self._server.started or not self._thread.is_alive():
                break
            pause.wait(0.02)
        if not self._server.started:
            self.close()
            message = "The web interface did not start; `nbtrack ui` in a terminal shows why."
            raise NbtrackError(message)

    def close(self) -> None:
        """End the server; open pages say that it is gone."""
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(timeout=10)
        self._socket.close()

    def _end_streams_with_server(self) -> None:
        """Let the end of the server be the end of every stream, which has none of its own: else it would wait for each open page."""
        shutdown = self._server.shutdown

        async def ending(*args: Any, **options: Any) -> None:
            self._app.sessions.close_all()
            await shutdown(*args, **options)

        self._server.shutdown = ending

    def __repr__(self) -> str:
        """Show the address: it is what the caller needs."""
        return self.url

    def _repr_html_(self) -> str:
        """Show the address as a link."""
        url = html.escape(self.url)
        return f'<a href="{url}" target="_blank" rel="noopener noreferrer">{url}</a> <small>.close() ends it</small>'


def ui(*, port: int = 0, host: str = "127.0.0.1") -> Interface:
    """Open the web interface of the store in use, in a thread of this process.

    Parameters
    ----------
    port : int
        0 takes a free one.
    host : str
        ``127.0.0.1``, ``localhost`` or ``::1``.

    Returns
    -------
    Interface
        Its ``url`` has the token; ``close()`` ends it.

    Raises
    ------
    MissingPackageError
        ``pip install "nbtrack[ui]"`` brings what is missing.
    NbtrackError
        The port is taken.
    InvalidValueError
        The host can be reached from elsewhere.
    """
    interface = Interface(active.get_store(), host=host, port=port)
    interface.start()
    return interface


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
        found.listen(128)
    except OSError as error:
        found.close()
        message = f"Port {port} of {host} cannot be had: {error.strerror}. Another nbtrack ui may have it; --port 0 takes a free one."
        raise NbtrackError(message) from error
    return found
