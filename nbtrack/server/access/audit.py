"""The audit log: who, when, from where, which route, about what, and how it ended; as lines of JSON. No secrets, no bodies."""

from __future__ import annotations

import json
import logging
import os
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

logger = logging.getLogger("nbtrack.server")

NAME = "audit.jsonl"
MAX_BYTES, KEPT = 10_000_000, 5
MAX_TEXT = 300


class Audit:
    """A log in a folder: ``audit.jsonl``, and older ones as ``audit.jsonl.1`` and so on."""

    def __init__(self, folder: Path, *, max_bytes: int = MAX_BYTES, kept: int = KEPT) -> None:
        self.path = folder / NAME
        self._max, self._kept = max_bytes, kept
        self._lock = threading.Lock()
        self._fd = -1
        self._size = 0

    def write(self, **facts: Any) -> None:
        """Add a line; what cannot be written is told in the server's log, and nobody's request fails for it."""
        said = {"time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"}
        said |= {key: value[:MAX_TEXT] if isinstance(value, str) else value for key, value in facts.items()}
        data = json.dumps(said).encode() + b"\n"  # ASCII: nothing that a terminal would obey
        with self._lock:
            try:
                if self._fd < 0:
                    self._open()
                if self._size and self._size + len(data) > self._max:
                    self._turn()
                os.write(self._fd, data)
                self._size += len(data)
            except OSError as error:
                logger.error("The audit log cannot be written: %s", error)  # noqa: TRY400

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._fd >= 0:
                os.close(self._fd)
            self._fd = -1

    def _open(self) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._fd = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        self._size = os.fstat(self._fd).st_size

    def _turn(self) -> None:
        os.close(self._fd)
        self._fd = -1
        for number in range(self._kept - 1, -1, -1):
            older = self.path.with_name(f"{NAME}.{number}") if number else self.path
            if older.exists():
                older.replace(self.path.with_name(f"{NAME}.{number + 1}"))
        self._open()
