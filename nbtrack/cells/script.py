"""Writes a slice as a script that runs by itself."""

from __future__ import annotations

import ast
import builtins
from textwrap import indent
from typing import TYPE_CHECKING

from nbtrack.cells.plain import LEFT_OUT, plain

if TYPE_CHECKING:
    from nbtrack.cells.log import ExecutedCell
    from nbtrack.cells.slicing import Slice, Step

_INDENT = "    "


def script(found: Slice, *, title: str = "") -> str:
    """Return a slice as Python, cell after cell in executed order, with the versions that ran.

    Lines that are no Python are comments, and a block that an error ended is in ``try``. Of the last value of a tracked cell the metric is
    logged.
    """
    lines = [f"# {_shown(title)}" if title else f"# The cells that produced {found.metric!r}, in executed order."]
    n_all = len(found.cells)
    lines.append(f"# {len(found.numbers)} of {n_all} executed cells; statements without a part in it are left out.")
    unknown = [name for name in found.unknown if not hasattr(builtins, name)]
    if unknown:
        lines.append(f"# No cell says where these come from: {', '.join(unknown)}")
    for number in found.numbers:
        steps = [step for step in found.steps if step.cell.n == number]
        lines += ["", f"# {_name(steps[0].cell)}", *_cell(steps, found)]
    text = "\n".join(lines) + "\n"
    return _with_future_first(text)


def _name(cell: ExecutedCell) -> str:
    count = f"[{cell.count}]" if cell.count is not None else f"execution {cell.n}"
    ended = f", ended by {cell.error.partition(':')[0]}" if cell.error else ""
    return _shown(f"%% {count}{f' cell {cell.id}' if cell.id else ''}{ended}")


def _shown(text: str) -> str:
    """Return a text as one line of a comment: names of runs may hold anything."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in " ".join(text.split()))


def _cell(steps: list[Step], found: Slice) -> list[str]:
    source = plain(steps[0].cell.source).splitlines()
    lines: list[str] = []
    done = 0
    for step in steps:
        if step is found.last:
            lines += _logged(step)
            continue
        first, last = _span(step, source, done)
        done = max(done, last)
        lines += _statement(step, source, first, last)
    return [*lines, *_left_out(source)]


def _statement(step: Step, source: list[str], first: int, last: int) -> list[str]:
    node = step.node
    if not _has_own_lines(step, source) or _is_narrowed(step, source):
        return indent(ast.unparse(node), _margin(step)).splitlines()
    if step.is_cut:
        return _cut(step, source[first - 1 : last])
    return source[first - 1 : last]


def _cut(step: Step, lines: list[str]) -> list[str]:
    """Write a block that was stopped in the middle: an error comes again, and an interrupt is the reader's to make."""
    kind = step.cell.error.partition(":")[0]
    has_long_text = any(
        isinstance(each, ast.Constant) and each.end_lineno != each.lineno for each in ast.walk(step.node)
    )
    body = indent(ast.unparse(step.node) if has_long_text else "\n".join(lines), _INDENT).splitlines()
    if kind == "KeyboardInterrupt":
        after = "" if step.cell.s is None else f" after {step.cell.s:.1f} s"
        return [
            "try:",
            *body,
            f"except KeyboardInterrupt:  # it was interrupted{after}: Ctrl-C goes on below",
            f"{_INDENT}pass",
        ]
    return ["try:", *body, f"except Exception as error:  # it was ended by {kind}", f"{_INDENT}print(repr(error))"]


def _margin(step: Step) -> str:
    return " " * step.node.col_offset if step.around is not None else ""


def _span(step: Step, source: list[str], done: int) -> tuple[int, int]:
    """Return the first and last line of a statement, with the comments that stand right above it."""
    node = step.node
    first = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", []))])
    last = node.end_lineno or node.lineno
    if step.is_head:
        last = max(node.lineno, node.body[0].lineno - 1)  # type: ignore[attr-defined]
        while last > first and (not source[last - 1].strip() or source[last - 1].lstrip().startswith("#")):
            last -= 1
        return first, last
    while first - 1 > done and _is_comment(source[first - 2]):
        first -= 1
    return first, last


def _is_comment(line: str) -> bool:
    text = line.strip()
    return text.startswith("#") and not text.startswith((LEFT_OUT.strip(), "# %%"))


def _has_own_lines(step: Step, source: list[str]) -> bool:
    """Say whether nothing else stands on the lines of a statement."""
    node = step.node
    if step.is_head:
        return True
    before = source[node.lineno - 1].encode()[: node.col_offset].strip()
    after = source[(node.end_lineno or 1) - 1].encode()[node.end_col_offset or 0 :].strip()
    is_decorated = bool(getattr(node, "decorator_list", []))
    return (not before or is_decorated) and (not after or after.startswith(b"#") or after == b";")


def _is_narrowed(step: Step, source: list[str]) -> bool:
    """Say whether the tree of a statement is not its text any more."""
    node = step.node
    if step.is_head or not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call):
        return False
    text = "\n".join(source[node.lineno - 1 : node.end_lineno]).strip()
    try:
        return ast.dump(ast.parse(text)) != ast.dump(ast.Module([node], []))
    except SyntaxError:
        return False


def _logged(step: Step) -> list[str]:
    if not isinstance(step.node, ast.Expr):
        return []
    return ["import nbtrack", "", f"nbtrack.log_metrics({ast.unparse(step.node.value)})"]


def _left_out(source: list[str]) -> list[str]:
    return [
        line.strip().removeprefix("pass  ")
        for line in source
        if line.strip().removeprefix("pass  ").startswith(LEFT_OUT.strip())
    ]


def _with_future_first(text: str) -> str:
    """Put ``from __future__ import …`` where Python wants it."""
    lines = text.splitlines(keepends=True)
    future = [line for line in lines if line.startswith("from __future__ import")]
    return "".join([*dict.fromkeys(future), *(line for line in lines if line not in future)])
