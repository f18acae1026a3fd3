"""What a registered model has become: its records replayed one after the other, and what each of them changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Row = tuple[Any, ...]
FIRST = "create"


@dataclass(frozen=True, slots=True)
class Record:
    """One record of the journal: time in microseconds UTC, who wrote it, object ``o`` and text map ``p``."""

    t: int
    user: str | None
    body: dict[str, Any]
    tags: dict[str, str]

    @property
    def op(self) -> str:
        """What it says was done."""
        return str(self.body.get("op"))


@dataclass(slots=True)
class Version:
    """A version as it stands."""

    source: str
    run_id: str | None
    model_id: str | None
    path: str | None
    run_link: str
    description: str
    user: str | None
    created: int
    updated: int
    stage: str = "None"
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Life:
    """A registered model as it stands, and its events so far."""

    id: str
    name: str = ""
    description: str = ""
    user: str | None = None
    created: int = 0
    updated: int = 0
    is_alive: bool = False
    tags: dict[str, str] = field(default_factory=dict)
    versions: dict[int, Version] = field(default_factory=dict)
    aliases: dict[str, tuple[int, int, str | None]] = field(default_factory=dict)
    gates: dict[tuple[str | None, int | None, str], tuple[int, str | None]] = field(default_factory=dict)
    events: list[Row] = field(default_factory=list)

    @classmethod
    def of(cls, registry_id: str, records: Iterable[Record]) -> Life:
        """Replay records that are in order; the beginning comes first whatever the clocks say."""
        life = cls(registry_id)
        for record in sorted(records, key=lambda record: record.op != FIRST):
            life.change(record)
        return life

    def change(self, record: Record) -> None:
        """Apply one record; what a newer nbtrack wrote, or came too late to change anything, is an event all the same."""
        rule = _RULES.get(record.op)
        if rule is None or (not self.is_alive and record.op != FIRST) or self._is_lost(record):
            self.tell(
                record, detail=record.body.get("detail") or ("" if rule is None else "came too late to change anything")
            )
            return
        if record.op not in ("comment", "expect", "unexpect"):
            self.updated = max(self.updated, record.t)
        rule(self, record)

    def _is_lost(self, record: Record) -> bool:
        number = record.body.get("version")
        is_new = record.op == "version"
        if is_new:
            return number in self.versions
        return record.op != "unalias" and number is not None and number not in self.versions

    def tell(self, record: Record, before: Any = None, after: Any = None, **more: Any) -> None:
        """Write down one event; `before` and `after` are kept as texts."""
        body = {**record.body, **more}
        texts = (None if value is None else str(value) for value in (before, after))
        place = (body.get("version"), body.get("alias"), body.get("stage"), body.get("key"))
        said = (body.get("comment") or "", body.get("detail") or "")
        op = more.get("op", record.op)
        self.events.append(
            (self.id, len(self.events), self.name or body.get("name"), record.t, record.user, op, *place, *texts, *said)
        )

    # -- the model ---------------------------------------------------------------------------------------------------

    def create(self, record: Record) -> None:
        """Begin."""
        if self.is_alive:
            self.tell(record, detail="was there already")
            return
        body = record.body
        self.is_alive, self.name, self.description = True, body["name"], body.get("description") or ""
        self.user, self.created, self.updated, self.tags = record.user, record.t, record.t, dict(record.tags)
        self.tell(record, after=self.name)

    def rename(self, record: Record) -> None:
        """Take another name."""
        before, self.name = self.name, record.body["to"]
        self.tell(record, before, self.name)

    def describe(self, record: Record) -> None:
        """Take another description."""
        before, self.description = self.description, record.body["description"]
        self.tell(record, before, self.description)

    def delete(self, record: Record) -> None:
        """End: nothing of it is found any more, but for its events."""
        self._drop_aliases(record, [*self.aliases])
        self.tell(record, before=self.name)
        self.is_alive = False
        for kept in (self.tags, self.versions, self.gates):
            kept.clear()

    def tag(self, record: Record) -> None:
        """Set tags."""
        for key, value in record.tags.items():
            self.tell(record, self.tags.get(key), value, key=key)
            self.tags[key] = value

    def untag(self, record: Record) -> None:
        """Remove a tag."""
        self.tell(record, before=self.tags.pop(record.body["key"], None))

    def comment(self, record: Record) -> None:
        """Only say something."""
        self.tell(record)

    # -- its versions ------------------------------------------------------------------------------------------------

    def add_version(self, record: Record) -> None:
        """Register a version."""
        body = record.body
        self.versions[body["version"]] = Version(
            body.get("source") or "",
            body.get("run_id"),
            body.get("model_id"),
            body.get("path"),
            body.get("run_link") or "",
            body.get("description") or "",
            record.user,
            record.t,
            record.t,
            tags=dict(record.tags),
        )
        self.tell(record, after=body.get("source") or "")

    def describe_version(self, record: Record) -> None:
        """Give a version another description."""
        version = self._touch(record)
        before, version.description = version.description, record.body["description"]
        self.tell(record, before, version.description)

    def delete_version(self, record: Record) -> None:
        """Remove a version, and the aliases that point at it."""
        number = record.body["version"]
        self._drop_aliases(record, [alias for alias, (at, *_) in self.aliases.items() if at == number])
        version = self.versions.pop(number)
        self.tell(record, before=version.source)
        self.gates = {gate: what for gate, what in self.gates.items() if gate[1] != number}

    def tag_version(self, record: Record) -> None:
        """Set tags of a version."""
        version = self._touch(record)
        for key, value in record.tags.items():
            self.tell(record, version.tags.get(key), value, key=key)
            version.tags[key] = value

    def untag_version(self, record: Record) -> None:
        """Remove a tag of a version."""
        self.tell(record, before=self._touch(record).tags.pop(record.body["key"], None))

    def stage(self, record: Record) -> None:
        """Move a version to a stage; those that are there are archived if asked."""
        wanted = record.body["stage"]
        for number, version in self.versions.items() if record.body.get("archive") else ():
            if version.stage == wanted and number != record.body["version"]:
                version.stage, version.updated = "Archived", record.t
                self.tell(
                    record,
                    wanted,
                    "Archived",
                    version=number,
                    stage="Archived",
                    detail=f"version {record.body['version']} took its place",
                )
        version = self._touch(record)
        before, version.stage = version.stage, wanted
        self.tell(record, before, wanted)

    # -- aliases and gates -------------------------------------------------------------------------------------------

    def alias(self, record: Record) -> None:
        """Let an alias point at a version."""
        alias, number = record.body["alias"], record.body["version"]
        before = self.aliases.get(alias)
        self.aliases[alias] = (number, record.t, record.user)
        self.tell(record, before[0] if before else None, number)

    def unalias(self, record: Record) -> None:
        """Let an alias point at nothing."""
        before = self.aliases.pop(record.body["alias"], None)
        self.tell(record, before=before[0] if before else None, version=before[0] if before else None)

    def expect(self, record: Record) -> None:
        """Put up a gate."""
        body = record.body
        self.gates[body.get("alias"), body.get("version"), body["expression"]] = (record.t, record.user)
        self.tell(record, after=body["expression"])

    def unexpect(self, record: Record) -> None:
        """Take a gate down."""
        body = record.body
        self.gates.pop((body.get("alias"), body.get("version"), body["expression"]), None)
        self.tell(record, before=body["expression"])

    def _touch(self, record: Record) -> Version:
        version = self.versions[record.body["version"]]
        version.updated = max(version.updated, record.t)
        return version

    def _drop_aliases(self, record: Record, aliases: list[str]) -> None:
        for alias in aliases:
            number = self.aliases.pop(alias)[0]
            self.tell(record, before=number, op="unalias", alias=alias, version=number)

    # -- rows --------------------------------------------------------------------------------------------------------

    def rows(self, table: str) -> Iterator[Row]:
        """Yield the rows of a table of the registry, times in microseconds."""
        if table == "model_events":
            yield from self.events
        elif self.is_alive:
            for row in _ROWS[table](self):
                yield self.id, self.name, *row


def _version_rows(life: Life) -> Iterator[Row]:
    for number, v in life.versions.items():
        place = (v.source, v.run_id, v.model_id, v.path, v.run_link)
        yield number, *place, v.stage, "READY", v.description, v.user, v.created, v.updated


_RULES: dict[str, Callable[[Life, Record], None]] = {
    "create": Life.create,
    "rename": Life.rename,
    "describe": Life.describe,
    "delete": Life.delete,
    "tag": Life.tag,
    "untag": Life.untag,
    "comment": Life.comment,
    "version": Life.add_version,
    "describe_version": Life.describe_version,
    "delete_version": Life.delete_version,
    "tag_version": Life.tag_version,
    "untag_version": Life.untag_version,
    "stage": Life.stage,
    "alias": Life.alias,
    "unalias": Life.unalias,
    "expect": Life.expect,
    "unexpect": Life.unexpect,
}
_ROWS: dict[str, Callable[[Life], Iterable[Row]]] = {
    "registered_models": lambda life: [(life.description, life.created, life.updated, life.user)],
    "registered_model_tags": lambda life: life.tags.items(),
    "model_versions": _version_rows,
    "model_version_tags": lambda life: [(n, *tag) for n, v in life.versions.items() for tag in v.tags.items()],
    "model_aliases": lambda life: [(alias, *at) for alias, at in life.aliases.items()],
    "model_gates": lambda life: [(*gate, *made) for gate, made in life.gates.items()],
}
