"""Runs beside one another: one row a key, one value a run, whatever it is that they differ in."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from nbtrack.entities import ViewType
from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.names import NOTE, is_run_id
from nbtrack.store.protocol import RunQuery
from nbtrack.views.compare_data import dataset_rows
from nbtrack.views.compare_files import file_rows
from nbtrack.views.compare_row import CompareRow, Value
from nbtrack.views.goals import SYSTEM, goal_of
from nbtrack.views.run_rows import take_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbtrack.store.protocol import RunColumns, TrackingStore

MAX_RUNS = 500
SECTIONS = ("overview", "params", "metrics", "system", "tags", "environment", "git", "source", "datasets", "artifacts")
STATISTICS = ("last", "min", "max", "count")
_OWN_TAGS = ("mlflow.", "nbtrack.")

Source = Literal["attribute", "tag"]
_OVERVIEW: tuple[tuple[str, str, Source, str], ...] = (
    ("status", "status", "attribute", "status"),
    ("started", "time", "attribute", "start_time"),
    ("duration", "duration", "attribute", "duration"),
    ("experiment", "text", "attribute", "experiment"),
    ("user", "text", "attribute", "user_id"),
    ("host", "text", "tag", "nbtrack.host"),
    ("notebook", "text", "tag", "nbtrack.notebook"),
    ("error", "text", "tag", "nbtrack.error"),
    ("note", "text", "tag", NOTE),
    ("parent", "text", "attribute", "parent_run_id"),
)
_GIT = (
    ("commit", "mlflow.source.git.commit"),
    ("branch", "mlflow.source.git.branch"),
    ("repository", "mlflow.source.git.repoURL"),
    ("uncommitted changes", "mlflow.source.git.dirty"),
)
_SOURCE = (("file", "mlflow.source.name"), ("cell id", "nbtrack.cell.id"))
_ENVIRONMENT = (("Python", "nbtrack.python"), ("platform", "nbtrack.platform"))


@dataclass(frozen=True, slots=True)
class RunHead:
    """What a column says at its top; times in milliseconds UTC, `duration` in seconds."""

    run_id: str
    number: int | None
    name: str
    status: str
    start_time: float | None
    duration: float | None

    @property
    def label(self) -> str:
        """Return ``#43``, or the name of a run that has no number."""
        return self.name if self.number is None else f"#{self.number}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Runs, and the rows in which they may differ, in the order of :data:`SECTIONS`."""

    runs: tuple[RunHead, ...]
    rows: tuple[CompareRow, ...]
    goals: dict[str, str] = field(default_factory=dict)

    def of(self, section: str) -> list[CompareRow]:
        """Return the rows of a section."""
        return [row for row in self.rows if row.section == section]

    def place(self, run_id: str) -> int:
        """Return which column a run is. Raises ``NotFoundError``."""
        for index, run in enumerate(self.runs):
            if run.run_id == run_id:
                return index
        raise NotFoundError("Run", run_id, where="this comparison")


def check_ids(given: Any) -> list[str]:
    """Return run ids, each once; raises ``InvalidValueError`` for what is none, or for too many."""
    if not isinstance(given, (list, tuple)):
        message = f"Runs {str(given)[:80]!r} is no list; give a list of run ids."
        raise InvalidValueError(message)
    ids = list(dict.fromkeys(given))
    wrong = [each for each in ids if not is_run_id(each)]
    if wrong:
        message = f"Run {str(wrong[0])[:80]!r} is not named by 32 hexadecimal digits."
        raise InvalidValueError(message)
    if len(ids) > MAX_RUNS:
        message = f"{len(ids)} runs are too many to stand beside one another; compare at most {MAX_RUNS}."
        raise InvalidValueError(message)
    return ids


def compare_runs(store: TrackingStore, run_ids: Sequence[str]) -> Comparison:
    """Put runs beside one another, in the order given; runs that are not in the store are left out."""
    ids = check_ids(list(run_ids))
    found = store.run_columns(RunQuery(run_ids=tuple(ids), view=ViewType.ALL))
    where = {run_id: row for row, run_id in enumerate(found.attributes["run_id"])}
    ids = [run_id for run_id in ids if run_id in where]
    found = take_rows(found, np.array([where[run_id] for run_id in ids], dtype=np.int64))
    files, inputs = _files_and_inputs(store, ids)
    rows = [
        *_overview(found),
        *_params(found),
        *_metrics(found),
        *_tags(found),
        *_tagged(found, "environment", _ENVIRONMENT),
        *_tagged(found, "git", _GIT),
        *_tagged(found, "source", _SOURCE),
        *file_rows(store, ids, files),
        *dataset_rows(ids, inputs),
    ]
    order = {section: place for place, section in enumerate(SECTIONS)}
    rows.sort(key=lambda row: (order[row.section], _natural(row)))  # stable: the parts of a metric stay together
    return Comparison(tuple(_head(found, index) for index in range(len(ids))), tuple(rows), dict(found.goals))


def _files_and_inputs(store: TrackingStore, run_ids: list[str]) -> tuple[list[Any], list[Any]]:
    """Return files and datasets of the runs in one look at the store: each costs some milliseconds, and a live view looks often."""
    found = store.sql(
        """
        SELECT true AS is_file, run_id, path AS name, sha256 AS digest, mime AS about, size, NULL AS source_type, NULL AS source,
            NULL AS schema, NULL AS profile, timestamp FROM artifacts WHERE list_contains(?, run_id) AND sha256 IS NOT NULL
        UNION ALL
        SELECT false, run_id, name, digest, context, NULL, source_type, source, schema, profile, timestamp
        FROM inputs WHERE list_contains(?, run_id) ORDER BY timestamp, name
        """,
        [run_ids, run_ids],
    )
    records = list(found.itertuples(index=False))
    return [each for each in records if each.is_file], [each for each in records if not each.is_file]


def _natural(row: CompareRow) -> tuple[str | int, ...]:
    """Return what sorts ``p2`` before ``p10``; the overview and datasets have an order of their own."""
    if row.section in ("overview", "datasets"):
        return ()
    is_named = row.kind in ("file", "series", "package") or row.section in ("params", "metrics", "system", "tags")
    pieces = re.split(r"(\d+)", row.key.lower()) if is_named else []
    return tuple(int(piece) if place % 2 else piece for place, piece in enumerate(pieces))


def _head(found: RunColumns, index: int) -> RunHead:
    row = {name: values[index] for name, values in found.attributes.items()}
    number = _number(row["number"])
    return RunHead(
        run_id=str(row["run_id"]),
        number=None if number is None else int(number),
        name=str(row["name"] or row["run_id"][:8]),
        status=str(row["status"]),
        start_time=_number(row["start_time"]),
        duration=_number(row["duration"]),
    )


def _overview(found: RunColumns) -> list[CompareRow]:
    rows = []
    for key, kind, source, name in _OVERVIEW:
        if source == "tag":
            values = _texts(found.tags.get(name), len(found))
        elif kind in ("time", "duration"):
            values = tuple(_number(value) for value in found.attributes[name])
        else:
            values = _texts(found.attributes[name], len(found))
        if any(value is not None for value in values):
            rows.append(CompareRow("overview", key, kind, values))
    return rows


def _params(found: RunColumns) -> list[CompareRow]:
    return [CompareRow("params", key, "text", _texts(values, len(found))) for key, values in found.params.items()]


def _tags(found: RunColumns) -> list[CompareRow]:
    return [
        CompareRow("tags", key, "text", _texts(values, len(found)))
        for key, values in found.tags.items()
        if not key.startswith(_OWN_TAGS)
    ]


def _tagged(found: RunColumns, section: str, tags: Sequence[tuple[str, str]]) -> list[CompareRow]:
    rows = [CompareRow(section, key, "text", _texts(found.tags.get(name), len(found))) for key, name in tags]
    return [row for row in rows if any(value is not None for value in row.values)]


def _metrics(found: RunColumns) -> list[CompareRow]:
    rows = []
    for key, parts in found.metrics.items():
        goal = goal_of(key, found.goals)
        for stat in STATISTICS:
            values = tuple(_statistic(parts, stat, index) for index in range(len(found)))
            section = "system" if key.startswith(SYSTEM) else "metrics"
            rows.append(CompareRow(section, key, "number", values, stat=stat, goal=None if stat == "count" else goal))
    return rows


def _statistic(parts: dict[str, Any], stat: str, index: int) -> float | None:
    if not parts["count"][index]:
        return None
    value = float(parts[stat][index])
    # a logged NaN is a value; the extremes of a metric that was only ever NaN are none
    return None if stat in ("min", "max") and np.isnan(value) else value


def _texts(values: Any, n_runs: int) -> tuple[Value, ...]:
    if values is None:
        return (None,) * n_runs
    return tuple(None if value is None or value == "" else str(value) for value in values)


def _number(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, np.datetime64):
        return None if np.isnat(value) else float(value.astype("datetime64[us]").astype(np.int64)) / 1000
    number = float(value)
    return None if np.isnan(number) else number
