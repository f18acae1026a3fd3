"""The cells that a notebook has executed, in that order, as each run keeps them.

A run's file is ``source/cells.json``. Its last cells stand in it; the cells before them in parts, which runs of one notebook share: a store
keeps each content once, so a part costs its bytes one time and not a thousand times::

    {"format": 1, "notebook": "x.ipynb",
     "before": ["source/cells/0001-0256.json", "source/cells/0257-0272.json"],      only with more than 16 cells
     "cells": [{"n": 273, "count": 12, "id": "ab12", "source": "…", "code": "…", "t": 1790000000000000, "s": 0.01,
                "ok": true, "error": "", "line": null, "wrote": {"df": "pandas.DataFrame"}}, …],
     "opened": 274, "logged": {"acc": [274]}}

Fields that are empty are left out; ``s`` and ``ok`` are missing for a cell that had not ended. ``opened`` is the cell in which the run
began, ``logged`` says which cells logged a metric, where that was not only the last one. Parts are ``{"format": 1, "cells": […]}``.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

FILE = "source/cells.json"
FOLDER = "source/cells"
FORMAT = 1
LONGEST_SOURCE = 100_000
"""Characters of a cell that are kept; longer ones are data, not code."""
MOST_WROTE = 200


@dataclass(frozen=True, slots=True)
class ExecutedCell:
    """One execution of a cell.

    Attributes
    ----------
    n : int
        The how-manieth execution of the session, from 1.
    source : str
        As typed, redacted; "" when it was left out on demand, or is longer than is kept.
    code : str
        As IPython ran it, where that is not the source.
    count : int or None
        The number beside the cell; None when it is not part of the history.
    id : str
        Of the cell in the notebook, or "".
    t : int
        When it began, µs UTC; 0 when it ran before nbtrack was loaded.
    s : float or None
        How many seconds it took; None while it runs, or when its process died.
    ok : bool or None
        Whether it ended without an error; None when that is not known.
    error : str
        ``"ValueError: …"``.
    line : int or None
        The line of the source that raised the error.
    wrote : mapping
        The variables that are new or other objects after it, with their types: ``{"df": "pandas.DataFrame"}``.
    runs : tuple of str
        The run that this log was read from, where the cell began it or logged into it.
    logged : mapping
        Metrics that it logged, with the id of the run.
    """

    n: int
    source: str
    code: str = ""
    count: int | None = None
    id: str = ""
    t: int = 0
    s: float | None = None
    ok: bool | None = None
    error: str = ""
    line: int | None = None
    wrote: Mapping[str, str] = field(default_factory=dict)
    runs: tuple[str, ...] = ()
    logged: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Moment:
    """The log as it stands when a run begins or ends; `opened` and `logged` are cells by their ``n``."""

    cells: tuple[ExecutedCell, ...]
    opened: int | None = None
    logged: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    notebook: str = ""


class CellLog:
    """The cells that this process has executed.

    Attributes
    ----------
    cells : list of ExecutedCell
        In executed order, the one that runs last.
    """

    def __init__(self) -> None:
        self.cells: list[ExecutedCell] = []
        self._opened: dict[str, int] = {}
        self._logged: dict[str, dict[str, list[int]]] = {}
        self._private: set[int] = set()

    def begin(
        self, source: str, *, count: int | None = None, cell_id: str = "", code: str = "", is_private: bool = False
    ) -> int:
        """Add a cell that begins now; returns its ``n``. Of a private one no word is kept."""
        n = len(self.cells) + 1
        is_kept = len(source) <= LONGEST_SOURCE and not is_private
        if is_private:
            self._private.add(n)
        self.cells.append(
            ExecutedCell(
                n,
                source if is_kept else "",
                code if is_kept and code.strip() != source.strip() else "",
                count,
                cell_id,
                time.time_ns() // 1000,
            )
        )
        return n

    def end(
        self,
        n: int,
        *,
        error: str = "",
        line: int | None = None,
        wrote: Mapping[str, str] | None = None,
        count: int | None = None,
        code: str = "",
    ) -> None:
        """Say how the cell ended; without an error it is well."""
        cell = self.cells[n - 1]
        self.cells[n - 1] = replace(
            cell,
            s=round((time.time_ns() // 1000 - cell.t) / 1e6, 6),
            ok=not error,
            error="" if n in self._private else error,
            line=line,
            count=cell.count if count is None else count,
            code=code if code and cell.source and code.strip() != cell.source.strip() else cell.code,
            wrote=dict(list((wrote or {}).items())[:MOST_WROTE]),
        )

    def add_earlier(self, source: str, count: int) -> None:
        """Add a cell that ran before anybody looked: when, and how it ended, is not known."""
        kept = source if len(source) <= LONGEST_SOURCE else ""
        self.cells.append(ExecutedCell(len(self.cells) + 1, kept, count=count, s=0.0))

    @property
    def is_private(self) -> bool:
        """Say whether no word is kept of the last cell."""
        return len(self.cells) in self._private

    def run_opens(self, run_id: str) -> None:
        """Note in which cell a run begins."""
        self._opened[run_id] = len(self.cells)

    def has(self, run_id: str) -> bool:
        """Say whether the run began in this session."""
        return run_id in self._opened

    def note_logged(self, run_id: str, keys: Iterable[str]) -> None:
        """Note that the last cell has logged metrics of a run."""
        marks = self._logged.setdefault(run_id, {})
        for key in keys:
            cells = marks.setdefault(key, [])
            if not cells or cells[-1] != len(self.cells):
                cells.append(len(self.cells))

    def moment(self, run_id: str, notebook: str = "") -> Moment:
        """Return the log as it is now, for the file of a run."""
        last, opened = len(self.cells), self._opened.get(run_id)
        logged = {key: tuple(cells) for key, cells in self._logged.get(run_id, {}).items() if cells != [last]}
        return Moment(tuple(self.cells), opened, logged, notebook)


_current: CellLog | None = None


def current() -> CellLog | None:
    """Return the log of this process; None where nobody fills one, as in a script."""
    return _current


def start() -> CellLog:
    """Return the log of this process, begun now if there is none: whoever calls this fills it."""
    global _current  # noqa: PLW0603
    if _current is None:
        _current = CellLog()
    return _current


def stop() -> None:
    """Forget the log of this process."""
    global _current  # noqa: PLW0603
    _current = None


# -- reading -----------------------------------------------------------------------------------------------------------


def read(data: bytes, part: Callable[[str], bytes] | None = None, run_id: str = "") -> tuple[ExecutedCell, ...]:
    """Return the executed cells of a run from the content of its ``source/cells.json``.

    Parameters
    ----------
    data : bytes
        The file.
    part : callable, optional
        Returns the content of another file of the run by its path; without it, only the last cells are returned.
    run_id : str
        Put into ``runs`` and ``logged`` of the cells.

    Raises
    ------
    InvalidValueError
        It is no such file, or of a later version of nbtrack.
    """
    page = _page(data)
    cells: list[ExecutedCell] = []
    for path in page.get("before", []) if part is not None else []:
        cells += map(_cell, _page(part(path))["cells"])  # type: ignore[misc]
    cells += map(_cell, page["cells"])
    if not cells:
        return ()
    opened, logged = page.get("opened"), page.get("logged", {})
    return tuple(_with_run(cell, run_id, opened, logged) for cell in cells)


def _page(data: bytes) -> dict[str, Any]:
    try:
        page = json.loads(data)
        number = page["format"]
        is_page = isinstance(page["cells"], list)
    except (ValueError, KeyError, TypeError):
        is_page, number = False, None
    if not is_page or not isinstance(number, int):
        raise InvalidValueError(f"This is no list of executed cells: {data[:40]!r}…; a run has it as {FILE}.")
    if number > FORMAT:
        raise InvalidValueError(f"{FILE} has format {number}; this nbtrack knows {FORMAT}: pip install -U nbtrack.")
    return dict(page)


def _cell(item: dict[str, Any]) -> ExecutedCell:
    known = {name: item[name] for name in _FIELDS if name in item}
    return ExecutedCell(**known)


def _with_run(cell: ExecutedCell, run_id: str, opened: int | None, logged: Mapping[str, list[int]]) -> ExecutedCell:
    here = {key: run_id for key, cells in logged.items() if cell.n in cells}
    return replace(cell, runs=(run_id,) if here or cell.n == opened else (), logged=here)


_FIELDS = ("n", "source", "code", "count", "id", "t", "s", "ok", "error", "line", "wrote")
