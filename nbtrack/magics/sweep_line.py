"""Which ``%%track`` lines are sweeps."""

from __future__ import annotations

import re

_SWEEP = re.compile(r"\s*sweep(?=\s|$)(.*)", re.DOTALL)


def sweep_line(line: str) -> str | None:
    """Return what follows ``sweep`` in the line after ``%%track``; None when the cell is no sweep. ``"sweep"`` in quotes is a name."""
    found = _SWEEP.fullmatch(line)
    return None if found is None else found[1].strip()
