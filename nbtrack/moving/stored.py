"""The runs and models of a store, on their way into another one: read in pages, whatever kind of store it is."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from nbtrack.entities import Dataset, DatasetInput, LifecycleStage, RunStatus, ViewType
from nbtrack.errors import StoreError
from nbtrack.moving.known import KnownRun, look, plain
from nbtrack.moving.moved import (
    MovedExperiment,
    MovedFile,
    MovedModel,
    MovedRegistered,
    MovedRun,
    MovedVersion,
    Points,
)
from nbtrack.moving.series import PART
from nbtrack.store.protocol import RunQuery
from nbtrack.store.registry_protocol import ModelQuery

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from nbtrack.entities import RegisteredModel
    from nbtrack.moving.tally import Tally
    from nbtrack.store.protocol import Store
    from nbtrack.tracking.logged_models import LoggedModel

RUNS_AT_ONCE = 200
POINTS_AT_ONCE = 300_000
"""Of a page of runs; a run with more is read metric by metric."""
_IDS = "SELECT run_id FROM runs WHERE run_id > ? ORDER BY run_id LIMIT 100000"
_RUNS = """
SELECT run_id, name, user_id, parent_run_id, epoch_us(start_time), epoch_us(end_time), duration, epoch_us(deleted_time), lost
FROM runs WHERE list_contains(?, run_id) ORDER BY number NULLS LAST, run_id
"""
_EXPERIMENTS = "SELECT DISTINCT experiment_id FROM runs WHERE list_contains(?, run_id)"
_INPUTS = """
SELECT run_id, name, digest, source_type, source, schema, profile, context, tags
FROM inputs WHERE list_contains(?, run_id) ORDER BY timestamp, name
"""
_POINTS = """
SELECT run_id, key, step, epoch_us(timestamp) AS t, value FROM metrics WHERE list_contains(?, run_id) ORDER BY run_id, key, step, timestamp
"""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which runs are moved: all that there are, those in the trash included, when nothing is said.

    Attributes
    ----------
    runs : sequence of str
        Numbers, names, ids or beginnings of ids.
    experiments : sequence of str
        Names.
    where : str
        A filter, as ``search_runs`` takes it.
    """

    runs: Sequence[str] = ()
    experiments: Sequence[str] = ()
    where: str = ""

    @property
    def is_all(self) -> bool:
        """Say whether nothing was chosen."""
        return not (self.runs or self.experiments or self.where)


@dataclass
class _Page:
    """Some runs that are read together."""

    store: Store
    run_ids: list[str]
    known: dict[str, KnownRun]
    inputs: dict[str, list[DatasetInput]] = field(default_factory=dict)

    @cached_property
    def _blocks(self) -> dict[str, list[Points]]:
        wanted = [run_id for run_id in self.run_ids if self._size(run_id) <= POINTS_AT_ONCE]
        found = self.store.sql(_POINTS, [wanted])
        run, key = (found[name].to_numpy(object) for name in ("run_id", "key"))
        step, t, value = (found[name].to_numpy() for name in ("step", "t", "value"))
        is_next = (run[1:] != run[:-1]) | (key[1:] != key[:-1])
        cuts = [0, *(np.flatnonzero(is_next) + 1).tolist(), len(run)] if len(run) else []
        blocks: dict[str, list[Points]] = {}
        for i, end in pairwise(cuts):
            block = Points(
                str(key[i]), step[i:end].astype(np.int64), t[i:end].astype(np.int64), value[i:end].astype(np.float64)
            )
            blocks.setdefault(str(run[i]), []).append(block)
        return blocks

    def _size(self, run_id: str) -> int:
        return sum(self.known[run_id].counts.values())

    def points(self, run_id: str) -> Iterator[Points]:
        """Yield the points of a run."""
        if self._size(run_id) > POINTS_AT_ONCE:
            for metric in self.known[run_id].counts:
                steps, times, values = self.store.metric_history(run_id, metric)
                for i in range(0, len(steps), PART):
                    part = slice(i, i + PART)
                    t_us = times[part].astype("datetime64[ms]").astype(np.int64) * 1000
                    yield Points(metric, steps[part], t_us, values[part])
        elif self.known[run_id].counts:
            yield from self._blocks.get(run_id, ())


class Stored:
    """A store as a source.

    Parameters
    ----------
    store : Store
    chosen : Chosen
    """

    title = "nbtrack"

    def __init__(self, store: Store, chosen: Chosen | None = None) -> None:
        self.store = store
        self.chosen = chosen or Chosen()
        self._experiments = {each.experiment_id: each for each in store.search_experiments(view=ViewType.ALL)}
        self._ids = self._choose()

    def __len__(self) -> int:
        """Return the number of runs."""
        return len(self._ids)

    def experiments(self) -> Iterator[MovedExperiment]:
        """Yield the experiments: all, or those that were named and those of the chosen runs."""
        needed: set[str] = set()
        if not self.chosen.is_all:
            needed = {str(number) for number in self.store.sql(_EXPERIMENTS, [self._ids])["experiment_id"]}
        for each in self._experiments.values():
            if self.chosen.is_all or each.name in self.chosen.experiments or each.experiment_id in needed:
                yield MovedExperiment(each.name, each.tags, each.creation_time, each.lifecycle_stage)

    def runs(self, tally: Tally) -> Iterator[MovedRun]:
        """Yield the runs by number, a page at a time."""
        del tally
        for i in range(0, len(self._ids), RUNS_AT_ONCE):
            ids = self._ids[i : i + RUNS_AT_ONCE]
            with self.store.one_look():
                known = look(self.store, ids)
                rows = list(self.store.sql(_RUNS, [ids]).itertuples(index=False, name=None))
                inputs = self._inputs(ids)
            for page in _pages(self.store, [row[0] for row in rows], known, inputs):
                for row in rows:
                    if row[0] in page.run_ids:
                        yield self._run(row, page)

    def registered(self) -> Iterator[MovedRegistered]:
        """Yield the registered models, when all runs are moved; of a choice of runs, those that have versions of them."""
        wanted = {*self._ids}
        for model in self.store.registry.search(ModelQuery()):
            quoted = model.name.replace("'", "''")
            found = self.store.registry.search_versions(ModelQuery(f"name = '{quoted}'"))
            versions = [each for each in found if self.chosen.is_all or each.run_id in wanted]
            if not (versions or self.chosen.is_all):
                continue
            numbers = {each.version for each in versions}
            yield MovedRegistered(
                model.name,
                model.description,
                model.user_id,
                model.creation_timestamp,
                model.last_updated_timestamp,
                model.tags,
                tuple(
                    MovedVersion(
                        each.version,
                        each.source,
                        each.run_id,
                        each.path,
                        each.model_id,
                        each.run_link,
                        each.description,
                        each.current_stage,
                        each.user_id,
                        each.creation_timestamp,
                        each.last_updated_timestamp,
                        each.tags,
                    )
                    for each in sorted(versions, key=lambda each: each.version)
                ),
                {alias: number for alias, number in model.aliases.items() if number in numbers},
                _gates(model, numbers),
            )

    def settings(self) -> dict[str, str]:
        """Return goals and saved views, which belong to the store as a whole; webhooks are set up where they are to work."""
        return {name: value for name, value in self.store.settings().items() if name.startswith(("goal/", "view/"))}

    # -- inside ------------------------------------------------------------------------------------------------------

    def _choose(self) -> list[str]:
        if self.chosen.is_all:
            return self._all()
        ids: list[str] = []
        if self.chosen.experiments or self.chosen.where:
            query = RunQuery(
                self.chosen.where,
                experiment_names=tuple(self.chosen.experiments) or None,
                order_by=("attributes.start_time ASC",),
            )
            ids += [str(run_id) for run_id in self.store.run_columns(query).attributes["run_id"]]
        for name in self.chosen.runs:
            found = self.store.resolve_run(name)
            if found not in ids:
                ids.append(found)
        return ids

    def _all(self) -> list[str]:
        found: list[str] = []
        while page := [str(run_id) for run_id in self.store.sql(_IDS, [found[-1] if found else ""])["run_id"]]:
            found += page
        return found

    def _inputs(self, ids: list[str]) -> dict[str, list[DatasetInput]]:
        found: dict[str, list[DatasetInput]] = {}
        for run_id, name, digest, kind, source, schema, profile, context, tags in self.store.sql(
            _INPUTS, [ids]
        ).itertuples(index=False, name=None):
            data = Dataset(
                name, digest, *((value if isinstance(value, str) else "") for value in (kind, source, schema, profile))
            )
            told = json.loads(tags) if isinstance(tags, str) and tags else {}
            found.setdefault(run_id, []).append(DatasetInput(data, context or "", told or {}))
        return found

    def _run(self, row: tuple[Any, ...], page: _Page) -> MovedRun:
        run_id, name, user, parent, start, end, duration, deleted, lost = (plain(value) for value in row)
        known = page.known[run_id]
        return MovedRun(
            run_id,
            self._experiments[str(known.experiment_id)].name
            if str(known.experiment_id) in self._experiments
            else "Default",
            name,
            int(start),
            RunStatus(known.status),
            None if end is None else int(end),
            None if duration is None else round(duration * 1e6),
            user or "",
            known.params,
            known.tags,
            parent,
            LifecycleStage(known.stage),
            None if deleted is None else int(deleted),
            int(lost or 0),
            partial(page.points, run_id),
            known.counts,
            partial(self._files, run_id, known),
            tuple(page.inputs.get(run_id, ())),
            tuple(_model(each) for each in known.models.values()),
            tuple(sorted(known.links)),
        )

    def _files(self, run_id: str, known: KnownRun) -> Iterator[MovedFile]:
        del run_id
        for path, (sha256, size, at) in known.files.items():
            yield MovedFile(path, partial(self._fetch, sha256), size, at, sha256)

    def _fetch(self, sha256: str, into: Path) -> Path:
        """Return the file with a content, which is looked at before it is given on."""
        del into
        found = self.store.blobs.path_of(sha256)
        with found.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                message = f"its content {sha256} is damaged in {self.store.title}"
                raise StoreError(message)
        return found


def _pages(
    store: Store, run_ids: list[str], known: dict[str, KnownRun], inputs: dict[str, list[DatasetInput]]
) -> Iterator[_Page]:
    """Yield runs in groups whose points can be read together."""
    part: list[str] = []
    size = 0
    for run_id in run_ids:
        more = min(POINTS_AT_ONCE, sum(known[run_id].counts.values()))
        if part and size + more > POINTS_AT_ONCE:
            yield _Page(store, part, known, inputs)
            part, size = [], 0
        part.append(run_id)
        size += more
    if part:
        yield _Page(store, part, known, inputs)


def _model(found: LoggedModel) -> MovedModel:
    return MovedModel(
        str(found.model_id),
        found.name,
        found.path,
        found.status,
        found.model_type,
        found.created_ms * 1000,
        found.updated_ms * 1000,
        found.flavors,
        found.utc_time_created or "",
        found.params,
        found.tags,
        found.metrics,
        is_deleted=found.is_deleted,
        is_alone=found.is_alone,
        seal=found.seal,
    )


def _gates(model: RegisteredModel, numbers: set[int]) -> tuple[tuple[str | None, int | None, str], ...]:
    return tuple(
        (gate.alias, gate.version, gate.expression)
        for gate in model.gates
        if gate.version is None or gate.version in numbers
    )
