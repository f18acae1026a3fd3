"""The Python of a notebook's cells as a syntax tree whose places are those of the cell as typed.

IPython's own lines (``%matplotlib inline``, ``!pip list``, ``df?``) are no Python; each becomes ``pass``, so that every other line keeps
its number.
"""

from __future__ import annotations

import ast
import re

PYTHON_MAGICS = frozenset({"capture", "memit", "prun", "snakeviz", "time", "track", "wandb"})
"""Cell magics whose body runs as Python of the notebook; others, such as ``%%bash``, are another language or another scope."""

_CELL_MAGIC = re.compile(r"%%(\w+)")
_OWN_LINE = re.compile(r"\s*(?:[%!]|\?{1,2}\w)|.*\w\?{1,2}\s*$|\s*[\w, ]+=\s*[%!]")
_FLAGS = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT


def parse(source: str) -> ast.Module | None:
    """Return the tree of a cell, or None when it is not Python."""
    lines = source.split("\n")
    if not _take_cell_magics_out(lines):
        return None
    for _ in range(len(lines) + 1):
        try:
            tree = compile("\n".join(lines), "<cell>", "exec", _FLAGS)
        except SyntaxError as error:
            if not _take_line_out(lines, (error.lineno or 0) - 1):
                return None
        except ValueError:  # a NUL
            return None
        else:
            return tree if isinstance(tree, ast.Module) else None
    return None


def _take_cell_magics_out(lines: list[str]) -> bool:
    """Empty the lines of cell magics at the top; False when what follows is not Python of the notebook."""
    for i, line in enumerate(lines):
        found = _CELL_MAGIC.match(line)
        if found is None:
            if line.strip() and not line.lstrip().startswith("#"):
                return True
        elif found[1] not in PYTHON_MAGICS:
            return False
        else:
            lines[i] = ""
    return True


def _take_line_out(lines: list[str], at: int) -> bool:
    """Replace the line of IPython at or above `at` (with what it is continued on) by ``pass``."""
    while at > 0 and lines[at - 1].rstrip().endswith("\\"):
        at -= 1
    if not 0 <= at < len(lines) or not _OWN_LINE.match(lines[at]):
        return False
    text = lines[at]
    lines[at] = f"{text[: len(text) - len(text.lstrip())]}pass"
    while text.rstrip().endswith("\\") and at + 1 < len(lines):
        at += 1
        text, lines[at] = lines[at], ""
    return True


def place(source: str, node: ast.expr) -> tuple[int, int]:
    """Return where an expression stands: ``source[start:end]``; Python counts bytes of UTF-8 in each line."""
    lines = source.split("\n")

    def offset(line: int, column: int) -> int:
        before = sum(len(text) + 1 for text in lines[: line - 1])
        return before + len(lines[line - 1].encode()[:column].decode())

    return offset(node.lineno, node.col_offset), offset(node.end_lineno or node.lineno, node.end_col_offset or 0)
