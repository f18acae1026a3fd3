"""``nbtrack server`` as a process or a thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbtrack.deps import require
from nbtrack.errors import InvalidValueError, NbtrackError
from nbtrack.server.ending import before_shutdown, signals_that_end_well
from nbtrack.server.front import Front
from nbtrack.serving.threaded import PROTOCOL, ThreadedServer, listen, url_of
from nbtrack.store.connect import DamagedError, reading

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from nbtrack.store.served import ServedStore

WHY = "for the team server"
BACKLOG = 1024
GRACE_S = 5


class TeamServer(ThreadedServer):
    """A running team server.

    Attributes
    ----------
    url : str
        What ``mlflow.set_tracking_uri`` takes.
    pages_url : str
        The web interface, with the token that lets a browser in.
    """

    name = "nbtrack-server"
    start_s = 20.0
    problem = "The server did not start; `nbtrack server` in a terminal shows why."

    def __init__(
        self,
        store: ServedStore,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        has_pages: bool = True,
        auth: Path | None = None,
        allowed_hosts: Sequence[str] = (),
        front: Front | None = None,
        redirects: bool = False,
    ) -> None:
        uvicorn = require("uvicorn", WHY, extra="server")
        require("fastapi", WHY, extra="server")
        from nbtrack.server import app as interface  # noqa: PLC0415 - the packages may be missing
        from nbtrack.server import security, team  # noqa: PLC0415
        from nbtrack.server.access.audit import Audit, place  # noqa: PLC0415
        from nbtrack.server.access.keys import Keys  # noqa: PLC0415

        front = front or Front()
        _refuse_damaged(store)
        keys = None if auth is None else Keys(auth)
        audit = None if auth is None else Audit(place(store.uri, store.folder, auth))
        found = listen(_check_host(host) if keys is None else host.strip("[]"), port, backlog=BACKLOG)
        self.store = store
        lock = security.Lock(found.getsockname()[1])
        pages = interface.Pages(store, lock) if has_pages else None
        self.sessions = pages.sessions if pages else None
        server = uvicorn.Server(
            uvicorn.Config(
                front.around(
                    team.application(
                        store,
                        guards=team.gates(keys, audit, allowed_hosts),
                        pages=pages.app(is_guarded=keys is None) if pages else None,
                        redirects=redirects,
                    )
                ),
                **front.options(),
                log_level="warning",
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=GRACE_S,
                backlog=BACKLOG,
                ws="none",
                http=PROTOCOL,
            )
        )
        if self.sessions is not None:
            before_shutdown(server, self.sessions.close_all)
        url = url_of(found, host, front.scheme)
        opening = f"{url}{security.OPENING}?token={lock.token}" if keys is None else f"{url}/"
        self.pages_url = opening if pages else ""
        self._audit, self._keys = audit, keys
        super().__init__(found, url, server)

    def run(self) -> None:
        """Serve until SIGTERM or Ctrl+C; both end it well."""
        try:
            with signals_that_end_well():
                super().run()
        finally:
            if self._audit is not None:
                self._audit.close()
            if self._keys is not None:
                self._keys.close()


def _refuse_damaged(store: ServedStore) -> None:
    """Raise for a file that is damaged: now is the time to say so. What may pass is told by `/ready`; nobody is waited for."""
    path = getattr(store, "path", None)
    if path is None:  # a database, which has answered
        return
    try:
        with reading(path, 0.0, waits_for_fold=False):
            pass
    except DamagedError:
        raise
    except NbtrackError:
        return


def _check_host(host: str) -> str:
    from nbtrack.server import security  # noqa: PLC0415

    try:
        return security.check_host(host)
    except InvalidValueError:
        raise InvalidValueError(
            f"{host!r} can be reached from elsewhere, and without --auth this server asks nobody who they are. "
            "`nbtrack server token add NAME --role write --auth tokens.toml` makes a first token; then give --auth tokens.toml here. "
            "Without it: 127.0.0.1, localhost or ::1, and from another machine "
            "`ssh -L 5000:127.0.0.1:5000 this-machine`, with --port 5000 here."
        ) from None
