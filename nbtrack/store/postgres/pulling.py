"""Brings the copy on this machine up to date: what has been committed since the last look, once."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from nbtrack.errors import StoreError
from nbtrack.journal.replica import MAX_DELIVERY, MissingRecordsError, Replica
from nbtrack.names import new_run_id
from nbtrack.store.marks import read_watermark

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from nbtrack.store.marks import Watermark
    from nbtrack.store.postgres.direct import Direct
    from nbtrack.store.postgres.pool import Con, Pool
    from nbtrack.store.postgres.replicated import Replicated

DELIVERY_BYTES = 4 << 20
CURSOR, MARK = "cursor.json", "copy"
FOLD_BYTES, FOLD_WRITERS = 16 << 20, 200
"""After so much news the copy is folded at once: reading it from journals would take longer."""
SOON_BYTES = 1 << 20
"""After so much it is folded within a second or two."""
_OF_MODELS = (b'"k":"registry"', b'"k":"setting"')
"""So their records begin; within a text the quotes would have backslashes."""
# What this transaction has written itself could still be taken back.
_NEWS = """
xid >= %(since)s::xid8 AND id <> ALL(%(seen)s) AND writer <> ALL(%(own)s::text[])
    AND xid <> coalesce(pg_current_xact_id_if_assigned(), '0'::xid8)
"""
_HEAD = f"""
SELECT generation::text || '-' || (pg_control_system()).system_identifier, oldest::text, has_news, CASE WHEN has_news OR %(is_due)s THEN
    (SELECT json_object_agg(writer, extract(epoch FROM expires - now())) FROM nbtrack.writers WHERE expires > now()) END
FROM nbtrack.meta, pg_snapshot_xmin(pg_current_snapshot()) oldest,
    LATERAL (SELECT EXISTS (SELECT FROM nbtrack.journal WHERE {_NEWS}) AS has_news) news
"""
_ROWS = f"COPY (SELECT id, xid::text, writer, lines FROM nbtrack.journal WHERE {_NEWS} ORDER BY id) TO STDOUT (FORMAT BINARY)"


@dataclass
class _Cursor:
    """How far the copy goes: all transactions before `since`, and of those after it the rows in `seen`, by id with their transaction."""

    since: str = "0"
    seen: dict[int, int] = field(default_factory=dict)


class Puller:
    """Keeps the copy of one database.

    Looks share what they ask: one that comes while the database is being asked waits for the next answer, together with all others.

    Parameters
    ----------
    folder : Path
        Where copies are kept, one a generation of the database.
    pool : Pool
    make : callable
        Makes the store at a path.

    Attributes
    ----------
    direct : Direct, optional
        A connection of its own: for a server, which asks all the time.
    leases_s : float
        Leases are asked for as often as this, and whenever there is news.
    store : Replicated or None
        The copy, as it was last seen.
    news : int
        Grows when something was taken that this process has not written.
    news_of_models : int
        Grows when a change of a registered model or a setting was among it.
    """

    def __init__(self, folder: Path, pool: Pool, make: Callable[[Path], Replicated]) -> None:
        self._folder = folder
        self._pool = pool
        self._make = make
        self._lock = threading.RLock()
        self._identity = ""
        self.store: Replicated | None = None
        self._replica: Replica | None = None
        self._told: dict[str, float] = {}
        self._marks: tuple[object, Watermark] = None, {}
        self.direct: Direct | None = None
        self.leases_s = 0.0
        self.news = self.news_of_models = 0
        self._cursor = _Cursor()
        self._own: set[str] = set()
        self._floors: dict[str, int] = {}
        self._mark = ""
        self._unnoted: set[str] = set()
        self._leases_due = 0.0
        self._unfolded = 0
        self._begun = self._done = 0

    def pull(self) -> Replicated:
        """Return the copy, up to date; raises ``UnreachableError``."""
        wanted = self._begun + 1  # an answer that was asked for before now may not have what somebody was told just now
        if self.direct is not None and not self._pool.is_changing:
            with self._lock:
                return self._shared(wanted) or self.direct.do(self._pull_alone)
        # The connection first: who waits for one must not keep those waiting who have one.
        with self._pool.connection() as con, self._lock:
            return self._shared(wanted) or self._pull_alone(con)

    # -- what this process writes: it comes into the copy from here -------------------------------------------------

    def adopt(self, writer: str) -> None:
        """Take nothing of a journal that this process begins; each of its rows comes by :meth:`keep`."""
        if self.store is None:
            self.pull()
        with self._lock:
            self._own.add(writer)

    def announce(self, writer: str) -> None:
        """Say that a row of a journal of this process is about to be written."""
        with self._lock:
            self._floors.setdefault(writer, int(self._cursor.since))  # its transaction comes after all that are over

    def keep(self, writer: str, lines: bytes, after: int, lease_s: float) -> bool:
        """Put a row that has been written into the copy; False when the next look will take it, and all others of its journal."""
        with self._lock:
            self._floors.pop(writer, None)
            if writer not in self._own or self._replica is None or self.store is None:
                return False
            try:
                for data in _parts(lines):
                    after = self._replica.receive(writer, data, after=after, lease_s=lease_s)
            except (MissingRecordsError, OSError):
                self._disown(writer)
                return False
            self._unnoted.add(writer)
            self._wake(len(lines))
            return True

    def give_up(self, writer: str) -> None:
        """Say that nobody knows whether the row was written; if it was, the next look takes it."""
        with self._lock:
            self._floors.pop(writer, None)
            self._own.discard(writer)

    def _disown(self, writer: str) -> None:
        """Begin anew: the copy lacks what was not asked for."""
        self._own.discard(writer)
        self._cursor = _Cursor()

    def note(self) -> None:
        """Note how far the copy goes, so that another process need not begin anew, once that would survive a power cut."""
        with self._lock:
            if self.store is None or not self._unnoted:
                return
            folder, path, mark = self.store.folder / "w", self._files() / CURSOR, self._mark
            cursor = _Cursor(self._cursor.since, dict(self._cursor.seen))
            writers, self._unnoted = self._unnoted, set()
        try:
            _make_last(folder, writers)
            _write_cursor(path, mark, cursor)
        except OSError:  # no room, say
            with self._lock:
                self._unnoted |= writers

    def forget_in_child(self) -> None:
        """Start afresh in a forked child: another thread of the parent may have held the lock."""
        self._lock = threading.RLock()

    def close(self) -> None:
        """Let go of the copy."""
        self.note()
        if self.store is not None:
            self.store.close()
        if self.direct is not None:
            self.direct.close()

    # -- inside the lock ---------------------------------------------------------------------------------------------

    def _shared(self, wanted: int) -> Replicated | None:
        """Return the copy when somebody else has brought it up to date since this look began."""
        return self.store if self._done >= wanted else None

    def _pull_alone(self, con: Con) -> Replicated:
        self._begun += 1
        found = self._pull(con)
        if not self._pool.is_changing:  # which does not see what it has itself written
            self._done = self._begun
        return found

    def _pull(self, con: Con) -> Replicated:
        self._check_copy()
        cursor, now = self._cursor, time.monotonic()
        values = {"since": cursor.since, "seen": [*cursor.seen], "own": [*self._own], "is_due": now >= self._leases_due}
        identity, oldest, has_news, living = con.execute(_HEAD, values).fetchone() or ("", "0", False, {})
        if identity != self._identity:
            with self._alone():
                self._begin(identity)
            return self._pull(con)
        assert self.store is not None
        if has_news:
            self.news += 1
            with self._alone():
                self._take(con, cursor, values, living or {})
        reached = min([int(oldest), *self._floors.values()])
        cursor.since = str(reached)
        cursor.seen = {i: xid for i, xid in cursor.seen.items() if xid >= reached}
        if has_news or values["is_due"]:
            self._leases_due = now + self.leases_s
            self._renew(living or {})
        return self.store

    def _alone(self) -> FileLock:
        """Return what keeps other processes of this machine from changing the copy."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return FileLock(self._folder / "pull.lock", mode=0o600)

    def _begin(self, identity: str) -> None:
        """Turn to another generation of the database: the copy of the one before is of no use any more."""
        if self.store is not None:
            self.store.close()
        for old in self._folder.iterdir():
            if old.is_dir() and old.name != identity:
                shutil.rmtree(old, ignore_errors=True)
        folder = self._folder / identity
        folder.mkdir(mode=0o700, exist_ok=True)
        self._identity = identity
        self._own.clear()
        self._cursor = self._read_cursor()
        self.store = store = self._make(folder / "runs.duckdb")
        store.note = self.note
        self._replica = Replica(store.folder, self._folded, is_lasting=False)
        self._told = {path.stem: 0.0 for path in (store.folder / "w").glob("*.lease")}

    def _take(self, con: Con, cursor: _Cursor, asked: dict[str, Any], living: dict[str, float]) -> None:
        """Put new rows into the copy."""
        assert self.store is not None
        waiting: dict[str, list[bytes]] = {}
        size, is_long, is_of_models = 0, False, False
        seen: dict[int, int] = {}
        with con.cursor() as reading, reading.copy(_ROWS, asked) as copy:
            copy.set_types(["int8", "text", "text", "bytea"])
            for i, xid, writer, lines in copy.rows():
                waiting.setdefault(writer, []).append(lines)
                is_of_models = is_of_models or any(kind in lines for kind in _OF_MODELS)
                seen[i] = int(xid)
                self._unnoted.add(writer)
                size += len(lines)
                if size >= FOLD_BYTES or len(waiting) >= FOLD_WRITERS:
                    self._receive(waiting, living)
                    self._fold()
                    waiting, size, is_long = {}, 0, True
        self._receive(waiting, living)
        self.news_of_models += is_of_models
        cursor.seen |= seen
        if is_long:
            self.note()
        self._wake(size)

    def _wake(self, size: int) -> None:
        """Have the copy folded, soon when much has come."""
        assert self.store is not None
        self._unfolded += size
        if self._unfolded < SOON_BYTES:
            self.store.keeper.wake()
            return
        self._unfolded = 0
        self.store.keeper.fold_soon()

    def _fold(self) -> None:
        assert self.store is not None
        with suppress(StoreError, OSError):  # journals do as well, they only take longer to read
            self.store.fold()

    def _receive(self, waiting: dict[str, list[bytes]], living: dict[str, float]) -> None:
        assert self._replica is not None
        for writer, blocks in waiting.items():
            lease_s = float(living.get(writer, 0.0))
            for data in _joined(blocks):
                self._replica.receive(writer, data, after=-1, lease_s=lease_s)
            self._told.pop(writer, None)  # a delivery may have made its lease longer

    def _renew(self, living: dict[str, float]) -> None:
        """Bring the leases up to date: one that others have renewed, and one that has come to its end."""
        assert self._replica is not None
        now = time.monotonic()
        for writer, left in living.items():
            until = now + float(left)
            if abs(self._told.get(writer, 0.0) - until) > 1.0:
                self._replica.renew(writer, float(left))
                self._told[writer] = until
        for writer in [writer for writer in self._told if writer not in living]:
            self._replica.renew(writer, 0)
            del self._told[writer]

    def _folded(self, writer: str) -> tuple[int, int]:
        """Return how far a writer has been folded; the file is only looked at when it has changed."""
        from nbtrack.store.connect import reading  # noqa: PLC0415 - DuckDB is loaded with the first read

        assert self.store is not None
        mark: object = None
        with suppress(FileNotFoundError):
            stat = self.store.path.stat()
            mark = self.store.path, stat.st_mtime_ns, stat.st_size
        if mark is None:
            return -1, -1
        if mark != self._marks[0]:
            with reading(self.store.path) as base:
                self._marks = mark, read_watermark(base.con, base.prefix)
        return self._marks[1].get(writer, (-1, -1))

    # -- the cursor --------------------------------------------------------------------------------------------------

    def _files(self) -> Path:
        return self._folder / self._identity / "runs.nbtrack"

    def _check_copy(self) -> None:
        """Begin anew when somebody has deleted the copy, maybe while a cursor was being written into it."""
        if self.store is not None and not (self._files() / MARK).exists():
            self._own.clear()
            self._cursor = self._read_cursor()

    def _read_cursor(self) -> _Cursor:
        """Return how far the copy goes, if it is the one that the cursor is of."""
        try:
            self._mark = (self._files() / MARK).read_text()
            said = json.loads((self._files() / CURSOR).read_bytes())
            if said["copy"] == self._mark:
                return _Cursor(str(int(said["since"])), {int(i): int(xid) for i, xid in said["seen"].items()})
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            pass
        self._mark = new_run_id()
        self._files().mkdir(mode=0o700, parents=True, exist_ok=True)
        (self._files() / MARK).write_text(self._mark)
        return _Cursor()


def _write_cursor(path: Path, mark: str, cursor: _Cursor) -> None:
    new = path.with_suffix(f".{os.getpid()}.new")
    new.write_text(json.dumps({"copy": mark, "since": cursor.since, "seen": cursor.seen}))
    new.replace(path)


def _make_last(folder: Path, writers: set[str]) -> None:
    """See to it that what was received survives a power cut, all at once, before it is noted as received."""
    for path in folder.glob("*.jnl"):
        if path.name[:32] in writers:
            with suppress(FileNotFoundError), path.open("rb") as file:  # folded, which lasts
                os.fsync(file.fileno())


def _joined(blocks: list[bytes]) -> list[bytes]:
    """Put small blocks together, up to what one delivery takes."""
    found: list[list[bytes]] = []
    size = DELIVERY_BYTES
    for data in blocks:
        if size + len(data) > DELIVERY_BYTES:
            found.append([])
            size = 0
        found[-1].append(data)
        size += len(data)
    return [b"".join(part) for part in found]


def _parts(lines: bytes) -> Iterator[bytes]:
    """Yield whole lines, at most so many that one delivery takes them."""
    begin = 0
    while len(lines) - begin > MAX_DELIVERY:
        end = lines.rindex(b"\n", begin, begin + MAX_DELIVERY) + 1
        yield lines[begin:end]
        begin = end
    yield lines[begin:]
