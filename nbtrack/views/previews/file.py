"""One artifact as the previews see it: a name to show, and bytes that are read only as far as they are shown."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from nbtrack.entities import ArtifactInfo
    from nbtrack.store.protocol import TrackingStore

KB, MB = 1000, 1_000_000
Part = dict[str, Any]
"""What of a file is asked for beyond its first sight, such as ``{"offset": 200}``; each preview says what it takes."""
Answer = tuple[dict[str, Any], list[bytes]]


class UnreadableError(ValueError):
    """The file is not what its name says, or too large to be shown as that; the text says which."""


@dataclass(frozen=True)
class File:
    """An artifact of a run.

    Attributes
    ----------
    path : str
        Its name in the run.
    local : Path
        Where its bytes are; never told to the page.
    size : int
        Bytes.
    mime : str
    """

    store: TrackingStore
    run_id: str
    path: str
    local: Path
    size: int
    mime: str

    @property
    def name(self) -> str:
        """Return the last part of the path."""
        return PurePosixPath(self.path).name

    @property
    def suffix(self) -> str:
        """Return the last suffix in lower case, with its dot."""
        return PurePosixPath(self.path).suffix.lower()

    @property
    def folder(self) -> str:
        """Return the folder in the run; "" is its root."""
        parent = str(PurePosixPath(self.path).parent)
        return "" if parent == "." else parent

    def read(self, offset: int, length: int) -> bytes:
        """Return at most `length` bytes from `offset`."""
        with self.local.open("rb") as source:
            source.seek(offset)
            return source.read(length)

    def head(self, length: int = 512) -> bytes:
        """Return the first bytes."""
        return self.read(0, length)

    def whole(self, limit: int, what: str = "This view") -> bytes:
        """Return all bytes.

        Raises
        ------
        UnreadableError
            There are more than `limit`.
        """
        if self.size > limit:
            message = f"{what} reads files up to {size_text(limit)}; this one has {size_text(self.size)}."
            raise UnreadableError(message)
        return self.head(limit)

    def siblings(self) -> list[ArtifactInfo]:
        """Return the files of the same folder."""
        return [info for info in self.store.list_artifacts(self.run_id, self.folder) if not info.is_dir]


def size_text(size: int) -> str:
    """Return a number of bytes as a reader wants it: ``1.2 MB``."""
    value = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if value < KB:
            return f"{value:.0f} {unit}" if unit == "B" or value >= 100 else f"{value:.1f} {unit}"  # noqa: PLR2004
        value /= KB
    return f"{value:.1f} TB"


def whole_number(part: Part, name: str, default: int, low: int, high: int) -> int:
    """Return a number of a question, kept within `low` and `high`; anything that is no number is `default`."""
    value = part.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:  # noqa: PLR0124 - NaN
        return default
    return int(max(low, min(value, high)))


def clip(text: object, limit: int) -> str:
    """Return a text, cut with an ellipsis."""
    shown = str(text)
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"
