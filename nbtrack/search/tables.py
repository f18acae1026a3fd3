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
    """A table, the alias by which its columns are called, and the column that says whose rows they are.

    `of` is the column of the owner that means the same, where that is not the owner's own id.
    """

    name: str
    alias: str
    id_column: str
    of: str = ""

    @property
    def source(self) -> str:
        """What stands after FROM."""
        return f"{self.name} {self.alias}"

    @property
    def id(self) -> str:
        """The id column with its alias."""
        return f"{self.alias}.{self.id_column}"

    def owner_id(self, owner: Table) -> str:
        """Return the column of the owner that says which rows here are its own."""
        return self.of or owner.id


OWNERS = {
    "run": Table("runs", "r", "run_id"),
    "experiment": Table("experiments", "e", "experiment_id"),
    "model": Table("registered_models", "g", "registry_id"),
    "model version": Table("(SELECT *, registry_id || '/' || version AS id FROM model_versions)", "v", "id"),
}
LOGGED = {
    ("run", "metrics"): Table("latest", "m", "run_id"),
    ("run", "params"): Table("params", "p", "run_id"),
    ("run", "tags"): Table("tags", "t", "run_id"),
    ("run", "datasets"): Table("inputs", "i", "run_id"),
    ("experiment", "tags"): Table("experiment_tags", "t", "experiment_id"),
    ("model", "tags"): Table("registered_model_tags", "t", "registry_id"),
    ("model version", "tags"): Table(
        "(SELECT registry_id || '/' || version AS id, key, value FROM model_version_tags)", "t", "id"
    ),
    ("model version", "aliases"): Table(
        "(SELECT registry_id || '/' || version AS id, alias FROM model_aliases)", "a", "id"
    ),
    # What the run logged that a version came from.
    ("model version", "metrics"): Table("latest", "m", "run_id", of="v.run_id"),
    ("model version", "params"): Table("params", "p", "run_id", of="v.run_id"),
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
    "model": {
        "name": "g.name",
        "description": "g.description",
        "user_id": "g.user_id",
        "creation_time": "g.creation_time",
        "last_update_time": "g.last_update_time",
        "versions": "(SELECT count(*) FROM model_versions x WHERE x.registry_id = g.registry_id)",
    },
    "model version": {
        "name": "v.name",
        "version": "v.version",
        "run_id": "v.run_id",
        "source": "v.source",
        "model_id": "v.model_id",
        "stage": "v.stage",
        "status": "v.status",
        "description": "v.description",
        "user_id": "v.user_id",
        "creation_time": "v.creation_time",
        "last_update_time": "v.last_update_time",
    },
}
TIE_BREAK = {
    "run": "r.start_time DESC NULLS LAST, r.run_id",
    "experiment": "e.creation_time DESC NULLS LAST, e.experiment_id",
    "model": "g.name",
    "model version": "v.last_update_time DESC, v.name, v.version DESC",
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
    if field.entity == "aliases":
        return "a.alias"
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
    return field.entity not in ("datasets", "aliases")
