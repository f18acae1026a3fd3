"""The code of a swept cell: its swept names are taken from the trial, also where the cell assigns them from literals.

``lr = 1e-3`` at the top level of a cell that sweeps ``lr`` becomes ``lr = lr``, so the same cell runs with and without the magic. Of
what a cell computes nothing is changed: assigned from anything else before it is read, a swept name is an error.
"""

from __future__ import annotations

import ast
import copy
import dis
import linecache
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValueError
from nbtrack.magics.capture import is_literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import CodeType

_READ, _BOUND = ("LOAD_NAME", "LOAD_GLOBAL"), ("STORE_NAME", "STORE_GLOBAL")


@dataclass(frozen=True, slots=True)
class CellCode:
    """A cell that can be run once a trial.

    Attributes
    ----------
    source : str
        As it is run, for tracebacks.
    identity : str
        The same for cells that differ in comments and layout only.
    replaced : tuple of str
        Swept names that the cell assigns from literals.
    reads : tuple of str
        Names that it reads before it binds them.
    last_name : str or None
        When the last expression is a name.
    """

    source: str
    identity: str
    replaced: tuple[str, ...]
    reads: tuple[str, ...]
    last_name: str | None

    def compiled(self, filename: str) -> tuple[CodeType, CodeType | None]:
        """Return the statements, and the last expression if there is one."""
        tree = ast.parse(self.source)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        lines = self.source.splitlines(keepends=True)
        linecache.cache[filename] = (len(self.source), None, lines, filename)
        value = compile(ast.Expression(last.value), filename, "eval") if isinstance(last, ast.Expr) else None
        return compile(tree, filename, "exec"), value


def cell_code(source: str, names: Iterable[str]) -> CellCode:
    """Read a cell whose variables `names` come from a trial.

    Raises
    ------
    InvalidValueError
        The cell has nothing to run, waits with ``await``, or computes a swept name.
    SyntaxError
        It is no Python.
    """
    tree = ast.parse(source)
    if not tree.body:
        raise InvalidValueError("The cell below %%track sweep is empty.")
    if any(isinstance(node, (ast.Await, ast.AsyncFor, ast.AsyncWith)) for node in _outside_functions(tree)):
        raise InvalidValueError("A cell with await at its top level cannot be swept; use asyncio.run() in a function.")
    names = list(names)
    replaced = [name for name in names if _take_over(tree, name)]
    text = ast.unparse(ast.fix_missing_locations(tree))
    reads: dict[str, None] = {}
    _read_block(tree.body, set(names), reads)
    last = tree.body[-1]
    is_name = isinstance(last, ast.Expr) and isinstance(last.value, ast.Name)
    return CellCode(
        source=text if replaced else source,
        identity=text,
        replaced=tuple(replaced),
        reads=tuple(reads),
        last_name=last.value.id if is_name else None,  # type: ignore[attr-defined]
    )


def loads(code: CodeType) -> Iterator[str]:
    """Yield the global names that code reads, the functions in it too."""
    for step in dis.get_instructions(code):
        if step.opname in _READ:
            yield str(step.argval)
    for part in code.co_consts:
        if hasattr(part, "co_code"):
            yield from loads(part)


# -- swept names ---------------------------------------------------------------------------------------------------------


def _take_over(tree: ast.Module, name: str) -> bool:
    """Let the top-level literals of a name be what the trial has; returns whether there are any."""
    found = False
    is_used = False
    body: list[ast.stmt] = []
    for statement in tree.body:
        taken = _without_literal(statement, name)
        if taken is not None:
            found = True
            body += taken
            continue
        if not is_used and not found:
            _check_kept(statement, name)
        is_used = is_used or name in _mentioned(statement)
        body.append(statement)
    tree.body = body
    return found


def _without_literal(statement: ast.stmt, name: str) -> list[ast.stmt] | None:
    """Return an assignment with the literal of `name` taken out; None when it assigns no literal to it."""
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        if statement.target.id != name or statement.value is None or not is_literal(statement.value):
            return None
        return [_at(statement, ast.Assign([statement.target], ast.Name(name, ast.Load())))]
    if not isinstance(statement, ast.Assign):
        return None
    made = [_replaced(target, statement.value, name) for target in statement.targets]
    if all(value is None for value in made):
        return None
    pairs = zip(statement.targets, made, strict=True)
    return [_at(statement, ast.Assign([target], value or copy.deepcopy(statement.value))) for target, value in pairs]


def _replaced(target: ast.expr, value: ast.expr, name: str) -> ast.expr | None:
    """Return the value with what goes to `name` read from the trial; None when that is no literal."""
    if isinstance(target, ast.Name):
        return ast.Name(name, ast.Load()) if target.id == name and is_literal(value) else None
    both = (ast.Tuple, ast.List)
    if not (isinstance(target, both) and isinstance(value, both)) or len(target.elts) != len(value.elts):
        return None
    if any(isinstance(part, ast.Starred) for part in (*target.elts, *value.elts)):
        return None
    made = [_replaced(below, part, name) for below, part in zip(target.elts, value.elts, strict=True)]
    if all(part is None for part in made):
        return None
    return ast.Tuple([new or copy.deepcopy(old) for new, old in zip(made, value.elts, strict=True)], ast.Load())


def _check_kept(statement: ast.stmt, name: str) -> None:
    """Refuse a cell that would write over the trial's value before anybody reads it."""
    if name in _mentioned(statement, ast.Load) or isinstance(statement, (ast.If, ast.Try)):
        return
    if isinstance(statement, ast.AugAssign) or name not in _bound(statement):
        return
    line = ast.unparse(statement).splitlines()[0][:80]
    raise InvalidValueError(
        f"The cell binds {name} itself, in line {statement.lineno}: {line}. The sweep's value would be lost; take that line out, "
        f"or assign {name} from a literal."
    )


def _mentioned(statement: ast.stmt, *kinds: type) -> set[str]:
    names = (node for node in ast.walk(statement) if isinstance(node, ast.Name))
    return {node.id for node in names if not kinds or isinstance(node.ctx, kinds)}


def _at(place: ast.stmt, made: ast.stmt) -> ast.stmt:
    return ast.fix_missing_locations(ast.copy_location(made, place))


def _outside_functions(tree: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(tree):
        if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            yield child
            yield from _outside_functions(child)


# -- what is read --------------------------------------------------------------------------------------------------------


def _read_block(body: list[ast.stmt], bound: set[str], reads: dict[str, None]) -> None:
    """Note what statements read that nobody has bound before; `bound` grows."""
    for statement in body:
        if isinstance(statement, ast.For):
            _read(ast.Expr(statement.iter), bound, reads)
            _read_block([*_assigned(statement.target), *statement.body, *statement.orelse], bound, reads)
        elif isinstance(statement, ast.While):
            _read(ast.Expr(statement.test), bound, reads)
            _read_block([*statement.body, *statement.orelse], bound, reads)
        elif isinstance(statement, ast.If):
            _read(ast.Expr(statement.test), bound, reads)
            branches = [set(bound), set(bound)]
            _read_block(statement.body, branches[0], reads)
            _read_block(statement.orelse, branches[1], reads)
            bound |= branches[0] & branches[1]
        elif isinstance(statement, ast.With):
            for item in statement.items:
                _read(ast.Expr(item.context_expr), bound, reads)
                if item.optional_vars is not None:
                    bound |= {node.id for node in ast.walk(item.optional_vars) if isinstance(node, ast.Name)}
            _read_block(statement.body, bound, reads)
        else:
            _read(statement, bound, reads)
            bound |= _bound(statement)


def _read(statement: ast.stmt, bound: set[str], reads: dict[str, None]) -> None:
    reads.update(dict.fromkeys(name for name in loads(_code(statement)) if name not in bound))


def _bound(statement: ast.stmt) -> set[str]:
    found = {str(step.argval) for step in dis.get_instructions(_code(statement)) if step.opname in _BOUND}
    return found - ({"__annotations__"} if isinstance(statement, ast.AnnAssign) else set())


def _assigned(target: ast.expr) -> list[ast.stmt]:
    """Return a statement that binds what a loop binds, and reads nothing."""
    names = [node.id for node in ast.walk(target) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    return [ast.Assign([ast.Name(name, ast.Store())], ast.Constant(None)) for name in names]


def _code(statement: ast.stmt) -> CodeType:
    made: Any = ast.Module([copy.deepcopy(statement)], [])
    if isinstance(statement, (ast.Return, ast.Break, ast.Continue)):
        return compile("", "<cell>", "exec")
    try:
        return compile(ast.fix_missing_locations(made), "<cell>", "exec")
    except SyntaxError:  # a break that stands in no loop here
        loop = ast.While(ast.Constant(value=True), made.body, [])
        return compile(ast.fix_missing_locations(ast.Module([loop], [])), "<cell>", "exec")
