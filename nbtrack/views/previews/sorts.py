"""Which preview suits a file: by its MIME type, and by the names of formats that MIME does not know."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from nbtrack.artifacts.kinds import BINARY, kind_of, mime_of_content

if TYPE_CHECKING:
    from nbtrack.views.previews.file import File

_BY_SUFFIX = {
    ".arrow": "table",
    ".bin": "pickle",
    ".ckpt": "pickle",
    ".feather": "table",
    ".joblib": "pickle",
    ".jsonl": "table",
    ".ndjson": "table",
    ".pickle": "pickle",
    ".pkl": "pickle",
    ".pt": "pickle",
    ".pth": "pickle",
    ".safetensors": "tensors",
    ".tar": "archive",
    ".whl": "archive",
    ".zip": "archive",
}
_BY_MIME = {
    "application/jsonl": "table",
    "application/vnd.apache.arrow.file": "table",
    "application/x-pickle": "pickle",
    "application/x-pytorch": "pickle",
    "application/x-safetensors": "tensors",
    "application/x-tar": "archive",
    "application/zip": "archive",
}

_FLAT_RECORD = re.compile(rb"\s*\[\s*\{[^\[{]+(\}|$)")


def sort_of(file: File) -> str:
    """Return the name of the preview.

    A type of the file's own record comes first (``log_table`` and ``log_figure`` write one), its suffix next, its first bytes last.
    """
    found = sort_by_name(file.suffix, file.mime)
    if found == "json" and is_records(file):
        return "table"
    if found == "pickle" and file.suffix == ".bin" and not looks_pickled(file.head(64)):
        return "binary"
    if found != "binary" or file.mime != BINARY:
        return found
    head = file.head()
    seen = mime_of_content(head)
    kind = _BY_MIME.get(seen, kind_of(seen))
    return "pickle" if kind == "binary" and looks_pickled(head) else kind


def is_records(file: File) -> bool:
    """Say whether a JSON file begins as a list of flat records does: ``[{"a": 1, "b": "x"}, …]``."""
    if file.mime != "application/json" or not _FLAT_RECORD.match(file.head()):
        return False
    return file.read(max(0, file.size - 64), 64).rstrip().endswith(b"]")


def sort_by_name(suffix: str, mime: str) -> str:
    """Return the name of the preview as far as suffix and MIME type tell: what a listing shows, which opens no file."""
    kind = kind_of(mime)
    if kind != "binary":
        return _BY_MIME.get(mime, kind)
    return _BY_SUFFIX.get(suffix) or _BY_MIME.get(mime, "binary")


def looks_pickled(head: bytes) -> bool:
    """Say whether bytes begin as a pickle of protocol 2 to 5 does, or a zip, in which PyTorch keeps one."""
    return (head[:1] == b"\x80" and head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05")) or head[:4] == b"PK\x03\x04"
