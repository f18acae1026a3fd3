"""The way from a model's URI to its files, each compared with its checksum; nothing of them is loaded."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from nbtrack.artifacts.remote.store import RemoteStore
from nbtrack.artifacts.remote.uri import RemoteUri, is_remote
from nbtrack.artifacts.remote.uri import parse as parse_remote
from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.models.archive import is_archive, unpack
from nbtrack.models.folder import check_relative, files_of
from nbtrack.models.mlmodel import FILE, MLmodel
from nbtrack.models.trust import Trust
from nbtrack.models.uri import ModelUri, UriKind, parse
from nbtrack.tracking import active, logged_models
from nbtrack.tracking.downloads import walk

if TYPE_CHECKING:
    import os
    from collections.abc import Hashable, Iterable

    from nbtrack.store.protocol import Store


MOST_FILES = 10_000
"""Of a model in an object store."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a model is: among the files of a run of a store, in a local folder or archive, or in an object store."""

    uri: str
    store: Store | None = None
    run_id: str = ""
    path: str = ""
    local: Path | None = None
    remote: RemoteUri | None = None


def locate(model_uri: str | os.PathLike[str]) -> Place:
    """Return where a model is; reads no file of it.

    Raises
    ------
    InvalidValueError, NotFoundError
        The URI is of no known form, or names nothing.
    """
    uri = parse(model_uri)
    if uri.kind is UriKind.PATH:
        return Place(uri.text, local=_local(uri))
    if uri.kind is UriKind.REMOTE:
        return Place(uri.text, remote=remote_place(uri))
    store = active.get_store()
    if uri.kind is UriKind.RUN:
        return Place(uri.text, store, uri.run_id, uri.path)
    if uri.kind is UriKind.MODEL_ID:
        found = logged_models.find(store, uri.model_id)
        return Place(uri.text, store, found.run_id, found.path)
    place: Place = import_module("nbtrack.tracking.registered").locate(uri, store)  # which knows of places itself
    return place


def _local(uri: ModelUri) -> Path:
    path = Path(uri.path)
    if not path.exists():
        raise NotFoundError("Path", uri.text, where=f"the working folder {Path.cwd()}")
    return path


def remote_place(uri: ModelUri) -> RemoteUri:
    """Return where in an object store a model is. Raises ``InvalidValueError`` when it is on another machine in another way."""
    if not is_remote(uri.text):
        raise InvalidValueError(
            f"{uri.text} is on another machine; download the folder and give its path, or use s3://…, gs://… or az://…"
        )
    return parse_remote(uri.text)


class Fetched:
    """The files of a model on this machine, each compared with its checksum where the store knows one.

    Attributes
    ----------
    folder : Path
        The model folder; only for reading.
    trust : Trust
        What loading it may run.
    """

    def __init__(self, folder: Path, trust: Trust, *, temporary: Path | None = None) -> None:
        self.folder = folder
        self.trust = trust
        self.temporary = temporary

    def close(self) -> None:
        """Take away what was only copied for loading."""
        if self.temporary is not None:
            shutil.rmtree(self.temporary, ignore_errors=True)


def fetch(
    model_uri: str | os.PathLike[str],
    dst_path: str | os.PathLike[str] | None = None,
    *,
    trust: bool | Iterable[str] = False,
) -> Fetched:
    """Bring a model's files to this machine, complete and verified; nothing of them is loaded.

    Parameters
    ----------
    model_uri : str or path
    dst_path : path, optional
        Existing or new folder to put them into; a temporary one by default.
    trust : bool or names of types
        What the caller allows to run; a model that this user logged needs no leave.

    Raises
    ------
    StoreError
        A file does not have the bytes that were logged.
    """
    place = locate(model_uri)
    given = Trust.given(trust, f"Model {place.uri}")
    if place.local is not None and not is_archive(place.local) and dst_path is None:
        return Fetched(place.local, given)
    root = Path(dst_path) if dst_path is not None else Path(tempfile.mkdtemp(prefix="nbtrack-model-"))
    root.mkdir(parents=True, exist_ok=True)
    temporary = None if dst_path is not None else root
    try:
        if place.local is not None:
            return Fetched(_copied(place.local, root), given, temporary=temporary)
        if place.remote is not None:
            return Fetched(_downloaded(place.remote, root), given, temporary=temporary)
        return Fetched(root, _copy_out(place, root, given, is_lasting=temporary is None), temporary=temporary)
    except BaseException:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)
        raise


def _copied(source: Path, root: Path) -> Path:
    if is_archive(source):
        return unpack(source, root)
    if not (source / FILE).is_file():
        MLmodel.load(source)
    for file in files_of(source):
        target = root / file.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
    return root


def _downloaded(remote: RemoteUri, root: Path) -> Path:
    """Bring a model folder from an object store: as little trusted as any folder, whoever has put it there."""
    store = RemoteStore(remote)
    entries = list(store.list())
    if FILE not in {entry.key for entry in entries}:
        raise NotFoundError(
            "Model", str(remote), where="the object store", hint=f" A model is a folder with a file {FILE} in it."
        )
    if len(entries) > MOST_FILES:
        raise InvalidValueError(f"{remote} has {len(entries):,} objects; a model has up to {MOST_FILES:,}.")
    for entry in entries:
        if not entry.key.endswith("/"):  # what some tools leave for an empty folder
            store.download(entry.key, root / check_relative(entry.key))
    return root


_FILES = """
    SELECT path, sha256, timestamp, NULL AS writer, NULL AS seq FROM artifacts WHERE run_id = ? AND starts_with(path, ? || '/')
    UNION ALL SELECT NULL, body, timestamp, writer, seq FROM events WHERE kind = 'model' AND run_id = ?
    ORDER BY timestamp, writer, seq
"""


def _copy_out(place: Place, root: Path, given: Trust, *, is_lasting: bool) -> Trust:
    """Copy a model's files out of the store, each compared with its checksum, and return what loading it may run.

    A model that this user logged has leave; what anybody else put there has what the caller gives, whatever the store says of it.
    """
    store = place.store
    assert store is not None
    files, is_ours = known_files(store, place.run_id, place.path)
    if not files:
        list(walk(store, place.run_id, place.path))  # says what there is
        raise NotFoundError(
            "Model", place.path, where=f"run {place.run_id}", hint=" There is a file of this name, and no folder."
        )
    for name, sha256 in files:
        store.blobs.copy_out(sha256, root / name, root=root, is_lasting=is_lasting)
    return Trust(everything=True, types=given.types, where=given.where) if is_ours else given


_SEEN: dict[tuple[str, str, str], tuple[Hashable, list[tuple[str, str]], bool]] = {}
_MAX_SEEN = 32


def known_files(store: Store, run_id: str, path: str) -> tuple[list[tuple[str, str]], bool]:
    """Return name and checksum of a model's files, and whether this user's ``log_model`` wrote these and no others.

    They are looked up once, and again when anything has changed in the store: most of what loading a small model takes is the look.
    """
    key, state = (store.uri, run_id, path), store.signature()
    known = _SEEN.get(key)
    if known is not None and known[0] == state:
        return known[1:]
    rows = store.sql(_FILES, [run_id, path, run_id])
    is_file = rows["path"].notna()
    names = (check_relative(found[len(path) + 1 :]) for found in rows[is_file]["path"])
    files = list(zip(names, map(str, rows[is_file]["sha256"]), strict=True))
    models = logged_models.replayed((run_id, body) for body in rows[~is_file]["sha256"])
    found = (files, any(model.path == path and model.is_ours(files) for model in models))
    if len(_SEEN) >= _MAX_SEEN:
        _SEEN.clear()
    _SEEN[key] = (state, *found)
    return found
