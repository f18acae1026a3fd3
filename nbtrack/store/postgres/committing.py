"""The journal of a server: what it writes is in the database when it returns, and what many requests write at once is one transaction."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from nbtrack.errors import NbtrackError
from nbtrack.journal.record import MAX_BYTES, event_body, line, metrics_body
from nbtrack.journal.writer import SEGMENT_BYTES, Writer, refuse_size
from nbtrack.names import new_run_id
from nbtrack.store.postgres.direct import PATIENCE_S, Direct
from nbtrack.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from nbtrack.store.postgres.pool import Pool
    from nbtrack.store.postgres.pulling import Puller
    from nbtrack.store.protocol import Record

BATCH_BYTES = 4 << 20
LEASE_S = 120.0
Row = tuple[str, bytes, int, float]
"""Writer, lines, the number before the first of them, until when the writer lives."""
_INSERT = """
INSERT INTO nbtrack.journal (writer, last_q, lines) VALUES (%(writer)s, %(last)s, %(lines)b) ON CONFLICT (writer, last_q) DO NOTHING
"""
_WITH_LEASE = f"""
WITH lease AS (
    INSERT INTO nbtrack.writers (writer, expires) VALUES (%(writer)s, now() + make_interval(secs => {LEASE_S}))
    ON CONFLICT (writer) DO UPDATE SET expires = excluded.expires
) {_INSERT}
"""


class _Entry:
    """What one request writes: lines without their numbers."""

    def __init__(self, bodies: list[str]) -> None:
        self.bodies = bodies
        self.size = sum(map(len, bodies))
        self.is_done = False
        self.error: Exception | None = None


class _Journal:
    """One of the journals of this process: what its next row is."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Become another one, without rows."""
        self.id = new_run_id()
        self.number = -1
        self.size = 0
        self.lease_until = 0.0

    @property
    def wants_header(self) -> bool:
        """Say whether a segment begins with the next row."""
        return self.number < 0 or self.size >= SEGMENT_BYTES

    def insert(self, bodies: list[str], execute: Callable[[str, dict[str, Any]], object]) -> Row:
        """Write a row; it stands in the database when the transaction of `execute` does."""
        first = self.number + 1
        lines = b"".join([line(first + i, body) for i, body in enumerate(bodies)])
        last = first + len(bodies) - 1
        is_due = time.monotonic() > self.lease_until - LEASE_S / 2
        execute(_WITH_LEASE if is_due else _INSERT, {"writer": self.id, "last": last, "lines": lines})
        if is_due:
            self.lease_until = time.monotonic() + LEASE_S
        self.number = last
        self.size = len(lines) if self.size >= SEGMENT_BYTES else self.size + len(lines)
        return self.id, lines, first - 1, self.lease_until


class Committer(Writer):
    """Writes to the journal in the database.

    Whoever comes while a transaction is on its way waits for the next one, which takes what all of them write. A database that is started
    anew is waited for; after a failure of which nobody knows how it ended, the journal ends too, and another one begins.
    Inside a transaction of the pool, what is written is part of that, in a journal of its own: one for changes of registered models, which
    come one after the other, and for anything else a new one each time.

    Parameters
    ----------
    folder : Path
        Of the server.
    pool : Pool
    puller : Puller
        Keeps the copy, into which goes what has been committed.
    """

    def __init__(self, folder: Path, pool: Pool, puller: Puller) -> None:
        super().__init__(folder, __version__)
        self._pool = pool
        self._puller = puller
        self._direct = Direct(pool, patience_s=PATIENCE_S)
        self._turn = threading.Lock()
        self._entries: list[_Entry] = []
        self._aside = _Journal()
        self._aside_is_free = threading.Lock()
        self._main = _Journal()
        self.id = self._main.id

    def events(self, records: Sequence[Record]) -> None:
        """Write several records: all of them, or none."""
        self.together("", (), records)

    def metrics(self, run_id: str, step: int, values: dict[str, float], t: int | None = None) -> None:
        """Write the metric values of one step."""
        with self._lock:
            t = self._now() if t is None else t
        self.together(run_id, [(t, step, values)], ())

    def points(self, run_id: str, points: Sequence[tuple[int, int, dict[str, float]]]) -> None:
        """Write many metric records: all of them, or none."""
        self.together(run_id, points, ())

    def together(
        self, run_id: str, points: Sequence[tuple[int, int, dict[str, float]]], records: Sequence[Record]
    ) -> None:
        """Write points of a run and records: all of them, or none."""
        if not points and not records:
            return
        with self._lock:
            now = self._now()
            bodies = [metrics_body(run_id, t, step, values) for t, step, values in points]
            bodies += [event_body(kind, now, of, p, o) for kind, of, p, o in records]
            entry = _Entry(bodies)
            if entry.size > MAX_BYTES:
                refuse_size(bodies)
            if not self._pool.is_changing:
                self._entries.append(entry)
        if self._pool.is_changing:
            self._write_inside(bodies, is_of_registry=not points and all(kind == "registry" for kind, *_ in records))
            return
        with self._turn:
            while not entry.is_done:
                self._commit()
        if entry.error is not None:
            raise type(entry.error)(*entry.error.args) from entry.error

    def rotate(self) -> None:
        """Begin a segment, so that the copies can fold what is before it."""
        with suppress(NbtrackError), self._turn:
            if self._main.size:
                self._insert([self._header()])
                self._main.size = 0
        if self._aside.size and self._aside_is_free.acquire(blocking=False):
            try:
                with suppress(NbtrackError), self._pool.transaction():
                    self._insert_aside([self._header()])
                self._aside.size = 0
            finally:
                self._aside_is_free.release()

    def close(self) -> None:
        """Say that this journal has come to its end."""
        with self._turn:
            ended = [journal.id for journal in (self._main, self._aside) if journal.number >= 0]
            if ended:
                with suppress(NbtrackError):
                    self._direct.do(
                        lambda con: con.execute("DELETE FROM nbtrack.writers WHERE writer = ANY(%s)", (ended,))
                    )
            self._begin_journals()
            self._direct.close()

    def forget_in_child(self) -> None:
        """Start afresh in a forked child."""
        super().forget_in_child()
        self._turn, self._entries = threading.Lock(), []
        self._aside_is_free = threading.Lock()
        self._begin_journals()

    # -- with the turn -----------------------------------------------------------------------------------------------

    def _begin_journals(self) -> None:
        self._aside.begin()
        self._begin_main()

    def _begin_main(self) -> None:
        self._main.begin()
        self.id = self._main.id

    def _commit(self) -> None:
        """Commit what waits, up to a size."""
        with self._lock:
            n = size = 0
            while n < len(self._entries) and (n == 0 or size + self._entries[n].size <= BATCH_BYTES):
                size += self._entries[n].size
                n += 1
            batch, self._entries = self._entries[:n], self._entries[n:]
        error: Exception | None = None
        try:
            bodies = [body for entry in batch for body in entry.bodies]
            if self._main.wants_header:
                bodies.insert(0, self._header())
            self._insert(bodies)
        except Exception as found:  # noqa: BLE001 - it is everybody's whose records these are
            error = found
        finally:
            for entry in batch:
                entry.error, entry.is_done = error, True

    def _header(self) -> str:
        return event_body("hdr", self._last_us or time.time_ns() // 1000, None, o=self._about())

    def _insert(self, bodies: list[str]) -> None:
        journal = self._main
        if journal.number < 0:
            self._puller.adopt(journal.id)
        self._puller.announce(journal.id)
        try:
            row = journal.insert(bodies, lambda query, values: self._direct.do(lambda con: con.execute(query, values)))
        except BaseException:
            self._puller.give_up(journal.id)
            self._begin_main()  # it may have been written after all: these numbers are not given again
            raise
        if not self._keep(row):
            self._begin_main()

    def _keep(self, row: Row) -> bool:
        writer, lines, after, until = row
        return self._puller.keep(writer, lines, after, until - time.monotonic())

    # -- inside a transaction ----------------------------------------------------------------------------------------

    def _write_inside(self, bodies: list[str], *, is_of_registry: bool) -> None:
        if is_of_registry and self._aside_is_free.acquire(blocking=False):
            free = self._aside_is_free.release
            try:
                self._insert_aside([self._header(), *bodies] if self._aside.wants_header else bodies)
            finally:
                self._pool.after_commit(free, free)  # after what that has put there
            return
        lines = b"".join([line(q, body) for q, body in enumerate([self._header(), *bodies])])
        with self._pool.transaction() as con:
            con.execute(_INSERT, {"writer": new_run_id(), "last": len(bodies), "lines": lines})

    def _insert_aside(self, bodies: list[str]) -> None:
        """Write a row as a part of the transaction of this thread; it comes into the copy from here when it is committed."""
        journal = self._aside
        writer = journal.id
        if journal.number < 0:
            self._puller.adopt(writer)
        self._puller.announce(writer)
        rows: list[Row] = []

        def keep() -> None:
            if not (rows and self._keep(rows[0])):
                self._give_up(writer)

        self._pool.after_commit(keep, lambda: self._give_up(writer))
        with self._pool.transaction() as con:
            rows.append(journal.insert(bodies, con.execute))

    def _give_up(self, writer: str) -> None:
        self._puller.give_up(writer)
        if self._aside.id == writer:
            self._aside.begin()
