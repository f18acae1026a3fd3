"""Model folders: written in one go, read without ever leaving them."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from nbtrack.errors import AlreadyExistsError, InvalidValueError, NotFoundError
from nbtrack.names import check_artifact_path, fully_decoded

if TYPE_CHECKING:
    from collections.abc import Iterator

_LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc", ".git", ".ipynb_checkpoints", ".DS_Store")


@contextmanager
def new_folder(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary folder that becomes `path` at the end, complete or not at all; only its owner may enter.

    Raises
    ------
    AlreadyExistsError
        `path` is there and is not an empty folder.
    """
    target = Path(path)
    _check_free(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=".nbtrack-model-", dir=target.parent))
    try:
        yield work
        _close(work)
        _check_free(target)
        if target.is_dir():
            target.rmdir()
        work.rename(target)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def inside(folder: Path, relative: object, what: str = "Path") -> Path:
    """Return the file or folder that a model's own description names, which must exist and be within the model's folder.

    Raises
    ------
    InvalidValueError
        It is absolute, has ``..`` (percent-encoded, too), a backslash, a drive or NUL, or leads out through a link.
    NotFoundError
        It is not there.
    """
    text = check_relative(relative, what)
    found = folder / text
    if not found.exists():
        raise NotFoundError(what, text, where=str(folder))
    if not found.resolve().is_relative_to(folder.resolve()):
        raise InvalidValueError(
            f"{what} {text!r} leads out of the model folder {folder} through a link; it is not opened."
        )
    if not (found.is_file() or found.is_dir()):
        raise InvalidValueError(f"{what} {text!r} in {folder} is a pipe, socket or device; it is not opened.")
    return found


def check_relative(path: object, what: str = "Path") -> str:
    """Return a relative path that cannot leave its folder, however often it might be decoded; it is opened as it is."""
    if not isinstance(path, (str, os.PathLike)):
        raise InvalidValueError(
            f"{what} {path!r} is a {type(path).__name__}; use a relative path such as 'model.skops'."
        )
    text = str(os.fspath(path))
    check_artifact_path(fully_decoded(text))
    return check_artifact_path(text)


def copy_in(source: str | os.PathLike[str], target: Path) -> None:
    """Copy a file or folder of the user's into a model folder; links are followed, but for those that lead out of a folder."""
    origin = Path(source)
    if not origin.exists():
        raise NotFoundError("Path", str(source), where=f"the working folder {Path.cwd()}")
    target.parent.mkdir(parents=True, exist_ok=True)
    if origin.is_dir():
        root = origin.resolve()

        def left_out(folder: str, names: list[str]) -> set[str]:
            escaping = {name for name in names if not (Path(folder) / name).resolve().is_relative_to(root)}
            return set(_LEFT_OUT(folder, names)) | escaping

        shutil.copytree(origin, target, ignore=left_out, dirs_exist_ok=True, copy_function=shutil.copyfile)
    elif origin.is_file():
        shutil.copyfile(origin, target)
    else:
        raise InvalidValueError(f"{source} is a pipe, socket or device; give a file or a folder.")


def size_of(folder: Path) -> int:
    """Return the bytes of all files in a folder."""
    return sum(file.stat().st_size for file in files_of(folder))


def files_of(folder: Path) -> Iterator[Path]:
    """Yield every regular file of a model folder, by path; links are no files."""
    for file in sorted(folder.rglob("*")):
        if file.is_file() and not file.is_symlink():
            yield file


def _check_free(target: Path) -> None:
    if target.is_symlink() or (target.exists() and not target.is_dir()) or (target.is_dir() and any(target.iterdir())):
        raise AlreadyExistsError("Path", str(target), "A model is saved into a new or an empty folder.")


def _close(folder: Path) -> None:
    """Let only the owner read what was written, whatever the umask."""
    for file in folder.rglob("*"):
        if not file.is_symlink():
            file.chmod(0o700 if file.is_dir() else 0o600)
