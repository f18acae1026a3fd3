"""One thread a store that notices changes and tells the widgets; idle, it costs a look into one folder."""

from __future__ import annotations

import atexit
import threading
import time
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from nbtrack.views.page_thread import page_thread

if TYPE_CHECKING:
    from nbtrack.store.protocol import Store

LOOK_S = 0.2
MAX_SHARE = 0.1
"""At most this share of the time goes into reading, so that watching never slows the training noticeably."""
MAX_PAUSE_S = 5.0
"""On a machine so busy that a look takes seconds, a view is still brought up to date."""


class Watching(Protocol):
    """Something that shows a store."""

    def store_changed(self) -> None:
        """Read again and show what changed."""


class Watcher:
    """Tells its widgets when the store changed; the thread lives while there are widgets."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._widgets: weakref.WeakSet[Watching] = weakref.WeakSet()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._is_closing = False

    def add(self, widget: Watching) -> None:
        """Tell `widget` of changes from now on."""
        with self._lock:
            self._widgets.add(widget)
            if self._thread is None or not self._thread.is_alive():
                seen = self._signature()  # now: what changes before the thread begins is news to the widget
                self._thread = page_thread(target=self._run, args=(seen,), name="nbtrack-watcher", daemon=True)
                self._thread.start()

    def remove(self, widget: Watching) -> None:
        """Stop telling `widget`."""
        self._widgets.discard(widget)

    def look_now(self) -> None:
        """Look at once: something was changed from here."""
        self._wake.set()

    def close(self) -> None:
        """End the thread."""
        self._is_closing = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout=10)  # it may be inside DuckDB

    def _run(self, seen: object) -> None:
        pause = LOOK_S
        while not self._is_closing and self._widgets:
            self._wake.wait(pause)
            self._wake.clear()
            if self._is_closing:
                return
            found = self._signature()
            if found is not None and found == seen:
                pause = LOOK_S
                continue
            begun = time.perf_counter()
            if self._tell():
                seen = found
                pause = min(MAX_PAUSE_S, max(LOOK_S, (time.perf_counter() - begun) / MAX_SHARE))
            else:  # nothing may come after this change, so it is told again
                seen = None
                pause = min(MAX_PAUSE_S, 2 * pause)

    def _signature(self) -> object:
        """Return what the store is like; None when it cannot be seen now."""
        with suppress(Exception):
            return self._store.signature()
        return None

    def _tell(self) -> bool:
        """Tell each widget, and say whether all could read what changed; pages keep what they show."""
        could_all = True
        for widget in list(self._widgets):
            try:
                widget.store_changed()
            except Exception:  # noqa: BLE001 - such as a store that is busy
                could_all = False
        return could_all


_watchers: dict[str, Watcher] = {}


def watch(store: Store) -> Watcher:
    """Return the watcher of a store."""
    if store.uri not in _watchers:
        _watchers[store.uri] = Watcher(store)
    return _watchers[store.uri]


def _close_all() -> None:
    for watcher in _watchers.values():
        watcher.close()


atexit.register(_close_all)
