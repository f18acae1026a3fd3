"""Where a content can be read right now: a file of this machine, or a place from which it is streamed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nbtrack.artifacts.places import Place

PIECE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Source:
    """One content, to be read from `path` if there is one, else from `place`.

    Attributes
    ----------
    sha256 : str
    size : int
        In bytes.
    path : Path or None
    place : Place or None
    """

    sha256: str
    size: int
    path: Path | None = None
    place: Place | None = None

    def stream(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Yield the bytes from `start` up to `end`, in pieces."""
        if self.path is not None:
            return pieces_of(self.path, start, end)
        assert self.place is not None
        return self.place.stream(self.sha256, start, end)


def pieces_of(path: Path, start: int = 0, end: int | None = None) -> Iterator[bytes]:
    """Yield the bytes of a file from `start` up to `end`."""
    with path.open("rb") as file:
        file.seek(start)
        left = PIECE_BYTES if end is None else end - start
        while left and (piece := file.read(min(PIECE_BYTES, left))):
            left -= 0 if end is None else len(piece)
            yield piece
