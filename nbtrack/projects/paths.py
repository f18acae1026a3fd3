"""Parameters of the type ``path``: a path of this machine, or what a URI names, brought here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from nbtrack.artifacts.remote.store import RemoteStore
from nbtrack.artifacts.remote.uri import is_remote
from nbtrack.artifacts.remote.uri import parse as parse_remote
from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.models.folder import check_relative
from nbtrack.models.uri import UriKind, parse
from nbtrack.projects.parameters import PATH, Given
from nbtrack.projects.zipped import WEB, download, local_path
from nbtrack.tracking.downloads import download as copy_out
from nbtrack.tracking.model_files import fetch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nbtrack.projects.parameters import Parameter
    from nbtrack.store.protocol import Store

MOST_FILES = 100_000


def bring(
    given: Given, declared: Mapping[str, Parameter], store: Store, project: Path, new: Callable[[], Path]
) -> Given:
    """Return values in which each ``path`` is one of this machine.

    Parameters
    ----------
    given : Given
    declared : mapping of str to Parameter
    store : Store
        Where ``runs:/`` leads.
    project : Path
        A path that is not in the working folder may be in here.
    new : callable
        Makes a folder to download into.

    Raises
    ------
    NotFoundError, InvalidValueError, NbtrackError
        There is nothing, or it cannot be had.
    """
    declared_paths = {name: given.declared[name] for name, each in declared.items() if each.type == PATH}
    local = {name: str(_local(name, value, store, project, new)) for name, value in declared_paths.items()}
    if not local:
        return given
    return Given({**given.declared, **local}, given.extra, {**given.typed, **local})


def _local(name: str, value: str, store: Store, project: Path, new: Callable[[], Path]) -> Path:
    scheme = value.partition(":")[0].lower() if ":" in value else ""
    if scheme == "file" or len(scheme) <= 1 or (scheme and Path(value).exists()):
        return _of_this_machine(name, value, project)
    if scheme in ("runs", "models"):
        return _of_store(value, store, new())
    if scheme in WEB:
        folder = new()
        file = folder / (Path(unquote(urlsplit(value).path)).name or "file")
        download(value, file)
        return file
    if is_remote(value):
        return _of_object_store(value, new())
    return _of_this_machine(name, value, project)


def _of_this_machine(name: str, value: str, project: Path) -> Path:
    path = local_path(value)
    for found in (path, project / path):
        if value and found.exists():
            return found.absolute()
    raise NotFoundError(
        "File or folder", value, where=f"the working folder {Path.cwd()} or the project; parameter {name!r} is a path"
    )


def _of_store(value: str, store: Store, folder: Path) -> Path:
    uri = parse(value)
    if uri.kind is UriKind.RUN:
        return copy_out(store, uri.run_id, uri.path, folder)
    return fetch(value, folder).folder


def _of_object_store(value: str, folder: Path) -> Path:
    uri = parse_remote(value)
    place = RemoteStore(uri)
    n_files = 0
    for entry in place.list():
        n_files += 1
        if n_files > MOST_FILES:
            raise InvalidValueError(f"{value} has more than {MOST_FILES:,} objects; name a folder with fewer.")
        if not entry.key.endswith("/"):
            place.download(entry.key, folder / check_relative(entry.key))
    if n_files:
        return folder
    around, name = uri.split()  # one object
    file = folder / check_relative(name)
    RemoteStore(around).download(name, file)
    return file
