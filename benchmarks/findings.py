"""What was measured: rows of the table, and curves."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(slots=True)
class Row:
    """One figure: ours, the floor's and the peers', in `unit`.

    Attributes
    ----------
    floor_is : str
        What the floor does.
    cpu : float or None
        What ours uses of the processor, all cores together: on a machine with others, the figure that stays.
    met : bool or None
        Whether the target was met; None when there is none, or when a quick run is too small to say.
    """

    group: str
    what: str
    unit: str
    ours: float
    floor: float | None = None
    floor_is: str = ""
    peers: dict[str, float] = field(default_factory=dict)
    target: str = ""
    met: bool | None = None
    note: str = ""
    cpu: float | None = None


@dataclass(slots=True)
class Curve:
    """Seconds against a growing number, for each contender; `targets` are ``(x, seconds)``."""

    name: str
    title: str
    x_label: str
    lines: dict[str, list[tuple[int, float]]]
    targets: list[tuple[int, float]] = field(default_factory=list)


@dataclass(slots=True)
class Findings:
    """Rows and curves of one figure module."""

    rows: list[Row] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)

    def add(self, other: Findings) -> None:
        """Take over what another module found."""
        self.rows += other.rows
        self.curves += other.curves

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {"rows": [asdict(row) for row in self.rows], "curves": [asdict(curve) for curve in self.curves]}


def middle(answers: Iterable[dict[str, float] | float], part: str = "", scale: float = 1.0) -> float:
    """Return the median of the rounds, of one part of each answer, in another unit."""
    return scale * median([a[part] if isinstance(a, dict) else a for a in answers])


def worst(answers: Iterable[dict[str, float]], part: str, scale: float = 1.0) -> float:
    """Return the largest of the rounds."""
    return scale * max(a[part] for a in answers)
