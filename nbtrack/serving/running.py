"""A model server that runs: in the foreground for ``nbtrack models serve``, in a thread for ``nbtrack.models.serve()``."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from nbtrack.deps import require
from nbtrack.serving.settings import Settings
from nbtrack.serving.threaded import PROTOCOL, ThreadedServer, listen, url_of

if TYPE_CHECKING:
    import socket
    from types import TracebackType

GRACE_S = 10
WHY = "to serve models"


class Serving(ThreadedServer):
    """A running model server.

    Attributes
    ----------
    url : str
        Its page, with a form to try the model; predictions are at ``<url>/invocations``.
    model : str
        Which version answers now, such as ``models:/fraud/3``.
    """

    name = "nbtrack-serving"
    grace_s = GRACE_S + 5.0
    problem = "The model server did not start; `nbtrack models serve` in a terminal shows why."

    def __init__(self, settings: Settings, *, host: str = "127.0.0.1", port: int = 0) -> None:
        uvicorn = require("uvicorn", WHY, extra="serving")
        require("starlette", WHY, extra="serving")
        from nbtrack.serving.worker import build, guarded  # noqa: PLC0415 - the packages may be missing

        self._model_app = build(replace(settings, parent=0))
        found = listen(host, port)
        app = guarded(self._model_app.app(), _located(settings, found))
        super().__init__(found, url_of(found, host), uvicorn.Server(uvicorn.Config(app, **_options())))

    @property
    def model(self) -> str:
        """Return which version answers now: another one when the alias that is followed has moved."""
        return self._model_app.held.served.key

    def __enter__(self) -> Self:
        """Return the server itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the server."""
        self.close()


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
    require("uvicorn", WHY, extra="serving")
    require("starlette", WHY, extra="serving")
    from nbtrack.serving.supervisor import supervisor  # noqa: PLC0415 - the packages may be missing
    from nbtrack.serving.worker import build  # noqa: PLC0415

    build(
        replace(settings, follow_s=0.0, experiment="", parent=0)
    )  # a model that cannot be loaded is told once, and here
    open_socket = listen(host, port)
    folder = tempfile.mkdtemp(prefix="nbtrack-serving-")
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
    replace(_located(settings, open_socket), parent=os.getpid()).to_environment()
    workers = supervisor("nbtrack.serving.worker:make_app", open_socket, n_workers, settings.timeout_s, **_options())
    if told is not None:
        told(url_of(open_socket, host))
    try:
        workers.run()
    finally:
        open_socket.close()
        os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)
        shutil.rmtree(Path(folder), ignore_errors=True)


def _located(settings: Settings, open_socket: socket.socket) -> Settings:
    """Return the settings with whether only this machine reaches the socket."""
    from nbtrack.serving.hosts import is_loopback  # noqa: PLC0415 - the packages may be missing

    return replace(settings, is_local=is_loopback(open_socket.getsockname()[0]))


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
        Load a model although you did not log it; loading a model runs code of whoever made it.
    **limits
        ``timeout_s``, ``max_bytes``, ``n_threads``; ``experiment="…"`` records requests and predictions;
        ``allow_hosts=("model.example.com",)`` lets a proxy ask by its own name (see :mod:`nbtrack.serving.hosts`).

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


def _options() -> dict[str, Any]:
    return {
        "log_level": "warning",
        "access_log": False,
        "server_header": False,
        "timeout_graceful_shutdown": GRACE_S,
        "lifespan": "on",
        "ws": "none",
        "http": PROTOCOL,
    }
