"""When each token was used last: a small file beside the file of tokens, written once in a while."""

from __future__ import annotations

import json
import logging
import os
import tempfile
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

logger = logging.getLogger("nbtrack.server")

SUFFIX = ".used"
WRITTEN_S = 60.0


class Used:
    """Notes uses of tokens.

    Parameters
    ----------
    beside : Path
        The file of tokens.
    """

    def __init__(self, beside: Path) -> None:
        self.path = place(beside)
        self._lock = threading.Lock()
        self._new: dict[str, str] = {}
        self._written = float("-inf")
        self._thread: threading.Thread | None = None

    def note(self, name: str) -> None:
        """Note that a token was used now; waits for nothing."""
        now = time.monotonic()
        with self._lock:
            self._new[name] = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
            if now - self._written < WRITTEN_S:
                return
            self._written = now
            self._thread = threading.Thread(target=self._write, name="nbtrack-used", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Write what was noted."""
        if self._thread is not None:
            self._thread.join(timeout=10)
        self._write()

    def _write(self) -> None:
        with self._lock:
            new, self._new = self._new, {}
        if not new:
            return
        try:
            with FileLock(f"{self.path}.lock", timeout=5, mode=0o600):
                found = read(self.path)
                _replace(self.path, found | {name: max(when, found.get(name, "")) for name, when in new.items()})
        except (OSError, Timeout) as problem:
            logger.info("When tokens were used is not kept: %s", problem)


def place(beside: Path) -> Path:
    """Return the file for a file of tokens."""
    return Path(f"{beside.resolve()}{SUFFIX}")


def read(path: Path) -> dict[str, str]:
    """Return times by name; {} when nothing is known."""
    with suppress(OSError, ValueError, AttributeError):
        return {str(name): str(when) for name, when in json.loads(path.read_text(encoding="utf-8")).items()}
    return {}


def _replace(path: Path, found: dict[str, str]) -> None:
    fd, name = tempfile.mkstemp(prefix=".used-", dir=path.parent)  # 0600
    try:
        with os.fdopen(fd, "w", encoding="utf-8") as file:
            json.dump(found, file)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)
