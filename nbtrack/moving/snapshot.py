"""A file store as it is at one moment, copied while others write to it."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from nbtrack.artifacts.sources import pieces_of
from nbtrack.errors import NbtrackError, StoreBusyError, StoreError
from nbtrack.journal.segments import list_segments
from nbtrack.store import database_files
from nbtrack.store.connect import copy_held, reading
from nbtrack.store.fold_lock import fold_lock
from nbtrack.store.rebuild import rebuild

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from nbtrack.store.local import LocalStore

PATIENCE_S = 30.0
_ASIDE = ("quarantine",)
_SINGLE = ("audit.jsonl",)


def take(store: LocalStore, made: Path, told: Callable[[str], None]) -> list[str]:
    """Copy a store to `made` and the folder beside it; return what was wrong with it.

    While its ``fold.lock`` is held, tables and history stay and no file goes; journals are cut where they ended at one moment.
    """
    folder = made.with_suffix(".nbtrack")
    for earlier in (folder / "w", folder / "history", *(folder / name for name in _ASIDE)):
        shutil.rmtree(earlier, ignore_errors=True)  # of a backup that was interrupted; only its files are of use
    database_files.remove(made)
    with fold_lock(store.folder, PATIENCE_S) as mine:
        if not mine:
            raise StoreBusyError(str(store.path), "another nbtrack process that folds")
        with store.numbers.changing_models():  # its records follow from one another, whoever writes them
            ends = {each.path: each.size for group in list_segments(store.folder / "w").values() for each in group}
        told("copying journals")
        for path, end in ends.items():
            _cut_copy(path, end, folder / "w" / path.name)
        told("copying the history")
        for name in ("history", *_ASIDE):
            _copy_folder(store.folder / name, folder / name)
        for name in _SINGLE:
            if (store.folder / name).is_file():
                shutil.copy2(store.folder / name, folder / name)
        told("copying the tables")
        problems = _copy_tables(store, made)
        blobs = folder / "blobs" / "sha256"
        problems += _copy_blobs(store.folder / "blobs" / "sha256", blobs, told)
        return problems + _fetch_blobs(store, blobs, told)


def _cut_copy(path: Path, end: int, target: Path) -> None:
    """Copy the whole lines of a journal up to a place."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("rb") as source:
        data = source.read(end)
    _write(target, data[: data.rfind(b"\n") + 1])


def _write(target: Path, data: bytes) -> None:
    with target.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _copy_folder(source: Path, target: Path) -> None:
    if source.is_dir():
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in sorted(source.iterdir()):
            if path.is_file() and path.suffix != ".new":
                shutil.copy2(path, target / path.name)


def _copy_tables(store: LocalStore, made: Path) -> list[str]:
    """Copy the DuckDB file; one that cannot be read is made anew from the history."""
    if not store.path.exists():
        return []
    try:
        with reading(store.path, patience=0.5, waits_for_fold=False) as base:
            is_held = base.snapshot is not None
        if is_held:
            scratch = copy_held(store.path)
            for file in database_files.existing(scratch):
                shutil.move(file, made.with_name(file.name.replace(store.path.name, made.name, 1)))
            shutil.rmtree(scratch.parent, ignore_errors=True)
        else:
            for file in database_files.existing(store.path):
                _copy_in_child(file, made.with_name(file.name.replace(store.path.name, made.name, 1)))
    except (NbtrackError, OSError) as error:
        rebuild(made, made.with_suffix(".nbtrack"))
        return [f"{store.path.name} could not be copied ({error}); in the backup it was made anew from the history"]
    return []


def _copy_in_child(source: Path, target: Path) -> None:
    """Copy a file that others have open: were it opened here, closing it would take this process's locks of it away."""
    done = subprocess.run(["cp", "--reflink=auto", str(source), str(target)], check=False, capture_output=True)  # noqa: S603, S607
    if done.returncode:
        code = "import shutil, sys; shutil.copyfile(*sys.argv[1:])"
        done = subprocess.run([sys.executable, "-c", code, str(source), str(target)], check=False, capture_output=True)  # noqa: S603
    if done.returncode:
        message = f"{source} cannot be copied: {done.stderr.decode(errors='replace').strip().splitlines()[-1:]}"
        raise StoreError(message)


def _copy_blobs(source: Path, target: Path, told: Callable[[str], None]) -> list[str]:
    """Copy the contents of files, each compared with its name; those that are there from before are left."""
    problems: list[str] = []
    size = 0
    for i, path in enumerate(sorted(source.glob("[0-9a-f][0-9a-f]/*"))):
        copy = target / path.parent.name / path.name
        if not (copy.exists() and copy.stat().st_size == path.stat().st_size):
            if _copy_blob(pieces_of(path), copy) != path.name:
                problems.append(f"the content of file {path.name} is damaged")
            size += path.stat().st_size
        told(f"copying files: {i + 1:,}, {size >> 20:,} MB")
    return problems


def _fetch_blobs(store: LocalStore, target: Path, told: Callable[[str], None]) -> list[str]:
    """Fetch the contents that the store keeps elsewhere: a backup has all of it."""
    problems: list[str] = []
    size = 0
    for place in store.blobs.places.all():
        for i, kept in enumerate(place.list()):
            copy = target / kept.sha256[:2] / kept.sha256
            if not (copy.exists() and copy.stat().st_size == kept.size):
                if _copy_blob(place.stream(kept.sha256), copy) != kept.sha256:
                    problems.append(f"the content of file {kept.sha256} is damaged in {place.shown}")
                size += kept.size
            told(f"fetching files from {place.shown}: {i + 1:,}, {size >> 20:,} MB")
    return problems


def _copy_blob(pieces: Iterable[bytes], copy: Path) -> str:
    """Write a content and return its SHA-256; it has its name only when it is whole."""
    for each in (copy.parent.parent.parent, copy.parent.parent, copy.parent):
        each.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = copy.with_name(f"{copy.name}.new")
    digest = hashlib.sha256()
    try:
        with new.open("wb") as file:
            for piece in pieces:
                digest.update(piece)
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        new.chmod(0o444)
        new.replace(copy)
    finally:
        with suppress(FileNotFoundError):
            new.unlink()
    return digest.hexdigest()
