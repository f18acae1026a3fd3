"""Columns of runs that several pages show: asked for once, and kept once, however many look at the same runs of one store."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary, WeakValueDictionary

from nbtrack.store.looking import Looks

if TYPE_CHECKING:
    from collections.abc import Hashable

    from nbtrack.store.protocol import RunColumns, RunQuery, TrackingStore

_NOW = re.compile(r"\bnow\b", re.IGNORECASE)


@dataclass(eq=False)
class Seen:
    """What a store said; nobody changes the columns. Whoever shows them keeps this: it goes with the last page."""

    found: RunColumns
    signature: Hashable


class _Pages:
    """What the pages over one store show."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.seen: WeakValueDictionary[RunQuery, Seen] = WeakValueDictionary()


_stores: WeakKeyDictionary[TrackingStore, _Pages] = WeakKeyDictionary()
_lock = threading.Lock()


def look(store: TrackingStore, query: RunQuery) -> Seen:
    """Return the runs of a query as they are now; those that another page has, while nothing has changed since it asked.

    Of a store elsewhere each page asks for itself: only the answer tells whether what was written here has arrived there.
    """
    if not isinstance(store, Looks):
        return Seen(store.run_columns(query), None)
    with _lock:
        pages = _stores.setdefault(store, _Pages())
    with pages.lock:
        signature = store.signature()  # first: what is written after it is seen by the next look
        known = pages.seen.get(query)
        if known is not None and known.signature == signature:
            return known
        seen = Seen(store.run_columns(query), signature)
        # A copy of a held file, or what a clock decides, may be another one although nothing was written.
        if seen.found.snapshot is None and not _NOW.search(query.filter_string):
            pages.seen[query] = seen
        return seen
