"""Works gates out: whether they hold for a version, and with which numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbtrack.registry.gates import Node, Sum, Term, Test, Value, parse_gate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DIGITS = 6
NEARLY = 1e-12
"""Numbers that differ by less, relatively, are equal: 0.84 - 0.005 is meant to be 0.835."""


@dataclass(frozen=True, slots=True)
class Logged:
    """What is known of a version: its number, metrics, params and tags; of a run that is none, what it is called."""

    version: int
    metrics: Mapping[str, float]
    params: Mapping[str, str]
    tags: Mapping[str, str]
    name: str = ""

    @property
    def title(self) -> str:
        """Return what it is called in reasons."""
        return self.name or f"version {self.version}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a gate holds, and why: each test with its numbers."""

    expression: str
    holds: bool
    reasons: tuple[str, ...]

    def __str__(self) -> str:
        """Say it in one line."""
        reasons = "; ".join(self.reasons)
        return reasons if reasons.startswith(self.expression.strip()) else f"{self.expression}: {reasons}"


class _MissingError(Exception):
    """Something was not logged."""


class _NobodyError(Exception):
    """An alias points at nothing."""


def judge(
    expression: str, candidate: Logged, holder_of: Callable[[str], Logged | None], tree: Node | None = None
) -> Verdict:
    """Work a gate out for a version.

    Parameters
    ----------
    expression : str
        The gate.
    candidate : Logged
        The version to which an alias is to move.
    holder_of : callable
        Returns what is known of the version at which an alias points, or None.
    tree : Node, optional
        What was read of it, when somebody has read it already.
    """
    reasons: list[str] = []

    def value_of(value: Value) -> float | str:
        logged = candidate if value.alias is None else holder_of(value.alias)
        if logged is None:
            raise _NobodyError(value.alias)
        found = getattr(logged, value.kind).get(value.key)
        if found is None:
            raise _MissingError(f"{logged.title} has no {value.kind.removesuffix('s')} {value.key!r}")
        return found  # type: ignore[no-any-return]

    def test(node: Test) -> bool | None:
        try:
            left, right = _work_out(node.left, value_of), _work_out(node.right, value_of)
        except _NobodyError as nobody:
            reasons.append(f"{node.text}: nobody is {nobody} yet")
            return None
        holds = _compare(left, node.operator, right)
        reasons.append(
            f"{node.text} is {_shown(left)} {node.operator} {_shown(right)}{'' if holds else ', which does not hold'}"
        )
        return holds

    def work(node: Node) -> bool | None:
        if isinstance(node, Test):
            return test(node)
        found = [work(term) for term in node.terms]
        if node.word == "NOT":
            return None if found[0] is None else not found[0]
        deciding = node.word == "OR"
        return deciding if deciding in found else None if None in found else not deciding

    try:
        holds = work(tree if tree is not None else parse_gate(expression))
    except _MissingError as missing:
        reasons.append(str(missing))
        holds = False
    return Verdict(expression, holds is not False, tuple(reasons))


def _work_out(term: Term, value_of: Callable[[Value], float | str]) -> float | str:
    if isinstance(term, Value):
        return value_of(term)
    if not isinstance(term, Sum):
        return term
    left, right = (_number(_work_out(side, value_of), side) for side in (term.left, term.right))
    if term.sign == "/":
        return left / right if right else math.nan
    return {"+": left + right, "-": left - right, "*": left * right}[term.sign]


def _number(found: float | str, term: Term) -> float:
    try:
        return float(found)
    except ValueError:
        raise _MissingError(
            f"{term.text if isinstance(term, Value) else term} is {found!r}, which is no number"
        ) from None


def _compare(left: float | str, operator: str, right: float | str) -> bool:
    if isinstance(left, str) != isinstance(right, str):  # a param is a text, also where it is a number
        text, number = (left, right) if isinstance(left, str) else (right, left)
        try:
            as_number = float(text)
        except ValueError:
            return operator == "!="
        left, right = (as_number, number) if isinstance(left, str) else (number, as_number)
    if isinstance(left, str) and isinstance(right, str) and operator not in ("=", "!="):
        try:
            left, right = float(left), float(right)
        except ValueError:
            return False
    if isinstance(left, str) or isinstance(right, str):
        return (left == right) == (operator == "=")
    is_equal = math.isclose(left, right, rel_tol=NEARLY)
    return {
        "=": is_equal,
        "!=": not is_equal,
        "<": left < right and not is_equal,
        "<=": left < right or is_equal,
        ">": left > right and not is_equal,
        ">=": left > right or is_equal,
    }[operator]


def _shown(value: float | str) -> str:
    return repr(value) if isinstance(value, str) else f"{value:.{DIGITS}g}"
