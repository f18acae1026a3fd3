"""The code cells of a notebook file, to compare with what was executed."""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from nbtrack.cells.found import REDACTED
from nbtrack.cells.plain import plain

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_BYTES = 50_000_000


@dataclass(frozen=True, slots=True)
class Notebook:
    """A notebook as it was saved.

    Attributes
    ----------
    t : int
        When, µs UTC.
    sources : mapping
        Of its code cells, by their id, in order.
    numbers : mapping
        The how-manieth code cell each is, from 1; empty ones are not counted.
    """

    t: int
    sources: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, int] = field(default_factory=dict)

    def has_text(self, source: str) -> bool:
        """Say whether some cell holds a source, as after cells were merged."""
        wanted = source.strip()
        return any(wanted in text for text in self.sources.values())


def read_notebook(path: str) -> Notebook | None:
    """Return a notebook of this machine; None where it is not there, or is none. One that has not changed is not read again."""
    try:
        found = Path(path).stat()
        if not path.endswith(".ipynb") or found.st_size > MOST_BYTES:
            return None
        return _read(path, found.st_mtime_ns, found.st_size)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


@lru_cache(32)
def _read(path: str, mtime: int, size: int) -> Notebook:
    del size
    cells = json.loads(Path(path).read_bytes())["cells"]
    sources: dict[str, str] = {}
    numbers: dict[str, int] = {}
    number = 0
    for cell in cells:
        if cell["cell_type"] != "code":
            continue
        text = cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
        number += bool(text.strip())
        if cell.get("id"):
            sources[cell["id"]], numbers[cell["id"]] = text, max(number, 1)
    return Notebook(mtime // 1000, sources, numbers)


def is_same_code(before: str, now: str) -> bool:
    """Say whether two sources do the same as far as their syntax tells: comments, blank lines and the ``%%track`` line do not count.

    `before` may have had secrets taken out of it: what stands in their place then does not count.
    """
    before, now = _bare(before), _bare(now)
    if before == now:
        return True
    if REDACTED in before:
        pattern = ".*?".join(map(re.escape, before.split(REDACTED)))
        return re.fullmatch(pattern, now, re.DOTALL) is not None
    return _tree(before) == _tree(now) != None  # noqa: E711 - both, and there


def _bare(source: str) -> str:
    lines = [line.rstrip() for line in source.strip().splitlines()]
    return "\n".join(line for line in lines if not re.match(r"%%track(?=\s|$)", line)).strip()


@lru_cache(2048)
def _tree(source: str) -> str | None:
    if re.search(r"^\s*[%!]", source, re.MULTILINE):  # what a magic is given is text
        return None
    try:
        return ast.dump(ast.parse(plain(source)))
    except (SyntaxError, ValueError):
        return None
