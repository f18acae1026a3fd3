"""What a database remembers of the places of its files."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from nbtrack.artifacts.naming import full_uri
from nbtrack.store.postgres.pool import GLOBAL_LOCK

if TYPE_CHECKING:
    from nbtrack.store.postgres.pool import Pool

LOOK_S = 30.0


class PlacesTable:
    """The table ``nbtrack.places``; see :class:`nbtrack.artifacts.known_places.Memory`.

    Asked for every half minute: meanwhile, files go where they went before, which is read as well.

    Parameters
    ----------
    pool : Pool
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._known: tuple[str, ...] = ()
        self._looked = -LOOK_S

    def uris(self) -> tuple[str, ...]:
        """Return them; files are written to the first one."""
        if time.monotonic() - self._looked > LOOK_S:
            self.look_again()
        return self._known

    def name(self, text: str, *, unless_known: bool = False) -> str:
        """Let a place be the first one from now on, for everybody, and return its URI."""
        with self._pool.transaction() as con:
            con.execute("SELECT pg_advisory_xact_lock(%s)", (GLOBAL_LOCK,))
            self.look_again()
            if self._known and unless_known:
                return self._known[0]
            uri = full_uri(text, self._known)
            if self._known[:1] != (uri,):
                con.execute(
                    "INSERT INTO nbtrack.places (uri) VALUES (%s) ON CONFLICT (uri) DO UPDATE SET named = clock_timestamp()",
                    (uri,),
                )
        self.look_again()
        return uri

    def look_again(self) -> bool:
        """Ask what others have named meanwhile, and say whether that is anything new."""
        before = self._known
        with self._pool.connection() as con:
            rows = con.execute("SELECT uri FROM nbtrack.places ORDER BY named DESC").fetchall()
        self._known, self._looked = tuple(uri for (uri,) in rows), time.monotonic()
        return self._known != before
