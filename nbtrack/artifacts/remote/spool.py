"""Copies of remote objects on this machine's disk: kept while they are in use, and afterwards as far as there is room for them."""

from __future__ import annotations

import atexit
import shutil
import tempfile
import threading
from collections import OrderedDict
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from nbtrack.artifacts.remote.store import RemoteStore
from nbtrack.errors import InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nbtrack.artifacts.remote.uri import RemoteUri

    Fetch = Callable[[RemoteStore, str, int, Path], None]
    Key = tuple[str, int, int, str]

MOST_BYTES = 2 << 30
"""What copies nobody uses may take; one that is in use may be larger."""
BLOCK = 512


@dataclass(frozen=True, slots=True)
class Remote:
    """One content of an object: where it is, its bytes, and when it was written (nanoseconds since 1970)."""

    uri: RemoteUri
    size: int
    modified_ns: int


def whole(store: RemoteStore, name: str, size: int, path: Path) -> None:
    """Fetch an object as it is."""
    del size
    store.download(name, path)


@dataclass(slots=True)
class _Kept:
    path: Path
    lock: threading.Lock = field(default_factory=threading.Lock)
    n_users: int = 0


class Spool:
    """Copies by content: the same one is fetched once, whoever asks, and one that has changed is refused.

    Parameters
    ----------
    most_bytes : int
        What copies that nobody uses may take on the disk; the one that has waited longest goes first.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.most_bytes = most_bytes
        self._kept: OrderedDict[Key, _Kept] = OrderedDict()
        self._lock = threading.Lock()
        self._folder: Path | None = None
        self._n_made = 0

    @contextmanager
    def file(self, remote: Remote, fetch: Fetch = whole) -> Iterator[Path]:
        """Give the path of a copy, which stays for as long as the block runs; only for reading.

        Parameters
        ----------
        remote : Remote
        fetch : callable
            Makes the copy, when a part of it is enough.

        Raises
        ------
        InvalidValueError
            The object is not the one that it was.
        NotFoundError, RemoteError
        """
        key = (str(remote.uri), remote.size, remote.modified_ns, fetch.__name__)
        kept = self._entered(key, remote)
        try:
            with kept.lock:
                if not kept.path.exists():
                    self._fetch(remote, fetch, kept.path)
            yield kept.path
        finally:
            with self._lock:
                kept.n_users -= 1
                self._make_room()

    def close(self) -> None:
        """Take all copies away."""
        with self._lock:
            self._kept.clear()
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def _entered(self, key: Key, remote: Remote) -> _Kept:
        with self._lock:
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix="nbtrack-spool-"))
            if key not in self._kept:
                self._n_made += 1
                self._kept[key] = _Kept(self._folder / f"{self._n_made}-{remote.uri.name[-100:]}")
            self._kept.move_to_end(key)
            self._kept[key].n_users += 1
            return self._kept[key]

    def _fetch(self, remote: Remote, fetch: Fetch, path: Path) -> None:
        folder, name = remote.uri.split()
        store = RemoteStore(folder)
        unfinished = path.with_name(f"{path.name}.part")
        try:
            fetch(store, name, remote.size, unfinished)
            if remote_of(store, name) != remote or unfinished.stat().st_size != remote.size:
                raise InvalidValueError(f"{remote.uri} has changed since it was looked at; run it again.")
            unfinished.rename(path)
        finally:
            unfinished.unlink(missing_ok=True)

    def _make_room(self) -> None:
        there = {key: kept.path.stat().st_blocks * BLOCK for key, kept in self._kept.items() if kept.path.exists()}
        n_bytes = sum(there.values())
        for key in [key for key, kept in self._kept.items() if kept.n_users == 0]:
            if n_bytes <= self.most_bytes:
                return
            n_bytes -= there.get(key, 0)
            self._kept.pop(key).path.unlink(missing_ok=True)


def remote_of(store: RemoteStore, name: str) -> Remote:
    """Return what is now at a key."""
    about = store.about(name)
    return Remote(
        store.uri.with_key(f"{store.uri.key}/{name}".lstrip("/")),
        about.size,
        in_nanoseconds(about.modified.timestamp()),
    )


def in_nanoseconds(seconds: float) -> int:
    """Return a time in whole seconds, in nanoseconds: some servers tell fractions in lists alone."""
    return int(seconds) * 1_000_000_000


spool = Spool()
"""That of this process; its copies go when the process ends."""
atexit.register(spool.close)
