"""Names of experiments: taken, changed and freed under one lock, so that two processes never make the same twice."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from nbtrack.entities import Experiment, LifecycleStage, ViewType
from nbtrack.errors import AlreadyExistsError, InvalidValueError, JournalError, NotFoundError
from nbtrack.names import check_name, check_time
from nbtrack.search.parser import parse_filter, parse_order_by
from nbtrack.search.sql import compile_filter, compile_order

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from duckdb import DuckDBPyConnection

    from nbtrack.journal.numbers import Numbers
    from nbtrack.store.protocol import Record

DEFAULT_ID = 0


class Experiments:
    """Changes the experiments of one store; every change is one journal event.

    Parameters
    ----------
    numbers : Numbers
        Who gives out ids and keeps the names in use.
    append : callable
        Writes the event.
    get : callable
        Returns an experiment by id from the store.
    """

    def __init__(self, numbers: Numbers, append: Callable[[Record], None], get: Callable[[str], Experiment]) -> None:
        self._numbers = numbers
        self._append = append
        self._get = get

    def id_of(self, name: str) -> int:
        """Return the id of the experiment in use with this name, creating it when there is none."""
        if name == "Default":
            return DEFAULT_ID
        check_name(name, "Experiment name")
        # Asked each time: another process may have renamed or deleted it since.
        experiment_id, is_new = self._numbers.experiment_id(name)
        if is_new:
            with suppress(JournalError):  # the event waits in memory, and the start of a run names its experiment too
                self._say("create", experiment_id, name=name)
        return experiment_id

    def create(self, name: str, tags: dict[str, str] | None = None, created: int | None = None) -> int:
        """Create an experiment, of which `created` (milliseconds UTC) may be another time; raises :class:`AlreadyExistsError`."""
        check_name(name, "Experiment name")
        with self._numbers.changing() as names:
            experiment_id = names.add(name)
            at_us = None if created is None else check_time(created) * 1000
            self._say("create", experiment_id, name=name, tags=tags, at=at_us)
        return experiment_id

    def rename(self, experiment_id: str, name: str) -> None:
        """Give an experiment a new name that is free."""
        check_name(name, "Experiment name")
        old = self._changeable(experiment_id)
        if name == old.name:
            return
        with self._numbers.changing() as names:
            names.add(name, int(experiment_id))
            names.free(old.name, int(experiment_id))
            if old.lifecycle_stage == LifecycleStage.DELETED:
                names.free(name, int(experiment_id))  # a name in the trash is taken when it comes back
            self._say("rename", int(experiment_id), name=name)

    def delete(self, experiment_id: str) -> None:
        """Put an experiment with its runs in the trash; its name is free again."""
        old = self._changeable(experiment_id)
        if old.lifecycle_stage == LifecycleStage.DELETED:
            return
        with self._numbers.changing() as names:
            names.free(old.name, int(experiment_id))
            self._say("delete", int(experiment_id))

    def restore(self, experiment_id: str) -> None:
        """Take an experiment out of the trash."""
        old = self._get(experiment_id)
        if old.lifecycle_stage == LifecycleStage.ACTIVE:
            return
        with self._numbers.changing() as names:
            if old.name in names.ids:
                hint = "Rename that one (or this one: rename_experiment works in the trash), then restore."
                raise AlreadyExistsError("Experiment", old.name, hint)
            names.add(old.name, int(experiment_id))
            self._say("restore", int(experiment_id))

    def set_tags(self, experiment_id: str, tags: dict[str, str]) -> None:
        """Set tags of an experiment."""
        self._get(experiment_id)
        self._say("tags", int(experiment_id), tags=tags)

    def delete_tag(self, experiment_id: str, key: str) -> None:
        """Remove a tag of an experiment."""
        self._get(experiment_id)
        self._append(("experiment", None, None, {"op": "untags", "experiment_id": int(experiment_id), "keys": [key]}))

    def _changeable(self, experiment_id: str) -> Experiment:
        found = self._get(experiment_id)
        if int(experiment_id) == DEFAULT_ID:
            message = "The Default experiment cannot be renamed or deleted: runs without an experiment go there."
            raise InvalidValueError(message)
        return found

    def _say(self, op: str, experiment_id: int, *, tags: dict[str, str] | None = None, **more: Any) -> None:
        said = {key: value for key, value in more.items() if value is not None}
        self._append(("experiment", None, tags, {"op": op, "experiment_id": experiment_id, **said}))


def search(
    con: DuckDBPyConnection,
    filter_string: str = "",
    *,
    view: ViewType = ViewType.ACTIVE_ONLY,
    order_by: Sequence[str] = (),
    max_results: int | None = None,
    experiment_id: str | None = None,
) -> list[Experiment]:
    """Return the experiments that match, newest change first unless ordered otherwise."""
    conditions: list[str] = ["true"]
    values: list[Any] = []
    if view != ViewType.ALL:
        conditions.append("e.lifecycle_stage = ?")
        values.append(str(LifecycleStage.ACTIVE if view == ViewType.ACTIVE_ONLY else LifecycleStage.DELETED))
    if experiment_id is not None:
        conditions.append("e.experiment_id = ?")
        values.append(id_number(con, experiment_id))
    tree = parse_filter(filter_string, subject="experiment")
    if tree is not None:
        compiled = compile_filter(tree, {})
        conditions.append(f"({compiled.text})")
        values += compiled.values
    order = compile_order(parse_order_by(list(order_by), subject="experiment"), {}, subject="experiment")
    values += order.values
    limit = "" if max_results is None else f"LIMIT {int(max_results)}"
    rows = con.execute(
        "SELECT e.experiment_id, e.name, e.lifecycle_stage, epoch_ms(e.creation_time), epoch_ms(e.last_update_time), "
        "(SELECT map(list(t.key), list(t.value)) FROM experiment_tags t WHERE t.experiment_id = e.experiment_id) "
        f"FROM experiments e WHERE {' AND '.join(conditions)} ORDER BY {order.text} {limit}",
        values,
    ).fetchall()
    return [
        Experiment(str(i), name, stage, created, updated, tags or {}) for i, name, stage, created, updated, tags in rows
    ]


def id_number(con: DuckDBPyConnection, experiment_id: str) -> int:
    """Return an experiment id as the number it is; raises ``NotFoundError``, which tells the id when a name was given."""
    if re.fullmatch(r"\d{1,18}", str(experiment_id)):
        return int(experiment_id)
    same = con.execute("SELECT experiment_id FROM experiments WHERE name = ?", [str(experiment_id)]).fetchall()
    hint = (
        f" That is the name of the experiment with id '{same[0][0]}'." if same else " Experiment ids are whole numbers."
    )
    raise NotFoundError("Experiment id", str(experiment_id), hint=hint)
