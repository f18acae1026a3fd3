"""What the registry of every store can do: write one change, or look. Gates, hooks and lineage are a floor above."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nbtrack.entities import ModelEvent, ModelVersion, RegisteredModel


@dataclass(frozen=True, slots=True)
class NewVersion:
    """A version to be registered: where its files are (`run_id` and `path`, or elsewhere: `source`), and what is said about it."""

    source: str
    run_id: str | None = None
    path: str | None = None
    model_id: str | None = None
    run_link: str = ""
    description: str = ""
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ModelQuery:
    """Which registered models or versions, in which order."""

    filter_string: str = ""
    order_by: tuple[str, ...] = ()
    max_results: int | None = None
    offset: int = 0


class RegistryStore(Protocol):
    """Registered models, their versions, aliases and gates. Names, numbers and texts are checked here.

    Each verb that writes is one event in the journal, written while nobody else writes one: it raises ``NotFoundError``,
    ``AlreadyExistsError`` or ``InvalidValueError`` and then nothing has changed.
    """

    settings_seen: dict[str, str]
    """The settings of the store when a change was last made here: who is told of changes need not be looked up once more."""

    # -- models ------------------------------------------------------------------------------------------------------

    def create(
        self, name: str, *, tags: dict[str, str] | None = None, description: str = "", comment: str = ""
    ) -> RegisteredModel: ...

    def rename(self, name: str, new_name: str, *, comment: str = "") -> None: ...

    def describe(self, name: str, description: str, version: int | None = None, *, comment: str = "") -> None:
        """Change the description of a model, or of one version."""

    def delete(self, name: str, version: int | None = None, *, comment: str = "") -> None:
        """Delete a model with all its versions, or one version; the name is free then, the numbers are not."""

    def set_tags(self, name: str, tags: dict[str, str], version: int | None = None, *, comment: str = "") -> None: ...

    def delete_tag(self, name: str, key: str, version: int | None = None, *, comment: str = "") -> None: ...

    def comment(self, name: str, text: str, version: int | None = None) -> None: ...

    # -- versions ----------------------------------------------------------------------------------------------------

    def create_version(
        self, name: str, new: NewVersion, *, comment: str = "", makes_model: bool = False
    ) -> ModelVersion:
        """Register a version under the next number; `makes_model` also makes a model that is not there."""

    def set_stage(self, name: str, version: int, stage: str, *, archive: bool = False, comment: str = "") -> None: ...

    # -- aliases and gates -------------------------------------------------------------------------------------------

    def set_alias(
        self,
        name: str,
        alias: str,
        version: int,
        *,
        comment: str = "",
        check: Callable[[RegisteredModel, ModelVersion], str] | None = None,
    ) -> None:
        """Move an alias; `check` is called before, while nobody else can write, and may refuse by raising. What it returns is kept."""

    def delete_alias(self, name: str, alias: str, *, comment: str = "") -> None: ...

    def expect(
        self, name: str, expression: str, *, alias: str | None = None, version: int | None = None, comment: str = ""
    ) -> None: ...

    def unexpect(
        self, name: str, expression: str, *, alias: str | None = None, version: int | None = None, comment: str = ""
    ) -> None: ...

    def take(self, name: str, moved: Sequence[dict[str, Any]]) -> None:
        """Take in what happened to a model elsewhere, with its times, authors and version numbers; no gate is asked, no hook is told."""

    # -- reading -----------------------------------------------------------------------------------------------------

    def get(self, name: str) -> RegisteredModel: ...

    def version(self, name: str, version: int) -> ModelVersion: ...

    def version_by_alias(self, name: str, alias: str) -> ModelVersion: ...

    def latest_versions(self, name: str, stages: Sequence[str] | None = None) -> list[ModelVersion]:
        """Return the newest version of each stage, or of those asked for."""

    def search(self, query: ModelQuery) -> list[RegisteredModel]: ...

    def search_versions(self, query: ModelQuery) -> list[ModelVersion]: ...

    def history(self, name: str | None = None, *, until_ms: int | None = None) -> list[ModelEvent]:
        """Return what happened to a model (also a deleted one), or to all, oldest first."""

    def run_values(self, run_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return ``{"metrics": {key: last value}, "params": {…}, "tags": {…}}`` by run, for those there are."""
