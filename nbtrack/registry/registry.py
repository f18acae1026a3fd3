"""The registry of one store: each change passes its gates, is written as an event, and is told to whoever asked for it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from nbtrack.entities import ModelEvent, ModelVersion
from nbtrack.errors import GateRefusedError, InvalidValueError, NotFoundError
from nbtrack.journal.acting import acting
from nbtrack.journal.writer import user_name
from nbtrack.models.uri import ModelUri, UriKind, parse
from nbtrack.names import check_alias, check_model_name, check_stage, check_version
from nbtrack.registry import history as past
from nbtrack.registry import hooks
from nbtrack.registry.gates import aliases_in, parse_gate
from nbtrack.registry.pages import Page, limit_of, query_of
from nbtrack.registry.verdicts import Logged, Verdict, judge
from nbtrack.store.registry_protocol import ModelQuery, NewVersion

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from nbtrack.entities import ModelGate, RegisteredModel
    from nbtrack.store.protocol import TrackingStore

MAX_MODELS, MAX_VERSIONS = 1000, 200_000
"""Most results of one page, as in MLflow."""


class Registry:
    """Registered models, their versions, aliases, stages and gates.

    Parameters
    ----------
    store : TrackingStore
        Where they are kept, beside the runs that they came from.
    """

    def __init__(self, store: TrackingStore) -> None:
        self.store = store
        self._kept = store.registry

    # -- models ------------------------------------------------------------------------------------------------------

    def create(
        self, name: str, tags: Mapping[str, Any] | None = None, description: str | None = None, *, comment: str = ""
    ) -> RegisteredModel:
        """Make a model without versions. Raises ``AlreadyExistsError``."""
        made = self._kept.create(name, tags=_texts(tags), description=description or "", comment=comment)
        self._tell(
            "create", name, after=name, comment=comment, data={"tags": made.tags, "description": made.description}
        )
        return made

    def rename(self, name: str, new_name: str, *, comment: str = "") -> RegisteredModel:
        """Give a model another name that is free; its versions, aliases and history go along."""
        self._kept.rename(name, new_name, comment=comment)
        self._tell("rename", new_name, before=name, after=new_name, comment=comment)
        return self._kept.get(new_name)

    def describe(self, name: str, description: str | None, version: Any = None, *, comment: str = "") -> None:
        """Change the description (Markdown) of a model, or of one version."""
        self._kept.describe(name, description or "", _number(version), comment=comment)
        op = "describe" if version is None else "describe_version"
        self._tell(op, name, version=_number(version), after=description or "", comment=comment)

    def delete(self, name: str, version: Any = None, *, comment: str = "") -> None:
        """Delete a model with its versions, or one version with the aliases that point at it.

        A name is free then; the number of a version is never given again. Runs and their files stay.
        """
        self._kept.delete(name, _number(version), comment=comment)
        self._tell("delete" if version is None else "delete_version", name, version=_number(version), comment=comment)

    def set_tags(self, name: str, tags: Mapping[str, Any], version: Any = None, *, comment: str = "") -> None:
        """Set tags of a model, or of one version."""
        texts = _texts(tags)
        self._kept.set_tags(name, texts, _number(version), comment=comment)
        op = "tag" if version is None else "tag_version"
        for key, value in texts.items():
            self._tell(op, name, version=_number(version), key=key, after=value, comment=comment)

    def delete_tag(self, name: str, key: str, version: Any = None, *, comment: str = "") -> None:
        """Remove a tag of a model, or of one version."""
        self._kept.delete_tag(name, key, _number(version), comment=comment)
        op = "untag" if version is None else "untag_version"
        self._tell(op, name, version=_number(version), key=key, comment=comment)

    def comment(self, name: str, text: str, version: Any = None) -> None:
        """Say something about a model or a version; it stands in the history, and nothing else changes."""
        self._kept.comment(name, text, _number(version))
        self._tell("comment", name, version=_number(version), comment=text)

    # -- versions ----------------------------------------------------------------------------------------------------

    def add_version(self, name: str, new: NewVersion, *, comment: str = "", makes_model: bool = False) -> ModelVersion:
        """Register a version under the next number; `makes_model` also makes a model that is not there."""
        made = self._kept.create_version(check_model_name(name), new, comment=comment, makes_model=makes_model)
        data = {"source": made.source, "run_id": made.run_id, "tags": made.tags, "description": made.description}
        self._tell("version", name, version=made.version, after=made.source, comment=comment, data=data)
        return made

    def copy(self, source: str | ModelVersion, name: str, *, comment: str = "") -> ModelVersion:
        """Register a version once more under another model, made when it is not there; both have the same files.

        Parameters
        ----------
        source : str or ModelVersion
            ``models:/<name>/<version>``, or with an alias, stage or ``latest``.
        """
        found = source if isinstance(source, ModelVersion) else self.find(source)
        tags = {**found.tags}
        new = NewVersion(found.uri, found.run_id, found.path, found.model_id, found.run_link, found.description, tags)
        return self.add_version(name, new, comment=comment, makes_model=True)

    def promote(
        self, source: str | ModelVersion, name: str, *, alias: str | None = None, comment: str = "", force: bool = False
    ) -> ModelVersion:
        """Copy a version to another model and let an alias there point at it; when a gate refuses, nothing is copied."""
        found = source if isinstance(source, ModelVersion) else self.find(source)
        if alias is None:
            return self.copy(found, name, comment=comment)
        check_alias(alias)
        _check_force(force=force, comment=comment)
        if not force and self._has(name):
            self._refuse(name, alias, found, self._kept.get(name))
        made = self.copy(found, name, comment=comment)
        self.set_alias(name, alias, made.version, comment=comment, force=force)
        return self._kept.version(name, made.version)

    def set_stage(
        self, name: str, version: Any, stage: str, *, archive_existing_versions: bool = False, comment: str = ""
    ) -> ModelVersion:
        """Move a version to None, Staging, Production or Archived; the others of that stage are archived if asked."""
        number, to = check_version(version), check_stage(stage)
        self._kept.set_stage(name, number, to, archive=archive_existing_versions, comment=comment)
        hooks.tell_archived(self.store, name, number, is_asked=archive_existing_versions)
        self._tell("stage", name, version=number, stage=to, after=to, comment=comment)
        return self._kept.version(name, number)

    # -- aliases -----------------------------------------------------------------------------------------------------

    def set_alias(self, name: str, alias: str, version: Any, *, comment: str = "", force: bool = False) -> None:
        """Let an alias point at a version, if the gates of the model let it.

        Parameters
        ----------
        force : bool
            Move it although a gate does not hold; asks for a `comment`, which stands in the history with the numbers.

        Raises
        ------
        GateRefusedError
            A gate does not hold; the message has the numbers.
        """
        number = check_version(version)
        _check_force(force=force, comment=comment)
        told: dict[str, Any] = {}

        def check(model: RegisteredModel, found: ModelVersion) -> str:
            told["before"] = model.aliases.get(alias)
            told["detail"] = self._refuse(name, alias, found, model, force=force)
            return str(told["detail"])

        self._kept.set_alias(name, alias, number, comment=comment, check=check)
        self._tell("alias", name, version=number, alias=alias, after=number, comment=comment, **told)

    def delete_alias(self, name: str, alias: str, *, comment: str = "") -> None:
        """Take an alias away; the version stays."""
        self._kept.delete_alias(name, alias, comment=comment)
        self._tell("unalias", name, alias=alias, comment=comment)

    def rollback(self, name: str, alias: str, *, comment: str = "") -> ModelVersion:
        """Let an alias point again at the version that had it before; gates are not asked, for it is going back.

        A second rollback goes back one more. Versions that were deleted are left out.

        Raises
        ------
        NotFoundError
            No other version had this alias.
        """
        check_alias(alias)
        told: dict[str, Any] = {}

        def check(model: RegisteredModel, _: ModelVersion) -> str:
            before = model.aliases.get(alias)
            told["before"], told["detail"] = (
                before,
                f"{past.ROLLBACK} from version {before}" if before else past.ROLLBACK,
            )
            return str(told["detail"])

        number = self._holder_before(name, alias)
        self._kept.set_alias(name, alias, number, comment=comment, check=check)
        self._tell("alias", name, version=number, alias=alias, after=number, comment=comment, **told)
        return self._kept.version(name, number)

    def _holder_before(self, name: str, alias: str) -> int:
        there = {v.version for v in self._kept.search_versions(_of_model(name))}
        for number in past.holders_before(self._kept.history(name), alias):
            if number in there:
                return number
        where = f"the history of registered model {name!r}"
        raise NotFoundError("Earlier holder of alias", alias, where=where, hint=" There is nothing to go back to.")

    # -- gates -------------------------------------------------------------------------------------------------------

    def expect(
        self, name: str, expression: str, *, alias: str | None = None, version: Any = None, comment: str = ""
    ) -> ModelGate:
        """Put up a gate: what must hold before an alias moves. See :mod:`nbtrack.registry.gates` for what can be written.

        Parameters
        ----------
        expression : str
            Such as ``"auc >= champion.auc - 0.005"``.
        alias, version : str, int, optional
            Only when this alias moves, only when it moves to this version.
        """
        parse_gate(expression)
        number = _number(version)
        self._kept.expect(name, expression, alias=alias, version=number, comment=comment)
        self._tell("expect", name, version=number, alias=alias, after=expression, comment=comment)
        made = [
            g for g in self._kept.get(name).gates if (g.expression, g.alias, g.version) == (expression, alias, number)
        ]
        return made[0]

    def unexpect(
        self, name: str, expression: str, *, alias: str | None = None, version: Any = None, comment: str = ""
    ) -> None:
        """Take a gate down."""
        number = _number(version)
        self._kept.unexpect(name, expression, alias=alias, version=number, comment=comment)
        self._tell("unexpect", name, version=number, alias=alias, before=expression, comment=comment)

    def gates(self, name: str) -> list[ModelGate]:
        """Return the gates of a model."""
        return self._kept.get(name).gates

    def check(self, name: str, version: Any, alias: str | None = None) -> list[Verdict]:
        """Return what each gate says of a version, as if `alias` (or any, when None) were to move to it."""
        return self._verdicts(name, self._kept.version(name, check_version(version)), self._kept.get(name), alias)

    def _refuse(
        self, name: str, alias: str, found: ModelVersion, model: RegisteredModel, *, force: bool = False
    ) -> str:
        """Raise when a gate does not hold; forced, return what to keep of it."""
        failed = [str(v) for v in self._verdicts(name, found, model, alias) if not v.holds]
        if failed and not force:
            raise GateRefusedError(name, alias, found.version, failed)
        return f"forced past {'; '.join(failed)}" if failed else ""

    def _verdicts(self, name: str, found: ModelVersion, model: RegisteredModel, alias: str | None) -> list[Verdict]:
        gates = [
            g
            for g in model.gates
            if (g.alias is None or alias is None or g.alias == alias)
            and (g.version is None or g.version == found.version)
        ]
        if not gates:
            return []
        asked = set().union(*(aliases_in(parse_gate(gate.expression)) for gate in gates))
        holders = {a: self._kept.version(name, number) for a, number in model.aliases.items() if a in asked}
        versions = [found, *holders.values()]
        values = self._kept.run_values([v.run_id for v in versions if v.run_id])

        def logged(version: ModelVersion) -> Logged:
            run = values.get(version.run_id or "", {"metrics": {}, "params": {}, "tags": {}})
            return Logged(version.version, run["metrics"], run["params"], {**run["tags"], **version.tags})

        known = {a: logged(version) for a, version in holders.items()}
        return [judge(gate.expression, logged(found), known.get) for gate in gates]

    # -- finding -----------------------------------------------------------------------------------------------------

    def get(self, name: str) -> RegisteredModel:
        """Return a registered model. Raises ``NotFoundError``."""
        return self._kept.get(name)

    def version(self, name: str, version: Any) -> ModelVersion:
        """Return a version. Raises ``NotFoundError``."""
        return self._kept.version(name, check_version(version))

    def version_by_alias(self, name: str, alias: str) -> ModelVersion:
        """Return the version at which an alias points; ``latest`` is the one with the largest number."""
        return self._latest(name) if alias == "latest" else self._kept.version_by_alias(name, alias)

    def latest_versions(self, name: str, stages: Sequence[str] | None = None) -> list[ModelVersion]:
        """Return the newest version of each stage, or of those asked for."""
        return self._kept.latest_versions(name, stages)

    def find(self, uri: str | ModelUri) -> ModelVersion:
        """Return the version that a ``models:/`` URI names: by number, alias, stage or ``latest``."""
        parsed = uri if isinstance(uri, ModelUri) else parse(uri, allow_local=False)
        if parsed.kind is UriKind.VERSION:
            return self._kept.version(parsed.name, parsed.version)
        if parsed.kind is UriKind.ALIAS:
            return self.version_by_alias(parsed.name, parsed.alias)
        if parsed.kind is UriKind.LATEST:
            return self._latest(parsed.name)
        if parsed.kind is UriKind.STAGE:
            found = self._kept.latest_versions(parsed.name, [parsed.stage])
            if not found:
                where = f"registered model {parsed.name!r}"
                raise NotFoundError(
                    "Version in stage", parsed.stage, where=where, hint=" None of its versions is there."
                )
            return found[0]
        message = (
            f"{parsed.text!r} names no registered version; use models:/<name>/<version> or models:/<name>@<alias>."
        )
        raise InvalidValueError(message)

    def search(
        self,
        filter_string: str | None = None,
        max_results: int | None = 100,
        order_by: Sequence[str] | None = None,
        page_token: str | None = None,
    ) -> Page[RegisteredModel]:
        """Return a page of the registered models that match, by name unless ordered otherwise."""
        limit = limit_of(max_results, MAX_MODELS)
        query, offset = query_of(filter_string, limit, order_by, page_token)
        return Page.of(self._kept.search(query), limit, offset)

    def search_versions(
        self,
        filter_string: str | None = None,
        max_results: int | None = 10_000,
        order_by: Sequence[str] | None = None,
        page_token: str | None = None,
    ) -> Page[ModelVersion]:
        """Return a page of the versions that match, those changed last first unless ordered otherwise."""
        limit = limit_of(max_results, MAX_VERSIONS)
        query, offset = query_of(filter_string, limit, order_by, page_token)
        return Page.of(self._kept.search_versions(query), limit, offset)

    # -- looking back ------------------------------------------------------------------------------------------------

    def history(self, name: str | None = None, alias: str | None = None) -> pd.DataFrame:
        """Return what happened to a model, or to all, newest first; see :func:`nbtrack.registry.history.table`."""
        events = self._kept.history(name)
        return past.table([e for e in events if alias is None or e.alias == alias])

    def events(self, name: str | None = None) -> list[ModelEvent]:
        """Return what happened to a model, or to all, oldest first."""
        return self._kept.history(name)

    def at(self, name: str, alias: str, when: Any) -> past.Holder | None:
        """Return which version had an alias at a moment, and since and until when; None when none had it."""
        moment = past.moment_ms(when)
        return next((h for h in self.holders(name, alias) if h.is_at(moment)), None)

    def holders(self, name: str, alias: str) -> list[past.Holder]:
        """Return the versions that an alias pointed at, one after the other."""
        return past.holders(self._kept.history(name), alias)

    # -- inside ------------------------------------------------------------------------------------------------------

    def _has(self, name: str) -> bool:
        try:
            self._kept.get(name)
        except NotFoundError:
            return False
        return True

    def _latest(self, name: str) -> ModelVersion:
        found = self._kept.latest_versions(name)
        if not found:
            raise NotFoundError("Version", "latest", where=f"registered model {name!r}", hint=" It has no versions.")
        return max(found, key=lambda version: version.version)

    def _tell(self, op: str, name: str, *, data: Mapping[str, Any] | None = None, **more: Any) -> None:
        if not hooks.is_anyone_listening(self.store):
            return
        texts = {side: None if more.get(side) is None else str(more[side]) for side in ("before", "after")}
        event = ModelEvent(name, time.time_ns() // 1_000_000, acting.get() or user_name(), op, **{**more, **texts})
        hooks.tell(self.store, event, data or {})


def _of_model(name: str) -> ModelQuery:
    return ModelQuery("name = '{}'".format(name.replace("'", "''")))


def _check_force(*, force: bool, comment: str) -> None:
    if force and not comment.strip():
        raise InvalidValueError("force=True asks for a comment that tells why; it stands in the history.")


def _number(version: Any) -> int | None:
    return None if version is None else check_version(version)


def _texts(tags: Mapping[str, Any] | None) -> dict[str, str]:
    return {str(key): str(value) for key, value in (tags or {}).items()}
