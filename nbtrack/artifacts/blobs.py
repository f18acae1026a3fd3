"""Content-addressed files: each content is kept once, under its SHA-256, and never changes."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import re
import stat
import sys
import tempfile
import time
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from nbtrack.artifacts.sources import Source
from nbtrack.errors import InvalidValueError, NotFoundError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    Progress = Callable[[int, int], None]

SMALL_BYTES = 64 << 10
CHUNK_BYTES = 1 << 20
PROGRESS_BYTES = 16 << 20
UNFINISHED_S = 3600.0

_HEX = re.compile(r"[0-9a-f]{64}")
_TMP_PREFIX = "blob-"
_READ_ONLY = 0o444
_FICLONE = 0x40049409
# What link(2) answers on FAT, some network mounts and file systems without hard links.
_NO_LINKS = {errno.EPERM, errno.EACCES, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EXDEV, errno.EMLINK}


@dataclass(frozen=True, slots=True)
class Blob:
    """One kept content: its SHA-256 as 64 hex digits, and its size in bytes."""

    sha256: str
    size: int


class Blobs:
    """The contents of one store: ``blobs/sha256/ab/<64 hex>``, read-only files in folders that only their owner enters.

    Files are copied in and copied out (as a reflink where the file system can), never hard-linked: an edit on either
    side cannot reach the other. The only way to a file is the SHA-256 that an artifact's row names; no path from
    outside is ever joined to the folder.

    Parameters
    ----------
    folder : Path
        The ``X.nbtrack`` folder; made on first use.
    """

    def __init__(self, folder: Path) -> None:
        self._root = folder
        self._blobs = folder / "blobs" / "sha256"
        self._tmp = folder / "tmp"

    # -- putting ---------------------------------------------------------------------------------------------------

    def put_file(self, path: str | os.PathLike[str], *, progress: Progress | None = None) -> Blob:
        """Keep the content of a file.

        Parameters
        ----------
        path : path-like
            A regular file, or a link to one.
        progress : callable, optional
            Called with the bytes done and the bytes in all, every 16 MiB and at the end of files of that size or more.

        Raises
        ------
        InvalidValueError
            `path` is a folder, pipe, socket or device.
        OSError
            The file cannot be read, or there is no room; nothing is left behind.
        """
        with _open_regular(Path(path)) as source:
            if (known := self._known(source)) is not None:
                return known
            with self._temporary() as (tmp, target):
                return self._place(tmp, _copy(source, target, progress))

    def put_bytes(self, data: bytes) -> Blob:
        """Keep these bytes."""
        with self._temporary() as (tmp, target):
            return self._place(tmp, _copy(io.BytesIO(data), target))

    # -- reading ---------------------------------------------------------------------------------------------------

    def path_of(self, sha256: str) -> Path:
        """Return the file with this content; only for reading.

        Raises
        ------
        NotFoundError
            The content is not here, or something that is not a regular file is in its place.
        """
        path = self._path(sha256)
        try:
            mode = path.lstat().st_mode
        except (FileNotFoundError, NotADirectoryError):
            mode = 0
        if not stat.S_ISREG(mode):
            raise NotFoundError("Content", sha256, where="this store's blobs folder")
        return path

    def source(self, sha256: str) -> Source:
        """Return where a content can be read right now, without fetching it; raises ``NotFoundError``."""
        path = self.path_of(sha256)
        return Source(sha256, path.stat().st_size, path)

    def link(self, sha256: str, seconds: int) -> str | None:  # noqa: ARG002
        """Return a URL that gives a content to anybody for a while; None, for there is none to files of this machine."""
        return None

    def check(self, sha256: str) -> bool:
        """Read a content through and say whether it is here and undamaged."""
        try:
            with self.path_of(sha256).open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == sha256
        except (NotFoundError, FileNotFoundError):
            return False

    def copy_out(
        self, sha256: str, destination: str | os.PathLike[str], *, root: Path | None = None, is_lasting: bool = True
    ) -> Path:
        """Copy a content to a file of the user's, verified and replaced in one step; its folders are made.

        Parameters
        ----------
        sha256 : str
            Which content.
        destination : path-like
            The file to write. A symbolic link of this name is replaced, not followed.
        root : Path, optional
            Folder that the file must stay in, links on the way included.
        is_lasting : bool
            Whether it is to survive a power cut; a copy that is read once and deleted need not.

        Raises
        ------
        InvalidValueError
            `destination` is a folder or would be outside `root`.
        StoreError
            The kept content is damaged; nothing was written.
        """
        source_path, destination = self.path_of(sha256), Path(destination)
        if destination.is_dir() and not destination.is_symlink():
            message = f"Cannot write to {str(destination)!r}: it is a folder; name a file in it."
            raise InvalidValueError(message)
        _make_parent(destination, root)
        with source_path.open("rb") as source, _temporary_in(destination.parent, ".nbtrack-") as (tmp, target):
            if _copy(source, target, is_lasting=is_lasting).sha256 != sha256:
                message = f"Content {sha256} is damaged: {source_path} does not have the bytes that were logged."
                raise StoreError(message)
            tmp.chmod(0o666 & ~_umask())
            tmp.replace(destination)
        return destination

    # -- keeping ---------------------------------------------------------------------------------------------------

    def sweep(self, referenced: set[str], older_than_s: float) -> int:
        """Delete contents that nothing refers to and return the bytes freed.

        Parameters
        ----------
        referenced : set of str
            SHA-256 of each content to keep, those named in unfolded journals included.
        older_than_s : float
            Younger contents stay: somebody may have put one and not yet written who refers to it. Unfinished files of
            dead processes stay for an hour at least.
        """
        newest = time.time() - older_than_s
        unfinished = min(newest, time.time() - UNFINISHED_S)
        freed = sum(_remove_if_older(path, unfinished) for path in self._tmp.glob(f"{_TMP_PREFIX}*"))
        for path in self._blobs.glob("[0-9a-f][0-9a-f]/*"):
            if path.name not in referenced and _HEX.fullmatch(path.name):
                freed += self._discard(path, newest)
        return freed

    def drop(self, digests: set[str]) -> int:
        """Delete contents whose last reference has just been taken away, however young, and return the bytes freed."""
        now = time.time()
        return sum(self._discard(self._path(sha256), now) for sha256 in digests)

    def put_here(self) -> Iterator[tuple[str, Path]]:
        """Yield the contents that are here, with their files."""
        return ((path.name, path) for path in self._blobs.glob("[0-9a-f][0-9a-f]/*"))

    def tidy(self, sha256: str, older_than_s: float) -> None:
        """Delete a content here that is kept elsewhere, unless it was put or asked for meanwhile."""
        self._discard(self._path(sha256), time.time() - older_than_s)

    def purging(self) -> AbstractContextManager[None]:
        """Let a purge decide in peace what is deleted."""
        return nullcontext()

    def _discard(self, path: Path, newest: float) -> int:
        """Delete a content, unless it was put again meanwhile: move it aside, look at its time, then delete."""
        with suppress(FileNotFoundError):
            if path.lstat().st_mtime > newest:
                return 0
            aside = self._tmp / f"{_TMP_PREFIX}{path.name}-{os.getpid()}"
            _make_folder(self._tmp)
            path.replace(aside)
            if aside.lstat().st_mtime > newest:
                _link(aside, path)
                aside.unlink(missing_ok=True)
                return 0
            return _remove_if_older(aside, newest)
        return 0

    # -- inside ----------------------------------------------------------------------------------------------------

    def _path(self, sha256: str) -> Path:
        if not _HEX.fullmatch(sha256):
            message = f"Content {sha256[:80]!r} is not named by 64 lower-case hexadecimal digits."
            raise InvalidValueError(message)
        return self._blobs / sha256[:2] / sha256

    @contextmanager
    def _temporary(self) -> Iterator[tuple[Path, BinaryIO]]:
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make_folder(self._tmp)
        with _temporary_in(self._tmp, _TMP_PREFIX) as opened:
            yield opened

    def _known(self, source: BinaryIO) -> Blob | None:
        """Return the blob of a small file whose content is here already, and make it young again; nothing is written."""
        data = source.read(SMALL_BYTES + 1)
        if len(data) > SMALL_BYTES:
            return None
        blob = Blob(hashlib.sha256(data).hexdigest(), len(data))
        path = self._path(blob.sha256)
        try:
            found = path.lstat()
            if found.st_size != blob.size or not stat.S_ISREG(found.st_mode):
                return None
            os.utime(path)
        except OSError:
            return None
        return blob

    def _place(self, tmp: Path, blob: Blob) -> Blob:
        """Give a complete temporary file its name; a content that is here already only becomes young again."""
        path = self._path(blob.sha256)
        for folder in (self._blobs.parent, self._blobs, path.parent):
            _make_folder(folder)
        tmp.chmod(_READ_ONLY)
        while not _link(tmp, path):
            with suppress(FileNotFoundError):  # a sweep took it away: link again
                if path.lstat().st_size != blob.size or not stat.S_ISREG(path.lstat().st_mode):
                    tmp.replace(path)  # damaged: healed by the way
                else:
                    os.utime(path)
                break
        _sync_folder(path.parent)
        return blob


def _copy(source: BinaryIO, target: BinaryIO, progress: Progress | None = None, *, is_lasting: bool = True) -> Blob:
    """Copy and hash in one pass; a reflink is made first where the file system can, and hashed instead."""
    total = source.seek(0, os.SEEK_END)
    source.seek(0)
    is_cloned = _clone(source, target)
    if is_cloned:
        source, total = target, target.seek(0, os.SEEK_END)
        target.seek(0)
    digest, done, told = hashlib.sha256(), 0, 0
    while chunk := source.read(CHUNK_BYTES):
        digest.update(chunk)
        done += len(chunk)
        if not is_cloned:
            target.write(chunk)
        if progress and done - told >= PROGRESS_BYTES:
            told = done
            progress(done, max(done, total))
    target.flush()
    if is_lasting:
        os.fsync(target.fileno())
    target.close()  # Windows renames no open file
    if progress and PROGRESS_BYTES <= done != told:
        progress(done, done)
    return Blob(digest.hexdigest(), done)


def _clone(source: BinaryIO, target: BinaryIO) -> bool:
    """Share the blocks of `source` with `target`, copy-on-write: btrfs, XFS and bcachefs can."""
    if not sys.platform.startswith("linux") or isinstance(source, io.BytesIO):
        return False
    import fcntl  # noqa: PLC0415 - Windows has none

    try:
        fcntl.ioctl(target.fileno(), _FICLONE, source.fileno())
    except OSError:
        return False
    return True


def _open_regular(path: Path) -> BinaryIO:
    """Open a file for reading, and nothing else: opening a pipe would wait for ever."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    if path.is_dir():
        message = f"Cannot keep {str(path)!r} as one file: it is a folder; log it with `log_artifacts`."
        raise InvalidValueError(message)
    fd = os.open(path, flags)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        message = f"Cannot keep {str(path)!r}: it is a pipe, socket or device; log a regular file."
        raise InvalidValueError(message)
    return os.fdopen(fd, "rb")


@contextmanager
def _temporary_in(folder: Path, prefix: str) -> Iterator[tuple[Path, BinaryIO]]:
    """Open a new file in a folder and take it away at the end, whatever happened; what was renamed stays."""
    fd, name = tempfile.mkstemp(prefix=prefix, dir=folder)
    tmp = Path(name)
    try:
        with os.fdopen(fd, "w+b") as target:
            yield tmp, target
    finally:
        with suppress(FileNotFoundError):
            tmp.unlink()


def _link(source: Path, path: Path) -> bool:
    """Give a file a second name, or rename it where links are unknown; False when the name is taken."""
    try:
        os.link(source, path)
    except FileExistsError:
        return False
    except OSError as cause:
        if cause.errno not in _NO_LINKS:
            raise
        if path.exists():
            return False
        source.replace(path)
    return True


def _make_folder(path: Path) -> None:
    path.mkdir(mode=0o700, exist_ok=True)


def _make_parent(destination: Path, root: Path | None) -> None:
    """Make the folders above `destination`, none of them outside `root`."""
    if root is None:
        destination.parent.mkdir(parents=True, exist_ok=True)
        return
    real_root = root.resolve()
    if ".." in destination.parts or not destination.parent.resolve().is_relative_to(real_root):
        message = f"Cannot write to {str(destination)!r}: it is outside {str(root)!r}."
        raise InvalidValueError(message)
    destination.parent.mkdir(parents=True, exist_ok=True)


def _sync_folder(path: Path) -> None:
    """Make a new name survive a power cut; where folders cannot be opened (Windows), the system does."""
    with suppress(OSError):
        fd = os.open(path, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def _remove_if_older(path: Path, newest: float) -> int:
    """Delete a file that was last put before `newest` (seconds since the epoch) and return its size."""
    with suppress(FileNotFoundError):
        found = path.lstat()
        if found.st_mtime > newest:
            return 0
        if sys.platform == "win32":
            path.chmod(stat.S_IWRITE)
        path.unlink()
        return found.st_size
    return 0


def _umask() -> int:
    """Return the process's umask without a moment in which another thread would see a different one."""
    with suppress(OSError, ValueError, IndexError):
        text = Path("/proc/self/status").read_text(encoding="ascii")
        return int(text.split("Umask:", 1)[1].split(maxsplit=1)[0], 8)
    return 0o022
