"""A brush as the condition it is, in the search grammar.

The page filters by this very text, so what it shows and what Python finds with it cannot differ. Twin of ``js/src/runs/where.js``; both are
tested on ``tests/data/where_cases.json``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from numbers import Real
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValueError
from nbtrack.search.literals import literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Extents = dict[str, list[Any]]
"""Pieces by column: ``[low, high]`` (None = open), a text, or None for runs without a value. JSON has no NaN and no infinities: of a metric
they are the texts "NaN", "Infinity" and "-Infinity", of a param what was logged."""

_STATISTIC = re.compile(r"\.(last|min|max|best|count)$")
_PLAIN_KEY = re.compile(r"^[\w/-]+$")
_OR = re.compile(r"\bor\b", re.IGNORECASE)
_PAIR = 2
_NOT_FINITE = {"NaN": "nan", "Infinity": "inf", "-Infinity": "-inf"}
_TIMES = ("start_time", "end_time")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MOMENT = 253_402_300_800_000  # ms: a year has four digits


def where(filter_string: str, steps: Sequence[Mapping[str, Any]] = (), extents: Mapping[str, Any] | None = None) -> str:
    """Return filter, steps and brush as one filter of the search grammar; "" when everything matches.

    Parameters
    ----------
    filter_string : str
        What the reader typed.
    steps : sequence of dict
        ``{"op": "keep" | "exclude", "extents": …}`` or ``{"op": …, "runs": [run id, …]}``, in their order.
    extents : dict
        The present brush, see :data:`Extents`.
    """
    typed = filter_string.strip()
    terms = [term for term in (*map(_step, steps), brush(extents or {})) if term]
    if typed:
        terms.insert(0, f"({typed})" if terms and _OR.search(typed) else typed)
    return " AND ".join(terms)


def check_extents(extents: Mapping[str, Any]) -> Extents:
    """Return extents in their one form; a single ``(low, high)``, number or text stands for a list of one.

    Raises
    ------
    InvalidValueError
        A piece is neither an interval nor a number nor a text nor None, or an interval begins after it ends.
    """
    return {str(column): [_piece(column, piece) for piece in _pieces(given)] for column, given in extents.items()}


def check_step(step: Mapping[str, Any]) -> dict[str, Any]:
    """Return a step in its one form.

    Raises
    ------
    InvalidValueError
        It neither keeps nor excludes, or it has neither a brush nor runs.
    """
    op, runs, extents = step.get("op"), step.get("runs"), step.get("extents")
    if op in ("keep", "exclude"):
        if isinstance(runs, (list, tuple)) and runs and all(isinstance(run, str) for run in runs):
            return {"op": op, "runs": list(runs)}
        if isinstance(extents, Mapping) and not runs:
            return {"op": op, "extents": check_extents(extents)}
    allowed = '{"op": "keep", "extents": {"params.lr": [[0.001, 0.1]]}} or {"op": "exclude", "runs": [run id, …]}'
    message = f"A step is {dict(step)!r}; use {allowed}."
    raise InvalidValueError(message)


def brush(extents: Mapping[str, Iterable[Any]]) -> str:
    """Return a brush as a filter."""
    return " AND ".join(text for column, pieces in extents.items() if (text := _column(grammar_name(column), pieces)))


def grammar_name(column: str) -> str:
    """Return a column as the grammar names it."""
    group, _, rest = column.partition(".")
    if group not in ("params", "metrics", "tags"):
        return column
    found = _STATISTIC.search(rest) if group == "metrics" else None
    statistic = found.group() if found else ""
    key = rest[: len(rest) - len(statistic)]
    quoted = key if _PLAIN_KEY.match(key) else "`" + key.replace("`", "``") + "`"
    return f"{group}.{quoted}{'' if statistic == '.last' else statistic}"


def _step(step: Mapping[str, Any]) -> str:
    runs = step.get("runs")
    text = f"run_id IN ({', '.join(map(literal, runs))})" if runs else brush(step.get("extents") or {})
    return text if step.get("op") == "keep" or not text else f"NOT ({text})"


def _column(name: str, pieces: Iterable[Any]) -> str:
    pieces = list(pieces)
    texts = [_text(name, piece) for piece in pieces if isinstance(piece, str)]
    terms = [_interval(name, *piece) for piece in pieces if isinstance(piece, (list, tuple))]
    if texts:
        terms.append(f"{name} IN ({', '.join(texts)})")
    if None in pieces:
        terms.append(f"{name} IS NULL")
    return f"({' OR '.join(terms)})" if len(terms) > 1 else "".join(terms)


def _text(name: str, text: str) -> str:
    return _NOT_FINITE[text] if text in _NOT_FINITE and name.startswith("metrics.") else literal(text)


def _interval(name: str, low: float | None, high: float | None) -> str:
    write = _moment if name in _TIMES else _number
    if low is None and high is None:
        return f"{name} IS NOT NULL"
    if high is None:
        return f"{name} >= {write(low)}"
    if low is None:
        return f"{name} <= {write(high)}"
    return f"{name} BETWEEN {write(low)} AND {write(high)}"


def _number(value: float | None) -> str:
    number = float(value or 0.0)
    if math.isinf(number):
        return "inf" if number > 0 else "-inf"
    return repr(int(number)) if number.is_integer() and abs(number) < 2**53 else repr(number)


def _moment(value: float | None) -> str:
    """Write milliseconds as a person reads them, to the millisecond and in UTC."""
    number = float(value or 0.0)
    if not (number.is_integer() and 0 <= number < _LAST_MOMENT):
        return _number(value)
    text = (_EPOCH + timedelta(milliseconds=number)).strftime("%Y-%m-%d %H:%M:%S")
    return f"'{text}.{int(number) % 1000:03d}Z'"


def _pieces(given: Any) -> list[Any]:
    if given is None or isinstance(given, (str, Real)):
        return [given]
    try:
        values = list(given)
    except TypeError:
        return [given]
    is_interval = (
        len(values) == _PAIR
        and not any(isinstance(v, (str, bool, list, tuple)) for v in values)
        and values != [None, None]
    )
    return [values] if is_interval else values


def _piece(column: str, piece: Any) -> Any:
    if piece is None or isinstance(piece, str):
        return piece
    if isinstance(piece, bool):
        return str(piece)  # as a param is logged
    try:
        ends = [piece, piece] if isinstance(piece, Real) else piece
        low, high = (None if end is None else float(end) for end in ends)
    except (TypeError, ValueError):
        allowed = "an interval such as (0.001, 0.1), a number, a text such as 'adam', or None for runs without a value"
        message = f"The extent of {column!r} has {piece!r}; use {allowed}."
        raise InvalidValueError(message) from None
    if low is not None and high is not None:
        if (low == high and math.isinf(low)) or (math.isnan(low) and math.isnan(high)):
            return _not_finite(column, low)
        if not low <= high:
            message = f"The extent of {column!r} begins at {low:g} and ends at {high:g}; give the lower end first."
            raise InvalidValueError(message)
    return [None if low == -math.inf else low, None if high == math.inf else high]


def _not_finite(column: str, value: float) -> str:
    text = str(value)
    return next((key for key, word in _NOT_FINITE.items() if word == text and column.startswith("metrics.")), text)
