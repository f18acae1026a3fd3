"""Roles, and what somebody has them for."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from nbtrack.errors import InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Role(IntEnum):
    """What somebody may do; each may also do what those before it may."""

    NONE = 0
    READ = 1
    WRITE = 2
    ADMIN = 3
    METRICS = -1
    """Nothing but ``/metrics``, which else is for ADMIN: what a program that watches servers should have."""

    def __str__(self) -> str:
        """Return the name as it is written in files."""
        return self.name.lower()


def role_of(text: object) -> Role:
    """Return the role with a name; raises ``InvalidValueError``."""
    try:
        return Role[str(text).upper()]
    except KeyError:
        names = ", ".join(str(role) for role in Role)
        raise InvalidValueError(f"{str(text)[:40]!r} is no role; use one of {names}.") from None


@dataclass(frozen=True)
class User:
    """Who asks, and what they may do.

    Attributes
    ----------
    role : Role
        For everything.
    experiments, models : mapping
        More for experiments and registered models by patterns of their names, such as ``team-a/*``.
    """

    name: str
    role: Role = Role.NONE
    experiments: Mapping[str, Role] = field(default_factory=dict)
    models: Mapping[str, Role] = field(default_factory=dict)

    def may(self, role: Role, *, experiment: str | None = None, model: str | None = None) -> bool:
        """Say whether this is allowed for everything, or for an experiment or registered model by name."""
        has = [self.role]
        if experiment is not None:
            has += [each for pattern, each in self.experiments.items() if fnmatchcase(experiment, pattern)]
        if model is not None:
            has += [each for pattern, each in self.models.items() if fnmatchcase(model, pattern)]
        return max(has) >= role

    @property
    def may_watch(self) -> bool:
        """Say whether this user may see how the server does."""
        return self.role in (Role.METRICS, Role.ADMIN)

    @property
    def has_patterns(self) -> bool:
        """Say whether what this user may do depends on the experiment or model."""
        return self.role < Role.ADMIN and bool(self.experiments or self.models)

    def may_somewhere(self, role: Role) -> bool:
        """Say whether this is allowed for anything at all."""
        return max([self.role, *self.experiments.values(), *self.models.values()]) >= role


NOBODY = User("", Role.ADMIN)
"""Whoever asks a server on loopback that asks nobody who they are."""
