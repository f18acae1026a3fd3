"""Files that lie on this machine already, on their way into a store."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from nbtrack.moving.moved import MovedFile

if TYPE_CHECKING:
    from pathlib import Path


def file_here(name: str, path: Path, modified_us: int | None = None) -> MovedFile:
    """Return a file of a run that is only read where it lies; it is as old as the file itself when no time is given."""
    stat = path.stat()
    return MovedFile(
        name, partial(_as_it_is, path), stat.st_size, stat.st_mtime_ns // 1000 if modified_us is None else modified_us
    )


def _as_it_is(path: Path, _scratch: Path) -> Path:
    return path
