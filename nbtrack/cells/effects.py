"""What a statement does to names; what is no variable has a name that begins with ``@``: ``@rng:numpy``, ``@file:a.csv``, ``@mod:os``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ast


@dataclass(slots=True)
class Logged:
    """A place that logs metrics: a `key`, or a `pattern` that keys match; both None where anything may be logged."""

    node: ast.AST
    key: str | None = None
    pattern: str | None = None


@dataclass(slots=True)
class Effect:
    """What running a statement, or calling a function, does.

    Attributes
    ----------
    reads : set of str
        Names whose values of before it uses.
    binds, may_bind : set of str
        Names that are another object after it: in any case, or perhaps.
    changes : set of str
        Names whose objects it changes in place.
    logs : list of Logged
    is_opaque : bool
        It may bind names that nobody sees in it.
    """

    reads: set[str] = field(default_factory=set)
    binds: set[str] = field(default_factory=set)
    may_bind: set[str] = field(default_factory=set)
    changes: set[str] = field(default_factory=set)
    logs: list[Logged] = field(default_factory=list)
    is_opaque: bool = False

    @property
    def touches(self) -> set[str]:
        """Return all names that are not after it what they were."""
        return self.binds | self.may_bind | self.changes


@dataclass(slots=True)
class Summary:
    """What calling a function does, seen from outside.

    Attributes
    ----------
    effect : Effect
        On the names of the module.
    changed_params : set of str
    returns : set of str
        Params and names of the module that the result may be, or hold.
    code : set of ast nodes
        Functions and classes that the result may call.
    """

    effect: Effect = field(default_factory=Effect)
    changed_params: set[str] = field(default_factory=set)
    returns: set[str] = field(default_factory=set)
    code: frozenset[ast.AST] = frozenset()
