"""A store on this machine: journals to write, one DuckDB file to read."""

from __future__ import annotations

import os
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from nbtrack.artifacts.known_places import Places, PlacesFile
from nbtrack.artifacts.placed import MovedBlobs, PlacedBlobs
from nbtrack.errors import StoreError, warn
from nbtrack.journal import control, follow
from nbtrack.journal.numbers import Known, Numbers
from nbtrack.journal.segments import is_alive, list_segments
from nbtrack.journal.writer import Writer
from nbtrack.names import check_artifact_path
from nbtrack.store.experiments import Experiments
from nbtrack.store.keeper import Keeper
from nbtrack.store.looking import Looks
from nbtrack.store.others import Others
from nbtrack.store.recording import Recording
from nbtrack.store.registry import LocalRegistry
from nbtrack.store.shelf import Shelf
from nbtrack.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Sequence
    from pathlib import Path

    from nbtrack.journal.control import Order
    from nbtrack.store.others import Follower
    from nbtrack.store.protocol import Record, Store
    from nbtrack.store.reader import Reader
    from nbtrack.store.receiving import Receiver

T = TypeVar("T")

# DuckDB is loaded with the first read, not with the first record: a training script that only logs stays light.


class LocalStore(Looks, Recording):
    """Runs kept in ``X.duckdb`` and the folder ``X.nbtrack``.

    Parameters
    ----------
    path : Path
        The DuckDB file; it and the folder are made with the first record.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.folder = path.with_suffix(".nbtrack")
        self.keeper = Keeper(self._sync, self._fold_quietly)
        self.writer = Writer(self.folder, __version__, self.keeper.wake)
        self.numbers = Numbers(self.folder, self._largest_run_number, self._known_experiments)
        self.experiments = Experiments(self.numbers, self.append, self.get_experiment)
        self.registry = LocalRegistry(self, Shelf(self))
        self.blobs: PlacedBlobs = MovedBlobs(self.folder, Places(PlacesFile(self.folder)))
        self.others = Others(self)
        self.followers: list[Follower] = []
        self._receiver: Receiver | None = None
        self._named_holder: str | None = None
        self._open = threading.local()

    @property
    def uri(self) -> str:
        """Return the path of the DuckDB file."""
        return str(self.path)

    @property
    def title(self) -> str:
        """Return what the store is called where there is little room."""
        return self.path.name

    # -- writing -----------------------------------------------------------------------------------------------------

    def append(self, *records: Record) -> None:
        """Write changes to this process's journal; see :class:`TrackingStore`."""
        self.make_folder()
        self.writer.events(records)
        if any(kind == "end" for kind, *_ in records):
            self.keeper.fold_soon()
        for follower in self.followers:
            follower.records(records)

    def log_metrics(self, run_id: str, step: int, values: dict[str, float], t_us: int | None = None) -> None:
        """Write the metric values of one step."""
        self.writer.metrics(run_id, step, values, t_us)
        for follower in self.followers:
            follower.points(run_id, [(self.writer.last_us if t_us is None else t_us, step, values)])

    def log_points(self, run_id: str, points: Sequence[tuple[int, int, dict[str, float]]]) -> None:
        """Write many metric records, each ``(t_us, step, values)``."""
        self.writer.points(run_id, points)
        for follower in self.followers:
            follower.points(run_id, points)

    def log_together(
        self, run_id: str, points: Sequence[tuple[int, int, dict[str, float]]], records: Sequence[Record]
    ) -> None:
        """Write points of a run, each ``(t_us, step, values)``, and other records."""
        if points:
            self.log_points(run_id, points)
        if records:
            self.append(*records)

    def next_run_number(self) -> int:
        """Return a number for a new run."""
        self.make_folder()
        return self.numbers.next_run()

    def experiment_id(self, name: str) -> int:
        """Return the id of an experiment, creating it on first use."""
        self.make_folder()
        return self.experiments.id_of(name)

    def post_order(self, run_id: str, order: Order) -> None:
        """Ask something of a run that is open somewhere; see :mod:`nbtrack.journal.control`."""
        self.make_folder()
        control.post(self.folder, run_id, order)

    def live_state(self, run_id: str) -> dict[str, Any]:
        """Return what an open run says of itself: knobs and progress; {} when it says nothing."""
        return control.read_state(self.folder, run_id)

    # -- experiments -------------------------------------------------------------------------------------------------

    def create_experiment(self, name: str, tags: dict[str, str] | None = None, *, created: int | None = None) -> str:
        """Create an experiment and return its id; raises ``AlreadyExistsError``."""
        self.make_folder()
        return str(self.experiments.create(name, tags, created))

    def rename_experiment(self, experiment_id: str, name: str) -> None:
        """Give an experiment another name."""
        self.check_writable()
        self.experiments.rename(experiment_id, name)

    def delete_experiment(self, experiment_id: str) -> None:
        """Put an experiment in the trash."""
        self.check_writable()
        self.experiments.delete(experiment_id)

    def restore_experiment(self, experiment_id: str) -> None:
        """Take an experiment out of the trash."""
        self.check_writable()
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
        """Open a look at the store as it is this moment.

        A look inside another one of the same thread is that one, so an answer made of many reads pays for one, and all of it is true of
        one moment; with `is_fresh` it sees what was written since. No fold can commit meanwhile: leave it soon.
        """
        from nbtrack.store.reader import read  # noqa: PLC0415

        outer: Reader | None = getattr(self._open, "reader", None)
        if outer is not None and not is_fresh:
            yield outer
            return
        with read(self.path, self.folder) as reader:
            self._say_who_holds(reader)
            self._open.reader = reader
            try:
                yield reader
            finally:
                self._open.reader = outer

    def _say_who_holds(self, reader: Reader) -> None:
        if reader.holder is None or reader.snapshot is None:
            self._named_holder = None
        elif reader.holder != self._named_holder:
            self._named_holder = reader.holder
            taken = time.strftime("%H:%M:%S", time.localtime(reader.snapshot))
            warn(f"{reader.holder} Until then you see a copy of it as of {taken}; what is logged goes on being kept.")

    def artifact_file(self, run_id: str, path: str) -> Path:
        """Return a local file with the content of an artifact; only for reading."""
        from nbtrack.store import files  # noqa: PLC0415

        with self.reading() as reader:
            sha256 = files.digest_of(reader.con, run_id, check_artifact_path(path))
        return self.blobs.path_of(sha256)

    def follow(self, run_id: str, cut: dict[str, int]) -> follow.Follower:
        """Return who reads what is logged in a run from now on; `cut` as in :class:`Curves`."""
        return follow.Follower(self.folder, run_id, cut)

    def is_writer_alive(self, writer: str) -> bool:
        """Say whether the process behind a writer lives."""
        return is_alive(self.folder / "w", writer)

    def signature(self) -> Hashable:
        """Return something that changes when anything that could be read changes; opens no database."""
        try:
            stat = self.path.stat()
            file = (stat.st_mtime_ns, stat.st_size)
        except FileNotFoundError:
            file = (0, 0)
        journals = list_segments(self.folder / "w")
        return file, tuple(
            (w, is_alive(self.folder / "w", w), *((s.number, s.size) for s in group)) for w, group in journals.items()
        )

    # -- for others --------------------------------------------------------------------------------------------------

    @property
    def local(self) -> LocalStore:
        """Return what of it is on this machine: all."""
        return self

    @property
    def journals(self) -> Receiver:
        """Return who takes in the journals of other machines."""
        if self._receiver is None:
            from nbtrack.store.receiving import Receiver  # noqa: PLC0415 - for servers

            self._receiver = Receiver(self)
        return self._receiver

    def verb(self, name: str) -> Callable[..., Any]:
        """Return what answers a verb that somebody elsewhere asks for; raises ``InvalidValueError`` for one that is not on the list."""
        from nbtrack.store import verbs  # noqa: PLC0415

        return verbs.find(self, name)

    # -- keeping -----------------------------------------------------------------------------------------------------

    def fold(self, *, timeout: float = 0.0, progress: Callable[[int], None] | None = None) -> int | None:
        """Bring what was written into the DuckDB file; None when that is not possible now."""
        return self._fold(timeout=timeout, progress=progress)

    def purge(self, *, older_than_s: float = 0.0, progress: Callable[[str], None] | None = None) -> dict[str, int]:
        """Delete for good what is in the trash, and give the disk space back."""
        from nbtrack.store.purge import purge  # noqa: PLC0415

        self.check_writable()
        self.writer.rotate()
        return self._healed(
            lambda: purge(self.path, self.folder, self.blobs, older_than_s=older_than_s, progress=progress)
        )

    def close(self) -> None:
        """Flush the journal, seal it and fold it when nobody is in the way."""
        self.keeper.close()
        had_records = self.writer.has_segment
        self.writer.close()
        if had_records:
            self._fold_quietly(should_stop=lambda: True)  # one transaction: a process that ends does not dawdle
        self.blobs.close()

    def _sync(self) -> None:
        self.writer.sync()

    def _fold(self, **options: Any) -> int | None:
        from nbtrack.store.fold import fold  # noqa: PLC0415

        self.writer.rotate()
        return self._healed(lambda: fold(self.path, self.folder, **options))

    def _fold_quietly(self, should_stop: Callable[[], bool] | None = None) -> bool:
        # What goes wrong here is told by the next read; the journals keep every record meanwhile.
        try:
            return self._fold(should_stop=should_stop or self.keeper.is_asked_to_close) is not None
        except (StoreError, OSError):
            return False

    def _healed(self, action: Callable[[], T]) -> T:
        """Do something with the DuckDB file; when it is damaged, make it anew and do it again."""
        from nbtrack.store.connect import DamagedError  # noqa: PLC0415
        from nbtrack.store.rebuild import heal  # noqa: PLC0415

        try:
            return action()
        except DamagedError as damage:
            heal(self.path, self.folder, damage)
        return action()

    def check_writable(self) -> None:
        """Raise ``StoreError`` for a store in a read-only folder: here is something that would change it."""
        # What this process logs into already waits in memory for room instead.
        if self.folder.is_dir() and not self.writer.has_segment and not os.access(self.folder, os.W_OK):
            raise StoreError(
                f"{self.folder} cannot be written here, so nothing in {self.path.name} can be changed. Copy the file and the "
                "folder to where you may write and choose them with set_tracking_uri, or ask for the right to write."
            )

    def make_folder(self) -> None:
        """Make the folder beside the file; raises ``StoreError`` where that is not possible."""
        self.check_writable()
        if self.folder.is_dir():
            return
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as cause:
            message = f"{self.folder} cannot be made ({cause.strerror}); choose another store with set_tracking_uri."
            raise StoreError(message) from cause

    def _is_new(self) -> bool:
        return not self.path.exists() and not list_segments(self.folder / "w")

    def _largest_run_number(self) -> int:
        if self._is_new():
            return 0
        with self.reading() as reader:
            return int(reader.con.execute("SELECT coalesce(max(number), 0) FROM runs").fetchall()[0][0])

    def _known_experiments(self) -> Known:
        if self._is_new():
            return {}, 0
        with self.reading() as reader:
            rows = reader.con.execute(
                """
                SELECT name, experiment_id, lifecycle_stage FROM experiments
                UNION ALL SELECT NULL, split_part(run_id, '/', 2)::BIGINT, 'purged' FROM _purged WHERE starts_with(run_id, 'experiment/')
                """
            ).fetchall()
        return {name: i for name, i, stage in rows if stage == "active"}, max((i for _, i, _ in rows), default=0)


def _fits(store: LocalStore) -> Store:
    return store
