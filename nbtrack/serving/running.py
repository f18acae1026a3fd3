"""A model server that runs: in the foreground for ``nbtrack models serve``, in a thread for ``nbtrack.models.serve()``."""

from __future__ import annotations

import html
import os
import shutil
import socket
import tempfile
import threading
from dataclasses import replace
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from nbtrack.deps import require
from nbtrack.errors import InvalidValueError, NbtrackError
from nbtrack.serving.settings import Settings

if TYPE_CHECKING:
    from types import TracebackType

START_S = 60.0
GRACE_S = 10
WHY = "to serve models"


class Serving:
    """A running model server.

    Attributes
    ----------
    url : str
        Its page, with a form to try the model; predictions are at ``<url>/invocations``.
    """

    def __init__(self, settings: Settings, *, host: str = "127.0.0.1", port: int = 0) -> None:
        uvicorn = require("uvicorn", WHY, extra="serving")
        require("starlette", WHY, extra="serving")
        from nbtrack.serving.worker import build  # noqa: PLC0415 - the packages may be missing

        self._app = build(replace(settings, parent=0))
        self._socket = listen(host, port)
        self.url = url_of(self._socket, host)
        self._server = uvicorn.Server(uvicorn.Config(self._app.app(), **_options()))
        self._thread: threading.Thread | None = None

    def run(self) -> None:
        """Serve until SIGTERM or Ctrl+C; requests that have begun are answered."""
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self._socket.close()

    def start(self) -> None:
        """Serve in a thread, and return when requests are answered."""
        self._thread = threading.Thread(target=self.run, name="nbtrack-serving", daemon=True)
        self._thread.start()
        pause = threading.Event()
        for _ in range(int(START_S / 0.02)):
            if self._server.started or not self._thread.is_alive():
                break
            pause.wait(0.02)
        if not self._server.started:
            self.close()
            raise NbtrackError("The model server did not start; `nbtrack models serve` in a terminal shows why.")

    def close(self) -> None:
        """End the server; requests that have begun are answered first."""
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(timeout=GRACE_S + 5)
        self._socket.close()

    def __enter__(self) -> Self:
        """Return the server itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the server."""
        self.close()

    def __repr__(self) -> str:
        """Show the address: it is what the caller needs."""
        return self.url

    def _repr_html_(self) -> str:
        """Show the address as a link."""
        url = html.escape(self.url)
        return f'<a href="{url}" target="_blank" rel="noopener noreferrer">{url}</a> <small>.close() ends it</small>'


def run_workers(
    settings: Settings, n_workers: int, *, host: str = "127.0.0.1", port: int = 0, told: Any = None
) -> None:
    """Serve with several processes on one address, until SIGTERM or Ctrl+C; none of them outlives this one.

    Parameters
    ----------
    settings : Settings
    n_workers : int
        Processes; each has a copy of the model.
    host, port
        Where to listen.
    told : callable, optional
        Called with the address when the socket is open.
    """
    uvicorn = require("uvicorn", WHY, extra="serving")
    from uvicorn.supervisors import Multiprocess  # noqa: PLC0415

    from nbtrack.serving.worker import build  # noqa: PLC0415 - the packages may be missing

    build(
        replace(settings, follow_s=0.0, experiment="", parent=0)
    )  # a model that cannot be loaded is told once, and here
    open_socket = listen(host, port)
    folder = tempfile.mkdtemp(prefix="nbtrack-serving-")
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
    replace(settings, parent=os.getpid()).to_environment()
    config = uvicorn.Config("nbtrack.serving.worker:make_app", factory=True, workers=n_workers, **_options())
    if told is not None:
        told(url_of(open_socket, host))
    try:
        more = {"target": uvicorn.Server(config).run} if "target" in signature(Multiprocess).parameters else {}
        Multiprocess(config, sockets=[open_socket], **more).run()
    finally:
        open_socket.close()
        os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)
        shutil.rmtree(Path(folder), ignore_errors=True)


def serve(
    model_uri: str,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    follow: float | bool = False,
    trust: bool = False,
    **limits: Any,
) -> Serving:
    """Serve a model in a thread of this process.

    Parameters
    ----------
    model_uri : str
        ``models:/fraud@champion``, ``runs:/…/model``, or a folder.
    host, port
        Where to listen; port 0 takes a free one.
    follow : bool or float
        Exchange the model when the URI stands for another version; a number is the seconds between looks (2 by default).
    trust : bool
        Load a model although this store did not write it; loading a model runs code of whoever made it.
    **limits
        ``timeout_s``, ``max_bytes``, ``n_threads``; ``experiment="…"`` records requests and predictions.

    Returns
    -------
    Serving
        Its ``url`` is a page to try the model; ``close()`` ends it.

    Examples
    --------
    >>> with nbtrack.models.serve("models:/fraud@champion") as serving:  # doctest: +SKIP
    ...     requests.post(f"{serving.url}/invocations", json={"dataframe_records": rows})
    """
    from nbtrack.tracking import active  # noqa: PLC0415

    follow_s = 2.0 if follow is True else float(follow)
    settings = Settings(model_uri, active.get_store().uri, follow_s=follow_s, trust=trust, **limits)
    serving = Serving(settings, host=host, port=port)
    serving.start()
    return serving


def listen(host: str, port: int) -> socket.socket:
    """Open a socket; raises ``NbtrackError`` when the port is taken, ``InvalidValueError`` for a host that is not of this machine."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host.strip("[]"), port))
        found.listen(1024)
    except socket.gaierror as error:
        found.close()
        raise InvalidValueError(f"{host!r} is no address of this machine: {error.strerror}.") from error
    except OSError as error:
        found.close()
        raise NbtrackError(
            f"Port {port} of {host} cannot be had: {error.strerror}. --port 0 takes a free one."
        ) from error
    return found


def url_of(open_socket: socket.socket, host: str) -> str:
    """Return the address as people write it."""
    name = f"[{host.strip('[]')}]" if ":" in host else host
    return f"http://{name}:{open_socket.getsockname()[1]}"


def _options() -> dict[str, Any]:
    return {
        "log_level": "warning",
        "access_log": False,
        "server_header": False,
        "timeout_graceful_shutdown": GRACE_S,
        "lifespan": "on",
        "ws": "none",
    }
