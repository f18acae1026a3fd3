"""Says of a thing in memory whether a filter holds, with the same rules as the SQL: a missing value fits no comparison."""

from __future__ import annotations

import math
import re
import time
from functools import cmp_to_key, lru_cache
from typing import TYPE_CHECKING, Any

from nbtrack.search.tree import And, Comparison, Node, Not, Now, Or

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from nbtrack.search.tree import Field

    ValueOf = Callable[[Field], str | float | None]


def matches(node: Node | None, value_of: ValueOf) -> bool:
    """Say whether a filter holds for a thing whose fields `value_of` returns; None fits everything."""
    match node:
        case None:
            return True
        case And(terms):
            return all(matches(term, value_of) for term in terms)
        case Or(terms):
            return any(matches(term, value_of) for term in terms)
        case Not(term):
            return not matches(term, value_of)
        case Comparison():
            return _holds(node, value_of(node.field))


def _holds(node: Comparison, found: Any) -> bool:
    operator = node.operator
    if operator in ("IS NULL", "IS NOT NULL"):
        return (found is None) == (operator == "IS NULL")
    if found is None:
        return False
    wanted = [time.time() * 1000 + v.offset_ms if isinstance(v, Now) else v for v in node.values]
    if operator in ("IN", "NOT IN"):
        return any(_one("=", found, value) for value in wanted) == (operator == "IN")
    if operator in ("BETWEEN", "NOT BETWEEN"):
        inside = _one(">=", found, wanted[0]) and _one("<=", found, wanted[1])
        return inside == (operator == "BETWEEN")
    return _one(operator, found, wanted[0])


def _one(operator: str, found: Any, wanted: Any) -> bool:
    if isinstance(wanted, str) != isinstance(found, str):
        number = _number(found) if isinstance(found, str) else None
        if number is None:
            return False
        found = number
    if "LIKE" in operator:
        pattern = _pattern(str(wanted), ignores_case="ILIKE" in operator)
        return (pattern.fullmatch(str(found)) is not None) != operator.startswith("NOT")
    if isinstance(found, float) and isinstance(wanted, float | int) and (math.isnan(found) or math.isnan(wanted)):
        return (math.isnan(found) and math.isnan(wanted)) == (operator == "=") if operator in ("=", "!=") else False
    return bool(
        {
            "=": found == wanted,
            "!=": found != wanted,
            "<": found < wanted,
            "<=": found <= wanted,
            ">": found > wanted,
            ">=": found >= wanted,
        }[operator]
    )


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


@lru_cache(maxsize=256)
def _pattern(text: str, *, ignores_case: bool) -> re.Pattern[str]:
    """Return a LIKE pattern as a regular expression, whose time grows with the text and not with the wildcards in it.

    The first place where what stands between two ``%`` fits is as good as any other: an atomic group never looks for another one.
    """
    first, *between = ("".join("." if c == "_" else re.escape(c) for c in part) for part in text.split("%"))
    last = f".*{between.pop()}" if between else ""
    found = first + "".join(f"(?>.*?{part})" for part in between) + last
    return re.compile(found, re.DOTALL | (re.IGNORECASE if ignores_case else 0))


def ordered(
    found: Iterable[Any], keys: Sequence[tuple[Callable[[Any], Any], bool]], tie: Callable[[Any], Any]
) -> list[Any]:
    """Return things sorted by ``(value of a thing, descending)``; NaN, then what is missing, comes last either way; ties by `tie`."""

    def compare(a: Any, b: Any) -> int:
        for value_of, descending in keys:
            one, other = value_of(a), value_of(b)
            ranks = _rank(one), _rank(other)
            if ranks[0] != ranks[1]:
                return ranks[0] - ranks[1]
            if ranks[0] == 0 and one != other:
                return (1 if one > other else -1) * (-1 if descending else 1)
        return int(tie(a) > tie(b)) - int(tie(a) < tie(b))

    return sorted(found, key=cmp_to_key(compare))


def _rank(value: Any) -> int:
    if value is None:
        return 2
    return 1 if isinstance(value, float) and math.isnan(value) else 0
