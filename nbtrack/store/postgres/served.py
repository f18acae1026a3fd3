"""A database behind a server: each request sees what has been committed anywhere before it came, and is answered when it is committed."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from nbtrack.artifacts.placed import SentBlobs
from nbtrack.errors import UnreachableError
from nbtrack.store import verbs
from nbtrack.store.experiments import Experiments
from nbtrack.store.guarded import guarded_sql
from nbtrack.store.looking import Looks
from nbtrack.store.moment import moment
from nbtrack.store.postgres.committing import Committer
from nbtrack.store.postgres.database import Database
from nbtrack.store.postgres.direct import PATIENCE_S, Direct
from nbtrack.store.postgres.numbers import DatabaseNumbers
from nbtrack.store.postgres.purging import purge
from nbtrack.store.recording import Recording
from nbtrack.store.registry import LocalRegistry
from nbtrack.store.shelf import Shelf

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Sequence
    from pathlib import Path

    from nbtrack.artifacts.placed import PlacedBlobs
    from nbtrack.journal import follow
    from nbtrack.journal.control import Order
    from nbtrack.journal.writer import Writer
    from nbtrack.store.others import Follower
    from nbtrack.store.postgres.replicated import Replicated
    from nbtrack.store.protocol import Record
    from nbtrack.store.reader import Reader
    from nbtrack.store.served import ServedStore

logger = logging.getLogger("nbtrack.server")

LEASES_S = 1.0
REST_S = 1.0
TOLD_S = 10.0
SILENCE = "The database of this server does not answer now; ask again in a few seconds."


class ServedDatabase(Looks, Recording):
    """Runs in PostgreSQL, as a server works with them; any number of servers may have the same database.

    Parameters
    ----------
    url : str
        As :class:`nbtrack.store.postgres.address.Address` takes it.

    Raises
    ------
    UnreachableError
        The database does not answer.
    StoreVersionError
        A newer nbtrack made its tables.
    """

    def __init__(self, url: str) -> None:
        self.database = database = Database(url)
        self.pool = pool = database.pool
        pool.rest_s, pool.timeout_s, pool.silence = REST_S, PATIENCE_S, "{} {}.".format
        database.prepare()
        pool.silence = self._silence
        # Beside the copies, which come and go.
        self.folder: Path = database.folder.with_name(f"{database.folder.name}-server")
        database.puller.direct, database.puller.leases_s = Direct(pool, patience_s=PATIENCE_S), LEASES_S
        self._committer = Committer(self.folder, pool, database.puller)
        self.writer: Writer = self._committer
        self.numbers = DatabaseNumbers(self.folder, pool, self._fresh_copy, threading.RLock())
        self.experiments = Experiments(self.numbers, self.append, self.get_experiment)
        self.registry = LocalRegistry(self, Shelf(self))
        self.blobs: PlacedBlobs = SentBlobs(self.folder, database.places)
        self.followers: list[Follower] = []
        self._here = threading.local()
        self._signature: Hashable = ""
        self._told_until = 0.0

    @property
    def uri(self) -> str:
        """Return the URL of the database, without a password."""
        return self.database.url

    @property
    def title(self) -> str:
        """Return host and database."""
        return self.pool.address.title

    # -- writing -----------------------------------------------------------------------------------------------------

    def append(self, *records: Record) -> None:
        """Write changes; committed when it returns, or with the transaction around it."""
        self.log_together("", (), records)

    def log_metrics(self, run_id: str, step: int, values: dict[str, float], t_us: int | None = None) -> None:
        """Write the metric values of one step."""
        self.writer.metrics(run_id, step, values, t_us)
        self._tell(run_id, [(self.writer.last_us if t_us is None else t_us, step, values)], ())

    def log_points(self, run_id: str, points: Sequence[tuple[int, int, dict[str, float]]]) -> None:
        """Write many metric records, each ``(t_us, step, values)``."""
        self.log_together(run_id, points, ())

    def log_together(
        self, run_id: str, points: Sequence[tuple[int, int, dict[str, float]]], records: Sequence[Record]
    ) -> None:
        """Write points of a run and other records: all of them, or none."""
        self._committer.together(run_id, points, records)
        if self.pool.is_changing:  # the copy will have it after the next look
            self.pool.after_commit(_forget_moment)
            self.pool.after_commit(lambda: self._tell(run_id, points, records), self.registry.forget)
        else:
            self._tell(run_id, points, records)

    def _tell(
        self, run_id: str, points: Sequence[tuple[int, int, dict[str, float]]], records: Sequence[Record]
    ) -> None:
        for follower in self.followers:
            if points:
                follower.points(run_id, points)
            if records:
                follower.records(records)

    def next_run_number(self) -> int:
        """Return a number for a new run."""
        return self.numbers.next_run()

    def experiment_id(self, name: str) -> int:
        """Return the id of an experiment, creating it on first use."""
        with self.pool.transaction():  # its id and its record, or none
            return self.experiments.id_of(name)

    def post_order(self, run_id: str, order: Order) -> None:
        """Ask something of a run that is open somewhere."""
        self.database.orders.post_order(run_id, order)

    def live_state(self, run_id: str) -> dict[str, Any]:
        """Return what an open run says of itself; {} when it says nothing."""
        return self.database.orders.live_state(run_id)

    # -- experiments -------------------------------------------------------------------------------------------------

    def create_experiment(self, name: str, tags: dict[str, str] | None = None, *, created: int | None = None) -> str:
        """Create an experiment and return its id; raises ``AlreadyExistsError``."""
        return str(self.experiments.create(name, tags, created))

    def rename_experiment(self, experiment_id: str, name: str) -> None:
        """Give an experiment another name."""
        self.experiments.rename(experiment_id, name)

    def delete_experiment(self, experiment_id: str) -> None:
        """Put an experiment in the trash."""
        self.experiments.delete(experiment_id)

    def restore_experiment(self, experiment_id: str) -> None:
        """Take an experiment out of the trash."""
        self.experiments.restore(experiment_id)

    def set_experiment_tags(self, experiment_id: str, tags: dict[str, str]) -> None:
        """Set tags of an experiment."""
        self.experiments.set_tags(experiment_id, tags)

    def delete_experiment_tag(self, experiment_id: str, key: str) -> None:
        """Remove a tag of an experiment."""
        self.experiments.delete_tag(experiment_id, key)

    # -- reading -----------------------------------------------------------------------------------------------------

    @contextmanager
    def reading(self, *, is_fresh: bool = False) -> Iterator[Reader]:
        """Open a look at what has been committed before now; see :meth:`LocalStore.reading`."""
        outer: Replicated | None = getattr(self._here, "copy", None)
        copy = self._fresh_copy() if is_fresh else outer or self._copy()
        with copy.reading(is_fresh=is_fresh) as reader:
            self._here.copy = copy
            try:
                yield reader
            finally:
                self._here.copy = outer

    def artifact_file(self, run_id: str, path: str) -> Path:
        """Return a local file with the content of an artifact; only for reading."""
        return self.blobs.path_of(str(self.verb("artifact_digest")(run_id, path)))

    def follow(self, run_id: str, cut: dict[str, int]) -> follow.Follower:
        """Return who reads what is logged in a run from now on; `cut` as in :class:`Curves`."""
        return self._copy().follow(run_id, cut)

    def is_writer_alive(self, writer: str) -> bool:
        """Say whether the process behind a writer lives."""
        return self._copy().is_writer_alive(writer)

    def signature(self) -> Hashable:
        """Return something that changes when anything that could be read changes; the last one known when the database does not answer."""
        with suppress(UnreachableError):
            copy = self._copy()
            self._signature = str(copy.path), copy.signature()
        return self._signature

    @property
    def local(self) -> Replicated:
        """Return the copy on this machine, as it was last seen."""
        return self.database.puller.store or self._copy()

    @property
    def others(self) -> ServedDatabase:
        """Return who tells of other processes."""
        return self

    def mark(self) -> Hashable:
        """Return something that changes whenever another process has written to the database, or purged it."""
        copy = getattr(self._here, "copy", None) or self._copy()
        return str(copy.path), self.database.puller.news

    def mark_of_models(self) -> Hashable:
        """Return something that changes whenever another process has changed a registered model or a setting, or purged."""
        copy = getattr(self._here, "copy", None) or self._copy()
        return str(copy.path), self.database.puller.news_of_models

    # -- for others --------------------------------------------------------------------------------------------------

    @property
    def journals(self) -> ServedDatabase:
        """Return who takes in the journals of other machines."""
        return self

    def receive(self, writer: str, data: bytes, *, after: int, lease_s: float, user: str | None = None) -> int:
        """Take in lines of one writer; committed when it returns with the last one that is there."""
        return self.database.deliver(writer, data, after=after, lease_s=lease_s, user=user)

    def last(self, writer: str) -> int:
        """Return the sequence number of the last record of a writer that is here, -1 when there is none."""
        return self.database.last(writer)

    def verb(self, name: str) -> Callable[..., Any]:
        """Return what answers a verb; raises ``InvalidValueError`` for one that is not on the list."""
        orders = self.database.orders
        own: dict[str, Callable[..., Any]] = {
            "orders": orders.orders,
            "put_state": orders.put_state,
            "sql": self._sql_of_others,
        }
        return own.get(name) or verbs.find_common(self, name)

    def _sql_of_others(self, query: str, values: Sequence[Any] = ()) -> Any:
        copy = self._copy()
        return guarded_sql(copy.path, copy.folder, query, values)

    # -- keeping -----------------------------------------------------------------------------------------------------

    def fold(self, *, timeout: float = 0.0, progress: Callable[[int], None] | None = None) -> int | None:
        """Bring the copy on this machine up to date, and fold it."""
        self._committer.rotate()
        return self._fresh_copy().fold(timeout=timeout, progress=progress)

    def purge(self, *, older_than_s: float = 0.0, progress: Callable[[str], None] | None = None) -> dict[str, int]:
        """Delete for good what is in the trash, for everybody."""
        return purge(self._fresh_copy(), older_than_s=older_than_s, progress=progress)

    def close(self) -> None:
        """Let go of the database."""
        self._committer.close()
        self.database.close()

    def check_writable(self) -> None:
        """Raise where the folder of the server cannot be made."""
        self.make_folder()

    def make_folder(self) -> None:
        """Make the folder of the server, for files on their way."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _silence(self, where: str, what: str) -> str:
        """Tell the log, not at each attempt, what nobody elsewhere needs to know."""
        if time.monotonic() >= self._told_until:
            self._told_until = time.monotonic() + TOLD_S
            logger.warning("%s %s.", where, what)
        return SILENCE

    def _copy(self) -> Replicated:
        """Return the copy, with all that had been committed when the request came that is being answered."""
        now = moment.get()
        known: Replicated | None = now.found if now else None
        return known or self._fresh_copy()

    def _fresh_copy(self) -> Replicated:
        """Return the copy, with all that has been committed before now."""
        found = self.database.pull()
        found.rotate = self._committer.rotate
        if (now := moment.get()) is not None:
            now.keep(found)
        return found


def _forget_moment() -> None:
    if (now := moment.get()) is not None:
        now.forget()


def _fits(store: ServedDatabase) -> ServedStore:
    return store
