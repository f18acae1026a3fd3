"""A database as the place where records go: it takes journals and files, and answers what is asked of the store."""

from __future__ import annotations

import hashlib
import os
import threading
from typing import TYPE_CHECKING, Any

from nbtrack import config
from nbtrack.artifacts.known_places import Places
from nbtrack.artifacts.placed import SentBlobs, is_kept
from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.store import verbs
from nbtrack.store.postgres import delivering
from nbtrack.store.postgres.address import Address
from nbtrack.store.postgres.blobs import DatabasePlace
from nbtrack.store.postgres.numbers import DatabaseNumbers
from nbtrack.store.postgres.orders import Orders
from nbtrack.store.postgres.places import PlacesTable
from nbtrack.store.postgres.pool import Pool
from nbtrack.store.postgres.pulling import Puller
from nbtrack.store.postgres.schema import prepare
from nbtrack.store.receiving import Receiver
from nbtrack.store.traffic import VERSION
from nbtrack.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nbtrack.artifacts.places import Place
    from nbtrack.store.postgres.replicated import Replicated


def cache_folder(url: str) -> Path:
    """Return where the copy of a database is kept: a folder of the user's, or under NBTRACK_CACHE; it can be deleted at any time."""
    return config.cache_folder() / "pg" / hashlib.sha256(url.encode()).hexdigest()[:16]


class Database:
    """A database in PostgreSQL; see :class:`nbtrack.store.remote.way.Way`.

    Nothing is asked of it before it is needed; the tables are made, or brought up to date, with the first question.

    Parameters
    ----------
    url : str
        As :class:`Address` takes it.
    """

    def __init__(self, url: str) -> None:
        address = Address(url)
        self.url = address.shown
        self.pool = Pool(address)
        self.folder = cache_folder(self.url)
        self.places = Places(PlacesTable(self.pool), DatabasePlace(self.pool))
        self.orders = Orders(self.pool)
        self.puller = self._new_puller()
        self._receiver = _Receiver(self._make(self.folder / "runs.duckdb"))  # which is asked for numbers only
        self._is_prepared = False
        self._preparing = threading.Lock()
        self._pid = os.getpid()

    # -- as a server is asked ----------------------------------------------------------------------------------------

    def about(self) -> dict[str, Any]:
        """Return ``version``, ``protocol`` and ``user``: who we are for the database."""
        self.prepare()
        with self.pool.connection() as con:
            found = con.execute("SELECT current_user").fetchone()
        return {"version": __version__, "protocol": VERSION, "user": found[0] if found else None}

    def call(self, verb: str, *arguments: Any, **options: Any) -> Any:
        """Ask for a verb of the store, which is up to date by then."""
        own: dict[str, Callable[..., Any]] = {
            "orders": self.orders.orders,
            "post_order": self.orders.post_order,
            "put_state": self.orders.put_state,
            "live_state": self.orders.live_state,
        }
        if verb in own:
            self.prepare()
            return own[verb](*arguments, **options)
        store = self.pull()
        # Whoever has the database may ask it anything; the copy, too.
        answer: Callable[..., Any] = store.sql if verb == "sql" else verbs.find(store, verb)
        return answer(*arguments, **options)

    def deliver(
        self,
        writer: str,
        data: bytes,
        *,
        after: int,
        lease_s: float,
        user: str | None = None,
    ) -> int:
        """Keep lines of a journal and return the last record that is there; committed when it returns. As :meth:`Receiver.receive`."""
        self.prepare()
        rewrite = self._receiver.rewriting(user=user)
        return delivering.deliver(self.pool, writer, data, after=after, lease_s=lease_s, rewrite=rewrite)

    def last(self, writer: str) -> int:
        """Return the sequence number of the last record of a writer that is here, -1 when there is none."""
        self.prepare()
        return delivering.last(self.pool, writer)

    def has_blob(self, sha256: str) -> bool:
        """Say whether a file need not be sent: it is where files are kept, and young enough to stay until its record has come."""
        self.prepare()
        return is_kept(self._place(), sha256)

    def put_blob(self, sha256: str, path: Path) -> None:
        """Keep a file."""
        self.prepare()
        self._place().put(sha256, path)

    def get_blob(self, sha256: str, path: Path) -> None:
        """Fetch a file; raises ``NotFoundError``."""
        self.prepare()
        place, _ = self.places.find(sha256)
        place.get(sha256, path)

    def _place(self) -> Place:
        found = self.places.first()
        assert found is not None
        return found

    @property
    def is_resting(self) -> bool:
        """Say whether the database has not answered just now."""
        return self.pool.is_resting

    def wake(self) -> None:
        """Ask the database again, whether or not it has answered just now."""
        self.pool.rests_until = 0.0

    def hurry(self, _seconds: float) -> None:
        """Ask again; a database that does not answer is not waited for long."""
        self.wake()

    def close(self) -> None:
        """Let go of what is open."""
        self.puller.close()
        self.pool.close()

    # -- the copy ----------------------------------------------------------------------------------------------------

    def pull(self) -> Replicated:
        """Return the copy of the store on this machine, up to date."""
        self.prepare()
        if self._pid != os.getpid():  # another thread of the parent may have held a lock
            self._pid, self.puller = os.getpid(), self._new_puller()
        return self.puller.pull()

    def prepare(self) -> None:
        """Make the tables, or bring them up to date, once; raises ``StoreVersionError``."""
        if not self._is_prepared:
            with self._preparing:
                if not self._is_prepared:
                    prepare(self.pool)
                    self._is_prepared = True

    def _new_puller(self) -> Puller:
        return Puller(self.folder, self.pool, self._make)

    def _make(self, path: Path) -> Replicated:
        from nbtrack.store.postgres.replicated import Replicated  # noqa: PLC0415 - needs what a local store needs

        return Replicated(path, self.pool, self.pull, lambda folder: SentBlobs(folder, self.places))


class _Receiver(Receiver):
    def _check_experiment(self, experiment_id: Any) -> None:
        numbers = self._store.numbers
        assert isinstance(numbers, DatabaseNumbers)
        if not (isinstance(experiment_id, int) and 0 <= experiment_id <= numbers.largest_experiment()):
            raise InvalidValueError(str(NotFoundError("Experiment", str(experiment_id))))
