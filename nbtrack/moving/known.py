"""What a store knows already of runs that are moved there."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nbtrack.moving.shipment import MOVER
from nbtrack.tracking import logged_models

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from nbtrack.store.protocol import TrackingStore
    from nbtrack.tracking.logged_models import LoggedModel

PAGE = 500_000
_IDS = "SELECT run_id FROM runs WHERE run_id > ? ORDER BY run_id LIMIT ?"
_WITH = "WHERE run_id IN (SELECT unnest(?::VARCHAR[]))"
_RUNS = f"SELECT run_id, status, lifecycle_stage, epoch_us(end_time), experiment_id FROM runs {_WITH}"
_MODELS = (
    "SELECT run_id, body, epoch_us(timestamp) // 1000, '' FROM events WHERE kind = 'model' "
    "AND run_id IN (SELECT unnest(?::VARCHAR[])) ORDER BY timestamp, writer, seq"
)
_TOLD = (
    "SELECT kind, writer, body FROM events WHERE run_id = ? AND kind IN ('tags', 'untag', 'forget', 'end', 'resume', 'state') "
    "ORDER BY timestamp, writer, seq"
)


@dataclass(slots=True)
class KnownRun:
    """A run as the store has it."""

    status: str
    stage: str
    end_us: int | None
    experiment_id: int
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    files: dict[str, tuple[str, int, int]] = field(default_factory=dict)
    inputs: set[tuple[str, str, str]] = field(default_factory=set)
    models: dict[str, LoggedModel] = field(default_factory=dict)
    links: set[tuple[str, str, int]] = field(default_factory=set)


def known_ids(store: TrackingStore) -> set[str]:
    """Return the ids of all runs of a store."""
    found: set[str] = set()
    last = ""
    while True:
        page = [str(run_id) for run_id in store.sql(_IDS, [last, PAGE])["run_id"]]
        found.update(page)
        if len(page) < PAGE:
            return found
        last = page[-1]


def look(store: TrackingStore, run_ids: Sequence[str]) -> dict[str, KnownRun]:
    """Return what is known of some runs."""
    if not run_ids:
        return {}

    def rows(query: str) -> Iterator[tuple[Any, ...]]:
        found: Iterator[tuple[Any, ...]] = store.sql(query, [list(run_ids)]).itertuples(index=False, name=None)
        return found

    with store.one_look():
        runs = {
            run_id: KnownRun(str(status), str(stage), None if plain(end) is None else int(end), int(experiment))
            for run_id, status, stage, end, experiment in rows(_RUNS)
        }
        _fill(runs, rows)
        models = logged_models.replayed(
            (run_id, body, at or 0, experiment) for run_id, body, at, experiment in rows(_MODELS)
        )
        links = logged_models.links_of(store, list(run_ids))
    for model in models:
        if model.run_id in runs and model.model_id:
            runs[model.run_id].models[model.model_id] = model
    for run_id, found in links.items():
        runs[run_id].links.update(found)
    return runs


def plain(value: Any) -> Any:
    """Return a cell of a table without pandas' ways of saying nothing: NaN, NaT and NA."""
    import pandas as pd  # noqa: PLC0415 - it came with the rows

    return None if value is None or pd.isna(value) else value


def _fill(runs: dict[str, KnownRun], rows: Callable[[str], Iterator[tuple[Any, ...]]]) -> None:
    for run_id, key, value in rows(f"SELECT run_id, key, value FROM params {_WITH}"):
        runs[run_id].params[key] = value
    for run_id, key, value in rows(f"SELECT run_id, key, value FROM tags {_WITH}"):
        runs[run_id].tags[key] = value
    for run_id, key, count in rows(f"SELECT run_id, key, count FROM latest {_WITH}"):
        runs[run_id].counts[key] = int(count)
    for run_id, path, sha256, size, at in rows(
        f"SELECT run_id, path, sha256, size, epoch_us(timestamp) FROM artifacts {_WITH}"
    ):
        runs[run_id].files[path] = (sha256, int(size), int(at))
    for run_id, name, digest, context in rows(f"SELECT run_id, name, digest, context FROM inputs {_WITH}"):
        runs[run_id].inputs.add((name, digest, context or ""))


@dataclass(slots=True)
class Authors:
    """What of a run was last said by somebody else than a move: that stays as it is.

    Attributes
    ----------
    tags : set of str
        Keys of tags, also of those that were taken away.
    life, stage : bool
        How it ended, and whether it is in the trash.
    """

    tags: set[str] = field(default_factory=set)
    life: bool = False
    stage: bool = False


def authors(store: TrackingStore, run_id: str) -> Authors:
    """Return what of a run was last said by others."""
    found = Authors()
    for kind, writer, text in store.sql(_TOLD, [run_id]).itertuples(index=False, name=None):
        is_other = not str(writer).startswith(MOVER)
        body = json.loads(text)
        if kind in ("end", "resume"):
            found.life = is_other
        elif kind == "state":
            found.stage = is_other
        else:
            said = body.get("o") or {}
            keys = {*(body.get("p") or {}), *(said.get("keys") or ()), *(said.get("tags") or ())}
            found.tags = found.tags | keys if is_other else found.tags - keys
    return found
