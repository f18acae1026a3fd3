"""Run numbers and ids of experiments, given out by the database: no two processes anywhere get the same."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from nbtrack.journal.numbers import Names, Numbers
from nbtrack.store.postgres.pool import GLOBAL_LOCK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from nbtrack.store.postgres.pool import Con, Pool

_NEXT = "UPDATE nbtrack.counters SET value = value + 1 WHERE name = %s RETURNING value"


class DatabaseNumbers(Numbers):
    """As :class:`Numbers`, under a lock of the database instead of one of this machine.

    Parameters
    ----------
    folder : Path
        Of the copy on this machine.
    pool : Pool
    pull : callable
        Brings the copy up to date.
    turn : context manager, optional
        Held by the thread that changes registered models until what it has written is in the copy: for a process in which that comes into
        the copy from memory, after the database has let the next one begin.
    """

    def __init__(
        self,
        folder: Path,
        pool: Pool,
        pull: Callable[[], object],
        turn: AbstractContextManager[object] | None = None,
    ) -> None:
        super().__init__(folder, lambda: 0, lambda: ({}, 0))
        self._turn = turn or nullcontext()
        self._pool = pool
        self._pull = pull

    def next_run(self) -> int:
        """Return the next run number of the store."""
        with self._pool.connection() as con:  # one statement: a transaction of its own
            return _number(con, _NEXT, "run")

    def experiment_ids(self) -> dict[str, int]:
        """Return the ids of the experiments in use, by name."""
        with self._pool.connection() as con:
            return dict(con.execute("SELECT name, id FROM nbtrack.experiments").fetchall())

    def largest_experiment(self) -> int:
        """Return the largest id that was ever given to an experiment."""
        with self._pool.connection() as con:
            return _number(con, "SELECT value FROM nbtrack.counters WHERE name = %s", "experiment")

    def experiment_id(self, name: str) -> tuple[int, bool]:
        """Return the id of an experiment, and whether it was given out just now.

        Whoever has been given a new one writes its record: inside a transaction, both or none are kept.
        """
        if (known := self._known(name)) is not None:
            return known, False
        with self._alone() as con:
            if (known := self._known(name)) is not None:
                return known, False
            given = _number(con, _NEXT, "experiment")
            con.execute("INSERT INTO nbtrack.experiments (name, id) VALUES (%s, %s)", (name, given))
            return given, True

    @contextmanager
    def changing_models(self) -> Iterator[None]:
        """Keep all others, wherever they are, from changing registered models until the block ends; what is read in it is up to date."""
        with self._turn, self._alone():
            self._pull()
            yield

    @contextmanager
    def changing(self) -> Iterator[Names]:
        """Change the names in use; written when the block ends without an error."""
        with self._alone() as con:
            before = self.experiment_ids()
            names = Names(dict(before), self.largest_experiment())
            yield names
            gone = [name for name, known in before.items() if names.ids.get(name) != known]
            con.execute("DELETE FROM nbtrack.experiments WHERE name = ANY(%s)", (gone,))
            for name in names.ids.keys() - (before.keys() - gone):
                con.execute("INSERT INTO nbtrack.experiments (name, id) VALUES (%s, %s)", (name, names.ids[name]))
            con.execute("UPDATE nbtrack.counters SET value = %s WHERE name = 'experiment'", (names.largest,))

    def _known(self, name: str) -> int | None:
        with self._pool.connection() as con:
            found = con.execute("SELECT id FROM nbtrack.experiments WHERE name = %s", (name,)).fetchone()
        return None if found is None else int(found[0])

    @contextmanager
    def _alone(self) -> Iterator[Con]:
        with self._pool.transaction() as con:
            con.execute("SELECT pg_advisory_xact_lock(%s)", (GLOBAL_LOCK,))
            yield con


def _number(con: Con, query: str, name: str) -> int:
    found = con.execute(query, (name,)).fetchone()
    assert found is not None
    return int(found[0])
