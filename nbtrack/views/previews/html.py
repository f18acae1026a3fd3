"""HTML pages: their text, for a frame without rights."""

from __future__ import annotations

from nbtrack.views.previews.file import MB, Answer, File, Part
from nbtrack.views.previews.text import decode

MAX_BYTES = 16 * MB


def preview(file: File, _: Part) -> Answer:
    """Return ``{html}``; the page puts it into a sandboxed frame and nowhere else."""
    shown, _encoding = decode(file.whole(MAX_BYTES, "A frame"))
    return {"html": shown, "notes": []}, []
