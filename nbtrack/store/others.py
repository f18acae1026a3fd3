"""Who else changes a store: what a server remembers of it is true as long as nobody did.

A :class:`Follower` hears of what this process writes. Of other processes :class:`Others` says whether they wrote anything: sizes of their
journals, and, whenever files came or went, how far they are folded. A look is a ``stat`` or two; no database is opened as long as nothing
came or went.
"""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING, Any, Protocol

from nbtrack.journal.segments import list_segments

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence
    from pathlib import Path

    from nbtrack.store.local import LocalStore
    from nbtrack.store.protocol import Record

SETTLED_NS = 50_000_000
"""Times of folders are as coarse as the clock of the kernel: of a change that is younger, another one may have the same time."""


class Follower(Protocol):
    """Hears of what this process has just written."""

    def records(self, records: Sequence[Record]) -> None:
        """Take changes, in the order of the journal."""

    def points(self, run_id: str, points: Sequence[tuple[int, int, dict[str, float]]]) -> None:
        """Take metric points, each ``(t_us, step, values)``."""


class Others:
    """The other writers of one store."""

    def __init__(self, store: LocalStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._seen_ns = -1
        self._files: list[Path] = []
        self._folded: tuple[Any, ...] = ()

    def mark(self) -> Hashable:
        """Return something that changes whenever another process has written to the store, or purged it."""
        folder = self._store.folder / "w"
        try:
            changed_ns = folder.stat().st_mtime_ns
        except FileNotFoundError:
            changed_ns = 0
        if changed_ns != self._seen_ns:
            with self._lock:
                self._look(changed_ns)
        return self._folded, tuple([_size(path) for path in self._files])

    def mark_of_models(self) -> Hashable:
        """Return something that changes whenever another process has changed a registered model or a setting."""
        return self.mark()

    def _look(self, changed_ns: int) -> None:
        own = self._store.writer.id
        groups = list_segments(self._store.folder / "w")
        self._files = [segment.path for writer, group in groups.items() if writer != own for segment in group]
        with self._store.reading() as reader:
            rows = reader.con.execute(
                "SELECT writer, max(last_seq) FROM _folded WHERE writer <> ? GROUP BY writer "
                "UNION ALL SELECT 'purged', count(*) FROM _purged ORDER BY ALL",
                [own],
            ).fetchall()
        self._folded = tuple(rows)
        self._seen_ns = changed_ns if changed_ns < time.time_ns() - SETTLED_NS else -1


def _size(path: Path) -> int:
    try:
        return os.stat(path).st_size  # noqa: PTH116 - half the time of Path.stat, on every request
    except FileNotFoundError:
        return -1
