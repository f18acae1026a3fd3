"""The runs of a query as a page keeps them: one whole table first, then only the rows that changed."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from nbtrack.views.run_rows import changed_rows, take_rows
from nbtrack.views.run_table import pack
from nbtrack.views.shared_runs import look

if TYPE_CHECKING:
    from nbtrack.store.protocol import RunColumns, RunQuery, TrackingStore
    from nbtrack.views.shared_runs import Seen


class LiveRuns:
    """Runs of one query for one page; a widget and a session of the web interface each have one."""

    def __init__(self, store: TrackingStore, query: RunQuery, name: str) -> None:
        self.store = store
        self.query = query
        self.name = name
        self.found: RunColumns | None = None
        self._seen: Seen | None = None
        self._version = 0
        self._lock = threading.RLock()

    def whole(self) -> bytes:
        """Return all runs as one blob."""
        with self._lock:
            self._seen = look(self.store, self.query)
            self.found = self._seen.found
            self._version += 1
            return pack(self.found, version=self._version, store=self.name)

    def changes(self) -> bytes | None:
        """Return what changed since the last blob; None when nothing did, or nobody has asked for the whole yet."""
        with self._lock:
            before = self.found
            if before is None:
                return None
            self._seen = look(self.store, self.query)
            self.found = new = self._seen.found
            if new is before:
                return None
            changed, removed = changed_rows(before, new)
            is_same_frame = new.goals == before.goals and bool(new.snapshot) == bool(before.snapshot)
            if not changed.any() and not removed and is_same_frame:
                return None
            self._version += 1
            is_full = changed.sum() > len(new) // 2
            return pack(
                new if is_full else take_rows(new, changed),
                version=self._version,
                store=self.name,
                mode="full" if is_full else "patch",
                removed=removed,
            )
