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
from nbtrack.journal.replica import Replica
from nbtrack.store.marks import read_watermark

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nbtrack.store.marks import Watermark
    from nbtrack.store.postgres.pool import Con, Pool
    from nbtrack.store.postgres.replicated import Replicated

DELIVERY_BYTES = 4 << 20
FOLD_BYTES, FOLD_WRITERS = 16 << 20, 200
"""After so much news the copy is folded at once: reading it from journals would take longer."""
# What this transaction has written itself could still be taken back.
_NEWS = (
    "xid >= %(since)s::xid8 AND id <> ALL(%(seen)s) AND xid <> coalesce(pg_current_xact_id_if_assigned(), '0'::xid8)"
)
_HEAD = f"""
SELECT generation::text || '-' || (pg_control_system()).system_identifier, pg_snapshot_xmin(pg_current_snapshot())::text,
    EXISTS (SELECT FROM nbtrack.journal WHERE {_NEWS}),
    (SELECT json_object_agg(writer, extract(epoch FROM expires - now())) FROM nbtrack.writers WHERE expires > now())
FROM nbtrack.meta
"""
_ROWS = f"COPY (SELECT id, xid::text, writer, lines FROM nbtrack.journal WHERE {_NEWS} ORDER BY id) TO STDOUT (FORMAT BINARY)"


@dataclass
class _Cursor:
    """How far the copy goes: all transactions before `since`, and of those after it the rows in `seen`, by id with their transaction."""

    since: str = "0"
    seen: dict[int, int] = field(default_factory=dict)

    @property
    def values(self) -> dict[str, Any]:
        return {"since": self.since, "seen": [*self.seen]}


class Puller:
    """Keeps the copy of one database.

    Parameters
    ----------
    folder : Path
        Where copies are kept, one a generation of the database.
    pool : Pool
    make : callable
        Makes the store at a path.
    """

    def __init__(self, folder: Path, pool: Pool, make: Callable[[Path], Replicated]) -> None:
        self._folder = folder
        self._pool = pool
        self._make = make
        self._lock = threading.RLock()
        self._identity = ""
        self._store: Replicated | None = None
        self._replica: Replica | None = None
        self._told: dict[str, float] = {}
        self._marks: tuple[object, Watermark] = None, {}

    def pull(self) -> Replicated:
        """Return the copy, up to date; raises ``UnreachableError``."""
        # The connection first: who waits for one must not keep those waiting who have one.
        with self._pool.connection() as con, self._lock:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with FileLock(self._folder / "pull.lock", mode=0o600):
                return self._pull(con)

    def forget_in_child(self) -> None:
        """Start afresh in a forked child: another thread of the parent may have held the lock."""
        self._lock = threading.RLock()

    def close(self) -> None:
        """Let go of the copy."""
        if self._store is not None:
            self._store.close()

    # -- inside the lock ---------------------------------------------------------------------------------------------

    def _pull(self, con: Con) -> Replicated:
        cursor = self._read_cursor()
        identity, snapshot, has_news, living = con.execute(_HEAD, cursor.values).fetchone() or ("", "0", False, {})
        if identity != self._identity:
            self._begin(identity)
            return self._pull(con)
        assert self._store is not None
        living = living or {}
        if has_news:
            writers = self._take(con, cursor, living)
            self._make_last(writers)
            self._write_cursor(_Cursor(snapshot, {i: xid for i, xid in cursor.seen.items() if xid >= int(snapshot)}))
            self._store.keeper.wake()
        self._renew(living)
        return self._store

    def _begin(self, identity: str) -> None:
        """Turn to another generation of the database: the copy of the one before is of no use any more."""
        if self._store is not None:
            self._store.close()
        for old in self._folder.iterdir():
            if old.is_dir() and old.name != identity:
                shutil.rmtree(old, ignore_errors=True)
        folder = self._folder / identity
        folder.mkdir(mode=0o700, exist_ok=True)
        self._identity = identity
        self._store = store = self._make(folder / "runs.duckdb")
        self._replica = Replica(store.folder, self._folded, is_lasting=False)
        self._told = {path.stem: 0.0 for path in (store.folder / "w").glob("*.lease")}

    def _take(self, con: Con, cursor: _Cursor, living: dict[str, float]) -> set[str]:
        """Put new rows into the copy and note them; return whose they were."""
        waiting: dict[str, list[bytes]] = {}
        writers: set[str] = set()
        size = 0
        with con.cursor() as reading, reading.copy(_ROWS, cursor.values) as copy:
            copy.set_types(["int8", "text", "text", "bytea"])
            for i, xid, writer, lines in copy.rows():
                waiting.setdefault(writer, []).append(lines)
                cursor.seen[i] = int(xid)
                writers.add(writer)
                size += len(lines)
                if size >= FOLD_BYTES or len(waiting) >= FOLD_WRITERS:
                    self._receive(waiting, living)
                    self._fold()
                    waiting, size = {}, 0
        self._receive(waiting, living)
        return writers

    def _fold(self) -> None:
        assert self._store is not None
        with suppress(StoreError, OSError):  # journals do as well, they only take longer to read
            self._store.fold()

    def _make_last(self, writers: set[str]) -> None:
        """See to it that what was received survives a power cut, all at once, before it is noted as received."""
        assert self._store is not None
        for path in (self._store.folder / "w").glob("*.jnl"):
            if path.name[:32] in writers:
                with suppress(FileNotFoundError), path.open("rb") as file:  # folded, which lasts
                    os.fsync(file.fileno())

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

        assert self._store is not None
        mark: object = None
        with suppress(FileNotFoundError):
            stat = self._store.path.stat()
            mark = self._store.path, stat.st_mtime_ns, stat.st_size
        if mark is None:
            return -1, -1
        if mark != self._marks[0]:
            with reading(self._store.path) as base:
                self._marks = mark, read_watermark(base.con, base.prefix)
        return self._marks[1].get(writer, (-1, -1))

    # -- the cursor --------------------------------------------------------------------------------------------------

    def _cursor_path(self) -> Path:
        return self._folder / self._identity / "runs.nbtrack" / "cursor.json"

    def _read_cursor(self) -> _Cursor:
        try:
            said = json.loads(self._cursor_path().read_bytes())
            return _Cursor(str(int(said["since"])), {int(i): int(xid) for i, xid in said["seen"].items()})
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return _Cursor()

    def _write_cursor(self, cursor: _Cursor) -> None:
        path = self._cursor_path()
        new = path.with_suffix(f".{os.getpid()}.new")
        new.write_text(json.dumps({"since": cursor.since, "seen": cursor.seen}))
        new.replace(path)


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
