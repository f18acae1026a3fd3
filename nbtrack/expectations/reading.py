"""Reads ``acc >= best - 0.005``: the grammar of gates, in which ``best``, ``previous`` and ``baseline`` may stand alone.

Alone, such a word is the other side's metric of that run: ``acc >= best - 0.005`` is ``acc >= best.acc - 0.005``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nbtrack.errors import InvalidValueError
from nbtrack.registry.gates import Logic, Node, Sum, Term, Test, Value, aliases_in, parse_gate

if TYPE_CHECKING:
    from collections.abc import Iterator

BEST, PREVIOUS, BASELINE = "best", "previous", "baseline"
WORDS = (BEST, PREVIOUS, BASELINE)
_BETTER = {">": "max", ">=": "max", "<": "min", "<=": "min"}


@dataclass(frozen=True, slots=True)
class Expected:
    """What was read.

    Attributes
    ----------
    text : str
        As it was written.
    tree : Node
        With a metric for each word that stood alone.
    key : str
        The first metric, by which runs are best.
    direction : str or None
        ``"max"`` or ``"min"``: which way the first comparison wants it.
    aliases : frozenset of str
        ``best``, ``previous``, ``baseline``, and names of registered models' aliases.
    metrics : frozenset of str
        The run's own metrics that are spoken of.
    """

    text: str
    tree: Node
    key: str
    direction: str | None
    aliases: frozenset[str]
    metrics: frozenset[str]


def read(text: str) -> Expected:
    """Read an expectation.

    Raises
    ------
    SearchSyntaxError
        It cannot be read; the message points at the place.
    InvalidValueError
        It speaks of no metric of the run, or a word stands alone where nobody knows which metric is meant.
    """
    tree = _filled(parse_gate(text))
    own = [value for value in _values(tree) if value.alias is None and value.kind == "metrics"]
    if not own:
        raise InvalidValueError(f"{text!r} speaks of no metric of the run; write one such as 'acc >= best - 0.005'.")
    return Expected(
        text=text.strip(),
        tree=tree,
        key=own[0].key,
        direction=next(filter(None, (_direction(test, own[0].key) for test in _tests(tree))), None),
        aliases=frozenset(aliases_in(tree)),
        metrics=frozenset(value.key for value in own),
    )


def _filled(node: Node) -> Node:
    if isinstance(node, Logic):
        return replace(node, terms=tuple(_filled(term) for term in node.terms))
    left, right = _first_key(node.left), _first_key(node.right)
    return replace(node, left=_with_key(node.left, right, node), right=_with_key(node.right, left, node))


def _with_key(term: Term, key: str, test: Test) -> Term:
    if isinstance(term, Sum):
        return replace(term, left=_with_key(term.left, key, test), right=_with_key(term.right, key, test))
    if not (isinstance(term, Value) and _is_alone(term)):
        return term
    if not key:
        raise InvalidValueError(
            f"In {test.text!r} nobody knows which metric of {term.text} is meant; write {term.text}.acc."
        )
    return Value(term.text, "metrics", key, term.text)


def _is_alone(value: Value) -> bool:
    return value.alias is None and value.text in WORDS


def _first_key(term: Term) -> str:
    return next((v.key for v in _in_term(term) if v.alias is None and v.kind == "metrics" and not _is_alone(v)), "")


def _direction(test: Test, key: str) -> str | None:
    """Return which way a comparison wants a metric."""
    if _first_key(test.left) == key:
        return _BETTER.get(test.operator)
    if _first_key(test.right) == key:
        return {"max": "min", "min": "max"}.get(_BETTER.get(test.operator, ""))
    return None


def _tests(node: Node) -> Iterator[Test]:
    if isinstance(node, Test):
        yield node
    else:
        for term in node.terms:
            yield from _tests(term)


def _values(node: Node) -> Iterator[Value]:
    for test in _tests(node):
        yield from _in_term(test.left)
        yield from _in_term(test.right)


def _in_term(term: Term) -> Iterator[Value]:
    if isinstance(term, Value):
        yield term
    elif isinstance(term, Sum):
        yield from _in_term(term.left)
        yield from _in_term(term.right)
