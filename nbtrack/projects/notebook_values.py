"""Values of a notebook's parameters: read from words, checked against what stands in the notebook, written as Python."""

from __future__ import annotations

import ast
import json
from typing import Any

from nbtrack.errors import InvalidValueError

LONGEST_SHOWN = 60
TRUE, FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
CONTAINERS = (list, tuple, dict, set)
SIMPLE = (bool, int, float, str, type(None), *CONTAINERS)


class _Unknown:
    """Stands for a default that only running the notebook would tell."""

    def __repr__(self) -> str:
        return "an expression"


UNKNOWN = _Unknown()


def literal(node: ast.expr) -> Any:
    """Return the value of a literal of numbers, texts, True, False, None and containers of them, or :data:`UNKNOWN`."""
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return UNKNOWN
    return value if _is_simple(value) else UNKNOWN


def fitting(name: str, given: Any, default: Any, where: str) -> tuple[Any, str]:
    """Return the value to put in the place of `default`, and what the user should be told of it.

    Parameters
    ----------
    name : str
        Of the parameter.
    given : object
        What the caller gave; a text is read as what `default` is: ``"0.1"`` is a number where a number stands.
    default : object
        What stands in the notebook; None and :data:`UNKNOWN` take anything.
    where : str
        The place in the notebook, for errors: ``cell 2 of train.ipynb``.

    Raises
    ------
    InvalidValueError
        It is of another type.
    """
    given = _plain(given)
    if default is None or default is UNKNOWN:
        value = _guess(given) if isinstance(given, str) else given
    else:
        value = _read(given, default) if isinstance(given, str) else _same_kind(given, default)
    if value is UNKNOWN or not _is_simple(value):
        raise InvalidValueError(f"{name} is {_shown(default)} in {where}; {given!r} is none. {_advice(default)}")
    if type(default) is int and type(value) is float:
        return value, f"{name} is {default!r} (int) in {where}; {value!r} makes it a float."
    return value, ""


def as_source(value: Any) -> str:
    """Return Python that makes `value`: one expression of literals, whatever the texts in it look like."""
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):  # noqa: PLR0124 - NaN
        return f'float("{value!r}")'
    if isinstance(value, dict):
        return "{" + ", ".join(f"{as_source(key)}: {as_source(item)}" for key, item in value.items()) + "}"
    if isinstance(value, tuple):
        return "(" + "".join(f"{as_source(item)}, " for item in value).rstrip(" ") + ")"
    if isinstance(value, list):
        return "[" + ", ".join(map(as_source, value)) + "]"
    if isinstance(value, set):
        return "{" + ", ".join(map(as_source, value)) + "}" if value else "set()"
    return repr(value)


# -- reading -------------------------------------------------------------------------------------------------------------


def _read(text: str, default: Any) -> Any:
    """Read a text as what `default` is."""
    if isinstance(default, str):
        return text
    if isinstance(default, bool):
        lowered = text.strip().lower()
        return True if lowered in TRUE else False if lowered in FALSE else UNKNOWN
    if isinstance(default, int):
        return _whole(text)
    if isinstance(default, float):
        return _number(text)
    return _same_kind(_evaluated(text), default)


def _whole(text: str) -> Any:
    try:
        return int(text)
    except ValueError:
        number = _number(text)
    is_whole = isinstance(number, float) and number.is_integer() and "." not in text
    return int(number) if is_whole else number  # 1e3 is a whole number, 2.0 is not meant as one


def _number(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return UNKNOWN


def _guess(text: str) -> Any:
    found = _evaluated(text)
    return text if found is UNKNOWN else found


def _evaluated(text: str) -> Any:
    """Read Python's literals, and JSON's."""
    try:
        found = literal(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        found = UNKNOWN
    if found is UNKNOWN:
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            return UNKNOWN
    return found


def _same_kind(value: Any, default: Any) -> Any:
    if isinstance(value, bool) or isinstance(default, bool):
        return value if isinstance(value, bool) and isinstance(default, bool) else UNKNOWN
    if isinstance(default, (int, float)):
        if not isinstance(value, (int, float)):
            return UNKNOWN
        return float(value) if isinstance(default, float) else value
    if isinstance(default, (list, tuple)):
        return type(default)(value) if isinstance(value, (list, tuple)) else UNKNOWN
    if isinstance(default, set):
        return set(value) if isinstance(value, (set, list, tuple)) else UNKNOWN
    return value if isinstance(value, type(default)) else UNKNOWN


def _plain(value: Any) -> Any:
    """Return a number of numpy as one of Python, and a path as its text."""
    if hasattr(value, "item") and not isinstance(value, SIMPLE) and getattr(value, "size", 1) == 1:
        return value.item()
    return value.__fspath__() if hasattr(value, "__fspath__") else value


def _is_simple(value: Any) -> bool:
    if isinstance(value, dict):
        return all(_is_simple(each) for pair in value.items() for each in pair)
    if isinstance(value, CONTAINERS):
        return all(map(_is_simple, value))
    return type(value) in SIMPLE


# -- words ---------------------------------------------------------------------------------------------------------------


def _shown(default: Any) -> str:
    if default is None or default is UNKNOWN:
        return repr(default)
    text = repr(default)
    return f"{text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + '…'} ({type(default).__name__})"


def _advice(default: Any) -> str:
    if isinstance(default, bool):
        return "Use true or false."
    if isinstance(default, (int, float)):
        return "Use a number."
    if isinstance(default, CONTAINERS):
        return "Write it as Python does."
    return "Use numbers, texts, True, False, None, or lists and dicts of them."
