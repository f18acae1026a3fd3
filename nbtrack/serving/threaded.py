"""An HTTP server of this process: its socket, its address, and the thread it runs in; for models and for the web interface."""

from __future__ import annotations

import html
import socket
import threading
from typing import Any

from nbtrack.errors import InvalidValueError, NbtrackError

LOOK_S = 0.02
GONE_S = 60
"""A client that does not even acknowledge what it is sent, or that it is there, is gone after so many seconds."""
PROTOCOL = "nbtrack.serving.patience:PatientProtocol"
"""``http`` of uvicorn's configuration; named, because uvicorn may be missing."""


class ThreadedServer:
    """A uvicorn server that runs in the foreground or in a thread.

    Attributes
    ----------
    url : str
        Where it is reached.
    """

    name = "nbtrack-http"
    """Of the thread."""
    start_s = 60.0
    """How long it may take until requests are answered."""
    grace_s = 10.0
    """How long the thread may take to end."""
    problem = "The server did not start."

    def __init__(self, open_socket: socket.socket, url: str, server: Any) -> None:
        self._socket = open_socket
        self.url = url
        self._server = server
        self._thread: threading.Thread | None = None

    def run(self) -> None:
        """Serve until SIGTERM or Ctrl+C."""
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self._socket.close()

    def start(self) -> None:
        """Serve in a thread, and return when requests are answered."""
        self._thread = threading.Thread(target=self.run, name=self.name, daemon=True)
        self._thread.start()
        pause = threading.Event()
        for _ in range(int(self.start_s / LOOK_S)):
            if self._server.started or not self._thread.is_alive():
                break
            pause.wait(LOOK_S)
        if not self._server.started:
            self.close()
            raise NbtrackError(self.problem)

    def close(self) -> None:
        """End the server; requests that have begun are answered first."""
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(timeout=self.grace_s)
        self._socket.close()

    def __repr__(self) -> str:
        """Show the address: it is what the caller needs."""
        return self.url

    def _repr_html_(self) -> str:
        """Show the address as a link."""
        url = html.escape(self.url)
        return f'<a href="{url}" target="_blank" rel="noopener noreferrer">{url}</a> <small>.close() ends it</small>'


def listen(host: str, port: int, *, backlog: int = 1024, hint: str = "") -> socket.socket:
    """Open a socket; raises ``NbtrackError`` when the port is taken, ``InvalidValueError`` for a host that is not of this machine."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sends at once (TCP_NODELAY) only where the protocol is named; else an answer in two writes waits 40 ms for an acknowledgement
    found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    _notice_who_is_gone(found)
    try:
        found.bind((host.strip("[]"), port))
        found.listen(backlog)
    except socket.gaierror as error:
        found.close()
        raise InvalidValueError(f"{host!r} is no address of this machine: {error.strerror}.") from error
    except OSError as error:
        found.close()
        raise NbtrackError(
            f"Port {port} of {host} cannot be had: {error.strerror}. {hint}--port 0 takes a free one."
        ) from error
    return found


def _notice_who_is_gone(found: socket.socket) -> None:
    """Have the system ask silent clients whether they are there; what is accepted inherits it."""
    found.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (
        ("TCP_KEEPIDLE", GONE_S // 2),
        ("TCP_KEEPINTVL", GONE_S // 6),
        ("TCP_KEEPCNT", 3),
        ("TCP_USER_TIMEOUT", GONE_S * 1000),
    ):
        if hasattr(socket, name):  # not on every system
            found.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def url_of(open_socket: socket.socket, host: str, scheme: str = "http") -> str:
    """Return the address as people write it."""
    name = f"[{host.strip('[]')}]" if ":" in host else host
    return f"{scheme}://{name}:{open_socket.getsockname()[1]}"
