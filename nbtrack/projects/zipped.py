"""Projects in zip files, of this machine or behind a web address."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.parse import unquote, urlsplit
from urllib.request import Request, urlopen

from nbtrack.errors import InvalidValueError, NbtrackError, NotFoundError
from nbtrack.models.archive import extract
from nbtrack.tracking.redaction import redact
from nbtrack.version import __version__

if TYPE_CHECKING:
    from typing import IO

MAX_BYTES = 4 << 30
CHUNK = 1 << 20
TIMEOUT_S = 60.0
WEB = ("http", "https")


def is_zip(text: str) -> bool:
    """Say whether a text names a zip file, by its end."""
    path = urlsplit(text).path if "://" in text else text
    return path.lower().endswith(".zip")


def unzip(uri: str, folder: Path) -> None:
    """Unpack the zip file that `uri` names into an empty folder; what it has in one folder alone comes out of that.

    Raises
    ------
    InvalidValueError
        It is no zip file, a member would land outside or is a link, or there is far more in it than it is large.
    NotFoundError, NbtrackError
        It is not there, or cannot be had.
    """
    scheme = urlsplit(uri).scheme.lower() if "://" in uri else ""
    with tempfile.TemporaryDirectory(prefix="nbtrack-zip-") as temporary:
        file = Path(temporary) / "project.zip"
        if scheme in WEB:
            download(uri, file)
        else:
            file = local_path(uri)
            if not file.is_file():
                raise NotFoundError("Zip file", uri, where=f"the working folder {Path.cwd()}")
        if not zipfile.is_zipfile(file):
            raise InvalidValueError(f"{redact(uri)} is no zip file.")
        extract(file, folder)
        _make_executable(file, folder)
    _lift(folder)


def download(uri: str, file: Path) -> None:
    """Write what a web address has to a file; raises ``NbtrackError`` when it cannot be had."""
    try:
        request = Request(uri, headers={"User-Agent": f"nbtrack/{__version__}"})  # noqa: S310 - http and https alone
        with urlopen(request, timeout=TIMEOUT_S) as answer, file.open("wb") as target:  # noqa: S310
            _copy(answer, target, uri)
    except (URLError, OSError, ValueError) as cause:
        if isinstance(cause, NbtrackError):
            raise
        raise NbtrackError(f"{redact(uri)} cannot be had: {redact(str(cause))}") from cause


def local_path(uri: str) -> Path:
    """Return the path that a text or a ``file://`` URI names."""
    if not uri.lower().startswith("file://"):
        return Path(uri).expanduser()
    parts = urlsplit(uri)
    if parts.netloc not in ("", "localhost"):
        raise InvalidValueError(f"{uri!r} names another machine; use a path of this one.")
    return Path(unquote(parts.path))


def _copy(answer: IO[bytes], target: IO[bytes], uri: str) -> None:
    n_bytes = 0
    while chunk := answer.read(CHUNK):
        n_bytes += len(chunk)
        if n_bytes > MAX_BYTES:
            raise InvalidValueError(f"{redact(uri)} has more than {MAX_BYTES >> 30} GiB; that is no project.")
        target.write(chunk)


def _make_executable(file: Path, folder: Path) -> None:
    with zipfile.ZipFile(file) as archive:
        for member in archive.infolist():
            path = folder / member.filename
            if not member.is_dir() and (member.external_attr >> 16) & 0o111 and path.is_file():
                path.chmod(0o755)


def _lift(folder: Path) -> None:
    """Take a project out of the one folder that GitHub and others put around it."""
    entries = list(folder.iterdir())
    if len(entries) != 1 or not entries[0].is_dir():
        return
    inner = entries[0].rename(folder.with_name(f"{folder.name}-inner"))
    folder.rmdir()
    shutil.move(inner, folder)
