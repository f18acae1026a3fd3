"""What ``run.slice("acc")`` returns: the cells that produced a metric, and the script that they make."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from nbtrack.cells.script import script
from nbtrack.cells.slicing import slice_cells

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from nbtrack.cells.log import ExecutedCell

REDACTED = "…redacted"


@dataclass(frozen=True, slots=True, repr=False)
class MetricSlice:
    """The part of a notebook that produced a metric of a run.

    Attributes
    ----------
    metric : str
    run_id : str
    cells : tuple of ExecutedCell
        Those it takes, in executed order; a cell that ran three times may stand there three times.
    n_executed : int
        How many cells had been executed.
    unknown : tuple of str
        Names that it reads and that no cell binds: of cells that ran before nbtrack was loaded, or are not recorded.
    script : str
        Python that runs by itself and logs the metric.
    """

    metric: str
    run_id: str
    cells: tuple[ExecutedCell, ...]
    n_executed: int
    unknown: tuple[str, ...]
    script: str

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the script to a file, and return its path."""
        made = Path(path)
        made.write_text(self.script, encoding="utf-8")
        return made

    def __str__(self) -> str:
        """Return the script."""
        return self.script

    def __repr__(self) -> str:
        """Say how much it takes."""
        return f"<MetricSlice {self.metric!r} · {len(self.cells)} of {self.n_executed} executed cells>\n{self.script}"

    def _repr_markdown_(self) -> str:
        return f"{len(self.cells)} of {self.n_executed} executed cells\n\n```python\n{self.script}```"


def metric_slice(cells: Sequence[ExecutedCell], metric: str, run_id: str = "", title: str = "") -> MetricSlice:
    """Return the part of executed cells that produced a metric; raises ``NotFoundError`` when none logged it."""
    found = slice_cells(cells, metric)
    text = script(found, title=title)
    if REDACTED in text:
        text = f"# Secrets were taken out of what was recorded: fill in what says {REDACTED}.\n{text}"
    numbers = set(found.numbers)
    kept = tuple(replace(cell) for cell in cells if cell.n in numbers)
    return MetricSlice(metric, run_id, kept, len(cells), tuple(found.unknown), text)
