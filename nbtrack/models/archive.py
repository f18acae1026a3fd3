"""Model folders in a zip or tar file: unpacked so that nothing can land outside, or fill the disk."""

from __future__ import annotations

import stat
import tarfile
import zipfile
import zlib
from lzma import LZMAError
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING

from nbtrack.errors import InvalidValueError
from nbtrack.models.folder import check_relative
from nbtrack.models.trust import unpacked

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
    if not path.is_file():
        return False
    try:
        return zipfile.is_zipfile(path) or _opened(path) is not None
    except InvalidValueError:
        return True  # and unpacking it says why not


def unpack(path: Path, target: Path) -> Path:
    """Unpack an archive into an existing empty folder and return the folder in it that has an ``MLmodel`` file; see :func:`extract`."""
    extract(path, target)
    return _model_in(target, path)


def extract(path: Path, target: Path) -> None:
    """Unpack an archive into an existing empty folder.

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
    except (
        zipfile.BadZipFile,
        tarfile.TarError,
        zlib.error,
        LZMAError,
        NotImplementedError,
        RuntimeError,
        EOFError,
        OSError,
    ) as cause:
        raise InvalidValueError(f"{path} cannot be unpacked: {type(cause).__name__}: {cause}") from cause


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
    opened = _opened(path)
    if opened is None:
        raise InvalidValueError(f"{path} is no zip or tar file.")
    with opened as tar:
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


class _Careful:
    """A tar file's bytes; a name or header of many megabytes, which tarfile would take into memory whole, is refused."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._source = unpacked(path)
        self.seek, self.tell, self.close = self._source.seek, self._source.tell, self._source.close

    def read(self, n: int = -1) -> bytes:
        """Return at most `n` bytes."""
        if not 0 <= n <= CHUNK:
            raise InvalidValueError(f"{self._path} has a header of {n:,} bytes; it is refused as a bomb.")
        return self._source.read(n)


def _opened(path: Path) -> tarfile.TarFile | None:
    """Open a tar file, packed or not; None when it is none."""
    source = _Careful(path)
    try:
        return tarfile.open(fileobj=source, mode="r:")  # type: ignore[call-overload,no-any-return]
    except InvalidValueError:
        source.close()
        raise
    except (tarfile.TarError, EOFError, OSError, ValueError, LZMAError, zlib.error):
        source.close()
        return None


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
