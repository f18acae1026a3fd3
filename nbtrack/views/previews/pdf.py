"""PDF: pages and title from its bytes, and the bytes for the viewer of the browser."""

from __future__ import annotations

import re

from nbtrack.views.previews.file import MB, Answer, File, Part, UnreadableError, clip, size_text

MAX_BYTES = 32 * MB
MAX_LOOK = 64 * MB

_PAGE = re.compile(rb"/Type\s*/Page(?![a-zA-Z])")
_COUNT = re.compile(rb"/Count\s+(\d{1,7})\b")
_TITLE = re.compile(rb"/Title\s*\(((?:[^()\\]|\\.){0,300})\)")
_ESCAPE = re.compile(rb"\\([()\\])")


def preview(file: File, _: Part) -> Answer:
    """Return ``{pages, title}`` and, up to a limit, the bytes."""
    data = file.head(MAX_LOOK)
    if b"%PDF-" not in data[:1024]:
        message = "It does not begin as a PDF does."
        raise UnreadableError(message)
    is_small = file.size <= MAX_BYTES
    note = "" if is_small else f"A page opens PDFs up to {size_text(MAX_BYTES)}; save or load this one."
    return {"pages": _pages(data), "title": _title(data), "notes": [note]}, [data] if is_small else []


def _pages(data: bytes) -> int | None:
    """Return the number of pages; None where the page tree is compressed and nothing tells."""
    counts = [int(found) for found in _COUNT.findall(data)]
    return max(counts, default=0) or len(_PAGE.findall(data)) or None


def _title(data: bytes) -> str:
    found = _TITLE.search(data)
    if not found:
        return ""
    raw = _ESCAPE.sub(rb"\1", found[1])
    text = raw.decode("utf-16", errors="replace") if raw[:2] in (b"\xfe\xff", b"\xff\xfe") else raw.decode("latin-1")
    return clip(text.strip("\x00 "), 200)
