"""Where projects come from: a folder, a script or notebook, a git repository, a zip file; each with ``#subdir``."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.models.folder import inside
from nbtrack.projects import git, zipped
from nbtrack.tracking.git_state import GitState, git_state
from nbtrack.tracking.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FILES = (".py", ".sh", ".r", ".ipynb")
"""What can be run without a project around it."""


@dataclass(frozen=True, slots=True)
class Source:
    """A project on this machine.

    Attributes
    ----------
    uri : str
        As it was named, without secrets; local paths are absolute.
    folder : Path
        The project itself, `#subdir` included.
    entry : str
        The file that was named instead of a folder; "" otherwise.
    git : GitState
        Commit, branch and changes; empty when there is no repository.
    version : str
        As it was asked for.
    """

    uri: str
    folder: Path
    entry: str = ""
    git: GitState = field(default_factory=GitState)
    version: str = ""


@contextmanager
def fetched(uri: str | os.PathLike[str], version: str | None = None) -> Iterator[tuple[Source, Callable[[], None]]]:
    """Give a project on this machine, and what takes its temporary folder away; on an error that is done at once.

    Raises
    ------
    InvalidValueError
        The URI or version is none, or not allowed; a zip file would write elsewhere.
    NotFoundError, NbtrackError
        There is nothing, or it cannot be had.
    """
    temporary: list[Path] = []

    def clear() -> None:
        for each in temporary:
            shutil.rmtree(each, ignore_errors=True)

    def new() -> Path:
        temporary.append(Path(tempfile.mkdtemp(prefix="nbtrack-project-")))
        return temporary[-1] / "project"

    try:
        yield fetch(os.fspath(uri), version, new), clear
    except BaseException:
        clear()
        raise


def fetch(uri: str, version: str | None, new: Callable[[], Path]) -> Source:
    """Return a project on this machine; `new` gives the path of a folder to make for one from elsewhere."""
    if not uri.strip() or "\0" in uri:
        raise InvalidValueError(
            f"Project {uri!r} is none; name a folder, a git URI, a zip file, a script or a notebook."
        )
    if version is not None:
        git.check_version(version)
    if Path(uri).expanduser().exists():
        place, subdir = uri, ""
    else:
        place, _, subdir = uri.partition("#")
    if zipped.is_zip(place):
        _no_version(version, place)
        folder = new()
        folder.mkdir()
        zipped.unzip(place, folder)
        return Source(_shown(uri), _under(folder, subdir, uri))
    if place.startswith("-") or "::" in place.partition("/")[0]:
        git.check_uri(place)  # says why not
    local = zipped.local_path(place) if place.lower().startswith("file://") else Path(place).expanduser()
    if local.exists() and not (place.lower().startswith("file://") and _is_bare(local)):
        return _local(local.absolute(), subdir, version, uri, new)
    if not git.is_git(place):
        if "://" in place or ":" in place.partition("/")[0]:
            git.check_uri(place)
        raise NotFoundError(
            "Project",
            place,
            where=f"the working folder {Path.cwd()}",
            hint=f" Name a folder, a zip file, or a repository: {git.ALLOWED}.",
        )
    return _cloned(place, subdir, version, uri, new)


def _local(path: Path, subdir: str, version: str | None, uri: str, new: Callable[[], Path]) -> Source:
    if path.is_file():
        if path.suffix.lower() not in FILES or subdir:
            raise InvalidValueError(f"{path} is a file that is not run; name a folder, or one of *{', *'.join(FILES)}.")
        _no_version(version, str(path))
        return Source(str(path), path.parent, path.name, git_state(path.parent))
    if version is None:
        folder = _under(path, subdir, uri)
        return Source(f"{path}#{subdir}" if subdir else str(path), folder, git=git_state(folder))
    # The folder itself is left as it is: its work in progress is nobody else's version.
    top = git.top_of(path)
    if top is None:
        raise InvalidValueError(
            f"{path} is in no git repository, so it has no version {version!r}; leave the version out."
        )
    inner = path.resolve().relative_to(top.resolve()).as_posix()
    within = "/".join(part for part in (inner.removeprefix("."), subdir) if part)
    found = _cloned(top.as_uri(), within, version, uri, new)
    return replace(found, uri=f"{path}#{subdir}" if subdir else str(path))


def _cloned(place: str, subdir: str, version: str | None, uri: str, new: Callable[[], Path]) -> Source:
    folder = new()
    folder.mkdir()
    found = git.fetch(place, version, folder)
    state = GitState(commit=found.commit, branch=found.branch, remote=_shown(place))
    return Source(_shown(uri), _under(folder, subdir, uri), git=state, version=version or "")


def _under(folder: Path, subdir: str, uri: str) -> Path:
    if not subdir:
        return folder.resolve()
    found = inside(folder, subdir, f"Folder #{subdir} of {_shown(uri)}, which")
    if not found.is_dir():
        raise InvalidValueError(f"#{subdir} of {_shown(uri)} is a file; the part after # is a folder of the project.")
    return found.resolve()


def _is_bare(path: Path) -> bool:
    return (path / "HEAD").is_file() and (path / "objects").is_dir()


def _no_version(version: str | None, place: str) -> None:
    if version is not None:
        raise InvalidValueError(
            f"Version {version!r} was asked for, and {_shown(place)} is no git repository; leave the version out."
        )


def _shown(uri: str) -> str:
    """Return a URI without a login in it."""
    if "://" in uri:
        parts = urlsplit(uri)
        if "@" in parts.netloc and parts.scheme.lower() in (*zipped.WEB, "git+https"):
            uri = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    return redact(uri)
