"""A JSON header and binary buffers as one, for whatever has no messages with buffers: exported pages, HTTP.

``uint32`` little-endian length of the header, the header ``{"content": …, "sizes": [bytes of each buffer]}`` in UTF-8, zeros up to a
multiple of 8, then the buffers, each filled up to a multiple of 8. Twin of ``js/src/page/parcel.js``.
"""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

from nbtrack.wire import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

WORD = 8


def parcel(content: Any, buffers: Sequence[bytes] = ()) -> bytes:
    """Return content and buffers as one."""
    header = {"content": plain(content), "sizes": [len(buffer) for buffer in buffers]}
    head = json.dumps(header, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8", "replace")
    parts = [_filled(struct.pack("<I", len(head)) + head)]
    return b"".join([*parts, *map(_filled, buffers)])


def open_parcel(data: bytes) -> tuple[Any, list[memoryview]]:
    """Return content and buffers of a parcel; raises ``ValueError`` when it is none."""
    if len(data) < struct.calcsize("<I"):
        message = f"{len(data)} bytes are no parcel"
        raise ValueError(message)
    begin = struct.calcsize("<I")
    end = begin + int(struct.unpack_from("<I", data)[0])
    header = json.loads(data[begin:end])
    view, buffers = memoryview(data), []
    for size in header["sizes"]:
        begin = end + -end % WORD
        end = begin + int(size)
        if size < 0 or end > len(data):
            message = "a parcel is shorter than it says"
            raise ValueError(message)
        buffers.append(view[begin:end])
    return header["content"], buffers


def _filled(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % WORD)
