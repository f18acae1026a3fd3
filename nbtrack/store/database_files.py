"""The files of one DuckDB database: the file itself, and those that DuckDB keeps beside it while not all is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

BESIDE = (".wal", ".wal.checkpoint", ".wal.recovery")
"""What is committed and not yet in the file; what was committed while that was being brought in; and its copy after a sudden death."""


def all_of(path: Path) -> list[Path]:
    """Return the names that the files of a database have, whether or not they are there; the database first."""
    return [path, *(path.with_name(path.name + ending) for ending in BESIDE)]


def existing(path: Path) -> list[Path]:
    """Return the files of a database that are there."""
    return [file for file in all_of(path) if file.exists()]


def remove(path: Path) -> None:
    """Delete a database."""
    for file in all_of(path):
        file.unlink(missing_ok=True)


def move(path: Path, to: Path) -> None:
    """Give a database another name; the file itself goes last, so that a death meanwhile leaves no log beside a file it is not of."""
    for file, new in reversed(list(zip(all_of(path), all_of(to), strict=True))):
        if file.exists():
            file.replace(new)
