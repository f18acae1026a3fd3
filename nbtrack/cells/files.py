"""Files that a run depends on, as they were: size and time are compared first, content only where these differ."""

from __future__ import annotations

import hashlib
import stat
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import os

DIGITS = 16
WHOLE_BYTES = 64 << 20
"""Of a larger file the digest covers 64 blocks at equal distances."""
_BLOCK = 256 << 10
_N_BLOCKS = 64


@dataclass(frozen=True, slots=True)
class Stamp:
    """A file as it was.

    Attributes
    ----------
    path : str
        Absolute.
    size : int
        Bytes.
    mtime : int
        When it was last written, ns.
    digest : str
        16 hex digits of its SHA-256.
    """

    path: str
    size: int
    mtime: int
    digest: str

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON keeps it."""
        return asdict(self)


def stamp(path: str | os.PathLike[str]) -> Stamp | None:
    """Return a file as it is now; None where there is no regular file that can be read."""
    full = str(Path(path).absolute())
    try:
        found = Path(full).stat()
        if not stat.S_ISREG(found.st_mode):
            return None
        return Stamp(full, found.st_size, found.st_mtime_ns, _digest(full, found.st_size, found.st_mtime_ns))
    except OSError:
        return None


def read_stamp(item: Any) -> Stamp | None:
    """Return a stamp from JSON; None for what is none."""
    try:
        found = Stamp(str(item["path"]), int(item["size"]), int(item["mtime"]), str(item["digest"]))
    except (KeyError, TypeError, ValueError):
        return None
    return found if Path(found.path).is_absolute() else None


def has_changed(before: Stamp) -> bool:
    """Say whether a file has another content than it had; one that is gone has, while its folder is there."""
    path = Path(before.path)
    try:
        found = path.stat()
    except FileNotFoundError:
        return path.parent.is_dir()
    except OSError:  # a disk that is away is no other content
        return False
    if (found.st_size, found.st_mtime_ns) == (before.size, before.mtime):
        return False
    if found.st_size != before.size or not stat.S_ISREG(found.st_mode):
        return True
    try:
        return _digest(before.path, found.st_size, found.st_mtime_ns) != before.digest
    except OSError:
        return False


@lru_cache(4096)
def _digest(path: str, size: int, mtime: int) -> str:
    del mtime  # so that a file that is written again is read again
    digest = hashlib.sha256()
    with Path(path).open("rb") as file:
        if size <= WHOLE_BYTES:
            while block := file.read(1 << 20):
                digest.update(block)
        else:
            for i in range(_N_BLOCKS):
                file.seek(i * (size - _BLOCK) // (_N_BLOCKS - 1))
                digest.update(file.read(_BLOCK))
    return digest.hexdigest()[:DIGITS]
