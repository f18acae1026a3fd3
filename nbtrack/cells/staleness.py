"""Says why a run may no longer be what its notebook would make now; it looks only at this machine, and stops nobody."""

from __future__ import annotations

import json
import platform
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.cells.files import has_changed, read_stamp
from nbtrack.cells.notebook import is_same_code, read_notebook
from nbtrack.cells.slicing import needed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nbtrack.cells.files import Stamp
    from nbtrack.cells.log import ExecutedCell
    from nbtrack.cells.notebook import Notebook

FILE = "source/origins.json"
FORMAT = 1
MARGIN_US = 200_000
"""A notebook that was saved at the moment of the run may hold what was there before."""
MOST_NAMED = 3
MOST_CELLS = 400
"""Of longer sessions only the last cells are looked at: to find what depends on what takes 0.3 ms a cell."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One reason: `kind` is ``"edited"``, ``"order"``, ``"module"`` or ``"data"``."""

    kind: str
    text: str

    def to_dict(self) -> dict[str, str]:
        """Return it as pages get it."""
        return {"kind": self.kind, "text": self.text}


@dataclass(frozen=True, slots=True)
class Origins:
    """Where a run came from: its machine, notebook, imported files and data files."""

    machine: str = ""
    notebook: str = ""
    modules: Mapping[str, Stamp] = field(default_factory=dict)
    data: tuple[tuple[Stamp, tuple[int, ...]], ...] = ()
    """Files, and the executed cells that read them, by their ``n``."""

    def to_bytes(self) -> bytes:
        """Return the file of a run."""
        page = {
            "format": FORMAT,
            "machine": self.machine,
            "notebook": self.notebook,
            "modules": {name: each.to_dict() for name, each in self.modules.items()},
            "data": [{**each.to_dict(), "cells": cells} for each, cells in self.data],
        }
        return json.dumps(page, indent=1).encode()

    @property
    def is_here(self) -> bool:
        """Say whether the run was made on this machine."""
        return bool(self.machine) and self.machine == platform.node()


def read_origins(data: bytes) -> Origins:
    """Return what a run's ``source/origins.json`` says; nothing for what is no such file."""
    try:
        page: dict[str, Any] = json.loads(data)
        if page["format"] != FORMAT:
            return Origins()
        modules = {str(name): read_stamp(each) for name, each in page["modules"].items()}
        return Origins(
            str(page["machine"]),
            str(page["notebook"]),
            {name: each for name, each in modules.items() if each},
            tuple((found, tuple(map(int, each["cells"]))) for each in page["data"] if (found := read_stamp(each))),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return Origins()


def relevant(cells: Sequence[ExecutedCell]) -> tuple[ExecutedCell, ...]:
    """Return the executed cells that the run's own cells depend on, in executed order, those themselves included."""
    cells = cells[-MOST_CELLS:]
    if not cells:
        return ()
    numbers = set(needed(cells, {cell.n for cell in cells if cell.runs} | {cells[-1].n}))
    return tuple(cell for cell in cells if cell.n in numbers)


def marks(cells: Sequence[ExecutedCell], origins: Origins, later: Sequence[ExecutedCell] = ()) -> list[Mark]:
    """Return why a run is stale; nothing when it is not, or when that cannot be told here.

    Parameters
    ----------
    cells : sequence of ExecutedCell
        Those that it depends on, from :func:`relevant`.
    origins : Origins
    later : sequence of ExecutedCell
        What its kernel has executed since, where that is this process.
    """
    if not origins.is_here:
        return []
    notebook = read_notebook(origins.notebook)
    found = _edited(cells, notebook, later) + _order(cells, notebook)
    changed = [name for name, each in origins.modules.items() if has_changed(each)]
    if changed:
        found.append(Mark("module", f"imported module changed: {_listed(changed)}"))
    numbers = {cell.n for cell in cells}
    read = [each for each, readers in origins.data if not numbers or not numbers.isdisjoint(readers)]
    files = list(dict.fromkeys(Path(each.path).name for each in read if has_changed(each)))
    if files:
        found.append(Mark("data", f"data file changed: {_listed(files)}"))
    return found


def _edited(cells: Sequence[ExecutedCell], notebook: Notebook | None, later: Sequence[ExecutedCell]) -> list[Mark]:
    last = {cell.id: cell for cell in cells if cell.id and cell.source}
    news = {cell.id: cell for cell in later if cell.id and cell.source}
    is_known = notebook is not None and any(each in notebook.sources for each in last)
    numbers, n_gone = list[str](), 0
    for cell_id, cell in last.items():
        now = news.get(cell_id)
        source = None if now is None else now.source
        if notebook is not None and notebook.t > max(cell.t, now.t if now else 0) + MARGIN_US:
            source = notebook.sources.get(cell_id, source)
            if is_known and cell_id not in notebook.sources and not notebook.has_text(cell.source):
                n_gone += 1
        if source is not None and not is_same_code(cell.source, source):
            numbers.append(_name(cell, notebook))
    found = (
        [Mark("edited", f"cell{'s' * (len(numbers) > 1)} {_listed(numbers)} edited after this run")] if numbers else []
    )
    if n_gone:
        found.append(Mark("edited", f"{'a cell' if n_gone == 1 else f'{n_gone} cells'} deleted after this run"))
    return found


def _name(cell: ExecutedCell, notebook: Notebook | None) -> str:
    number = notebook.numbers.get(cell.id) if notebook else None
    return str(number) if number else f"[{cell.count}]"


def _order(cells: Sequence[ExecutedCell], notebook: Notebook | None) -> list[Mark]:
    """Return whether the cells stand in another order than they ran; a cell that ran again where it stood is no such thing."""
    if notebook is None:
        return []
    ran = [notebook.numbers[cell.id] for cell in cells if cell.id in notebook.numbers]
    ran = [number for i, number in enumerate(ran) if i == 0 or ran[i - 1] != number]
    at = next((i for i in range(1, len(ran)) if ran[i] < ran[i - 1]), None)
    if at is None:
        return []
    first, end = max(0, at - 2), min(len(ran), at + 2)
    shown = "→".join(map(str, ran[first:end]))
    return [Mark("order", f"ran {'…' * (first > 0)}{shown}{'…' * (end < len(ran))}")]


def _listed(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
