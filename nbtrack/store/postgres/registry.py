"""The registered models in PostgreSQL: each change is judged and written while nobody else, wherever they are, changes one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbtrack.store.postgres.database import Database

# What is seen under the lock is up to date, and what is written is there for all when the lock is let go: so the registry of a local
# store, over the copy, needs nothing else. Gates are asked by whoever calls, inside the lock, as with a file.


class DatabaseRegistry:
    """As :class:`nbtrack.store.registry.LocalRegistry`, over the copy of a database.

    Parameters
    ----------
    database : Database
    flush : callable
        Sends what this process has written, so that a version finds its run.
    """

    def __init__(self, database: Database, flush: Callable[[], None]) -> None:
        self._database = database
        self._flush = flush

    @property
    def settings_seen(self) -> dict[str, str]:
        """Return the settings of the store when a change was last made here."""
        return self._database.pull().registry.settings_seen

    def __getattr__(self, verb: str) -> Callable[..., Any]:
        """Return a verb of the registry."""
        if verb.startswith("_"):
            raise AttributeError(verb)

        def do(*arguments: Any, **options: Any) -> Any:
            self._flush()
            return getattr(self._database.pull().registry, verb)(*arguments, **options)

        return do
