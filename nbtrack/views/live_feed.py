"""One run for one page: all of it first, then only what is new, read from the journals as they grow."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from nbtrack.journal.follow import GapError
from nbtrack.views.live import BUCKETS, facts, full_blob, last_steps, more_blob

if TYPE_CHECKING:
    from nbtrack.entities import Run
    from nbtrack.journal import follow as journal
    from nbtrack.store.live import Curves
    from nbtrack.store.protocol import News, Store

READ_RUN_S = 1.0


class LiveFeed:
    """The news of one run.

    The training thread is never asked anything: points come from its journal. What a look could not find out, because the store was busy
    with a fold, the next one does.

    Parameters
    ----------
    store : Store
    run_id : str

    Attributes
    ----------
    counts : dict
        Number of points by metric that the page has.
    about : dict
        What only the host knows, sent along: ``{"here": True}`` when the run is in its own process.
    """

    def __init__(self, store: Store, run_id: str) -> None:
        self.store = store
        self.run_id = run_id
        self.run: Run = store.get_run(run_id)
        self.counts: dict[str, int] = {}
        self.about: dict[str, Any] = {}
        self._steps: dict[str, float] = {}
        self._seq = 0
        self._follower: News | None = None
        self._writer: str | None = None
        self._has_died = False
        self._is_stale = False
        self._has_gap = False
        self._is_untold = False
        self._read_at = time.monotonic()
        self._state: dict[str, Any] = {}
        self._lock = threading.RLock()

    @property
    def is_running(self) -> bool:
        """Say whether there may be more to come, or there is something that the page has not been told."""
        return self._is_untold or self.run.info.status == "RUNNING"

    def whole(self) -> bytes:
        """Return the whole run as one blob."""
        with self._lock:
            found = self.look()
            self._seq += 1
            return full_blob(self._seq, self.facts(), found)

    def look(self) -> Curves:
        """Read the store anew, and follow the journals from there."""
        with self._lock:
            self._read_run()  # first: what has ended by now has logged all that it will
            found = self.store.curves(self.run_id, BUCKETS)
            if self._follower is not None:
                self._follower.close()
            self._follower = self.store.follow(self.run_id, found.cut)
            self._writer, self._has_died = found.writer, found.has_died
            self.counts = {key: int(columns["count"].sum()) for key, columns in found.series.items()}
            self._steps = last_steps(found)
            self._has_gap = self._is_untold = False
            self._is_stale = (
                self.is_running
            )  # what was written between the two readings is in neither the run nor the news to come
            return found

    def changes(self) -> bytes | None:
        """Return what is new as one blob; None when nothing is, or nobody has asked for the whole yet."""
        with self._lock:
            if self._follower is None:
                return None
            self._look_at_run()  # first, as above
            news = self._news(self._follower)
            if news is None or (not news.points and not news.has_other and self._is_dead()):
                return self.whole()
            self._is_stale = self._is_stale or news.has_other
            if not news.points and not self._is_untold:
                return None
            for key, (steps, values, _) in news.points.items():
                self.counts[key] = self.counts.get(key, 0) + len(values)
                self._steps[key] = max(self._steps.get(key, steps[0]), *steps)
            self._seq += 1
            self._is_untold = False
            return more_blob(self._seq, self.facts(), news.points, self.counts)

    def facts(self) -> dict[str, Any]:
        """Return what the head of the view shows."""
        return facts(self.run, self._state, self._steps, has_died=self._has_died) | self.about

    def close(self) -> None:
        """Let go of the journals."""
        with self._lock:
            if self._follower is not None:
                self._follower.close()
                self._follower = None

    def _is_dead(self) -> bool:
        return self.is_running and self._writer is not None and not self.store.is_writer_alive(self._writer)

    def _news(self, follower: News) -> journal.News | None:
        """Return what the journals have that is new; None when some of it went by."""
        if not self._has_gap:
            try:
                return follower.news()
            except GapError:
                self._has_gap = True
        return None

    def _look_at_run(self) -> None:
        """Bring what is known of the run up to date, and note whether anything of it changed."""
        if self._is_stale and time.monotonic() - self._read_at >= READ_RUN_S:
            self._read_run()
            self._is_untold = True
        state = self.store.live_state(self.run_id) if self.is_running else {}
        self._is_untold = self._is_untold or state != self._state
        self._state = state

    def _read_run(self) -> None:
        self._read_at = time.monotonic()
        self.run = self.store.get_run(self.run_id)
        self._state = self.store.live_state(self.run_id)
        self._is_stale = False
