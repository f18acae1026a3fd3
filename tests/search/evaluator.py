"""What a filter means, said once more in plain Python: the tests compare SQL and JavaScript with this."""

from __future__ import annotations

import math
import re
from functools import cmp_to_key
from typing import TYPE_CHECKING, Any

from nbtrack.search import And, Comparison, Field, Not, Now, Or

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbtrack.search import Node, OrderTerm

# What DuckDB's TRY_CAST(text AS DOUBLE) reads.
_DIGITS = r"[0-9]+(?:_[0-9]+)*"
_NUMBER_TEXT = re.compile(
    rf"[ \t\n\v\f\r]*\+?(-?(?:(?:{_DIGITS}(?:\.(?:{_DIGITS})?)?|\.{_DIGITS})(?:[eE][+-]?{_DIGITS})?"
    r"|[iI][nN][fF](?:[iI][nN][iI][tT][yY])?|[nN][aA][nN]))[ \t\n\v\f\r]*"
)


def matches(node: Node | None, row: dict[str, Any], goals: Mapping[str, str], now: float) -> bool:
    match node:
        case None:
            return True
        case And(terms):
            return all(matches(term, row, goals, now) for term in terms)
        case Or(terms):
            return any(matches(term, row, goals, now) for term in terms)
        case Not(term):
            return not matches(term, row, goals, now)
        case Comparison():
            return _compare(node, row, goals, now)


def ordered(rows: list[dict[str, Any]], terms: list[OrderTerm], goals: Mapping[str, str]) -> list[dict[str, Any]]:
    def compare(a: dict[str, Any], b: dict[str, Any]) -> int:
        for term in terms:
            one, other = (next(iter(values_of(term.field, row, goals)), None) for row in (a, b))
            order = _order(one, other, term.field, descending=term.descending)
            if order:
                return order
        begin, key = ("start_time", "run_id") if "run_id" in a else ("creation_time", "experiment_id")
        return (b[begin] > a[begin]) - (b[begin] < a[begin]) or (a[key] > b[key]) - (a[key] < b[key])

    return sorted(rows, key=cmp_to_key(compare))


def values_of(field: Field, row: dict[str, Any], goals: Mapping[str, str]) -> list[Any]:
    """Return what the row holds under `field`: no value, one, or those of each dataset."""
    if field.entity == "datasets":
        return [dataset[field.key] for dataset in row["datasets"]]
    if field.entity == "metrics":
        stat = goals[field.key] if field.stat == "best" else field.stat
        value = row["metrics"].get(field.key, {}).get(stat)
    elif field.entity in ("params", "tags"):
        value = row[field.entity].get(field.key)
    elif field.key == "artifact_uri":
        value = f"runs:/{row['run_id']}"
    else:
        value = row[field.key]
    return [] if value is None else [value]


def number_of(text: str) -> float | None:
    """Return the number that a param's text is, or None."""
    match = _NUMBER_TEXT.fullmatch(text)
    return float(match[1].replace("_", "")) if match else None


def _compare(node: Comparison, row: dict[str, Any], goals: Mapping[str, str], now: float) -> bool:
    logged = values_of(node.field, row, goals)
    if node.operator == "IS NULL":
        return not logged
    if node.operator == "IS NOT NULL":
        return bool(logged)
    values = [now + value.offset_ms if isinstance(value, Now) else value for value in node.values]
    return any(_holds(one, node, values) for one in logged)


def _holds(logged: Any, node: Comparison, values: list[Any]) -> bool:
    operator = node.operator
    if operator == "NOT IN":
        return all(_one(logged, "!=", value, node.field) for value in values)
    if operator == "IN":
        return any(_one(logged, "=", value, node.field) for value in values)
    if operator in ("BETWEEN", "NOT BETWEEN"):
        if _as(logged, values[0], node.field) is None:
            return False
        inside = _one(logged, ">=", values[0], node.field) and _one(logged, "<=", values[1], node.field)
        return inside == (operator == "BETWEEN")
    return _one(logged, operator, values[0], node.field)


def _as(logged: Any, value: Any, field: Field) -> Any:
    """Return what was logged as it compares with `value`, or None."""
    if field.kind == "param" and not isinstance(value, str):
        return number_of(logged)
    if field.kind == "time":
        return math.floor(logged)
    return str(logged) if field.kind == "id" else logged


def _one(logged: Any, operator: str, value: Any, field: Field) -> bool:
    logged = _as(logged, value, field)
    if logged is None:
        return False
    if operator in ("=", "!="):
        return _same(logged, value) == (operator == "=")
    if "LIKE" in operator:
        return _like(logged, value, ignore_case="ILIKE" in operator) != operator.startswith("NOT")
    return bool({"<": logged < value, "<=": logged <= value, ">": logged > value, ">=": logged >= value}[operator])


def _same(a: Any, b: Any) -> bool:
    return a == b or (isinstance(a, float) and isinstance(b, float) and math.isnan(a) and math.isnan(b))


def _like(text: str, pattern: str, *, ignore_case: bool) -> bool:
    if ignore_case:
        text, pattern = _lower(text), _lower(pattern)
    parts = (".*" if c == "%" else "." if c == "_" else re.escape(c) for c in pattern)
    return re.fullmatch("".join(parts), text, re.DOTALL) is not None


def _lower(text: str) -> str:
    return "".join(c.lower()[0] for c in text)


def _order(a: Any, b: Any, field: Field, *, descending: bool) -> int:
    """Compare for sorting; ranks (number, NaN, text, missing) keep their order in both directions."""
    (rank_a, number_a), (rank_b, number_b) = _rank(a, field), _rank(b, field)
    if rank_a != rank_b or rank_a == "missing":
        ranks = ["number", "nan", "text", "missing"]
        return ranks.index(rank_a) - ranks.index(rank_b)
    order = (number_a > number_b) - (number_a < number_b) if rank_a == "number" else 0
    if not order and isinstance(a, str):
        order = (a > b) - (a < b)
    return -order if descending else order


def _rank(value: Any, field: Field) -> tuple[str, Any]:
    if value is None:
        return "missing", 0.0
    number = number_of(value) if field.kind == "param" else value
    if isinstance(number, (int, float)):
        return ("nan", 0.0) if math.isnan(number) else ("number", number)
    return "text", 0.0
