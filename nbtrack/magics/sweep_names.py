"""What a swept cell reads of the notebook: what makes it the same sweep tomorrow, and what can go to another process."""

from __future__ import annotations

import hashlib
import types
from typing import TYPE_CHECKING, Any

from nbtrack.deps import require
from nbtrack.errors import InvalidValueError
from nbtrack.magics.sweep_code import loads
from nbtrack.tracking.named_secrets import is_secret_value
from nbtrack.tracking.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from types import CodeType

_PLAIN = (bool, int, float, complex, str, bytes, type(None))
_COLLECTIONS = (tuple, list, dict, set, frozenset)
LONGEST = 1000
MOST_ITEMS = 100


def identity_of(code: str, names: Iterable[str], space: Mapping[str, Any]) -> str:
    """Return a text that changes with the cell, and with the functions and settings of the notebook that it uses.

    Functions and classes of the notebook count with their code, plain values and small collections with what they are; of anything
    else, such as a table, type and shape are looked at and no values.
    """
    known: dict[str, str] = {}
    _describe(names, space, known)
    known = {name: text for name, text in known.items() if name in space}
    if not known:
        return redact(code)
    digest = hashlib.sha256(repr(sorted(known.items())).encode("utf-8", "replace")).hexdigest()[:32]
    return f"{redact(code)}\n# reads {', '.join(sorted(known))} ({digest})"


def reachable(names: Iterable[str], space: Mapping[str, Any]) -> set[str]:
    """Return the names that are read by a cell, and by the notebook's functions that it calls."""
    known: dict[str, str] = {}
    found = set(names)
    _describe(names, space, known)
    for name in known:
        value = space.get(name)
        found |= {each for code in _codes(value) for each in loads(code)} if _is_of(value, space) else set()
    return found | set(known)


def check_portable(names: Iterable[str], space: Mapping[str, Any]) -> None:
    """Say which variables cannot go to another process.

    Raises
    ------
    InvalidValueError
        There are some.
    """
    cloudpickle = require("cloudpickle", "to run trials in other processes", extra="sweeps")
    problems = []
    for name in names:
        try:
            cloudpickle.dumps(space[name])
        except Exception as error:  # noqa: BLE001 - whatever the user's objects do
            why = str(error).splitlines()[0][:120] if str(error) else ""
            problems.append(f"{name} ({type(space[name]).__name__}): {type(error).__name__}: {why}")
    if problems:
        message = (
            "The cell reads what cannot go to another process:\n  "
            + "\n  ".join(problems)
            + "\nMake it inside the cell, or leave --jobs out: then trials run here, one after the other."
        )
        raise InvalidValueError(message)


def _describe(names: Iterable[str], space: Mapping[str, Any], known: dict[str, str]) -> None:
    for name in names:
        if name in known or name not in space:
            continue
        value = space[name]
        known[name] = ""
        known[name] = _text(name, value, space)
        if _is_of(value, space):
            _describe([each for code in _codes(value) for each in loads(code)], space, known)


def _text(name: str, value: Any, space: Mapping[str, Any]) -> str:
    if isinstance(value, types.ModuleType):
        return value.__name__
    if _is_of(value, space):
        return _digest(value)
    if isinstance(value, str) and is_secret_value(name, value):
        return "str"  # a digest of a secret is not for others to guess at
    if isinstance(value, _PLAIN):
        return f"{type(value).__name__} {_short(repr(value))}"
    if isinstance(value, _COLLECTIONS) and len(value) <= MOST_ITEMS and all(map(_is_plain, _items(value))):
        text = repr(sorted(value, key=repr)) if isinstance(value, (set, frozenset)) else repr(value)
        return f"{type(value).__name__} {_short(text)}"
    if callable(value):
        return f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', type(value).__qualname__)}"
    shape = getattr(value, "shape", None)
    return f"{type(value).__module__}.{type(value).__qualname__}{shape if isinstance(shape, tuple) else ''}"


def _items(value: Any) -> Iterator[Any]:
    yield from value
    if isinstance(value, dict):
        yield from value.values()


def _is_plain(value: Any) -> bool:
    return isinstance(value, _PLAIN) or (isinstance(value, tuple) and all(map(_is_plain, value)))


def _is_of(value: Any, space: Mapping[str, Any]) -> bool:
    """Say whether a function or class was written in the notebook."""
    if isinstance(value, types.FunctionType):
        return value.__globals__ is space
    return isinstance(value, type) and value.__module__ == space.get("__name__")


def _codes(value: Any) -> Iterator[CodeType]:
    if isinstance(value, types.FunctionType):
        yield value.__code__
    elif isinstance(value, (staticmethod, classmethod)):
        yield from _codes(value.__func__)
    elif isinstance(value, property):
        yield from (code for each in (value.fget, value.fset) for code in _codes(each))
    elif isinstance(value, type):
        for member in vars(value).values():
            if not isinstance(member, type):
                yield from _codes(member)


def _digest(value: Any) -> str:
    """Return a digest of code: names, constants and steps, and no line numbers."""
    parts: list[str] = [repr(getattr(value, "__defaults__", None))[:LONGEST]]
    if isinstance(value, type):
        parts += [f"{k}={v!r}" for k, v in vars(value).items() if isinstance(v, _PLAIN) and not k.startswith("__")]
    waiting = list(_codes(value))
    while waiting:
        code = waiting.pop()
        constants = [each for each in code.co_consts if not hasattr(each, "co_code")]
        waiting += [each for each in code.co_consts if hasattr(each, "co_code")]
        parts += [code.co_name, code.co_code.hex(), repr(code.co_names), repr(code.co_varnames), repr(constants)]
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:16]


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
