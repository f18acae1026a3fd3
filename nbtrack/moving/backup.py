"""Backups of a store, made while others write to it: a store of its own again, looked through when it is done."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.errors import AlreadyExistsError, InvalidValueError, StoreBusyError
from nbtrack.moving.copy import copy_store, refuse_missing
from nbtrack.moving.snapshot import take
from nbtrack.store import database_files
from nbtrack.store.fold_lock import fold_lock
from nbtrack.store.health import examine
from nbtrack.store.local import LocalStore
from nbtrack.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nbtrack.store.protocol import Store

    Progress = Callable[[str], None]

NOTE = "backup.json"
"""Stands in the folder of a backup and says of what it is one, and when."""
_NAMED = "SELECT DISTINCT sha256 FROM artifacts"
_PACKED = (".duckdb", ".jnl", ".json", ".jsonl")
"""Files that grow smaller in a zip; history is compressed already, and artifacts often are."""


@dataclass(frozen=True, slots=True)
class Backup:
    """What was made.

    Attributes
    ----------
    path : Path
        The ``.duckdb`` file, with its folder beside it, or the ``.zip`` with both.
    counts : dict
        Rows by table.
    size : int
        In bytes.
    problems : list of str
        What a look through it found; they were in the source already.
    """

    path: Path
    source: str
    counts: dict[str, int]
    size: int
    problems: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        kept = {"path": str(self.path), "source": self.source, "bytes": self.size}
        return {**kept, "counts": self.counts, "problems": self.problems}


def back_up(
    store: Store, destination: str | Path, *, is_zipped: bool = False, progress: Progress | None = None
) -> Backup:
    """Make a backup of a store, consistent although others go on recording.

    Of a file store, tables, history, journals and files are copied; nothing is folded meanwhile, and nobody waits. A store on a server
    or in a database is copied into a file. When it was interrupted, doing it again goes on with what is there.

    Parameters
    ----------
    store : Store
    destination : path-like
        A ``.duckdb`` or ``.zip`` file that is not there yet, or a folder, in which one named after store and time is made.
    is_zipped : bool
        One ``.zip`` instead of a file and a folder.
    progress : callable, optional
        Called with a few words now and then.

    Raises
    ------
    AlreadyExistsError
        There is something at `destination`.
    StoreBusyError
        Another backup is being made there, or somebody folds the store for more than half a minute.
    """
    refuse_missing(store)
    told = progress or (lambda _: None)
    final, name = _place(store, Path(destination), is_zipped=is_zipped)
    with _unfinished(final, name, store.uri) as partial:
        made = partial / f"{name}.duckdb"
        problems: list[str] = []
        if isinstance(store, LocalStore):
            problems = take(store, made, told)
        else:
            _copy(store, made, told)
        told("looking through the backup")
        found = _look_through(made)
        problems += found["problems"]
        _write_note(made, store, found["counts"])
        size = sum(file.stat().st_size for file in partial.rglob("*") if file.is_file())
        if final.suffix == ".zip":
            told("packing")
            _pack(partial, name, final)
            size = final.stat().st_size
        else:
            made.with_suffix(".nbtrack").rename(final.with_suffix(".nbtrack"))
            database_files.move(made, final)
        shutil.rmtree(partial)
    return Backup(final, store.uri, found["counts"], size, problems)


# -- where it goes -------------------------------------------------------------------------------------------------------


def _place(store: Store, destination: Path, *, is_zipped: bool) -> tuple[Path, str]:
    """Return the file to make, and the name of the store within it."""
    path = getattr(store, "path", None)
    stem = path.stem if path else store.title.replace("/", "-").replace(":", "-")
    if destination.suffix in (".duckdb", ".zip") and not destination.is_dir():
        if is_zipped and destination.suffix != ".zip":
            message = f"{destination} is to be a zip file; name it {destination.with_suffix('.zip').name}."
            raise InvalidValueError(message)
        final = destination
        stem = final.stem if final.suffix == ".duckdb" else stem
    else:
        ending = ".zip" if is_zipped else ".duckdb"
        stamp = time.strftime("%Y%m%d-%H%M%S")
        final = destination / f"{stem}-{stamp}{ending}"
        stem = final.stem
    for there in (final, *([final.with_suffix(".nbtrack")] if final.suffix == ".duckdb" else [])):
        if there.exists():
            raise AlreadyExistsError("File or folder", str(there), "Name another place for the backup.")
    return final, stem


@contextmanager
def _unfinished(final: Path, name: str, source: str) -> Iterator[Path]:
    """Give a folder beside the place of the backup; what an interrupted one of the same store has left in it is named anew and used."""
    known_by = hashlib.sha256(source.encode()).hexdigest()[:12]
    partial = final.parent / f".{known_by}.backup"
    with fold_lock(partial) as mine:
        if not mine:
            raise StoreBusyError(str(final.parent), "another backup")
        for earlier in [*partial.glob("*.nbtrack"), *partial.glob("*.duckdb*")]:
            ending = "nbtrack" if earlier.is_dir() else f"duckdb{earlier.name.rpartition('.duckdb')[2]}"
            earlier.rename(partial / f"{name}.{ending}")
        yield partial


# -- what is in it -------------------------------------------------------------------------------------------------------


def _copy(store: Store, made: Path, told: Progress) -> None:
    target = LocalStore(made)
    try:
        copy_store(store, target, progress=lambda text, done, total: told(f"{done:,} of {total:,} runs, {text}"))
        told("folding journals")
        target.fold(timeout=30)
    finally:
        target.close()


def _look_through(made: Path) -> dict[str, Any]:
    """Return counts and problems of a store, files included; it is only looked at."""
    found = examine(made, made.with_suffix(".nbtrack"))
    store = LocalStore(made)
    if not made.exists():  # nothing of it was ever folded
        store.fold(timeout=30)
    if not found["problems"]:
        named = [str(sha256) for sha256 in store.sql(_NAMED)["sha256"]]
        kept = {path.name for path in (store.folder / "blobs" / "sha256").glob("??/*")}
        missing = [sha256 for sha256 in named if sha256 not in kept]
        if missing:
            found["problems"].append(
                f"{len(missing)} of {len(named)} contents of files are not in the store's folder: {', '.join(missing[:3])}"
            )
    store.close()
    return found


def _write_note(made: Path, store: Store, counts: dict[str, int]) -> None:
    about = {
        "of": store.uri,
        "made": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "nbtrack": __version__,
        "counts": counts,
    }
    (made.with_suffix(".nbtrack") / NOTE).write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")


def _pack(partial: Path, name: str, final: Path) -> None:
    new = partial / "packed.zip"
    with zipfile.ZipFile(new, "w", allowZip64=True) as file:
        for path in sorted((partial / f"{name}.nbtrack").rglob("*")):
            if path.is_file() and path.suffix != ".lock":
                kind = zipfile.ZIP_DEFLATED if path.suffix in _PACKED else zipfile.ZIP_STORED
                file.write(path, path.relative_to(partial), kind, 1)
        for path in database_files.existing(partial / f"{name}.duckdb"):
            file.write(path, path.name, zipfile.ZIP_DEFLATED, 1)
    new.replace(final)
