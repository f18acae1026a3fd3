"""What a cell says about its run: literal assignments are params, a last expression of numbers by name is metrics."""

from __future__ import annotations

import ast
from numbers import Real
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

PYTHON_MAGICS = ("time", "capture", "prun", "track")
MAX_ITEMS = 50
LONGEST_COLLECTION = 200
LONGEST_VALUE = 2000
LONGEST_NAMED_VALUE = 20_000

_SEQUENCE = (ast.Tuple, ast.List)


def cell_body(source: str, transform: Callable[[str], str]) -> ast.Module | None:
    """Return the syntax tree of the code that a cell runs, or None when it is no Python.

    Parameters
    ----------
    source : str
        The cell after IPython's transformation.
    transform : callable
        ``shell.transform_cell``, for the body of ``%%time`` and its like, which IPython keeps as text.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return None
    called = _cell_magic(tree)
    if called is None:
        return tree
    name, body = called
    return cell_body(transform(body), transform) if name in PYTHON_MAGICS else None


def literal_names(tree: ast.Module, before_line: int | None = None) -> list[str]:
    """Return the names that top-level statements assign from literals, in order.

    ``lr = 1e-3``, ``epochs: int = 3``, ``a, b = 1, "x"``, ``n = 2**10``; not lists, not ``lr * 2``, nothing in loops.
    Names with a leading underscore are private.

    Parameters
    ----------
    before_line : int, optional
        The line that failed: what comes after it did not run, and its names may hold values of an earlier cell.
    """
    names: dict[str, None] = {}
    for statement in tree.body:
        if before_line is not None and (statement.end_lineno or 0) >= before_line:
            break
        for target, value in _assignments(statement):
            for name in _pairs(target, value):
                if not name.startswith("_"):
                    names[name] = None
    return list(names)


def captured_params(names: list[str], wanted: tuple[str, ...], namespace: Mapping[str, Any]) -> dict[str, Any]:
    """Return the final values of `names` that are scalars or small collections, and of all `wanted` names that are there.

    Parameters
    ----------
    names : list of str
        From :func:`literal_names`.
    wanted : tuple of str
        From ``--param``: a name or a path such as ``args.lr``; any value, as text.
    namespace : mapping
        The user's variables.
    """
    params: dict[str, Any] = {}
    for name in names:
        if name in namespace and (is_scalar(namespace[name]) or _is_small(namespace[name])):
            params[name] = _short(_plain(namespace[name]), LONGEST_VALUE)
    for name in wanted:
        is_there, value = _look_up(name, namespace)
        if is_there:
            params[name] = _short(_plain(value), LONGEST_NAMED_VALUE)
    return params


def metrics_of(value: Any) -> dict[str, float]:
    """Return a dict of numbers as metrics, and ``{}`` for anything else; numpy scalars count, truth values do not."""
    if not isinstance(value, dict) or not value:
        return {}
    metrics: dict[str, float] = {}
    for key, item in value.items():
        number = _number(item)
        if not isinstance(key, str) or not key.strip() or number is None:
            return {}
        metrics[key] = number
    return metrics


def is_mixed(value: Any) -> bool:
    """Say whether a value is a dict that has numbers under texts, but not only: its reader may have expected metrics."""
    if not isinstance(value, dict) or metrics_of(value):
        return False
    return any(isinstance(key, str) and isinstance(item, float) for key, item in value.items())


def is_scalar(value: Any) -> bool:
    """Say whether a value is one number, text, truth value or None; numpy scalars included."""
    return value is None or isinstance(value, (bool, int, float, str)) or _is_zero_dimensional(value)


def _is_small(value: Any) -> bool:
    """Say whether a value is a collection that is a setting, such as ``(64, 64)``, rather than data."""
    return (
        isinstance(value, (tuple, list, dict, set))
        and len(value) <= MAX_ITEMS
        and len(repr(value)) <= LONGEST_COLLECTION
    )


def failed_line(error: BaseException, namespace: Mapping[str, Any]) -> int | None:
    """Return the line of the cell that raised `error`: of the innermost module-level frame in the user's namespace."""
    line, trace = None, error.__traceback__
    while trace is not None:
        frame = trace.tb_frame
        if frame.f_globals is namespace and frame.f_code.co_name.startswith(("<module>", "<cell line")):
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


# -- syntax ------------------------------------------------------------------------------------------------------------


def _cell_magic(tree: ast.Module) -> tuple[str, str] | None:
    """Return ``(name, body)`` when the whole cell is ``get_ipython().run_cell_magic(name, line, body)``."""
    if len(tree.body) != 1 or not isinstance(tree.body[0], ast.Expr):
        return None
    call = tree.body[0].value
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "run_cell_magic"):
        return None
    texts = [argument.value for argument in call.args if isinstance(argument, ast.Constant)]
    if len(texts) != 3 or not all(isinstance(text, str) for text in texts):  # noqa: PLR2004 - name, line, body
        return None
    return str(texts[0]), str(texts[2])


def _assignments(statement: ast.stmt) -> Iterator[tuple[ast.expr, ast.expr]]:
    if isinstance(statement, ast.Assign):
        for target in statement.targets:
            yield target, statement.value
    elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
        yield statement.target, statement.value


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[str]:
    """Yield the names in `target` whose part of `value` is a literal."""
    if isinstance(target, ast.Name):
        if is_literal(value):
            yield target.id
    elif isinstance(target, _SEQUENCE) and isinstance(value, _SEQUENCE) and len(target.elts) == len(value.elts):
        for below, part in zip(target.elts, value.elts, strict=True):
            yield from _pairs(below, part)


def is_literal(node: ast.expr) -> bool:
    """Say whether a value stands in the source: a constant, or arithmetic of constants such as ``-1`` and ``2**10``."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, (bool, int, float, str, type(None)))
    if isinstance(node, (*_SEQUENCE, ast.Set)):
        return all(is_literal(part) for part in node.elts)
    if isinstance(node, ast.Dict):
        return all(part is not None and is_literal(part) for part in (*node.keys, *node.values))
    if isinstance(node, ast.UnaryOp):
        return is_literal(node.operand)
    return isinstance(node, ast.BinOp) and is_literal(node.left) and is_literal(node.right)


# -- values ------------------------------------------------------------------------------------------------------------


def _is_zero_dimensional(value: Any) -> bool:
    return getattr(value, "shape", None) == () and callable(getattr(value, "item", None))


def _plain(value: Any) -> Any:
    """Return a numpy scalar or 0-d tensor as the Python number in it."""
    if _is_zero_dimensional(value):
        try:
            return value.item()
        except Exception:  # noqa: BLE001 - whatever the user's object does
            return value
    return value


def _number(value: Any) -> float | None:
    plain = _plain(value)
    if isinstance(plain, bool) or not isinstance(plain, Real):
        return None
    return float(plain)


def _short(value: Any, limit: int) -> Any:
    """Return a text cut to `limit` characters, with how long it was."""
    try:
        text = str(value)
    except Exception as error:  # noqa: BLE001
        return f"({type(value).__name__} whose text raises {type(error).__name__})"
    if len(text) <= limit:
        return value if isinstance(value, (str, int, float, bool, type(None))) else text
    return f"{text[:limit]}… (cut, {len(text):,} characters)"


def _look_up(path: str, namespace: Mapping[str, Any]) -> tuple[bool, Any]:
    """Return ``(True, value)`` for a name or a dotted path of attributes and keys that is there."""
    first, *parts = path.split(".")
    if first not in namespace:
        return False, None
    value = namespace[first]
    for part in parts:
        try:
            value = value[part] if isinstance(value, dict) else getattr(value, part)
        except (AttributeError, KeyError):
            return False, None
    return True, value
