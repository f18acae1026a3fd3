"""Why requests were refused, counted by reason: what shows that the data have changed, or those who send them."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from dataclasses import dataclass

MAX_REASONS = 100
"""Reasons that are told apart; a reason may name the very value that was sent."""
MAX_TEXT = 500
OTHER = "(other reasons)"


@dataclass(slots=True)
class Reason:
    """How often something was the reason, and when for the first and the last time (seconds since 1970)."""

    requests: int
    first: float
    last: float


class Refusals:
    """Counts of one server, kept by any of its threads."""

    def __init__(self) -> None:
        self._reasons: dict[tuple[int, str], Reason] = {}
        self._new: Counter[int] = Counter()
        self._lock = threading.Lock()

    def count(self, status: int, message: str) -> None:
        """Keep one."""
        now, key = time.time(), (status, message[:MAX_TEXT])
        with self._lock:
            if key not in self._reasons and len(self._reasons) >= MAX_REASONS:
                key = (status, OTHER)
            known = self._reasons.setdefault(key, Reason(0, now, now))
            known.requests += 1
            known.last = now
            self._new[status] += 1

    def take(self) -> Counter[int]:
        """Return how many have come since the last time, by status."""
        with self._lock:
            found, self._new = self._new, Counter()
        return found

    def listed(self) -> list[dict[str, object]]:
        """Return all reasons so far, the most frequent first."""
        with self._lock:
            found = sorted(self._reasons.items(), key=lambda item: -item[1].requests)
        return [
            {"status": status, "reason": text, "requests": n.requests, "first": _utc(n.first), "last": _utc(n.last)}
            for (status, text), n in found
        ]


def most(listed: list[dict[str, object]]) -> str:
    """Return the most frequent reason in one line, such as ``400 · 114 requests · The input lacks 'dollar'…``."""
    first = listed[0]
    return f"{first['status']} · {first['requests']} requests · {first['reason']}"


def as_json(listed: list[dict[str, object]]) -> bytes:
    """Return reasons as a file for people and programs."""
    return json.dumps(listed, indent=2, ensure_ascii=False).encode("utf-8", "replace")


def _utc(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
