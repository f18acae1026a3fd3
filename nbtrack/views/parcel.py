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


def _filled(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % WORD)
