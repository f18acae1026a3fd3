"""Changes the model registry of a local store: each change is checked and written while nobody else writes one."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from nbtrack.entities import ModelVersion, RegisteredModel
from nbtrack.errors import AlreadyExistsError, InvalidValueError, NotFoundError
from nbtrack.journal.acting import acting
from nbtrack.journal.writer import user_name
from nbtrack.names import (
    MAX_MODEL_TAG,
    check_alias,
    check_key,
    check_model_name,
    check_model_text,
    check_stage,
    check_version,
    new_run_id,
)
from nbtrack.store import registry_moving
from nbtrack.store import registry_reading as looking

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from nbtrack.entities import ModelEvent
    from nbtrack.journal.numbers import Numbers
    from nbtrack.journal.writer import Writer
    from nbtrack.store.protocol import Record
    from nbtrack.store.reader import Reader
    from nbtrack.store.registry_protocol import ModelQuery, NewVersion, RegistryStore
    from nbtrack.store.registry_reading import Look
    from nbtrack.store.shelf import Shelf

MAX_COMMENT = 10_000
NAMES = {"tag": "tag_version", "untag": "untag_version", "describe": "describe_version", "delete": "delete_version"}
"""Verbs of a model and, of one of its versions, what they are called in the journal."""


class Kept(Protocol):
    """What the registry needs of the store that it belongs to."""

    writer: Writer
    registry: LocalRegistry

    @property
    def numbers(self) -> Numbers:
        """Return who lets one process at a time change models."""

    def make_folder(self) -> None:
        """Make the folder."""

    def reading(self, *, is_fresh: bool = False) -> AbstractContextManager[Reader]:
        """Open a look at the store."""

    def append(self, *records: Record) -> None:
        """Write changes."""


class LocalRegistry:
    """The registered models of a local store; see :class:`RegistryStore`.

    Version numbers are given out under ``models.lock``, and so is every other change made: who writes second sees what the first wrote,
    whatever the clocks say.

    Parameters
    ----------
    store : Kept
    shelf : Shelf, optional
        What is remembered of them, where all that this process writes is heard.
    """

    def __init__(self, store: Kept, shelf: Shelf | None = None) -> None:
        self._store = store
        self._shelf = shelf
        self.settings_seen: dict[str, str] = {}

    # -- models ------------------------------------------------------------------------------------------------------

    def create(
        self, name: str, *, tags: dict[str, str] | None = None, description: str = "", comment: str = ""
    ) -> RegisteredModel:
        """Make a model without versions; raises ``AlreadyExistsError``."""
        texts, body = _tags(tags), {"description": check_model_text(description), **_comment(comment)}
        with self._alone() as change:
            change.create(check_model_name(name), texts, body)
        now = self._store.writer.last_us // 1000
        return RegisteredModel(
            name, now, now, description=body["description"], user_id=acting.get() or user_name(), tags=texts
        )

    def rename(self, name: str, new_name: str, *, comment: str = "") -> None:
        """Give a model another name that is free."""
        body = {"to": check_model_name(new_name), **_comment(comment)}
        if new_name == name:
            self.get(name)
            return
        with self._alone() as change:
            registry_id = change.id_of(name)
            change.refuse_taken(new_name)
            change.write("rename", registry_id, name, body)

    def describe(self, name: str, description: str, version: int | None = None, *, comment: str = "") -> None:
        """Change the description of a model, or of one version."""
        self._change("describe", name, version, {"description": check_model_text(description), **_comment(comment)})

    def delete(self, name: str, version: int | None = None, *, comment: str = "") -> None:
        """Delete a model with all its versions, or one version."""
        self._change("delete", name, version, _comment(comment))

    def set_tags(self, name: str, tags: dict[str, str], version: int | None = None, *, comment: str = "") -> None:
        """Set tags of a model, or of one version."""
        self._change("tag", name, version, _comment(comment), _tags(tags))

    def delete_tag(self, name: str, key: str, version: int | None = None, *, comment: str = "") -> None:
        """Remove a tag of a model, or of one version; raises ``NotFoundError`` when there is none of that name."""
        found = self.get(name) if version is None else self.version(name, version)
        if key not in found.tags:
            where = f"registered model {name!r}" + ("" if version is None else f", version {version}")
            raise NotFoundError("Tag", key, found.tags, where=where)
        self._change("untag", name, version, {"key": key, **_comment(comment)})

    def comment(self, name: str, text: str, version: int | None = None) -> None:
        """Say something about a model or a version; it stands in the history."""
        if not str(text or "").strip():
            raise InvalidValueError("A comment has some text.")
        self._change("comment", name, version, _comment(text))

    # -- versions ----------------------------------------------------------------------------------------------------

    def create_version(
        self, name: str, new: NewVersion, *, comment: str = "", makes_model: bool = False
    ) -> ModelVersion:
        """Register a version under the next number, which is given to no other, also after it was deleted."""
        body = {"source": new.source, "run_id": new.run_id, "path": new.path, "model_id": new.model_id}
        texts: dict[str, Any] = {"run_link": new.run_link, "description": check_model_text(new.description)}
        body = {key: value for key, value in {**body, **texts, **_comment(comment)}.items() if value}
        tags = _tags(new.tags)
        with self._alone() as change:
            if makes_model and change.known.find_id(check_model_name(name)) is None:
                registry_id = change.create(name, {}, {})
            else:
                registry_id = change.id_of(name)
            number = change.known.last_number(registry_id, name) + 1
            change.write("version", registry_id, name, {"version": number, **body}, tags)
        now = self._store.writer.last_us // 1000
        about = {
            "run_id": new.run_id,
            "path": new.path,
            "model_id": new.model_id,
            "source": new.source,
            "tags": tags,
            **texts,
        }
        return ModelVersion(name, number, now, now, user_id=acting.get() or user_name(), **about)

    def set_stage(self, name: str, version: int, stage: str, *, archive: bool = False, comment: str = "") -> None:
        """Move a version to a stage; with `archive` those that are there are archived."""
        to = check_stage(stage)
        if archive and to not in ("Staging", "Production"):
            raise InvalidValueError(f"Versions are archived when one comes to Staging or Production, not to {to}.")
        self._change("stage", name, version, {"stage": to, "archive": bool(archive), **_comment(comment)})

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
        """Move an alias to a version."""
        body = {"alias": check_alias(alias), "version": check_version(version), **_comment(comment)}
        with self._alone() as change:
            registry_id = change.id_of(name)
            found = change.known.version(name, version)
            detail = check(change.known.get(name), found) if check else ""
            change.write("alias", registry_id, name, {**body, **({"detail": detail} if detail else {})})

    def delete_alias(self, name: str, alias: str, *, comment: str = "") -> None:
        """Take an alias away; raises ``NotFoundError`` when there is none of that name."""
        known = self.get(name).aliases
        if alias not in known:
            raise NotFoundError("Alias", alias, known, where=f"registered model {name!r}")
        self._change("unalias", name, None, {"alias": alias, **_comment(comment)})

    def expect(
        self, name: str, expression: str, *, alias: str | None = None, version: int | None = None, comment: str = ""
    ) -> None:
        """Put up a gate; its text is read by whoever moves an alias."""
        body = {
            "alias": None if alias is None else check_alias(alias),
            "expression": str(expression),
            **_comment(comment),
        }
        self._change("expect", name, version, body)

    def unexpect(
        self, name: str, expression: str, *, alias: str | None = None, version: int | None = None, comment: str = ""
    ) -> None:
        """Take a gate down; raises ``NotFoundError`` when there is no such gate."""
        gates = self.get(name).gates
        if not any((g.expression, g.alias, g.version) == (expression, alias, version) for g in gates):
            same = [f"alias={g.alias!r}, version={g.version}" for g in gates if g.expression == expression]
            known = [] if same else [g.expression for g in gates]
            hint = f" It is expected with {'; '.join(same)}: say so." if same else ""
            raise NotFoundError("Gate", expression, known, where=f"registered model {name!r}", hint=hint)
        self._change("unexpect", name, version, {"alias": alias, "expression": expression, **_comment(comment)})

    def take(self, name: str, moved: Sequence[dict[str, Any]]) -> None:
        """Take in what happened to a model elsewhere; see :func:`nbtrack.store.registry_moving.take`."""
        with self._alone() as change:
            registry_moving.take(change, name, moved)

    # -- reading -----------------------------------------------------------------------------------------------------

    def get(self, name: str) -> RegisteredModel:
        """Return a registered model."""
        if self._shelf is not None and self._shelf.is_fresh():
            return self._shelf.get(name)
        with self._store.reading() as reader:
            return looking.get(reader.con, name)

    def version(self, name: str, version: int) -> ModelVersion:
        """Return a version."""
        if self._shelf is not None and self._shelf.is_fresh():
            return self._shelf.version(name, check_version(version))
        with self._store.reading() as reader:
            return looking.version(reader.con, name, check_version(version))

    def version_by_alias(self, name: str, alias: str) -> ModelVersion:
        """Return the version at which an alias points."""
        if self._shelf is not None and self._shelf.is_fresh():
            return self._shelf.version_by_alias(name, alias)
        with self._store.reading() as reader:
            return looking.version_by_alias(reader.con, name, alias)

    def latest_versions(self, name: str, stages: Sequence[str] | None = None) -> list[ModelVersion]:
        """Return the newest version of each stage, or of those asked for."""
        wanted = None if stages is None else [check_stage(stage) for stage in stages]
        found = self.get(name).latest_versions
        return [version for version in found if wanted is None or version.current_stage in wanted]

    def search(self, query: ModelQuery) -> list[RegisteredModel]:
        """Return the registered models that match, by name unless ordered otherwise."""
        with self._store.reading() as reader:
            return looking.models(reader.con, query)

    def search_versions(self, query: ModelQuery) -> list[ModelVersion]:
        """Return the versions that match, those changed last first unless ordered otherwise."""
        with self._store.reading() as reader:
            return looking.versions(reader.con, query)

    def history(self, name: str | None = None, *, until_ms: int | None = None) -> list[ModelEvent]:
        """Return what happened, oldest first."""
        with self._store.reading() as reader:
            return looking.history(reader.con, name, until_ms)

    def run_values(self, run_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return the last metric values, params and tags by run."""
        with self._store.reading() as reader:
            return looking.run_values(reader.con, run_ids)

    # -- inside ------------------------------------------------------------------------------------------------------

    def forget(self) -> None:
        """Remember nothing: a change may have been written, or not."""
        if self._shelf is not None:
            self._shelf.forget()

    def _change(
        self, op: str, name: str, version: int | None, body: dict[str, Any], tags: dict[str, str] | None = None
    ) -> None:
        number = None if version is None else check_version(version)
        with self._alone() as change:
            registry_id = change.id_of(name)
            if number is not None:
                change.known.version(name, number)
                op, body = NAMES.get(op, op), {"version": number, **body}
            change.write(op, registry_id, name, body, tags)

    def _alone(self) -> AbstractContextManager[Change]:
        return Change.begin(self._store, self._shelf)


class Change:
    """One change of the registry: what is `known` stays true until it is written."""

    def __init__(self, known: Look | Shelf) -> None:
        self.known = known
        self._records: list[tuple[str, None, dict[str, str] | None, Any]] = []

    @classmethod
    @contextmanager
    def begin(cls, store: Kept, shelf: Shelf | None) -> Iterator[Change]:
        """Know the registry while nobody else changes it; written when the block ends without an error."""
        store.make_folder()
        with store.numbers.changing_models(), ExitStack() as stack:
            if shelf is not None:
                shelf.refresh()
                known: Look | Shelf = shelf
            else:
                known = looking.Look(stack.enter_context(store.reading(is_fresh=True)).con)
            change = cls(known)
            yield change
            store.registry.settings_seen = known.settings
            # Another machine's clock may be ahead: what is written second stands second.
            store.writer.not_before(known.last_time + 1)
            stack.close()  # the look, if it is one
            if shelf is not None:
                shelf.write(change._records)
            else:
                store.append(*change._records)

    def id_of(self, name: str) -> str:
        """Return the id of the model with this name; raises ``NotFoundError``."""
        return self.known.id_of(name)

    def refuse_taken(self, name: str) -> None:
        """Raise ``AlreadyExistsError`` when there is a model with this name."""
        if self.known.find_id(name) is not None:
            raise AlreadyExistsError("Registered model", name, "Add a version to it, or choose another name.")

    def create(self, name: str, tags: dict[str, str], body: dict[str, Any]) -> str:
        """Make a model and return its id."""
        self.refuse_taken(name)
        registry_id = new_run_id()
        self.write("create", registry_id, name, {key: value for key, value in body.items() if value}, tags)
        return registry_id

    def write(
        self, op: str, registry_id: str, name: str, body: dict[str, Any], tags: dict[str, str] | None = None
    ) -> None:
        """Write one record when all went well."""
        self._records.append(
            ("registry", None, tags or None, {"op": op, "id": registry_id, "name": name, **_by(), **body})
        )


def _comment(text: str) -> dict[str, str]:
    found = check_model_text(text, "Comment", MAX_COMMENT)
    return {"comment": found} if found else {}


def _tags(tags: dict[str, str] | None) -> dict[str, str]:
    return {
        check_key(key, "Tag key"): check_model_text(value, f"Tag {key!r}", MAX_MODEL_TAG)
        for key, value in (tags or {}).items()
    }


def _fits(registry: LocalRegistry) -> RegistryStore:
    return registry


def _by() -> dict[str, str]:
    """Return who asked for a change, where that is not the user of this process."""
    return {"by": acting.get()} if acting.get() else {}
