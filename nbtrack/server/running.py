"""A server that runs: in the foreground for ``nbtrack ui``, in a thread for ``nbtrack.ui()``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbtrack.deps import require
from nbtrack.server.ending import before_shutdown
from nbtrack.serving.threaded import PROTOCOL, ThreadedServer, listen, url_of
from nbtrack.tracking import active

if TYPE_CHECKING:
    from nbtrack.store.local import LocalStore

WHY = "for the web interface"


class Interface(ThreadedServer):
    """A running web interface.

    Attributes
    ----------
    url : str
        With the token; open it in a browser of this machine.
    """

    name = "nbtrack-ui"
    start_s = 20.0
    problem = "The web interface did not start; `nbtrack ui` in a terminal shows why."

    def __init__(self, store: LocalStore, *, host: str = "127.0.0.1", port: int = 0, token: str | None = None) -> None:
        uvicorn = require("uvicorn", WHY, extra="ui")
        require("starlette", WHY, extra="ui")
        from nbtrack.server import app, security  # noqa: PLC0415 - the packages may be missing

        found = listen(security.check_host(host), port, backlog=128, hint="Another nbtrack ui may have it; ")
        self.lock = security.Lock(found.getsockname()[1], *([] if token is None else [token]))
        self.store = store
        self._app = app.Pages(store, self.lock)
        server = uvicorn.Server(
            uvicorn.Config(
                self._app.app(),
                log_level="critical",  # closing cancels questions that take long: nothing to tell
                access_log=False,  # addresses carry the token once
                server_header=False,
                timeout_graceful_shutdown=2,
                lifespan="off",
                ws="none",
                http=PROTOCOL,
            )
        )
        super().__init__(found, f"{url_of(found, host)}{security.OPENING}?token={self.lock.token}", server)
        before_shutdown(server, self._app.sessions.close_all)


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
    interface = Interface(_local_store(), host=host, port=port)
    interface.start()
    return interface


def _local_store() -> LocalStore:
    from nbtrack.store.opening import open_local  # noqa: PLC0415

    return open_local(active.get_tracking_uri())
