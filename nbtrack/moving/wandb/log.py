"""Reads the log that W&B writes of a run on disk: protobuf records in the framing of LevelDB's logs, with checksums."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbtrack.errors import InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BLOCK = 32 << 10
_HEAD = struct.Struct("<IHB")
_FILE_HEAD = struct.Struct("<4sHB")
_IDENT, _MAGIC, _VERSION = b":W&B", 0xBEE1, 0
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4


@dataclass(slots=True)
class Found:
    """How a log was: whole records, damaged pieces, and whether it ends within a record."""

    records: int = 0
    damaged: int = 0
    is_torn: bool = False


def read_log(path: Path, found: Found) -> Iterator[bytes]:
    """Yield the whole records of a log; a damaged piece costs its block at most.

    Raises
    ------
    InvalidValueError
        It is no log of W&B, or of a later form.
    """
    waiting: list[bytes] | None = None
    with path.open("rb") as file:
        _check_head(path, file.read(_FILE_HEAD.size))
        left = BLOCK - _FILE_HEAD.size
        while block := file.read(left):
            left = BLOCK
            for kind, data in _pieces(block, found):
                waiting, whole = _joined(waiting, kind, data, found)
                if whole is not None:
                    found.records += 1
                    yield whole
    found.is_torn = found.is_torn or waiting is not None


def _check_head(path: Path, head: bytes) -> None:
    if len(head) < _FILE_HEAD.size or _FILE_HEAD.unpack(head)[:2] != (_IDENT, _MAGIC):
        message = f"{path} does not begin as a log of W&B does; name the folder `wandb`, or one of its `offline-run-…`."
        raise InvalidValueError(message)
    version = _FILE_HEAD.unpack(head)[2]
    if version != _VERSION:
        message = (
            f"{path} is a log of W&B in form {version}; this nbtrack reads form {_VERSION}. Is there a newer nbtrack?"
        )
        raise InvalidValueError(message)


def _pieces(block: bytes, found: Found) -> Iterator[tuple[int, bytes]]:
    """Yield the pieces of a block: kind and content."""
    at = 0
    while at + _HEAD.size <= len(block):
        crc, size, kind = _HEAD.unpack_from(block, at)
        if kind == 0 and size == 0 and crc == 0:  # room that was laid out and not yet written
            return
        data = block[at + _HEAD.size : at + _HEAD.size + size]
        if len(data) < size:
            found.is_torn = True
            return
        if zlib.crc32(data, zlib.crc32(bytes([kind]))) != crc or kind not in (_FULL, _FIRST, _MIDDLE, _LAST):
            found.damaged += 1
            yield 0, b""
            return
        yield kind, data
        at += _HEAD.size + size


def _joined(
    waiting: list[bytes] | None, kind: int, data: bytes, found: Found
) -> tuple[list[bytes] | None, bytes | None]:
    """Return the pieces of a record that goes on, and the record when it is whole."""
    if kind == _FULL:
        return None, data
    if kind == _FIRST:
        return [data], None
    if waiting is None:
        found.damaged += kind != 0  # the end of a record whose beginning is damaged
        return None, None
    if kind == _MIDDLE:
        return [*waiting, data], None
    return None, b"".join([*waiting, data]) if kind == _LAST else None
