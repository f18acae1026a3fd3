"""Registered models that are moved: numbers of versions are kept where they are free, aliases where they point at nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nbtrack.errors import NotFoundError
from nbtrack.names import check_alias
from nbtrack.store.registry_protocol import ModelQuery
from nbtrack.tracking import logged_models

if TYPE_CHECKING:
    from nbtrack.entities import ModelEvent, ModelVersion, RegisteredModel
    from nbtrack.moving.moved import MovedRegistered, MovedVersion
    from nbtrack.moving.tally import Tally
    from nbtrack.store.protocol import Store

Change = dict[str, Any]
FROM = "moved from "
FIRST_STAGE = "None"


class Registering:
    """Takes registered models into a store.

    Parameters
    ----------
    store : Store
    tally : Tally
    source : str
        Where they come from, in a few words.
    is_dry : bool
        Only count.
    """

    def __init__(self, store: Store, tally: Tally, source: str, *, is_dry: bool) -> None:
        self._store = store
        self._tally = tally
        self._why = FROM + source
        self._is_dry = is_dry

    def take(self, moved: MovedRegistered) -> None:
        """Take in one model; what was deleted here since it was moved is not made again."""
        if not self._is_dry:
            moved = replace(moved, versions=tuple(self._placed(version) for version in moved.versions))
        here, history = self._look(moved.name)
        if here is None and any(event.op == "delete" for event in history):
            self._tally.skip(f"registered model {moved.name}", "it was deleted here")
            return
        versions = [] if here is None else self._versions(moved.name)
        changes = [] if here else [self._create(moved)]
        numbers, made = self._numbered(moved, versions, history)
        changes += made
        for version in moved.versions:
            known = next((each for each in versions if each.version == numbers.get(version.version)), None)
            if known is not None:
                changes += self._grown(version, known)
        changes += self._aliases(moved, here, history, numbers)
        if here is not None:
            changes += self._described(moved, here)
        changes += self._gates(moved, here)
        self._count(here is None, is_changed=bool(changes))
        if changes and not self._is_dry:
            self._store.registry.take(moved.name, [{"comment": self._why, **change} for change in changes])

    def _placed(self, version: MovedVersion) -> MovedVersion:
        """Return a version of a logged model with where that is here."""
        if version.model_id is None or version.path is not None:
            return version
        try:
            found = logged_models.find(self._store, version.model_id)
        except NotFoundError:
            return version
        return replace(version, run_id=found.run_id, path=found.path)

    def _look(self, name: str) -> tuple[RegisteredModel | None, list[ModelEvent]]:
        if getattr(self._store, "path", None) is not None and not self._store.folder.is_dir():
            return None, []
        try:
            history = self._store.registry.history(name)
        except NotFoundError:
            return None, []
        try:
            return self._store.registry.get(name), history
        except NotFoundError:
            return None, history

    def _versions(self, name: str) -> list[ModelVersion]:
        quoted = name.replace("'", "''")
        return self._store.registry.search_versions(ModelQuery(f"name = '{quoted}'"))

    def _count(self, is_new: bool, *, is_changed: bool) -> None:  # noqa: FBT001
        count = self._tally.models
        if is_new:
            count.new += 1
        elif is_changed:
            count.changed += 1
        else:
            count.known += 1

    # -- what changes ------------------------------------------------------------------------------------------------

    def _create(self, moved: MovedRegistered) -> Change:
        return _said(
            "create", moved.created, moved.user, description=moved.description or None, tags=moved.tags or None
        )

    def _numbered(
        self, moved: MovedRegistered, here: list[ModelVersion], history: list[ModelEvent]
    ) -> tuple[dict[int, int], list[Change]]:
        """Return the number here of each version, and what makes those that are new; numbers that were deleted here stay free."""
        gone = {event.version for event in history if event.op == "delete_version"}
        last = max([*(each.version for each in here), *(number for number in gone if number), 0])
        numbers: dict[int, int] = {}
        changes: list[Change] = []
        taken = {each.version for each in here}
        for version in sorted(moved.versions, key=lambda version: version.version):
            same = next((each.version for each in here if _is_same(version, each)), None)
            if same is not None:
                numbers[version.version] = same
                continue
            number = version.version
            if number in gone:
                self._tally.skip(f"version {number} of {moved.name}", "it was deleted here")
                continue
            if number in taken:
                number = max(last, *taken, *(each.version for each in moved.versions)) + 1
                self._tally.note(f"{moved.name}: version {version.version} is {number} here, its number was taken")
            taken.add(number)
            numbers[version.version] = number
            changes += _version(version, number)
            self._tally.versions.new += 1
        return numbers, changes

    def _grown(self, version: MovedVersion, here: ModelVersion) -> list[Change]:
        """Return what a version here lacks; what differs is left as it is here, but for the stage of one that had none."""
        changes: list[Change] = []
        tags = {key: value for key, value in version.tags.items() if key not in here.tags}
        if tags:
            changes.append({"op": "tag_version", "version": here.version, "tags": tags})
        if version.description and not here.description:
            changes.append({"op": "describe_version", "version": here.version, "description": version.description})
        if version.stage != FIRST_STAGE and here.current_stage == FIRST_STAGE:
            changes.append({"op": "stage", "version": here.version, "stage": version.stage})
        if changes:
            self._tally.versions.changed += 1
        else:
            self._tally.versions.known += 1
        return changes

    def _described(self, moved: MovedRegistered, here: RegisteredModel) -> list[Change]:
        changes: list[Change] = []
        tags = {key: value for key, value in moved.tags.items() if key not in here.tags}
        if tags:
            changes.append({"op": "tag", "tags": tags})
        if moved.description and not here.description:
            changes.append({"op": "describe", "description": moved.description})
        return changes

    def _aliases(
        self, moved: MovedRegistered, here: RegisteredModel | None, history: list[ModelEvent], numbers: dict[int, int]
    ) -> list[Change]:
        """Return the aliases that are new, or point elsewhere now and were set by a move; others stay, and that is told."""
        changes: list[Change] = []
        for alias, number in moved.aliases.items():
            at = (here.aliases if here else {}).get(alias)
            to = numbers.get(number)
            if to is None or at == to:
                continue
            last = [event for event in history if event.op in ("alias", "unalias") and event.alias == alias][-1:]
            if last and last[0].comment != self._why:
                where = "was taken away" if at is None else f"points at version {at}"
                self._tally.note(f"{moved.name}@{alias} {where} here and stays so; the source's is {to} here")
                continue
            try:
                check_alias(alias)
            except ValueError as error:
                self._tally.skip(f"alias of {moved.name}", error)
                continue
            changes.append(_said("alias", moved.updated if here is None else 0, "", alias=alias, version=to))
        return changes

    def _gates(self, moved: MovedRegistered, here: RegisteredModel | None) -> list[Change]:
        known = {(gate.alias, gate.version, gate.expression) for gate in here.gates} if here else set()
        return [
            _said("expect", 0, "", alias=alias, expression=expression, **({"version": version} if version else {}))
            for alias, version, expression in moved.gates
            if (alias, version, expression) not in known
        ]


def _version(version: MovedVersion, number: int) -> list[Change]:
    about: dict[str, Any] = {
        "source": version.source,
        "run_id": version.run_id,
        "path": version.path,
        "model_id": version.model_id,
    }
    about |= {"run_link": version.run_link, "description": version.description, "tags": version.tags}
    made = [_said("version", version.created, version.user, version=number, **{k: v for k, v in about.items() if v})]
    if version.stage != FIRST_STAGE:
        made.append(
            _said("stage", version.updated or version.created, version.user, version=number, stage=version.stage)
        )
    elif version.updated > version.created:
        described = version.description
        made.append(_said("describe_version", version.updated, version.user, version=number, description=described))
    return made


def _said(op: str, at_ms: int, by: str, **body: Any) -> Change:
    """Return a change as it was said elsewhere: when, by whom."""
    told = {key: value for key, value in body.items() if value is not None}
    return {"op": op, **told, **({"at": at_ms * 1000} if at_ms else {}), **({"by": by} if by else {})}


def _is_same(version: MovedVersion, here: ModelVersion) -> bool:
    """Say whether a version here is that of the source: made of the same, at the same time."""
    is_of_same = (version.run_id, version.model_id) == (here.run_id, here.model_id) and version.source == here.source
    return is_of_same and (version.created == here.creation_timestamp or not version.created)
