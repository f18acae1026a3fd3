"""Writes the log of cells as the files that runs keep."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from nbtrack.cells.log import FILE, FOLDER, FORMAT

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbtrack.cells.log import ExecutedCell, Moment

MOST_BYTES = 2_000_000
_SIZES = (256, 64, 16)
"""Cells in a part; a part is full when it is written, so it never changes."""


class Pages:
    """Writes the files of runs; texts are cleaned once a cell, parts are put together once.

    Parameters
    ----------
    clean : callable
        Takes secrets out of a text.
    """

    def __init__(self, clean: Callable[[str], str]) -> None:
        self._clean = clean
        self._cell_texts: dict[tuple[int, bool], str] = {}
        self._parts: dict[str, bytes] = {}

    def files(self, moment: Moment) -> dict[str, bytes]:
        """Return a run's files by their path; the oldest cells are left out where all is more than 2 MB."""
        cells = moment.cells
        first, bound = 0, _parts_end(cells)
        files: dict[str, bytes] = {}
        while first < bound:
            end = first + next(size for size in _SIZES if first % size == 0 and first + size <= bound)
            path = f"{FOLDER}/{first + 1:04d}-{end:04d}.json"
            files[path] = self._part(path, cells[first:end])
            first = end
        rest = [self._text(cell) for cell in cells[bound:]]
        files = _newest(files, sum(map(len, rest)))
        head: dict[str, Any] = {"format": FORMAT, "notebook": moment.notebook, "before": list(files)}
        tail = {"opened": moment.opened, "logged": moment.logged}
        texts = [f"{json.dumps(key)}: {json.dumps(item)}" for key, item in head.items() if item or key == "format"]
        texts.append('"cells": [\n' + ",\n".join(rest) + "\n]")
        texts += [f"{json.dumps(key)}: {json.dumps(item)}" for key, item in tail.items() if item]
        return {**files, FILE: ("{" + ",\n".join(texts) + "}\n").encode("utf-8", "replace")}

    def _part(self, path: str, cells: tuple[ExecutedCell, ...]) -> bytes:
        if path not in self._parts:
            text = ",\n".join(self._text(cell) for cell in cells)
            self._parts[path] = f'{{"format": {FORMAT}, "cells": [\n{text}\n]}}\n'.encode("utf-8", "replace")
        return self._parts[path]

    def _text(self, cell: ExecutedCell) -> str:
        """Return a cell as JSON; one that has ended changes no more."""
        key = (cell.n, cell.s is None)
        if key not in self._cell_texts:
            items = {
                "n": cell.n,
                "count": cell.count,
                "id": cell.id,
                "source": self._clean(cell.source),
                "code": self._clean(cell.code),
                "t": cell.t,
                "s": cell.s,
                "ok": cell.ok,
                "error": self._clean(cell.error),
                "line": cell.line,
                "wrote": cell.wrote,
            }
            kept = {name: item for name, item in items.items() if item not in ("", None, {}) or name == "source"}
            self._cell_texts[key] = json.dumps(kept, ensure_ascii=False)
        return self._cell_texts[key]


def _parts_end(cells: tuple[ExecutedCell, ...]) -> int:
    """Return how many cells stand in parts: those that have ended, in sixteens."""
    n_ended = len(cells) - (1 if cells and cells[-1].s is None else 0)
    return (n_ended - 1) // _SIZES[-1] * _SIZES[-1] if n_ended > 0 else 0


def _newest(files: dict[str, bytes], n_bytes: int) -> dict[str, bytes]:
    kept: list[str] = []
    for path in reversed(files):
        n_bytes += len(files[path])
        if n_bytes > MOST_BYTES:
            break
        kept.append(path)
    return {path: files[path] for path in reversed(kept)}
