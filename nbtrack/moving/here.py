"""Files that lie on this machine already, on their way into a store."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.moving.moved import MovedFile

if TYPE_CHECKING:
    from pathlib import Path


def file_here(name: str, path: Path, modified_us: int | None = None) -> MovedFile:
    """Return a file of a run that is only read where it lies; it is as old as the file itself when no time is given."""
    stat = path.stat()
    return MovedFile(
        name, partial(_as_it_is, path), stat.st_size, stat.st_mtime_ns // 1000 if modified_us is None else modified_us
    )


def want_file(path: Path, hint: str) -> None:
    """Raise for what is no file, with a hint what to name: ``NotFoundError``, or ``InvalidValueError`` for a folder."""
    if not path.is_file():
        raise _not_that("File", path, "a folder" if path.is_dir() else "no file", hint)


def want_folder(path: Path, hint: str) -> None:
    """Raise for what is no folder, with a hint what to name: ``NotFoundError``, or ``InvalidValueError`` for a file."""
    if not path.is_dir():
        raise _not_that("Folder", path, "no folder", hint)


def _not_that(what: str, path: Path, other: str, hint: str) -> InvalidValueError | NotFoundError:
    if path.exists():
        return InvalidValueError(f"{path} is {other}. {hint}")
    return NotFoundError(what, path.name, where=str(path.absolute().parent), hint=hint)


def _as_it_is(path: Path, _scratch: Path) -> Path:
    return path
