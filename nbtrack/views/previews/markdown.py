"""Markdown: its text; the page builds elements from it, never HTML."""

from __future__ import annotations

from nbtrack.views.previews import text
from nbtrack.views.previews.file import MB, Answer, File, Part, size_text

MAX_BYTES = MB


def preview(file: File, part: Part) -> Answer:
    """Return ``{text}``."""
    if part:
        return text.preview(file, part)
    shown, _encoding = text.decode(file.head(MAX_BYTES))
    note = f"The first {size_text(MAX_BYTES)} of {size_text(file.size)}." if file.size > MAX_BYTES else ""
    return {"text": shown, "notes": [note]}, []
