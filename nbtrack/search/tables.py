"""Every table and column that a search can reach: names come from here, never from what a user wrote."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbtrack.search.cursor import refuse_field
from nbtrack.search.fields import no_goal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbtrack.search.tree import Field

NUMBER_OF_TEXT = "TRY_CAST({} AS DOUBLE)"
MAY_BE_NAN = ("m.value", "m.min", "m.max", NUMBER_OF_TEXT.format("p.value"))


@dataclass(frozen=True, slots=True)
class Table:
    """A table, the alias by which its columns are called, and the column that says whose rows they are."""

    name: str
    alias: str
    id_column: str

    @property
    def source(self) -> str:
        """What stands after FROM."""
        return f"{self.name} {self.alias}"

    @property
    def id(self) -> str:
        """The id column with its alias."""
        return f"{self.alias}.{self.id_column}"


OWNERS = {"run": Table("runs", "r", "run_id"), "experiment": Table("experiments", "e", "experiment_id")}
LOGGED = {
    ("run", "metrics"): Table("latest", "m", "run_id"),
    ("run", "params"): Table("params", "p", "run_id"),
    ("run", "tags"): Table("tags", "t", "run_id"),
    ("run", "datasets"): Table("inputs", "i", "run_id"),
    ("experiment", "tags"): Table("experiment_tags", "t", "experiment_id"),
}
ATTRIBUTES = {
    "run": {
        "run_id": "r.run_id",
        "name": "r.name",
        "status": "r.status",
        "user_id": "r.user_id",
        "artifact_uri": "('runs:/' || r.run_id)",
        "start_time": "r.start_time",
        "end_time": "r.end_time",
        "duration": "r.duration",
        "number": "r.number",
        "experiment_id": "r.experiment_id",
        "experiment": "(SELECT max(x.name) FROM experiments x WHERE x.experiment_id = r.experiment_id)",
        "lifecycle_stage": "r.lifecycle_stage",
        "parent_run_id": "r.parent_run_id",
    },
    "experiment": {
        "name": "e.name",
        "experiment_id": "e.experiment_id",
        "creation_time": "e.creation_time",
        "last_update_time": "e.last_update_time",
        "lifecycle_stage": "e.lifecycle_stage",
    },
}
TIE_BREAK = {
    "run": "r.start_time DESC NULLS LAST, r.run_id",
    "experiment": "e.creation_time DESC NULLS LAST, e.experiment_id",
}
_STATS = {"last": "m.value", "min": "m.min", "max": "m.max", "count": "m.count", "step": "m.step"}
_DATASETS = {"name": "i.name", "digest": "i.digest", "context": "i.context"}
_VALUES = {"params": "p.value", "tags": "t.value"}


def logged_column(field: Field, goals: Mapping[str, str]) -> str:
    """Return the column of a field's table in `LOGGED` that holds its value.

    Raises
    ------
    SearchSyntaxError
        ``.best`` of a metric that has no goal.
    """
    if field.entity == "datasets":
        return _DATASETS[field.key]
    if field.entity != "metrics":
        return _VALUES[field.entity]
    stat = goals.get(field.key, "") if field.stat == "best" else field.stat
    if field.stat == "best" and stat not in ("min", "max"):
        refuse_field(field, no_goal(field.key))
    return _STATS[stat]


def has_keys(field: Field) -> bool:
    """Say whether a field's table in `LOGGED` has one row a key."""
    return field.entity != "datasets"
