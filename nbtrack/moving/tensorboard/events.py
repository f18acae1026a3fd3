"""Reads TensorBoard's event files: framed records with checksums, and what of each event is worth keeping."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from nbtrack.moving.crc32c import checksums, masked
from nbtrack.moving.protobuf import WireError, double, fields, grouped, raw, signed, single, text, varint
from nbtrack.moving.tensorboard.tensors import Tensor, read_tensor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

READ_BYTES = 4 << 20
MAX_RECORD = 1 << 30
_HEAD, _TAIL = 12, 4
_LENGTH = struct.Struct("<Q")
_WORD = struct.Struct("<I")
_DOUBLE, _FLOAT = struct.Struct("<d"), struct.Struct("<f")
_PLAIN = re.compile(
    rb"\x09(.{8})(?:\x10([\x80-\xff]{0,9}[\x00-\x7f]))?\x2a(.)\x0a(.)\x0a(.)(.{0,120})\x15(.{4})", re.DOTALL
)
"""Time, step and one scalar of a short name: what nearly all events are, read in a third of the time."""
START = 1
"""Of a session log: the program begins, at a step from which on everything said before is void."""


@dataclass(slots=True)
class Found:
    """How a file was: records read, those whose checksum is wrong, and whether it ends within a record (its program may be at work)."""

    records: int = 0
    damaged: int = 0
    is_torn: bool = False
    why: str = ""


@dataclass(slots=True)
class Value:
    """One value of a summary; `kind` is scalar, image, audio, tensor, hparams or "" for what is not moved."""

    tag: str
    kind: str = ""
    number: float = 0.0
    data: bytes = b""
    plugin: str = ""
    content: bytes = b""
    tensor: Tensor | None = None


@dataclass(slots=True)
class Event:
    """An event: wall time in seconds, what it holds, and where in its file its record is."""

    time: float = 0.0
    step: int = 0
    values: list[Value] = field(default_factory=list)
    is_restart: bool = False
    at: int = 0
    size: int = 0


def read_events(path: Path, found: Found) -> Iterator[Event]:
    """Yield the events of a file; what is wrong with it is told in `found`, and what is whole is read all the same."""
    for at, data in read_records(path, found):
        try:
            event = parse(data)
        except WireError as error:
            found.damaged += 1
            found.why = found.why or f"record {found.records} is no event: {error}"
        else:
            event.at, event.size = at, len(data)
            yield event


def read_records(path: Path, found: Found) -> Iterator[tuple[int, bytes]]:
    """Yield place and content of the records of a TFRecord file whose checksums are right."""
    rest, base = b"", 0
    with path.open("rb") as file:
        while block := file.read(READ_BYTES + len(rest)):
            rest += block
            begins, sizes, used = _frames(rest, found)
            for begin, data in _checked(rest, begins, sizes, found):
                yield base + begin, data
            if used < 0:
                return
            rest, base = rest[used:], base + used
    found.is_torn = bool(rest)


def _frames(data: bytes, found: Found) -> tuple[list[int], list[int], int]:
    """Return where the whole records begin, their sizes, and the bytes that they take; -1 when a length is damaged."""
    begins: list[int] = []
    sizes: list[int] = []
    at = 0
    while at + _HEAD <= len(data):
        (size,) = _LENGTH.unpack_from(data, at)
        if size > MAX_RECORD:
            break
        if at + _HEAD + size + _TAIL > len(data):
            break
        begins.append(at + _HEAD)
        sizes.append(size)
        at += _HEAD + size + _TAIL
    heads = [*(begin - _HEAD for begin in begins), *([at] if at + _HEAD <= len(data) else [])]
    if not heads:
        return begins, sizes, at
    said = np.array([_WORD.unpack_from(data, head + 8)[0] for head in heads], np.uint32)
    wrong = np.flatnonzero(masked(checksums(data, heads, [8] * len(heads))) != said)
    if len(wrong):  # nobody knows where the next one begins
        first = int(wrong[0])
        found.damaged += 1
        found.why = (
            f"the length of record {found.records + found.damaged + first} is damaged; nothing after it can be read"
        )
        return begins[:first], sizes[:first], -1
    return begins, sizes, at


def _checked(data: bytes, begins: list[int], sizes: list[int], found: Found) -> Iterator[tuple[int, bytes]]:
    if not begins:
        return
    said = np.array([_WORD.unpack_from(data, b + s)[0] for b, s in zip(begins, sizes, strict=True)], np.uint32)
    is_right = masked(checksums(data, begins, sizes)) == said
    for begin, size, right in zip(begins, sizes, is_right.tolist(), strict=True):
        if right:
            found.records += 1
            yield begin, data[begin : begin + size]
        else:
            found.damaged += 1
            found.why = found.why or f"the checksum of record {found.records + found.damaged} is wrong"


def parse(data: bytes) -> Event:
    """Return the event that a record holds; raises ``WireError``."""
    plain = _PLAIN.fullmatch(data)
    if plain is not None and plain[5][0] == len(plain[6]) and plain[4][0] == len(plain[6]) + 7:
        step = varint(plain[2], 0)[0] if plain[2] else 0
        only = Value(plain[6].decode("utf-8", "backslashreplace"), "scalar", _FLOAT.unpack(plain[7])[0])
        return Event(_DOUBLE.unpack(plain[1])[0], signed(step), [only])
    event = Event()
    for number, value in fields(data):
        if number == 1:
            event.time = double(value)
        elif number == 2:  # noqa: PLR2004 - numbers of fields, as in event.proto
            event.step = signed(value)
        elif number == 5:  # noqa: PLR2004
            event.values = [_value(raw(one)) for part, one in fields(raw(value)) if part == 1]
        elif number == 7:  # noqa: PLR2004
            event.is_restart = grouped(value).get(1) == [START]
    return event


def _value(data: bytes) -> Value:
    found = Value("")
    for number, value in fields(data):
        match number:
            case 1:
                found.tag = text(value)
            case 2:
                found.kind, found.number = "scalar", single(value)
            case 4:
                found.kind, found.data = "image", _encoded(raw(value))
            case 6:
                found.kind, found.data = "audio", _encoded(raw(value))
            case 8:
                found.kind, found.tensor = "tensor", read_tensor(raw(value))
            case 9:
                found.plugin, found.content = _plugin(raw(value))
    return found


def _encoded(data: bytes) -> bytes:
    """Return the file within an image or a sound: both have it as field 4."""
    return raw(grouped(data).get(4, [b""])[0])


def _plugin(data: bytes) -> tuple[str, bytes]:
    for number, value in fields(data):
        if number == 1:
            found = grouped(value)
            return text(found.get(1, [b""])[0]), raw(found.get(2, [b""])[0])
    return "", b""
