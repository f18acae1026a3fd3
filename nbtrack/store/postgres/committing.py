"""The journal of a server: what it writes is in the database when it returns, and what many requests write at once is one transaction."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from nbtrack.errors import NbtrackError
from nbtrack.journal.record import MAX_BYTES, event_body, line, metrics_body
from nbtrack.journal.writer import SEGMENT_BYTES, Writer, refuse_size
from nbtrack.names import new_run_id
from nbtrack.store.postgres.direct import PATIENCE_S, Direct
from nbtrack.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from nbtrack.store.postgres.pool import Pool
    from nbtrack.store.postgres.pulling import Puller
    from nbtrack.store.protocol import Record

BATCH_BYTES = 4 << 20
LEASE_S = 120.0
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


class Committer(Writer):
    """Writes to the journal in the database.

    Whoever comes while a transaction is on its way waits for the next one, which takes what all of them write. A database that is started
    anew is waited for; after a failure of which nobody knows how it ended, the journal ends too, and another one begins.
    Inside a transaction of the pool, what is written is part of that, as a journal of its own.

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
        self._begin_journal()

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
            self._write_alone(bodies)
            return
        with self._turn:
            while not entry.is_done:
                self._commit()
        if entry.error is not None:
            raise type(entry.error)(*entry.error.args) from entry.error

    def rotate(self) -> None:
        """Begin a segment, so that the copies can fold what is before it."""
        with suppress(NbtrackError), self._turn:
            if self._size:
                self._insert([self._header()])
                self._size = 0

    def close(self) -> None:
        """Say that this journal has come to its end."""
        with self._turn:
            if self._number >= 0:
                with suppress(NbtrackError):
                    self._direct.do(
                        lambda con: con.execute("DELETE FROM nbtrack.writers WHERE writer = %s", (self.id,))
                    )
            self._begin_journal()
            self._direct.close()

    def forget_in_child(self) -> None:
        """Start afresh in a forked child."""
        super().forget_in_child()
        self._turn, self._entries = threading.Lock(), []
        self._begin_journal()

    # -- with the turn -----------------------------------------------------------------------------------------------

    def _begin_journal(self) -> None:
        self.id = new_run_id()
        self._number = -1
        self._size = 0
        self._lease_until = 0.0

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
            if self._number < 0 or self._size >= SEGMENT_BYTES:
                bodies.insert(0, self._header())
                self._size = 0
            self._insert(bodies)
            self._size += size
        except Exception as found:  # noqa: BLE001 - it is everybody's whose records these are
            error = found
        finally:
            for entry in batch:
                entry.error, entry.is_done = error, True

    def _header(self) -> str:
        return event_body("hdr", self._last_us or time.time_ns() // 1000, None, o=self._about())

    def _insert(self, bodies: list[str]) -> None:
        first = self._number + 1
        if first == 0:
            self._puller.adopt(self.id)
        lines = b"".join([line(first + i, body) for i, body in enumerate(bodies)])
        last = first + len(bodies) - 1
        values = {"writer": self.id, "last": last, "lines": lines}
        is_due = time.monotonic() > self._lease_until - LEASE_S / 2
        self._puller.announce()
        try:
            self._direct.do(lambda con: con.execute(_WITH_LEASE if is_due else _INSERT, values))
        except BaseException:
            self._puller.give_up(self.id)
            self._begin_journal()  # it may have been written after all: these numbers are not given again
            raise
        if is_due:
            self._lease_until = time.monotonic() + LEASE_S
        self._number = last
        if not self._puller.keep(self.id, lines, first - 1, self._lease_until - time.monotonic()):
            self._begin_journal()

    # -- inside a transaction ----------------------------------------------------------------------------------------

    def _write_alone(self, bodies: list[str]) -> None:
        lines = b"".join([line(q, body) for q, body in enumerate([self._header(), *bodies])])
        with self._pool.transaction() as con:
            con.execute(_INSERT, {"writer": new_run_id(), "last": len(bodies), "lines": lines})
