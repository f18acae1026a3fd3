"""Reads protobuf messages without their description: fields by number, which is all that event files and run logs need."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_MAX_SHIFT = 63
_SIGN = 1 << 63

Field = tuple[int, "int | bytes"]
"""Number of a field, and its value: an int for a varint, else its bytes (8 or 4 of a fixed one)."""


class WireError(ValueError):
    """These bytes are no protobuf message."""


def fields(data: bytes) -> Iterator[Field]:
    """Yield the fields of a message in their order; raises ``WireError``."""
    at, end = 0, len(data)
    while at < end:
        key, at = varint(data, at)
        number, wire = key >> 3, key & 7
        if wire == VARINT:
            value, at = varint(data, at)
            yield number, value
            continue
        if wire == BYTES:
            size, at = varint(data, at)
        elif wire in (FIXED64, FIXED32):
            size = 8 if wire == FIXED64 else 4
        else:
            message = f"field {number} has wire type {wire}"
            raise WireError(message)
        if at + size > end:
            message = f"field {number} ends after {end - at} of {size} bytes"
            raise WireError(message)
        yield number, data[at : at + size]
        at += size


def varint(data: bytes, at: int) -> tuple[int, int]:
    """Return the number at a place, and the place after it."""
    try:
        byte = data[at]
        if byte < 0x80:  # noqa: PLR2004 - the highest bit says that more follows
            return byte, at + 1
        found = shift = 0
        while True:
            byte = data[at]
            at += 1
            found |= (byte & 0x7F) << shift
            if byte < 0x80:  # noqa: PLR2004
                return found, at
            shift += 7
            if shift > _MAX_SHIFT:
                raise WireError("a number has more than ten bytes")
    except IndexError as cause:
        raise WireError("the message ends within a number") from cause


def grouped(data: bytes | int) -> dict[int, list[int | bytes]]:
    """Return the fields of a message by number."""
    found: dict[int, list[int | bytes]] = {}
    for number, value in fields(raw(data)):
        found.setdefault(number, []).append(value)
    return found


def raw(value: int | bytes) -> bytes:
    """Return the bytes of a field; raises ``WireError`` for a number."""
    if isinstance(value, int):
        raise WireError("a number stands where a message or text should be")
    return value


def text(value: int | bytes) -> str:
    """Return the text of a field; bytes that are no UTF-8 become visible."""
    return raw(value).decode("utf-8", "backslashreplace")


def signed(value: int | bytes) -> int:
    """Return an int64 or int32: negative ones come as their two's complement in 64 bits."""
    if not isinstance(value, int):
        raise WireError("bytes stand where a number should be")
    return value - (1 << 64) if value >= _SIGN else value


def double(value: int | bytes) -> float:
    """Return the double of a fixed field."""
    return float(_unpacked("<d", value))


def single(value: int | bytes) -> float:
    """Return the float of a fixed field."""
    return float(_unpacked("<f", value))


def _unpacked(form: str, value: int | bytes) -> float:
    try:
        return float(struct.unpack(form, raw(value))[0])
    except struct.error as cause:
        message = f"a number of {struct.calcsize(form)} bytes has {len(raw(value))}"
        raise WireError(message) from cause
