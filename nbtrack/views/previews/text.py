"""Text and code: as much as a reader can look at, more on request."""

from __future__ import annotations

from pathlib import PurePosixPath

from nbtrack.views.previews.file import MB, Answer, File, Part, clip, size_text, whole_number

PIECE = 256_000
MAX_SHOWN = 16 * MB
MAX_LINE = 5000

_LANGUAGES = {
    ".bash": "sh",
    ".c": "c",
    ".cc": "c",
    ".cfg": "yaml",
    ".cpp": "c",
    ".css": "css",
    ".diff": "diff",
    ".geojson": "json",
    ".h": "c",
    ".ini": "yaml",
    ".ipynb": "json",
    ".java": "c",
    ".jl": "python",
    ".js": "js",
    ".json": "json",
    ".jsonl": "json",
    ".mjs": "js",
    ".patch": "diff",
    ".py": "python",
    ".pyi": "python",
    ".r": "python",
    ".rs": "c",
    ".sh": "sh",
    ".sql": "sql",
    ".toml": "yaml",
    ".ts": "js",
    ".yaml": "yaml",
    ".yml": "yaml",
}
_BY_NAME = {"dockerfile": "sh", "makefile": "sh", "mlmodel": "yaml"}


def preview(file: File, part: Part) -> Answer:
    """Return ``{text, language, encoding, start, end}``; ``part = {"from": byte}`` goes on where the last piece ended."""
    start = whole_number(part, "from", 0, 0, file.size)
    raw = file.read(start, PIECE + 4)
    piece = raw if start + len(raw) >= file.size else _whole_lines(raw[:PIECE])
    shown, encoding = decode(piece, is_first=start == 0)
    shown, has_long = _short_lines(shown)
    end = start + len(piece)
    notes = []
    if encoding != "utf-8":
        notes.append(f"Read as {encoding}; it is not valid UTF-8.")
    if has_long:
        notes.append(f"Lines are cut at {MAX_LINE:,} characters.")
    if end >= MAX_SHOWN and end < file.size:
        notes.append(f"A page shows the first {size_text(MAX_SHOWN)} of a text; load the file to see the rest.")
    return {
        "text": shown,
        "language": language_of(file.path),
        "start": start,
        "end": end,
        "can_more": end < min(file.size, MAX_SHOWN),
        "notes": notes,
    }, []


def language_of(path: str) -> str:
    """Return the language by which a text is coloured; "" is plain."""
    name = PurePosixPath(path)
    return _LANGUAGES.get(name.suffix.lower()) or _BY_NAME.get(name.name.lower(), "")


def is_text(head: bytes) -> bool:
    """Say whether bytes can be read as text: UTF-8 or marked UTF-16, without NUL."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return True
    if b"\x00" in head:
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start > len(head) - 4 and len(head) > 4  # noqa: PLR2004 - a character cut at the end
    return True


def decode(data: bytes, *, is_first: bool = True) -> tuple[str, str]:
    """Return bytes as text, and by which encoding; whatever the bytes are, there is a text."""
    if is_first and data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", errors="replace"), "utf-16"
    try:
        return data.decode("utf-8-sig" if is_first else "utf-8"), "utf-8"
    except UnicodeDecodeError:
        return data.decode("latin-1"), "latin-1"


def _whole_lines(piece: bytes) -> bytes:
    """Return a piece cut after its last line, or after its last whole character when it is one long line."""
    cut = piece.rfind(b"\n") + 1
    if cut:
        return piece[:cut]
    for back in range(4):
        try:
            piece[: len(piece) - back].decode("utf-8")
        except UnicodeDecodeError:
            continue
        return piece[: len(piece) - back]
    return piece


def _short_lines(text: str) -> tuple[str, bool]:
    if len(text) <= MAX_LINE:
        return text, False
    lines = text.split("\n")
    has_long = any(len(line) > MAX_LINE for line in lines)
    return ("\n".join(clip(line, MAX_LINE) for line in lines) if has_long else text), has_long
