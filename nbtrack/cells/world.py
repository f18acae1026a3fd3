"""What is known of the names of a notebook at one moment: modules, functions, types, and which names share an object."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nbtrack.cells.known import IMMUTABLE, NOT_SHARED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Code = frozenset[ast.AST]


@dataclass
class World:
    """The names at one moment.

    Attributes
    ----------
    modules : dict
        What an imported name stands for: ``{"np": "numpy", "seed": "numpy.random.seed"}``.
    code : dict
        Functions, classes and lambdas that the object of a name is, or may call.
    defined : dict
        The function or class that a name was last defined as.
    types : dict
        ``"pandas.DataFrame"`` by name, where it is known.
    shared : dict
        Names whose objects may be, or hold, the same object.
    paths : dict
        Texts that look like paths of files, by the name that holds them.
    random : dict
        Whose random numbers the methods of a name draw.
    seeded : set of str
        Whose random numbers have been seeded.
    owners : dict
        The class that a method belongs to.
    """

    modules: dict[str, str] = field(default_factory=dict)
    code: dict[str, Code] = field(default_factory=dict)
    defined: dict[str, ast.AST] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    shared: dict[str, set[str]] = field(default_factory=dict)
    paths: dict[str, frozenset[str]] = field(default_factory=dict)
    random: dict[str, frozenset[str]] = field(default_factory=dict)
    seeded: set[str] = field(default_factory=set)
    owners: dict[ast.AST, ast.ClassDef] = field(default_factory=dict)

    def inside(self, hidden: Iterable[str]) -> World:
        """Return the world as a function with names of its own sees it."""
        made = World(
            dict(self.modules),
            dict(self.code),
            dict(self.defined),
            dict(self.types),
            {},
            dict(self.paths),
            dict(self.random),
            self.seeded,
            self.owners,
        )
        for name in hidden:
            made.forget(name)
        return made

    def forget(self, name: str) -> None:
        """Take away what was known of a name: it is another object now."""
        for table in (self.modules, self.code, self.defined, self.types, self.paths, self.random):
            table.pop(name, None)
        for other in self.shared.pop(name, ()):
            self.shared.get(other, set()).discard(name)

    def describe(self, name: str, code: Code, kind: str, paths: frozenset[str], random: frozenset[str]) -> None:
        """Note what is known of a name that was bound."""
        if code:
            self.code[name] = code
        if kind:
            self.types[name] = kind
        if paths:
            self.paths[name] = paths
        if random:
            self.random[name] = random

    def share(self, name: str, others: Iterable[str]) -> None:
        """Note that a name may share its object with others, and with those that they share with."""
        group = {name}
        for other in others:
            group |= {other, *self.shared.get(other, ())}
        group |= self.shared.get(name, set())
        for each in group:
            self.shared.setdefault(each, set()).update(group - {each})

    def sharing(self, name: str) -> set[str]:
        """Return the names whose objects a change of this one may reach, itself too."""
        return {name, *self.shared.get(name, ())}

    def is_fixed(self, name: str) -> bool:
        """Say whether the object of a name cannot change."""
        return name in self.modules or name in self.defined or self.types.get(name) in IMMUTABLE | NOT_SHARED

    def learn(self, types: Mapping[str, str]) -> None:
        """Take over what the kernel knows of types."""
        self.types.update(types)


def dotted(node: ast.AST) -> list[str]:
    """Return ``["np", "random", "seed"]`` for ``np.random.seed``, and [] for what is no such path."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return [node.id, *reversed(parts)] if isinstance(node, ast.Name) else []


def names_bound(body: Iterable[ast.AST]) -> tuple[set[str], set[str]]:
    """Return the names that the statements of a function bind, and those they declare global."""
    bound: set[str] = set()
    free: set[str] = set()
    waiting = list(body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            bound.add(node.name)
            continue
        if isinstance(node, (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            bound |= {each.target.id for each in ast.walk(node) if isinstance(each, ast.NamedExpr)}
            continue
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            free.update(node.names)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)):
            bound.add(node.id)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            bound |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
        elif (isinstance(node, ast.ExceptHandler) and node.name) or (
            isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name
        ):
            bound.add(node.name)
        waiting += ast.iter_child_nodes(node)
    return bound - free, free


def params_of(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> list[str]:
    """Return the names of a function's parameters, in order."""
    spec = node.args
    names = [each.arg for each in (*spec.posonlyargs, *spec.args)]
    names += [spec.vararg.arg] if spec.vararg else []
    names += [each.arg for each in spec.kwonlyargs]
    return names + ([spec.kwarg.arg] if spec.kwarg else [])
