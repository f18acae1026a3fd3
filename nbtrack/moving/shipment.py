"""The way of what is moved into a store: a journal of its own, made here with the times of the source, and delivered in bulk."""

from __future__ import annotations

import os
import secrets
import socket
import tempfile
from typing import TYPE_CHECKING, Protocol

from nbtrack.artifacts.blobs import CHUNK_BYTES, Blob
from nbtrack.errors import InvalidValueError
from nbtrack.journal.record import FORMAT, MAX_BYTES, event_body, line
from nbtrack.journal.writer import now_us, user_name
from nbtrack.store.receiving import Receiver
from nbtrack.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from nbtrack.store.local import LocalStore
    from nbtrack.store.protocol import Store

MOVER = "6d6f766564"
"""Begins the ids of writers that moved something: what they wrote, a later move may change."""
DELIVERY_BYTES = 2 << 20
SEGMENT_BYTES = 8 << 20
LEASE_S = 90.0


class Port(Protocol):
    """Where journals and files are taken in."""

    def deliver(self, writer: str, data: bytes, *, after: int, lease_s: float) -> int:
        """Take in whole lines of a writer."""

    def has_blob(self, sha256: str) -> bool:
        """Say whether a file is there."""

    def put_blob(self, sha256: str, path: Path) -> None:
        """Take in a file."""


class LocalPort:
    """A store on this machine."""

    def __init__(self, store: LocalStore) -> None:
        self._store = store
        self._receiver = Receiver(store)

    def deliver(self, writer: str, data: bytes, *, after: int, lease_s: float) -> int:
        """Take in whole lines of a writer."""
        return self._receiver.receive(writer, data, after=after, lease_s=lease_s)

    def has_blob(self, sha256: str) -> bool:
        """Say no: a file that is here is found again by what reads it."""
        del sha256
        return False

    def put_blob(self, sha256: str, path: Path) -> None:
        """Take in a file."""
        del sha256
        self._store.blobs.put_file(path)


def port_of(store: Store) -> Port:
    """Return where a store takes in journals: itself, its server or its database."""
    found: Port | None = getattr(store, "connection", None)
    return found if found is not None else LocalPort(store)  # type: ignore[arg-type]


class Shipment:
    """Records on their way into a store, in their order; what has been delivered stays, whatever happens afterwards.

    Parameters
    ----------
    store : Store
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._port = port_of(store)
        self._writer = MOVER + secrets.token_hex(11)
        self._lines: list[bytes] = []
        self._size = 0
        self._seq = 0
        self._delivered = -1
        self._segment = SEGMENT_BYTES
        self._sent: set[str] = set()

    def add(self, bodies: Iterable[str]) -> None:
        """Take records on board."""
        for body in bodies:
            if not self._lines and self._segment >= SEGMENT_BYTES:
                self._begin_segment()
            data = line(self._seq, body)
            if len(data) > MAX_BYTES:
                message = f"a record of {len(data) >> 20} MiB is too large (limit {MAX_BYTES >> 20} MiB)"
                raise InvalidValueError(message)
            self._take(data)
            if self._size >= DELIVERY_BYTES:
                self.flush()

    def file(self, path: Path, known_sha256: str | None = None) -> Blob:
        """Take in a file at once, so that it is there before the record that names it."""
        if isinstance(self._port, LocalPort):
            places = getattr(self._store.blobs, "places", None)
            is_here = places is None or not places.named()  # else it goes on to where files are kept, as any other
            blob = linked(self._store.folder, path, known_sha256) if is_here else None
            return blob or self._store.blobs.put_file(path)
        blob = Blob(known_sha256, path.stat().st_size) if known_sha256 else digest_of(path)
        if blob.sha256 not in self._sent and not self._port.has_blob(blob.sha256):
            self._port.put_blob(blob.sha256, path)
        self._sent.add(blob.sha256)
        return blob

    def flush(self) -> None:
        """Deliver what is on board."""
        if self._lines:
            self._deliver(LEASE_S)

    def close(self) -> None:
        """Deliver the rest, and say that no more comes."""
        if self._lines or self._seq:
            self._deliver(0.0)

    def _begin_segment(self) -> None:
        about = {
            "fmt": FORMAT,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "user": user_name(),
            "version": __version__,
        }
        self._segment = 0
        self._take(line(self._seq, event_body("hdr", now_us(), None, o=about)))

    def _take(self, data: bytes) -> None:
        self._lines.append(data)
        self._size += len(data)
        self._segment += len(data)
        self._seq += 1

    def _deliver(self, lease_s: float) -> None:
        self._delivered = self._port.deliver(
            self._writer, b"".join(self._lines), after=self._delivered, lease_s=lease_s
        )
        self._lines.clear()
        self._size = 0


def linked(folder: Path, path: Path, sha256: str | None) -> Blob | None:
    """Give the content of another store a second name in this one, for both keep it read-only; None where that cannot be.

    Whoever fetched it has looked whether it is what it is called.
    """
    is_kept = sha256 is not None and path.name == sha256 and path.parent.parent.name == "sha256"
    if not is_kept or not folder.is_dir():
        return None
    target = folder / "blobs" / "sha256" / path.name[:2] / path.name
    for each in (folder / "blobs", target.parent.parent, target.parent):
        each.mkdir(mode=0o700, exist_ok=True)
    try:
        os.link(path, target)
        os.utime(target)  # a purge here lets young contents be
        return Blob(path.name, target.stat().st_size)
    except OSError:  # another disk, or it is here already
        return None


def digest_of(path: Path) -> Blob:
    """Return digest and size of a file."""
    import hashlib  # noqa: PLC0415 - not for stores on this machine

    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
    return Blob(digest.hexdigest(), size)


def scratch() -> tempfile.TemporaryDirectory[str]:
    """Return a folder for files on their way."""
    return tempfile.TemporaryDirectory(prefix="nbtrack-moving-")
