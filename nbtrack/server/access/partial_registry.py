"""The registered models that somebody may see who has roles by pattern, as :mod:`nbtrack.server.access.partial` has the runs."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.server.access.roles import Role

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nbtrack.entities import ModelVersion, RegisteredModel
    from nbtrack.store.registry_protocol import ModelQuery, RegistryStore

T = TypeVar("T")
LOOKS = frozenset({"get", "latest_versions", "version", "version_by_alias"})
CHANGES = frozenset(
    {
        *("comment", "create", "delete_alias", "delete_tag", "describe", "expect"),
        *("set_alias", "set_stage", "set_tags", "unexpect"),
    }
)
RUIN = frozenset({"delete", "rename"})
ROLES = dict.fromkeys(LOOKS, Role.READ) | dict.fromkeys(CHANGES, Role.WRITE) | dict.fromkeys(RUIN, Role.ADMIN)
"""The role that a verb needs for the model that is its first argument."""


class PartialRegistry:
    """Registered models for one user.

    Parameters
    ----------
    kept : RegistryStore
        All of them.
    may : callable
        Says of a model's name and a role whether the user has it.
    may_see : callable
        Says of a run's id whether the user may see the run.
    """

    def __init__(self, kept: RegistryStore, may: Callable[[str, Role], bool], may_see: Callable[[str], bool]) -> None:
        self._kept = kept
        self._may = may
        self._may_see = may_see

    def __getattr__(self, verb: str) -> Any:
        """Return a verb about one model."""
        if verb == "settings_seen":  # webhooks, for who tells them
            return self._kept.settings_seen
        if verb in ROLES:
            return partial(self._about, verb)
        if verb.startswith("_"):
            raise AttributeError(verb)
        message = f"{verb!r} is not done here for who may see some of the registered models."
        raise InvalidValueError(message)

    def _about(self, verb: str, name: str, *arguments: Any, **options: Any) -> Any:
        self._check(name, ROLES[verb])
        if verb == "rename":
            self._check(str(arguments[0] if arguments else options.get("new_name")), Role.ADMIN)
        try:
            return getattr(self._kept, verb)(name, *arguments, **options)
        except NotFoundError as missing:
            raise NotFoundError(missing.what, missing.name) from None  # the names that there are, are not for all

    def search(self, query: ModelQuery) -> list[RegisteredModel]:
        """Return the models that match and that the user may see."""
        found = self._kept.search(replace(query, max_results=None, offset=0))
        return _page([model for model in found if self._may(model.name, Role.READ)], query)

    def search_versions(self, query: ModelQuery) -> list[ModelVersion]:
        """Return the versions that match, of models that the user may see."""
        found = self._kept.search_versions(replace(query, max_results=None, offset=0))
        return _page([version for version in found if self._may(version.name, Role.READ)], query)

    def history(self, name: str | None = None, *, until_ms: int | None = None) -> Any:
        """Return what happened to a model."""
        if name is None:
            message = "Say of which model; the history of all is for who may see all."
            raise InvalidValueError(message)
        self._check(name, Role.READ)
        return self._kept.history(name, until_ms=until_ms)

    def run_values(self, run_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return what runs logged, of those that the user may see."""
        return self._kept.run_values([run_id for run_id in run_ids if self._may_see(run_id)])

    def _check(self, name: str, role: Role) -> None:
        if not self._may(name, Role.READ):
            raise NotFoundError("Registered model", name)
        if not self._may(name, role):
            message = f"This needs the role {str(role)!r} for the registered model {name!r}."
            raise InvalidValueError(message)


def _page(found: list[T], query: ModelQuery) -> list[T]:
    end = None if query.max_results is None else query.offset + query.max_results
    return found[query.offset : end]
