"""What a filter means, as a small tree of frozen dataclasses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["number", "seconds", "time", "text", "status", "id", "param"]
SubjectName = Literal["run", "experiment", "model", "model version", "logged model"]
Operator = Literal[
    "=", "!=", "<", "<=", ">", ">=", "LIKE", "NOT LIKE", "ILIKE", "NOT ILIKE",
    "IN", "NOT IN", "BETWEEN", "NOT BETWEEN", "IS NULL", "IS NOT NULL",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Now:
    """The moment at which the search runs, plus `offset_ms` milliseconds (negative: the past)."""

    offset_ms: float = 0.0


Value = str | float | Now


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in the text that was read; used by errors only."""

    source: str
    start: int
    end: int

    @property
    def text(self) -> str:
        """The characters as they were typed."""
        return self.source[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Field:
    """One thing to compare or order by.

    Parameters
    ----------
    entity : str
        ``metrics``, ``params``, ``tags``, ``attributes``, ``datasets`` or ``aliases``.
    key : str
        A key as logged, or the canonical name of an attribute, such as ``start_time``.
    stat : str
        Of a metric: ``last``, ``min``, ``max``, ``count``, ``step`` or ``best``; else empty.
    kind : str
        What it is compared with.
    subject : str
        What is searched: ``run``, ``experiment``, ``model`` or ``model version``.
    place : Place
        Where it was written.
    """

    entity: str
    key: str
    stat: str
    kind: Kind
    subject: SubjectName
    place: Place = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A field, an operator and its values: none for ``IS NULL``, two for ``BETWEEN``, any for ``IN``, else one."""

    field: Field
    operator: Operator
    values: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class Not:
    """True where `term` is false."""

    term: Node


@dataclass(frozen=True, slots=True)
class And:
    """True where all of two or more terms are true."""

    terms: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """True where at least one of two or more terms is true."""

    terms: tuple[Node, ...]


Node = Comparison | Not | And | Or


@dataclass(frozen=True, slots=True)
class OrderTerm:
    """A field to sort by."""

    field: Field
    descending: bool = False
