"""What a process remembers of the model registry, so that a change of it opens no database.

Loaded is it under the lock of the registry, when no change can be written meanwhile. What this process changes is applied at once; when
another process has written anything to the store, all is forgotten (:class:`nbtrack.store.others.Others`), and the database is asked.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Protocol

from nbtrack.entities import ModelGate, ModelVersion, RegisteredModel
from nbtrack.errors import NotFoundError
from nbtrack.journal.writer import user_name
from nbtrack.store import registry_reading as looking
from nbtrack.store.apply_registry import record_of, recorded_lives
from nbtrack.store.model_life import Life

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence
    from contextlib import AbstractContextManager

    from nbtrack.journal.writer import Writer
    from nbtrack.store.others import Follower
    from nbtrack.store.protocol import Record as Written
    from nbtrack.store.reader import Reader
    from nbtrack.store.served import Marks


class Followed(Protocol):
    """A store that tells of what is written, by this process and by others."""

    writer: Writer
    followers: list[Follower]

    @property
    def others(self) -> Marks:
        """Return who tells of other processes."""

    def reading(self, *, is_fresh: bool = False) -> AbstractContextManager[Reader]:
        """Open a look at the store."""

    def append(self, *records: Written) -> None:
        """Write changes."""


class Shelf:
    """The registered models of a store.

    Parameters
    ----------
    store : Followed
    """

    def __init__(self, store: Followed) -> None:
        self._store = store
        self._lock = threading.RLock()
        self._mark: Hashable = None
        self._lives: dict[str, Life] = {}
        self._mine: dict[int, tuple[Written, int]] = {}
        """What was written here and not told of yet, each with its time if that is known."""
        self._forgotten = 0
        self.settings: dict[str, str] = {}
        self.last_time = 0
        """When the registry was last changed, in microseconds UTC; 0 before the first time."""

    # -- what is known -----------------------------------------------------------------------------------------------

    def is_fresh(self) -> bool:
        """Say whether what is remembered is what there is."""
        return self._mark is not None and self._mark == self._store.others.mark_of_models()

    def refresh(self) -> None:
        """Know what there is; called under the lock of the registry."""
        if self not in self._store.followers:
            self._store.followers.append(self)
        mark = self._store.others.mark_of_models()  # first: what is written after it is noticed by the next one
        with self._lock:
            if self._mark == mark:
                return
            before = self._forgotten
            with self._store.reading(is_fresh=True) as reader:
                lives = recorded_lives(reader.con)
                settings = reader.con.execute("SELECT name, value FROM settings").fetchall()
            self._lives, self.settings = {life.id: life for life in lives}, dict(settings)
            self.last_time = max((event[3] for life in lives for event in life.events), default=0)
            self._mark = mark if self._forgotten == before else None

    def write(self, records: Sequence[Written]) -> None:
        """Write records of the registry; they are known when the store tells of them, which may be when a transaction is over."""
        self._mine |= {id(record): (record, 0) for record in records}
        try:
            self._store.append(*records)
        except BaseException:
            self.forget()
            raise
        t = self._store.writer.last_us
        self._mine |= {key: (record, t) for key, (record, _) in self._mine.items()}

    def forget(self) -> None:
        """Know nothing any more: nobody knows whether what was written last is there."""
        with self._lock:
            self._mine.clear()
            self._mark, self._forgotten = None, self._forgotten + 1

    def records(self, records: Sequence[Written]) -> None:
        """Take what was written; all is forgotten when it is no change by name."""
        strange = set()
        for record in records:
            mine = self._mine.pop(id(record), None)
            if mine is None:
                strange.add(record[0])
            else:
                self._take(record, mine[1] or self._store.writer.last_us)
        if strange & {"registry", "setting"}:
            self.forget()

    def _take(self, record: Written, t: int) -> None:
        _, _, tags, body = record
        with self._lock:
            self.last_time = max(t, self.last_time)
            life = self._lives.setdefault(body["id"], Life(body["id"]))
            life.change(record_of(t, user_name(), body, tags))

    def points(self, run_id: str, points: Sequence[tuple[int, int, dict[str, float]]]) -> None:
        """Metric points change nothing here."""

    # -- what is asked -----------------------------------------------------------------------------------------------

    def find_id(self, name: str) -> str | None:
        """Return the id of the model with this name, or None."""
        with self._lock:
            found = [life for life in self._lives.values() if life.is_alive and life.name == str(name)]
        return min(found, key=lambda life: life.created).id if found else None

    def id_of(self, name: str) -> str:
        """Return the id of the model with this name; raises ``NotFoundError`` with the names there are."""
        return self._life(name).id

    def last_number(self, registry_id: str, name: str) -> int:
        """Return the largest version number that was ever given to a model or under its name."""
        with self._lock:
            events = (event for life in self._lives.values() for event in life.events if event[5] == "version")
            return max((int(e[6] or 0) for e in events if e[0] == registry_id or e[2] == name), default=0)

    def numbers(self, registry_id: str) -> set[int]:
        """Return the numbers of the versions of a model."""
        with self._lock:
            return {*self._lives[registry_id].versions}

    def get(self, name: str) -> RegisteredModel:
        """Return a registered model; raises ``NotFoundError``."""
        with self._lock:
            return _model(self._life(name))

    def version(self, name: str, number: int) -> ModelVersion:
        """Return a version; raises ``NotFoundError`` with the numbers there are."""
        with self._lock:
            life = self._life(name)
            if int(number) not in life.versions:
                raise looking.no_version(name, number, [*life.versions])
            return _version(life, int(number))

    def version_by_alias(self, name: str, alias: str) -> ModelVersion:
        """Return the version at which an alias points; raises ``NotFoundError`` with the aliases there are."""
        with self._lock:
            life = self._life(name)
            if str(alias) not in life.aliases:
                raise NotFoundError("Alias", str(alias), [*life.aliases], where=f"registered model {name!r}")
            return _version(life, life.aliases[str(alias)][0])

    def _life(self, name: str) -> Life:
        found = self.find_id(name)
        if found is None:
            with self._lock:
                raise NotFoundError(
                    "Registered model", name, [life.name for life in self._lives.values() if life.is_alive]
                )
        return self._lives[found]


def _model(life: Life) -> RegisteredModel:
    newest: dict[str, int] = {}
    for number in sorted(life.versions):
        newest[life.versions[number].stage] = number
    gates = sorted(life.gates.items(), key=lambda gate: (gate[1][0], gate[0][2]))
    return RegisteredModel(
        name=life.name,
        creation_timestamp=life.created // 1000,
        last_updated_timestamp=life.updated // 1000,
        description=life.description,
        user_id=life.user or "",
        tags=dict(sorted(life.tags.items())),
        aliases={alias: life.aliases[alias][0] for alias in sorted(life.aliases)},
        latest_versions=[_version(life, number) for number in sorted(newest.values())],
        gates=[
            ModelGate(life.name, expression, alias, version, t // 1000, user or "")
            for (alias, version, expression), (t, user) in gates
        ],
        n_versions=len(life.versions),
    )


def _version(life: Life, number: int) -> ModelVersion:
    found: Any = life.versions[number]
    return ModelVersion(
        name=life.name,
        version=number,
        creation_timestamp=found.created // 1000,
        last_updated_timestamp=found.updated // 1000,
        description=found.description,
        user_id=found.user or "",
        current_stage=found.stage,
        source=found.source,
        run_id=found.run_id,
        path=found.path,
        model_id=found.model_id,
        run_link=found.run_link,
        tags=dict(sorted(found.tags.items())),
        aliases=sorted(alias for alias, (at, *_) in life.aliases.items() if at == number),
    )
