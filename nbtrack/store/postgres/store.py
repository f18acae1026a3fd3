"""``open_store("postgresql://…")``: runs kept in PostgreSQL."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from nbtrack.errors import UnreachableError
from nbtrack.store.postgres.database import Database
from nbtrack.store.postgres.purging import purge
from nbtrack.store.postgres.registry import DatabaseRegistry
from nbtrack.store.remote.store import ServerStore

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from nbtrack.store.protocol import Store
    from nbtrack.store.registry_protocol import RegistryStore


class PostgresStore(ServerStore):
    """Runs kept in PostgreSQL: records are written here first and sent in bulk, what is asked is answered by a copy on this machine.

    Any number of processes, notebooks and servers, may have the same database.

    Parameters
    ----------
    url : str
        ``postgresql://user@host:5432/database``; the password is best left to PGPASSWORD, ``~/.pgpass`` or a service file.

    Raises
    ------
    InvalidValueError
        The URL is none of a database.
    MissingPackageError
        ``pip install "nbtrack[postgres]"`` brings what is missing.
    """

    def __init__(self, url: str) -> None:
        self.database = Database(url)
        super().__init__(self.database.url, self.database)
        self.registry = cast("RegistryStore", DatabaseRegistry(self.database, self._flush))

    @property
    def title(self) -> str:
        """Return host and database."""
        return self.database.pool.address.title

    def signature(self) -> Hashable:
        """Return something that changes when anything that could be read changes; the last one known when the database does not answer."""
        with suppress(UnreachableError):
            self._flush()
        return super().signature()

    def fold(self, *, timeout: float = 0.0, progress: Callable[[int], None] | None = None) -> int | None:
        """Bring the copy on this machine up to date, and fold it."""
        self._flush()
        return self.database.pull().fold(timeout=timeout, progress=progress)

    def purge(self, *, older_than_s: float = 0.0, progress: Callable[[str], None] | None = None) -> dict[str, int]:
        """Delete for good what is in the trash, for everybody."""
        self._flush()
        return purge(self.database.pull(), older_than_s=older_than_s, progress=progress)

    def _ask(self, verb: str, *arguments: Any, **options: Any) -> Any:
        self._flush()
        return self.database.call(verb, *arguments, **options)

    def _flush(self) -> None:
        """Send what this process has written; not inside a change, on whose end what is sent must not depend."""
        if self.writer.has_segment and not self.database.pool.is_changing:
            self.shipper.flush()


def _fits(store: PostgresStore) -> Store:
    return store
