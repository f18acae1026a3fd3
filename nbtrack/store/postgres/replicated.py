"""The copy on this machine: a local store that is read, and whose own changes go to the database first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbtrack.journal.record import event_body, line, metrics_body
from nbtrack.journal.writer import Writer
from nbtrack.names import new_run_id
from nbtrack.store.experiments import Experiments
from nbtrack.store.local import LocalStore
from nbtrack.store.postgres.numbers import DatabaseNumbers
from nbtrack.store.registry import LocalRegistry
from nbtrack.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from nbtrack.artifacts.placed import PlacedBlobs
    from nbtrack.store.postgres.pool import Pool
    from nbtrack.store.protocol import Record


class Replicated(LocalStore):
    """A local store whose truth is in PostgreSQL.

    Parameters
    ----------
    path : Path
        The DuckDB file of the copy.
    pool : Pool
    pull : callable
        Brings the copy up to date.
    blobs : callable
        Makes the files of the store, given a folder.

    Attributes
    ----------
    rotate : callable
        Called before the copy is folded in the background: seals what this process is writing.
    note : callable
        Called about once a second while records come: notes how far the copy goes.
    """

    def __init__(
        self, path: Path, pool: Pool, pull: Callable[[], object], blobs: Callable[[Path], PlacedBlobs]
    ) -> None:
        super().__init__(path)
        self.registry = LocalRegistry(self)
        self.pool = pool
        self.writer: Writer = DatabaseWriter(self.folder, pool)
        self.numbers = DatabaseNumbers(self.folder, pool, pull)
        self.experiments = Experiments(self.numbers, self.append, self.get_experiment)
        self.blobs = blobs(self.folder)
        self.rotate: Callable[[], None] = lambda: None
        self.note: Callable[[], None] = lambda: None

    @property
    def uri(self) -> str:
        """Return the URL of the database, without a password."""
        return self.pool.address.shown

    @property
    def title(self) -> str:
        """Return host and database."""
        return self.pool.address.title

    def append(self, *records: Record) -> None:
        """Write changes to the database; the copy has them after the next look."""
        self.writer.events(records)

    def next_run_number(self) -> int:
        """Return a number for a new run."""
        return self.numbers.next_run()

    def experiment_id(self, name: str) -> int:
        """Return the id of an experiment, creating it on first use."""
        with self.pool.transaction():  # its id and its record, or none
            return self.experiments.id_of(name)

    def _sync(self) -> None:
        self.note()

    def _fold_quietly(self, should_stop: Callable[[], bool] | None = None) -> bool:
        self.rotate()
        return super()._fold_quietly(should_stop)


class DatabaseWriter(Writer):
    """Writes to the journal in the database: what it has written is there when it returns, or when the transaction around it ends.

    Each change is a journal of its own: nobody waits for the order of changes that have nothing to do with one another.
    """

    def __init__(self, folder: Path, pool: Pool) -> None:
        super().__init__(folder, __version__)
        self._pool = pool

    def events(self, records: Sequence[Record]) -> None:
        """Write several records: all of them, or none."""
        if records:
            t = self._time()
            self._insert([event_body(kind, t, run_id, p, o) for kind, run_id, p, o in records], t)

    def metrics(self, run_id: str, step: int, values: dict[str, float], t: int | None = None) -> None:
        """Write the metric values of one step."""
        now = self._time()
        self._insert([metrics_body(run_id, now if t is None else t, step, values)], now)

    def points(self, run_id: str, points: Sequence[tuple[int, int, dict[str, float]]]) -> None:
        """Write many metric records."""
        self._insert([metrics_body(run_id, t, step, values) for t, step, values in points], self._time())

    def _time(self) -> int:
        with self._lock:
            return self._now()

    def _insert(self, bodies: list[str], now: int) -> None:
        header = event_body("hdr", now, None, o=self._about())
        lines = b"".join(line(q, body) for q, body in enumerate([header, *bodies]))
        values: tuple[Any, ...] = (new_run_id(), len(bodies), lines)
        with self._pool.transaction() as con:
            con.execute("INSERT INTO nbtrack.journal (writer, last_q, lines) VALUES (%s, %s, %b)", values)
