"""A connection that is kept for one purpose: not lent, not tried out before each use, and made anew when it turns out to be broken."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, TypeVar

from nbtrack.errors import UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbtrack.store.postgres.pool import Con, Pool

T = TypeVar("T")

PATIENCE_S = 8.0
"""A server waits so long for a database that does not answer, as while it is started anew, before a request is refused."""
PAUSE_S = 0.1


class Direct:
    """A connection of its own, beside a pool; for one thread at a time.

    Parameters
    ----------
    pool : Pool
        Which knows the way, and says errors in our words.
    patience_s : float
        Seconds for which a database that does not answer is asked again; not when it has been silent just now.
    """

    def __init__(self, pool: Pool, *, patience_s: float = 0.0) -> None:
        import psycopg  # noqa: PLC0415 - an optional package

        self._error = psycopg.Error
        self._pool = pool
        self._patience_s = patience_s
        self._con: Con | None = None
        self._pid = 0

    def do(self, action: Callable[[Con], T]) -> T:
        """Do something that may be done twice, should the connection break; raises ``UnreachableError``."""
        until = 0.0 if self._pool.is_resting else time.monotonic() + self._patience_s
        while True:
            try:
                return self._do(action)
            except UnreachableError:
                if time.monotonic() >= until:
                    raise
            time.sleep(PAUSE_S)
            self._pool.rests_until = 0.0

    def _do(self, action: Callable[[Con], T]) -> T:
        if self._con is not None and self._pid == os.getpid():
            try:
                return action(self._con)
            except self._error as error:
                if not self._con.closed:
                    raise self._pool.told(error) from error
        self._con, self._pid = None, os.getpid()  # that of a parent is the parent's to close
        self._con = con = self._pool.connect()
        with self._pool.answering():
            return action(con)

    def close(self) -> None:
        """Hang up."""
        if self._con is not None and self._pid == os.getpid():
            self._con.close()
        self._con = None
