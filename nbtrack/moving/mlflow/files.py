"""Artifacts of MLflow: in a folder that may have been moved, in an object store, or behind a server."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from nbtrack.artifacts.remote.store import RemoteStore
from nbtrack.artifacts.remote.uri import is_remote
from nbtrack.moving.moved import MovedFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Skip = Callable[[str, object], None]

PROXY = "mlflow-artifacts"
USUAL = ("", ".trash", "mlruns", "mlartifacts")
"""Folders beside a source in which artifacts usually are."""


class Artifacts:
    """Finds the files that an artifact URI of MLflow means, as seen from here.

    MLflow writes absolute paths; when a folder has been moved, what is below it is found all the same, by experiment and run.

    Parameters
    ----------
    home : Path
        The folder in which the source is.
    given : str, optional
        Where artifacts are, when it is neither what the source says nor beside it: a folder or the address in an object store.
    skip : callable
        Told what is left out, and why.
    """

    def __init__(self, home: Path, given: str | None, skip: Skip) -> None:
        self._home = home
        self._bases = [home / name for name in USUAL]
        self._remote: str | None = None
        if given and is_remote(given):
            self._remote = given.rstrip("/")
        elif given:
            self._bases.insert(0, Path(given))
        self._is_given = bool(given) and Path(str(given)).is_dir()
        self._skip = skip
        self._missing: set[str] = set()

    def files(self, uri: str, own: str) -> Iterator[MovedFile]:
        """Yield the files under an artifact URI; `own` is what it ends with below the root, such as ``1/<run id>/artifacts``."""
        if self._remote is not None:
            yield from _in_object_store(f"{self._remote}/{own}")
            return
        folder = self._folder(uri, own)
        if folder is not None:
            yield from self.of_folder(folder)
        elif is_remote(uri):
            yield from _in_object_store(uri)
        elif uri:
            self._tell_missing(uri, own)

    def at_hand(self, uri: str, own: str, name: str) -> Path | None:
        """Return a file of them, where it is on this machine."""
        folder = None if self._remote is not None else self._folder(uri, own)
        return None if folder is None else folder / name

    def _folder(self, uri: str, own: str) -> Path | None:
        for base in self._bases:
            if (base / own).is_dir():
                return base / own
        said = local_path(uri)
        # Whoever made the source may have written anything there; MLflow's own places end like this.
        is_usual = said is not None and said.as_posix().rstrip("/").endswith(own.split("/", 1)[1])
        return said if said is not None and is_usual and said.is_dir() else None

    def of_folder(self, folder: Path) -> Iterator[MovedFile]:
        """Yield the files of a folder of this machine; links that lead out of it are left out."""
        inside = folder.resolve()
        for root, folders, names in os.walk(folder):
            folders.sort()
            for name in sorted(names):
                path = Path(root) / name
                if path.is_symlink() and not path.resolve().is_relative_to(inside):
                    self._skip(f"file {path}", "it is a link to somewhere else")
                    continue
                stat = path.stat()
                yield MovedFile(
                    path.relative_to(folder).as_posix(), partial(_here, path), stat.st_size, stat.st_mtime_ns // 1000
                )

    def _tell_missing(self, uri: str, own: str) -> None:
        """Say once for each place that it cannot be seen from here; a run without files has no folder."""
        root = uri.removesuffix(own)
        said = local_path(root)
        experiment = own.split("/", 1)[0]
        is_seen = said is not None and (said.is_dir() or (self._home / said.name).is_dir())
        if is_seen or self._is_given or any((base / experiment).is_dir() for base in self._bases):
            return
        if root not in self._missing:
            self._missing.add(root)
            self._skip(f"artifacts in {root}", "they cannot be seen from here; say where they are with --artifacts")


def _here(path: Path, _: Path) -> Path:
    return path


def local_path(uri: str) -> Path | None:
    """Return the folder that a ``file:`` URI or plain path means; None for any other."""
    parts = urlsplit(uri)
    if parts.scheme == "file":
        return Path(unquote(parts.path))
    is_plain = not parts.scheme or (len(parts.scheme) == 1 and os.name == "nt")
    return Path(uri) if is_plain and uri else None


def _in_object_store(uri: str) -> Iterator[MovedFile]:
    store = RemoteStore(uri)
    for entry in store.list():
        fetch = partial(_download, store, entry.key)
        yield MovedFile(entry.key, fetch, entry.size, int(entry.modified.timestamp() * 1_000_000))


def _download(store: RemoteStore, key: str, into: Path) -> Path:
    store.download(key, into)
    return into
