"""Bytes that nobody knows: the first of them, to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbtrack.views.previews.file import Answer, File, Part

SHOWN = 512


def preview(file: File, _: Part) -> Answer:
    """Return the first 512 bytes as a buffer."""
    note = f"The first {SHOWN} of {file.size:,} bytes." if file.size > SHOWN else ""
    return {"notes": [note]}, [file.head(SHOWN)]
