"""A brake on guessing: after some failures each further one makes whoever guesses wait longer."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict

FREE = 5
MOST_S = 300.0
KEPT = 10_000


class Brake:
    """Counts failures by key: an address, or a name."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def wait_s(self, *keys: str) -> float:
        """Return how many seconds must pass before the next guess; 0 when it is free."""
        now = time.monotonic()
        with self._lock:
            return max([0.0, *(until - now for count, until in map(self._of, keys) if count > FREE)])

    def failed(self, *keys: str) -> None:
        """Note a wrong guess."""
        now = time.monotonic()
        with self._lock:
            for key in keys:
                count, until = self._of(key)
                count = 1 if now > until + MOST_S else count + 1
                self._failures[key] = count, now + (min(MOST_S, 2.0 ** (count - FREE)) if count > FREE else 0.0)
                self._failures.move_to_end(key)
            while len(self._failures) > KEPT:
                self._failures.popitem(last=False)

    def succeeded(self, *keys: str) -> None:
        """Forget the failures of keys."""
        with self._lock:
            for key in keys:
                self._failures.pop(key, None)

    def _of(self, key: str) -> tuple[int, float]:
        return self._failures.get(key, (0, 0.0))
