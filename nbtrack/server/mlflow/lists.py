"""Pages of runs without a filter, newest first: what people, and MLflow's own pages, ask for again and again while runs are logged.

Which runs are on such a page changes only when one begins, or goes to the trash or comes out of it; what is said of each is remembered at
the desk and kept up to date there. So such a page is told from memory, without a look at the store.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

MAX_LISTS, MAX_LISTED = 64, 1000
MOVING = ("start", "state", "experiment")
"""Kinds of records after which other runs may be on a page."""
_NEWEST = {f"{entity}start_time desc" for entity in ("", "attributes.", "attribute.", "attr.", "run.")}


def is_plain(filter_string: str | None, order_by: Sequence[str] | None) -> bool:
    """Say whether all runs are asked for, newest first."""
    orders = [" ".join(each.lower().split()) for each in order_by or ()]
    return not (filter_string or "").strip() and (not orders or (len(orders) == 1 and orders[0] in _NEWEST))


@dataclass(slots=True)
class Watch:
    """What was written while a page was read from the store."""

    written: set[str] = field(default_factory=set)
    is_moved: bool = False


class Lists:
    """The pages that were asked for last: ids of runs, and whether another page follows."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[Hashable, tuple[tuple[str, ...], bool]] = {}
        self._watches: list[Watch] = []

    def get(self, key: Hashable) -> tuple[tuple[str, ...], bool] | None:
        """Return a page that is remembered."""
        return self._kept.get(key)

    def keep(self, key: Hashable, run_ids: Sequence[str], watch: Watch, *, has_more: bool) -> None:
        """Remember a page, unless other runs may be on it by now."""
        with self._lock:
            if watch.is_moved or len(run_ids) > MAX_LISTED:
                return
            self._kept.pop(key, None)
            self._kept[key] = tuple(run_ids), has_more
            if len(self._kept) > MAX_LISTS:
                del self._kept[next(iter(self._kept))]

    def forget(self) -> None:
        """Forget all: other runs may be on them by now."""
        with self._lock:
            self._kept.clear()
            for watch in self._watches:
                watch.is_moved = True

    def note(self, kind: str, run_id: str | None) -> None:
        """Take what was just written."""
        if kind in MOVING:
            self.forget()
        if run_id is not None and self._watches:
            with self._lock:
                for watch in self._watches:
                    watch.written.add(run_id)

    @contextmanager
    def watching(self) -> Iterator[Watch]:
        """Notice what is written while the block reads."""
        watch = Watch()
        with self._lock:
            self._watches.append(watch)
        try:
            yield watch
        finally:
            with self._lock:
                self._watches.remove(watch)
