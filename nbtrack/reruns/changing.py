"""Changes one literal of recorded code: ``lr = 0.1`` becomes ``lr = 3e-4``, every other character stays."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from nbtrack.reruns.recorded import OneCell, Recipe

MOST_NAMED = 12
_MAGIC = re.compile(r"\s*(?:[%!?]|.*=\s*[%!]\S|.*\?\s*$)")
_KINDS = ("assignment", "argument", "key")


@dataclass(frozen=True, slots=True)
class Literal:
    """A literal that has a name: where it stands, and what it is.

    Attributes
    ----------
    name : str
    kind : str
        ``assignment`` (``lr = 0.1`` at the top level), ``argument`` (``SGD(lr=0.1)``), ``key`` (``{"lr": 0.1}``).
    line, start, last_line, end : int
        From 1, and in bytes of UTF-8, as :mod:`ast` has them.
    value : object
    """

    name: str
    kind: str
    line: int
    start: int
    last_line: int
    end: int
    value: Any


def changes_from(words: Sequence[str]) -> dict[str, Any]:
    """Read ``lr=3e-4 name=resnet``: values are Python literals, anything else is text.

    Raises
    ------
    InvalidValueError
        A word has no ``=``, or what is before it is no name.
    """
    found: dict[str, Any] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name.isidentifier():
            raise InvalidValueError(f"{word!r} is no change; write NAME=VALUE, as in lr=3e-4.")
        found[name] = literal(value)
    return found


def literal(text: str) -> Any:
    """Return the value of a Python literal; a text that is none is itself."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text


def changed(recipe: Recipe, changes: Mapping[str, Any]) -> tuple[Recipe, list[str]]:
    """Return a recipe with other literals, and what was changed: ``["lr 0.1 → 0.0003"]``.

    The last cell that assigns a name at its top level is changed, else the one argument or key of that name in the run's own cells; of a
    script, also a word of its command line (``--lr 0.1``).

    Raises
    ------
    InvalidValueError
        A name has no literal, or several that could be meant.
    """
    told = []
    for name, value in changes.items():
        recipe, before = _change(recipe, name, value)
        told.append(f"{name} {before} → {value}")
    return recipe, told


def _change(recipe: Recipe, name: str, value: Any) -> tuple[Recipe, Any]:
    if recipe.script:
        words, before = _in_words(recipe.arguments, name, value)
        if before is not None:
            return replace(recipe, arguments=words), before
        at = _chosen([[each for each in literals(recipe.script) if each.name == name]], name, [recipe.script])
        return replace(recipe, script=put(recipe.script, at[1], value)), at[1].value
    sources = [cell.source for cell in recipe.cells]
    place, found = _chosen(
        [[each for each in literals(source) if each.name == name] for source in sources], name, sources
    )
    cells: list[OneCell] = list(recipe.cells)
    cells[place] = replace(cells[place], source=put(sources[place], found, value))
    return replace(recipe, cells=tuple(cells)), found.value


def _chosen(found: list[list[Literal]], name: str, sources: Sequence[str]) -> tuple[int, Literal]:
    """Return which cell, and which literal in it."""
    for kind in _KINDS:
        here = [(place, each) for place, those in enumerate(found) for each in those if each.kind == kind]
        if not here:
            continue
        last = [each for place, each in here if place == here[-1][0]]
        if kind == "assignment" or len(last) == 1:
            return here[-1]  # of several assignments the last one holds
        lines = ", ".join(str(each.line) for each in last)
        raise InvalidValueError(
            f"{name} stands {len(last)} times in one cell (lines {lines}): give it a name of its own there to change it."
        )
    known = dict.fromkeys(each.name for source in sources for each in literals(source))
    more = f" Literals that can be changed: {', '.join(list(known)[-MOST_NAMED:])}." if known else ""
    raise InvalidValueError(f"No literal is called {name!r} in the code of the run.{more}")


def literals(source: str) -> list[Literal]:
    """Return the named literals of a cell or script, in order; none when it is no Python even without its magics."""
    try:
        tree = ast.parse(_without_magics(source))
    except (SyntaxError, ValueError):
        return []
    found = [*_assigned(tree), *_inside(tree)]
    return sorted(found, key=lambda each: (each.line, each.start))


def put(source: str, at: Literal, value: Any) -> str:
    """Return the source with another value for a literal."""
    lines = [line.encode("utf-8", "surrogatepass") for line in source.splitlines(keepends=True)]
    first, last = lines[at.line - 1], lines[at.last_line - 1]
    lines[at.line - 1 : at.last_line] = [
        first[: at.start] + repr(value).encode("utf-8", "surrogatepass") + last[at.end :]
    ]
    return b"".join(lines).decode("utf-8", "surrogatepass")


def _without_magics(source: str) -> str:
    """Return the source with a ``pass`` for each line that only IPython knows; every other line keeps its place."""
    lines = []
    for line in source.splitlines(keepends=True):
        indent, end = line[: len(line) - len(line.lstrip())], "\n" if line.endswith("\n") else ""
        is_cell_magic = line.startswith("%%")
        lines.append(
            f"#{end}" if is_cell_magic else f"{indent}pass{end}" if line.strip() and _MAGIC.match(line) else line
        )
    return "".join(lines)


def _assigned(tree: ast.Module) -> Iterator[Literal]:
    for statement in tree.body:
        if isinstance(statement, ast.Assign):
            pairs = [(target, statement.value) for target in statement.targets]
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            pairs = [(statement.target, statement.value)]
        else:
            continue
        for target, value in pairs:
            yield from _pairs(target, value)


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[Literal]:
    if isinstance(target, ast.Name):
        yield from _literal(target.id, "assignment", value)
    elif (
        isinstance(target, (ast.Tuple, ast.List))
        and isinstance(value, (ast.Tuple, ast.List))
        and len(target.elts) == len(value.elts)
    ):
        for below, part in zip(target.elts, value.elts, strict=True):
            yield from _pairs(below, part)


def _inside(tree: ast.Module) -> Iterator[Literal]:
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg is not None:
            yield from _literal(node.arg, "argument", node.value)
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    yield from _literal(key.value, "key", value)


def _literal(name: str, kind: str, node: ast.expr) -> Iterator[Literal]:
    try:
        value = eval(compile(ast.Expression(node), "", "eval"), {"__builtins__": {}}) if _is_plain(node) else None  # noqa: S307
    except Exception:  # noqa: BLE001 - 1 / 0
        return
    if _is_plain(node):
        yield Literal(
            name, kind, node.lineno, node.col_offset, node.end_lineno or node.lineno, node.end_col_offset or 0, value
        )


def _is_plain(node: ast.expr) -> bool:
    """Say whether a value stands in the source: constants, and signs before them."""
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, (ast.USub, ast.UAdd)) and _is_plain(node.operand)
    if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        return all(_is_plain(part) for part in node.elts)
    if isinstance(node, ast.Dict):
        return all(part is not None and _is_plain(part) for part in (*node.keys, *node.values))
    return isinstance(node, ast.Constant)


def _in_words(words: tuple[str, ...], name: str, value: Any) -> tuple[tuple[str, ...], str | None]:
    """Change ``--lr 0.1``, ``--lr=0.1`` or ``lr=0.1`` of a command line."""
    options = {f"--{name}", f"-{name}", f"--{name.replace('_', '-')}"}
    for i, word in enumerate(words):
        option, equals, before = word.partition("=")
        if equals and (option in options or option == name):
            return (*words[:i], f"{option}={value}", *words[i + 1 :]), before
        if word in options and i + 1 < len(words):
            return (*words[: i + 1], str(value), *words[i + 2 :]), words[i + 1]
    return words, None
