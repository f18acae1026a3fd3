"""Model folders in a zip or tar file: unpacked so that nothing can land outside, or fill the disk."""

from __future__ import annotations

import stat
import tarfile
import zipfile
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING

from nbtrack.errors import InvalidValueError
from nbtrack.models.folder import check_relative

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_MEMBERS = 20_000
MAX_BYTES = 32 << 30
MAX_RATIO = 200
FREE_BYTES = 64 << 20
"""Below this the ratio of unpacked to packed size is nobody's concern."""
CHUNK = 1 << 20


def is_archive(path: Path) -> bool:
    """Say whether a file is a zip or tar archive, by its content."""
    return path.is_file() and (zipfile.is_zipfile(path) or tarfile.is_tarfile(path))


def unpack(path: Path, target: Path) -> Path:
    """Unpack an archive into an existing empty folder and return the folder in it that has an ``MLmodel`` file.

    Raises
    ------
    InvalidValueError
        A member would land outside, is a link or device, or there is too much in it; nothing of it is left in `target`'s siblings.
    """
    limit = max(FREE_BYTES, path.stat().st_size * MAX_RATIO)
    left = min(limit, MAX_BYTES)
    try:
        for count, (name, source) in enumerate(_members(path)):
            if count >= MAX_MEMBERS:
                raise InvalidValueError(f"{path} has more than {MAX_MEMBERS:,} files; it is not unpacked.")
            file = target / check_relative(name, f"Member of {path.name}")
            file.parent.mkdir(parents=True, exist_ok=True)
            left -= _copy(source, file, left, path)
    except (zipfile.BadZipFile, tarfile.TarError, NotImplementedError, RuntimeError, EOFError, OSError) as cause:
        raise InvalidValueError(f"{path} cannot be unpacked: {type(cause).__name__}: {cause}") from cause
    return _model_in(target, path)


def _members(path: Path) -> Iterator[tuple[str, IO[bytes]]]:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                mode = member.external_attr >> 16
                if member.is_dir():
                    check_relative(member.filename.rstrip("/"), f"Member of {path.name}")
                elif mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG):
                    raise InvalidValueError(
                        f"{path} has {member.filename!r}, which is a link or device; it is not unpacked."
                    )
                else:
                    with archive.open(member) as source:
                        yield member.filename, source
        return
    with tarfile.open(path) as tar:
        for entry in tar:
            name = str(PurePosixPath(entry.name)) if entry.name.startswith("./") else entry.name
            if entry.isdir():
                if name != ".":
                    check_relative(name.rstrip("/"), f"Member of {path.name}")
            elif not entry.isreg():
                raise InvalidValueError(f"{path} has {entry.name!r}, which is a link or device; it is not unpacked.")
            else:
                content = tar.extractfile(entry)
                assert content is not None
                yield name, content


def _copy(source: IO[bytes], file: Path, left: int, path: Path) -> int:
    done = 0
    with file.open("xb") as target:
        while chunk := source.read(CHUNK):
            done += len(chunk)
            if done > left:
                raise InvalidValueError(f"{path} unpacks into far more than it is large; it is refused as a zip bomb.")
            target.write(chunk)
    return done


def _model_in(target: Path, path: Path) -> Path:
    found = sorted(target.rglob("MLmodel"), key=lambda file: len(file.parts))
    if not found:
        raise InvalidValueError(f"{path} has no MLmodel file in it; it is no packed model.")
    return found[0].parent
