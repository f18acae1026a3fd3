"""How large an image is once it is unpacked: a few kilobytes can become gigabytes in the page."""

from __future__ import annotations

import struct

MAX_PIXELS = 200_000_000
HEAD_BYTES = 64_000
"""So far into a JPEG its size is looked for: photographs carry a thumbnail before it."""

_NO_SIZE = {0xC4, 0xC8, 0xCC}
"""Markers among the frames of a JPEG that are none."""


def too_large(head: bytes) -> str:
    """Return what is wrong with an image that has too many pixels for a page, by its first bytes; "" when nothing is, or nothing tells."""
    width, height = size_of(head)
    if width * height <= MAX_PIXELS:
        return ""
    return f"it has {width:,} x {height:,} pixels, more than a page can unpack."


def size_of(head: bytes) -> tuple[int, int]:
    """Return width and height of a PNG, GIF, JPEG or WebP; (0, 0) where its first bytes do not tell."""
    try:
        if head[:8] == b"\x89PNG\r\n\x1a\n":
            return struct.unpack(">II", head[16:24])
        if head[:4] == b"GIF8":
            return struct.unpack("<HH", head[6:10])
        if head[:2] == b"\xff\xd8":
            return _jpeg(head)
        if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
            return _webp(head)
    except (struct.error, IndexError):
        pass
    return 0, 0


def _jpeg(head: bytes) -> tuple[int, int]:
    at = 2
    while head[at] == 0xFF:  # noqa: PLR2004 - how each segment begins
        marker = head[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in _NO_SIZE:  # noqa: PLR2004
            height, width = struct.unpack(">HH", head[at + 5 : at + 9])
            return width, height
        at += 2 + struct.unpack(">H", head[at + 2 : at + 4])[0]
    return 0, 0


def _webp(head: bytes) -> tuple[int, int]:
    if head[12:16] == b"VP8X":
        return 1 + int.from_bytes(head[24:27], "little"), 1 + int.from_bytes(head[27:30], "little")
    if head[12:16] == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    width, height = struct.unpack("<HH", head[26:30])
    return width & 0x3FFF, height & 0x3FFF
