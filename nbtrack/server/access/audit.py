"""The audit log: who, when, from where, which route, about what, and how it ended; as lines of JSON. No secrets, no bodies.

What comes again and again from the same place (metric points of a run, a program with a wrong token) is one line in a while that says how
often: nobody can push out of the log what happened before by making noise.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections import OrderedDict
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from nbtrack import config

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator
    from pathlib import Path

logger = logging.getLogger("nbtrack.server")

NAME = "audit.jsonl"
MAX_BYTES, KEPT = 10_000_000, 5
MAX_TEXT = 300
MAX_NOISES = 2000


def place(uri: str, folder: Path, auth: Path) -> Path:
    """Return the folder of a server's log: the one beside a store in a file; else that of the tokens, as a copy of a database may go."""
    return auth.resolve().parent if config.is_remote(uri) else folder


class Audit:
    """A log in a folder: ``audit.jsonl``, and older ones as ``audit.jsonl.1`` and so on."""

    def __init__(self, folder: Path, *, max_bytes: int = MAX_BYTES, kept: int = KEPT) -> None:
        self.path = folder / NAME
        self._max, self._kept = max_bytes, kept
        self._lock = threading.Lock()
        self._fd = -1
        self._noises: OrderedDict[Hashable, tuple[float, int, dict[str, Any]]] = OrderedDict()

    def write(self, **facts: Any) -> None:
        """Add a line; what cannot be written is told in the server's log, and nobody's request fails for it."""
        with self._lock:
            self._add(facts)

    def often(self, key: Hashable, every_s: float, **facts: Any) -> None:
        """Add a line for what comes often: at once the first time, then one in so many seconds, with how many `times` it stands for."""
        now = time.monotonic()
        with self._lock:
            until, times, _ = self._noises.pop(key, (0.0, 0, {}))
            if now < until:
                self._noises[key] = until, times + 1, facts
                return
            self._add(facts | ({"times": times + 1} if times else {}))
            self._noises[key] = now + every_s, 0, facts
            if len(self._noises) > MAX_NOISES:
                self._tell(*self._noises.popitem(last=False)[1])

    def close(self) -> None:
        """Write what was counted, and close the file."""
        with self._lock:
            while self._noises:
                self._tell(*self._noises.popitem(last=False)[1])
            if self._fd >= 0:
                os.close(self._fd)
            self._fd = -1

    def _tell(self, _: float, times: int, facts: dict[str, Any]) -> None:
        if times:
            self._add(facts | {"times": times})

    def _add(self, facts: dict[str, Any]) -> None:
        said = {"time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"}
        said |= {key: value[:MAX_TEXT] if isinstance(value, str) else value for key, value in facts.items()}
        data = json.dumps(said).encode() + b"\n"  # ASCII: nothing that a terminal would obey
        try:
            size = self._open()
            if size and size + len(data) > self._max:
                self._turn()
            os.write(self._fd, data)
        except (OSError, Timeout) as error:
            logger.error("The audit log cannot be written: %s", error)  # noqa: TRY400

    def _open(self) -> int:
        """Have the file open, also after another server turned it over, and return its size."""
        with suppress(OSError):
            here, there = os.fstat(self._fd), self.path.lstat()
            if (here.st_ino, here.st_dev) == (there.st_ino, there.st_dev):
                return here.st_size
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._fd = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        return os.fstat(self._fd).st_size

    def _turn(self) -> None:
        with FileLock(f"{self.path}.lock", timeout=5, mode=0o600):
            if self._open() * 2 > self._max:  # else another server did it meanwhile
                for number in range(self._kept - 1, -1, -1):
                    older = self.path.with_name(f"{NAME}.{number}") if number else self.path
                    if older.exists():
                        older.replace(self.path.with_name(f"{NAME}.{number + 1}"))
                self._open()


def read(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield what the log in a folder says, the oldest first; lines that are none are left out."""
    older = sorted(
        folder.glob(f"{NAME}.[0-9]*"), key=lambda path: -int(path.suffix[1:]) if path.suffix[1:].isdigit() else 0
    )
    for path in (*older, folder / NAME):
        with suppress(FileNotFoundError), path.open("rb") as file:
            for line in file:
                with suppress(ValueError):
                    said = json.loads(line)
                    if isinstance(said, dict) and isinstance(said.get("time"), str):
                        yield said
