"""A file made from a value, ready to be stored under a run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath


@dataclass(frozen=True, slots=True)
class File:
    """What a figure, image or table becomes: `path` within the run, the bytes, their MIME type."""

    path: str
    data: bytes
    mime: str


def suffix_of(path: str) -> str:
    """Return the last extension in lower case without its dot: ``"png"``, or an empty text."""
    return PurePosixPath(path).suffix.lower().removeprefix(".")
