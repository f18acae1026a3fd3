"""``fold.lock``: whoever has it may open the DuckDB file read-write."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME = "fold.lock"


@contextmanager
def fold_lock(folder: Path, timeout: float = 0.0) -> Iterator[bool]:
    """Hold ``fold.lock``; yields False when somebody else has it for longer than `timeout` seconds."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = FileLock(folder / NAME, mode=0o600)
    try:
        lock.acquire(timeout=timeout)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def is_folding(folder: Path) -> bool:
    """Say whether somebody has ``fold.lock`` at this moment: nbtrack is at work on the file, and will let go of it."""
    if not (folder / NAME).exists():
        return False
    with fold_lock(folder) as mine:
        return not mine
