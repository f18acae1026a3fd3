"""What was measured, figure by figure: one that is measured anew takes the place of what it said before, the others stay."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from benchmarks.figures import FIGURES
from benchmarks.findings import Curve, Findings, Row

if TYPE_CHECKING:
    from pathlib import Path

FILE = "results.json"


@dataclass(slots=True)
class Facts:
    """When and how one figure was measured.

    Attributes
    ----------
    date, mode, revision : str
        Of nbtrack, with a note when files differed from it.
    machine, versions : dict
    minutes, load_before, load_after : float
    pressure : float or None
        Part of the time in which some process waited for a core.
    nice : int
    """

    date: str
    mode: str
    revision: str
    machine: dict[str, str]
    versions: dict[str, str]
    minutes: float
    load_before: float
    load_after: float
    pressure: float | None
    nice: int


class Book:
    """The findings of all figures that were ever measured in full, each with its facts."""

    def __init__(self) -> None:
        self.facts: dict[str, Facts] = {}
        self._findings: dict[str, Findings] = {}

    @classmethod
    def read(cls, folder: Path) -> Book:
        """Return what is written in a folder; an empty book when nothing is."""
        book = cls()
        path = folder / FILE
        figures = json.loads(path.read_text())["figures"] if path.exists() else {}
        for name, told in figures.items():
            rows = [Row(**row) for row in told["rows"]]
            curves = [Curve(**curve) for curve in told["curves"]]
            book.put(name, Findings(rows, curves), Facts(**told["facts"]))
        return book

    def put(self, name: str, findings: Findings, facts: Facts) -> None:
        """Take in a figure."""
        self.facts[name], self._findings[name] = facts, findings

    @property
    def findings(self) -> Findings:
        """Return all rows and curves, in the order of the figures."""
        found = Findings()
        for name in FIGURES:
            if name in self._findings:
                found.add(self._findings[name])
        return found

    def as_json(self) -> str:
        """Return what :meth:`read` takes."""
        figures = {
            name: {"facts": asdict(self.facts[name]), **self._findings[name].as_dict()}
            for name in FIGURES
            if name in self.facts
        }
        return json.dumps({"figures": figures}, indent=1) + "\n"
