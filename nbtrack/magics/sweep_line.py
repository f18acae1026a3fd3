"""Which ``%%track`` lines are sweeps."""

from __future__ import annotations

import re

_SWEEP = re.compile(r"\s*sweep(?:\s+(?P<rest>[^\s#].*))?", re.DOTALL)
_OF_A_RUN = re.compile(r"--(?:tag|param|nested|vars|no-capture)(?![\w-])|--experiment(?:\s+|=)\S+\s*$")


def sweep_line(line: str) -> str | None:
    """Return what follows ``sweep`` in the line after ``%%track``; None when the cell is no sweep.

    ``%%track sweep`` alone, or with the options of a run, records one run of that name, as it always did.
    """
    found = _SWEEP.match(line)
    rest = None if found is None or not re.match(r"\s*sweep(?=\s|$)", line) else found["rest"]
    return None if rest is None or _OF_A_RUN.match(rest) else rest.strip()
