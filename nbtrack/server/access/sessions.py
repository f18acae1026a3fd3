"""Signed cookies: what a browser shows after it signed in, and what it carries while it does so elsewhere.

A cookie is JSON and its HMAC. The key lies beside the file of tokens, with the cookies that ended before their time, so that both are true
for each server over that file and after a restart; where nothing can be written there, they are those of this process.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import os
import secrets
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

logger = logging.getLogger("nbtrack.server")

SUFFIX = ".sessions"
LOOK_S = 1.0
MOST_ENDED = 10_000
MOST_CHARACTERS = 4000
WAIT_S = 5.0


class Sessions:
    """Makes and reads cookies.

    Parameters
    ----------
    beside : Path
        The file of tokens.
    """

    def __init__(self, beside: Path) -> None:
        self.path = Path(f"{beside.resolve()}{SUFFIX}")
        self._lock = threading.Lock()
        self._key = secrets.token_bytes(32)
        self._ended: dict[str, int] = {}
        self._mark: object = None
        self._looked = 0.0
        self._change(lambda _: None)

    def cookie(self, kind: str, about: dict[str, Any], seconds: float) -> str:
        """Return a cookie that is good for so many seconds."""
        said = {"k": kind, "id": secrets.token_urlsafe(16), "until": int(time.time() + seconds), **about}
        body = base64.urlsafe_b64encode(json.dumps(said, separators=(",", ":")).encode()).rstrip(b"=")
        self._look()
        return f"{body.decode()}.{self._signed(body)}"

    def read(self, kind: str, cookie: str) -> dict[str, Any] | None:
        """Return what a cookie of ours says; None when it is not ours, or its time is over."""
        body, _, signature = cookie[: MOST_CHARACTERS + 1].partition(".")
        self._look()
        made, shown = self._signed(body.encode("utf-8", "replace")), signature.encode("utf-8", "replace")
        if not hmac.compare_digest(made.encode(), shown) or len(cookie) > MOST_CHARACTERS:
            return None
        said: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        is_good = said["k"] == kind and said["until"] > time.time() and said["id"] not in self._ended
        return said if is_good else None

    def end(self, said: dict[str, Any]) -> bool:
        """Let a cookie be worth nothing from now on, and say whether it was worth something."""
        was_new = False

        def change(ended: dict[str, int]) -> None:
            nonlocal was_new
            was_new = said["id"] not in ended
            ended[said["id"]] = said["until"]

        self._change(change)
        return was_new

    # -- the file ----------------------------------------------------------------------------------------------------

    def _signed(self, body: bytes) -> str:
        found = hmac.digest(self._key, body, hashlib.sha256)
        return base64.urlsafe_b64encode(found).rstrip(b"=").decode()

    def _look(self) -> None:
        if time.monotonic() - self._looked < LOOK_S:
            return
        self._looked = time.monotonic()
        try:
            about = self.path.stat()
        except OSError:
            return
        if (mark := (about.st_mtime_ns, about.st_ino, about.st_size)) != self._mark:
            with self._lock:
                self._read()
                self._mark = mark

    def _read(self) -> None:
        try:
            if self.path.stat().st_mode & 0o077:
                logger.error("%s could be read by others: everybody signs in anew.", self.path)
                return
            found = json.loads(self.path.read_text(encoding="utf-8"))
            key = bytes.fromhex(found["key"])
            ended = {str(each): int(until) for each, until in found["ended"].items()}
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            return
        if len(key) == len(self._key):
            self._key, self._ended = key, ended

    def _change(self, change: Callable[[dict[str, int]], None]) -> None:
        with self._lock, self._alone() as may_write:
            if may_write:
                self._read()
            ended = {each: until for each, until in self._ended.items() if until > time.time()}
            change(ended)
            self._ended = dict(sorted(ended.items(), key=lambda each: each[1])[-MOST_ENDED:])
            if may_write:
                self._write()

    @contextmanager
    def _alone(self) -> Iterator[bool]:
        """Keep other servers away from the file, and say whether it can be written."""
        lock = FileLock(f"{self.path}.lock", timeout=WAIT_S, mode=0o600)
        try:
            lock.acquire()
        except (OSError, Timeout) as problem:
            logger.warning("Who is signed in is known to this process only: %s", problem)
            yield False
            return
        try:
            yield True
        except OSError as problem:
            logger.warning("Who is signed in is known to this process only: %s", problem)
        finally:
            lock.release()

    def _write(self) -> None:
        fd, name = tempfile.mkstemp(prefix=".sessions-", dir=self.path.parent)  # 0600
        try:
            with os.fdopen(fd, "w", encoding="utf-8") as file:
                json.dump({"key": self._key.hex(), "ended": self._ended}, file)
            Path(name).replace(self.path)
        finally:
            Path(name).unlink(missing_ok=True)
