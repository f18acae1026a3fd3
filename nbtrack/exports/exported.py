"""What an export says about itself."""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from pathlib import Path  # noqa: TC003 - readers of the docstring see a real type

UNIT = 1000


@dataclass(frozen=True)
class Exported:
    """A page that was written.

    Attributes
    ----------
    path : Path
        The file, or ``index.html`` of the folder.
    bytes : int
        Size of all that was written.
    runs : int
        Number of runs in it.
    sizes : dict
        Bytes by part: ``script``, ``runs``, ``answers``.
    left_out : tuple of str
        What did not go in, and why.
    """

    path: Path
    bytes: int
    runs: int
    sizes: dict[str, int] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Say where it is and how large."""
        return "\n".join([f"{self.path} ({size_text(self.bytes)}, {self.runs:,} runs)", *self.left_out])

    def __repr__(self) -> str:
        """Say the same in a cell that does not show HTML."""
        return f"Exported({str(self)!r})"

    def _repr_html_(self) -> str:
        """Return a link; Jupyter opens it when the file is below the folder of the notebook."""
        name = html.escape(str(self.path))
        parts = ", ".join(f"{part} {size_text(size)}" for part, size in self.sizes.items() if size)
        facts = html.escape(f"{size_text(self.bytes)}, {self.runs:,} runs" + (f": {parts}" if parts else ""))
        notes = "".join(f"<br><small>{html.escape(note)}</small>" for note in self.left_out)
        return f'<a href="{name}" target="_blank" rel="noopener">{name}</a> <small>({facts})</small>{notes}'


def size_text(size: float) -> str:
    """Return bytes for people, such as ``1.4 MB``."""
    if size < UNIT:
        return f"{size:.0f} B"
    for unit in ("kB", "MB", "GB"):
        size /= UNIT
        if size < UNIT or unit == "GB":
            break
    return f"{size:.0f} {unit}" if size >= 100 else f"{size:.1f} {unit}"  # noqa: PLR2004 - three digits are enough
