"""What is new in the source of a run that the store knows."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from nbtrack.entities import RunStatus
from nbtrack.journal.writer import now_us
from nbtrack.moving import lines
from nbtrack.moving.known import authors
from nbtrack.moving.moved import Points
from nbtrack.wire import number_to_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbtrack.moving.known import Authors, KnownRun
    from nbtrack.moving.moved import MovedModel, MovedRun
    from nbtrack.moving.unloading import Unloading
    from nbtrack.store.protocol import Store
    from nbtrack.tracking.logged_models import LoggedModel

Array = np.ndarray[Any, Any]
US_IN_MS = 1000


class Growth:
    """A run in its source and in the store.

    Parameters
    ----------
    store : Store
    unloading : Unloading
    here : KnownRun
    run : MovedRun
    """

    def __init__(self, store: Store, unloading: Unloading, here: KnownRun, run: MovedRun) -> None:
        self._store = store
        self._unloading = unloading
        self._here = here
        self._run = run
        self._authors: Authors | None = None

    def take(self) -> bool:
        """Bring what is new; say whether there was anything."""
        tally = self._unloading.tally
        n_files = tally.files
        kept = {model_id: known.path for model_id, known in self._here.models.items()}
        records = [*self._unloading.files(self._run, self._here.files, kept)]
        records += [*self._texts(), *self._inputs(), *self._models(), *self._links(), *self._life()]
        blocks = self._points()
        tally.points += sum(len(block.value) for block in blocks)
        if not self._unloading.is_dry:
            self._unloading.shipment.add([*records, *lines.points(self._run.run_id, blocks)])
        return bool(records or blocks or tally.files > n_files)

    @property
    def _others(self) -> Authors:
        """Return what was last said by others than a move; looked up only when something differs."""
        if self._authors is None:
            self._authors = authors(self._store, self._run.run_id)
        return self._authors

    def _texts(self) -> Iterator[str]:
        run, here, now = self._run, self._here, now_us()
        params = {key: value for key, value in run.params.items() if key not in here.params}
        yield from lines.texts("params", run.run_id, params, now)
        differ = {key: value for key, value in run.tags.items() if here.tags.get(key) != value}
        if differ:
            differ = {key: value for key, value in differ.items() if key not in self._others.tags}
            yield from lines.texts("tags", run.run_id, differ, now)

    def _inputs(self) -> Iterator[str]:
        for each in self._run.inputs:
            if (each.dataset.name, each.dataset.digest, each.context) not in self._here.inputs:
                yield lines.used_data(self._run.run_id, each, now_us())

    def _life(self) -> Iterator[str]:
        run, here, now = self._run, self._here, now_us()
        is_same = run.status == here.status and (run.status == RunStatus.RUNNING or run.end_us == here.end_us)
        if not is_same and not self._others.life:
            yield lines.end(run, now)
        if run.stage != here.stage and not self._others.stage:
            yield lines.stage(run.run_id, run.stage, now)

    # -- points ------------------------------------------------------------------------------------------------------

    def _points(self) -> list[Points]:
        """Return the points that the store has not; as many of each metric as it has are those that it has."""
        run, here = self._run, self._here
        if run.counts is not None and run.counts == {key: here.counts.get(key, 0) for key in run.counts}:
            return []
        found: dict[str, list[Points]] = {}
        for block in run.metrics():
            found.setdefault(block.key, []).append(block)
        new: list[Points] = []
        for key, blocks in found.items():
            n = sum(len(block.value) for block in blocks)
            if n == here.counts.get(key, 0):
                continue
            whole = _joined(key, blocks)
            if key in here.counts:
                step, timestamp, value = self._store.metric_history(run.run_id, key)
                ms = timestamp.astype("datetime64[ms]").astype(np.int64)
                whole = _less(whole, step, ms if run.has_times else np.zeros_like(ms), value, is_timed=run.has_times)
            if len(whole.value):
                new.append(whole)
        return new

    # -- models ------------------------------------------------------------------------------------------------------

    def _models(self) -> Iterator[str]:
        for model in self._run.models:
            known = self._here.models.get(model.model_id)
            if known is None:
                yield from self._unloading.model(self._run, model)
            else:
                yield from self._changed(model, known)

    def _changed(self, model: MovedModel, known: LoggedModel) -> Iterator[str]:
        change: dict[str, Any] = {
            "tags": {key: value for key, value in model.tags.items() if key not in known.tags},
            "params": {key: value for key, value in model.params.items() if key not in known.params},
        }
        change = {name: found for name, found in change.items() if found}
        if model.status != known.status and known.status == "PENDING":
            change |= {"status": model.status, **({"flavors": model.flavors} if model.flavors else {})}
        if model.is_deleted and not known.is_deleted:
            change["deleted"] = True
        if change:
            yield lines.changed(self._run.run_id, model.model_id, change, now_us())
        here = {_point(point, self._run.run_id) for point in known.metrics}
        new = [point for point in model.metrics if _point(point, self._run.run_id) not in here]
        yield from lines.measured(model.model_id, new, self._run.run_id, now_us())

    def _links(self) -> Iterator[str]:
        for side, model_id, step in self._run.links:
            if (side, model_id, step) not in self._here.links:
                yield lines.link(self._run.run_id, side, model_id, step, now_us())


def _point(point: tuple[Any, ...], own_run: str) -> tuple[Any, ...]:
    key, value, at_ms, step, dataset, digest, run_id = point
    shown = value if isinstance(value, str) else number_to_json(float(value))
    return key, shown, at_ms, step, dataset or None, digest or None, run_id or own_run


def _joined(key: str, blocks: list[Points]) -> Points:
    return Points(
        key,
        np.concatenate([block.step for block in blocks]),
        np.concatenate([block.t_us for block in blocks]),
        np.concatenate([block.value for block in blocks]),
    )


def _less(found: Points, step: Array, ms: Array, value: Array, *, is_timed: bool) -> Points:
    """Return the points without those of the store; one that stands there twice counts twice."""
    here = Counter(_named(step, ms, value))
    kept: list[int] = []
    theirs = found.t_us // US_IN_MS if is_timed else np.zeros_like(found.t_us)
    for i, name in enumerate(_named(found.step, theirs, found.value)):
        if here[name] > 0:
            here[name] -= 1
        else:
            kept.append(i)
    index = np.array(kept, dtype=np.int64)
    return Points(found.key, found.step[index], found.t_us[index], found.value[index])


def _named(step: Array, ms: Array, value: Array) -> Iterator[tuple[int, int, int]]:
    bits = np.where(np.isnan(value), np.nan, value).astype(np.float64).view(np.int64)
    return zip(step.tolist(), ms.tolist(), bits.tolist(), strict=True)
