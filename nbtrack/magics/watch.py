"""``%track watch acc, len(X)``: values that are recorded after each cell, and each second while a loop is busy, as series of the run."""

from __future__ import annotations

import ast
import threading
from numbers import Real
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError

from nbtrack.errors import InvalidValueError
from nbtrack.magics.choices import choices
from nbtrack.names import MAX_KEY
from nbtrack.tracking import active
from nbtrack.tracking.redaction import redact_params

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import CodeType

    from nbtrack.tracking.run import ActiveRun

EVERY_S = 1.0
LONGEST_TEXT = 500
_ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod)
_SIZED = (list, dict, tuple, set, frozenset, str, bytes)
_NUMBERS = (int, float, bool)


class Watch:
    """The expressions that a notebook watches; their text is the name of the metric.

    After a cell they are evaluated as the notebook would. While a cell is busy another thread looks, which must not run the
    user's code: there only numbers by their name, arithmetic with them, elements of lists and dicts, and ``len`` of what
    Python and NumPy make themselves.
    """

    def __init__(self, space: Mapping[str, Any]) -> None:
        self._space = space
        self._codes: dict[str, CodeType] = {}
        self._trees: dict[str, ast.expr] = {}
        self._last: dict[tuple[str, str], Any] = {}
        self._done = threading.Event()
        self._thread: threading.Thread | None = None
        self._logging = threading.Lock()

    @property
    def expressions(self) -> list[str]:
        """Return what is watched, in the order in which it was said."""
        return list(self._codes)

    def add(self, line: str) -> list[str]:
        """Watch what a line names: ``acc, len(X)``; raises ``UsageError`` for what is no expression."""
        elements = _elements(line)
        if not elements or any(isinstance(each, ast.Starred) for each in elements):
            message = f"%track watch: expressions with commas between, such as acc, len(X); received {line.strip()!r}"
            raise UsageError(message)
        texts = [ast.unparse(each) for each in elements]
        if any(len(text) > MAX_KEY for text in texts):
            message = f"%track watch: an expression may have {MAX_KEY} characters; give it a name in the notebook first"
            raise UsageError(message)
        for text, each in zip(texts, elements, strict=True):
            self._codes[text] = compile(text, "<%track watch>", "eval")
            self._trees[text] = each
        return texts

    def remove(self, texts: list[str]) -> list[str]:
        """Watch these no more, or nothing; returns those that were watched."""
        gone = [text for text in (texts or self.expressions) if text in self._codes]
        for text in gone:
            del self._codes[text], self._trees[text]
        return gone

    # -- cells -----------------------------------------------------------------------------------------------------------

    def cell_begins(self) -> None:
        """Look each second from now on, where anything is watched."""
        if self._codes and self._thread is None:
            self._done.clear()
            self._thread = threading.Thread(target=self._look, name="nbtrack-watch", daemon=True)
            self._thread.start()

    def cell_ends(self, *, is_private: bool = False) -> None:
        """Record what is watched into the open run."""
        self.stop()
        run = active.current_run()
        if run is None or is_private or not self._codes:
            return
        found: dict[str, Any] = {}
        for text, code in list(self._codes.items()):
            if self._is_ignored(text):
                continue
            try:
                found[text] = eval(code, self._space)  # type: ignore[arg-type]  # noqa: S307 - the user's own expression
            except Exception:  # noqa: BLE001, S112 - not there yet
                continue
        self._record(run, found)

    def stop(self) -> None:
        """Look no more."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._done.set()
            thread.join()

    # -- inside ----------------------------------------------------------------------------------------------------------

    def _look(self) -> None:
        while not self._done.wait(EVERY_S):
            run = active.current_run()
            if run is not None:
                trees = [each for each in self._trees.items() if not self._is_ignored(each[0])]
                found = {text: value for text, tree in trees if (value := plain_value(tree, self._space)) is not None}
                self._record(run, {text: value for text, value in found.items() if _number(value) is not None})

    def _is_ignored(self, text: str) -> bool:
        names = {node.id for node in ast.walk(self._trees[text]) if isinstance(node, ast.Name)}
        return not names.isdisjoint(choices().ignored)

    def _record(self, run: ActiveRun, found: Mapping[str, Any]) -> None:
        """Record what has another value than when it was last recorded: numbers as metrics, texts as params."""
        with self._logging:
            numbers = {text: number for text, value in found.items() if (number := _number(value)) is not None}
            changed = {text: number for text, number in numbers.items() if self._last.get((run.id, text)) != number}
            if changed:
                run.record(changed)
                self._last |= {(run.id, text): number for text, number in changed.items()}
            words = {text: value[:LONGEST_TEXT] for text, value in found.items() if isinstance(value, str)}
            new = {text: value for text, value in redact_params(words).items() if text not in run.params}
            if new:
                run.record_params(new)


def plain_value(node: ast.expr, space: Mapping[str, Any]) -> Any:
    """Return the value of an expression without running anybody's code; None where that cannot be."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        value = space.get(node.id)
        return value if type(value) in (*_NUMBERS, *_SIZED) or _is_numpy(value) else None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "len" and len(node.args) == 1:
        value = plain_value(node.args[0], space)
        is_sized = type(value) in _SIZED or (_is_numpy(value) and getattr(value, "ndim", 0) > 0)
        return len(value) if is_sized and "len" not in space else None
    if isinstance(node, ast.Subscript):
        return _element(plain_value(node.value, space), plain_value(node.slice, space))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = _number(plain_value(node.operand, space))
        return None if value is None else -value
    if isinstance(node, ast.BinOp) and isinstance(node.op, _ARITHMETIC):
        left, right = _number(plain_value(node.left, space)), _number(plain_value(node.right, space))
        return None if left is None or right is None else _combined(node.op, left, right)
    return None


def _element(value: Any, key: Any) -> Any:
    if type(value) not in (list, tuple, dict) or type(key) not in (int, str, float):
        return None
    try:
        found = value[int(key)] if type(key) is float and type(value) is not dict else value[key]
    except (LookupError, TypeError):
        return None
    return found if type(found) in (*_NUMBERS, *_SIZED) or _is_numpy(found) else None


def _combined(op: ast.operator, left: float, right: float) -> float | None:
    code = compile(
        ast.fix_missing_locations(ast.Expression(ast.BinOp(ast.Constant(left), op, ast.Constant(right)))), "", "eval"
    )
    try:
        return float(eval(code, {"__builtins__": {}}))  # noqa: S307 - two numbers
    except ArithmeticError:
        return None


def _is_numpy(value: Any) -> bool:
    return type(value).__module__ == "numpy"


def _number(value: Any) -> float | None:
    """Return a number as it is recorded; arrays and tensors of one element count."""
    if isinstance(value, bool):
        return float(value)
    if getattr(value, "shape", None) == () and callable(getattr(value, "item", None)):
        try:
            value = value.item()
        except Exception:  # noqa: BLE001 - whatever the user's object does
            return None
    try:
        return float(value) if isinstance(value, Real) else None
    except (OverflowError, ValueError, InvalidValueError):
        return None


def watch(watched: Watch, line: str) -> str:
    """``%track watch [EXPRESSION, …]``."""
    if line.strip():
        watched.add(line)
    listed = ", ".join(watched.expressions)
    return f"watched after each cell: {listed}" if listed else "nothing is watched; %track watch acc, len(X)"


def unwatch(watched: Watch, line: str) -> str:
    """``%track unwatch [EXPRESSION, …]``: these, or all."""
    texts = [ast.unparse(each) for each in _elements(line)] or ([line.strip()] if line.strip() else [])
    unknown = [text for text in texts if text not in watched.expressions]
    if unknown:
        message = f"%track unwatch: {unknown[0]} is not watched; watched: {', '.join(watched.expressions) or 'nothing'}"
        raise UsageError(message)
    return f"watched no more: {', '.join(watched.remove(texts)) or 'nothing was'}"


def _elements(line: str) -> list[ast.expr]:
    """Return the expressions of a line; none where it is no Python."""
    try:
        body = ast.parse(f"({line.strip().rstrip(',')},)", mode="eval").body if line.strip() else None
    except (SyntaxError, ValueError):
        return []
    return list(body.elts) if isinstance(body, ast.Tuple) else []
