"""The finished runs of a store, in memory, so that the line under a cell needs no database."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from nbtrack.entities import RunStatus
from nbtrack.magics.outcome import Score
from nbtrack.store.protocol import RunQuery

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from nbtrack.store.protocol import RunColumns, TrackingStore

MOST_RUNS = 20_000


class Scoreboard:
    """What is known of the runs of one store; read by one background thread, asked by the cells.

    Attributes
    ----------
    is_loaded : bool
        Whether the store has been read once.
    goals : dict
        ``"min"`` or ``"max"`` by metric.
    """

    def __init__(self, store: TrackingStore) -> None:
        self.store = store
        self.is_loaded = False
        self.goals: dict[str, str] = {}
        self._scores: dict[str, dict[str, Score]] = {}
        self._seen: Hashable = None
        self._lock = threading.Lock()
        self._reader: ThreadPoolExecutor | None = None

    def of(self, experiment: str) -> list[Score]:
        """Return the runs of an experiment that are known so far."""
        with self._lock:
            return list(self._scores.get(experiment, {}).values())

    def add(self, experiment: str, *scores: Score) -> None:
        """Take in runs that have just ended here."""
        with self._lock:
            self._scores.setdefault(experiment, {}).update({score.run_id: score for score in scores})

    def refresh_soon(self, and_then: Callable[[], Any] | None = None) -> Future[None]:
        """Read the store in the background when it has changed, then call `and_then` there."""
        if self._reader is None:
            self._reader = ThreadPoolExecutor(1, thread_name_prefix="nbtrack-scoreboard")
        return self._reader.submit(self._refresh, and_then)

    def close(self) -> None:
        """Stop reading."""
        if self._reader is not None:
            self._reader.shutdown(wait=False, cancel_futures=True)
            self._reader = None

    def _refresh(self, and_then: Callable[[], Any] | None) -> None:
        seen = self.store.signature()
        if seen != self._seen:
            columns = self.store.run_columns(RunQuery(order_by=("start_time DESC",), max_results=MOST_RUNS))
            scores = scores_of(columns)
            with self._lock:
                for experiment, ours in self._scores.items():
                    for run_id, score in ours.items():  # ended here, perhaps after the store was read
                        scores.setdefault(experiment, {}).setdefault(run_id, score)
                self._scores, self.goals, self.is_loaded = scores, dict(columns.goals), True
            self._seen = seen
        if and_then is not None:
            and_then()


def scores_of(columns: RunColumns) -> dict[str, dict[str, Score]]:
    """Return the ended runs among `columns`, by experiment and run id."""
    attributes = columns.attributes
    found: dict[str, dict[str, Score]] = {}
    rows = [i for i, status in enumerate(attributes["status"]) if status != RunStatus.RUNNING]
    metrics = _by_row(rows, {key: stats["last"] for key, stats in columns.metrics.items()}, columns.metrics)
    start_ms = attributes["start_time"].astype("datetime64[ms]").astype(np.int64)
    for i in rows:
        run_id = str(attributes["run_id"][i])
        number = attributes["number"][i]
        found.setdefault(str(attributes["experiment"][i]), {})[run_id] = Score(
            run_id=run_id,
            number=None if number is None or number != number else int(number),  # noqa: PLR0124 - NaN
            name=str(attributes["name"][i]),
            status=str(attributes["status"][i]),
            metrics=metrics[i],
            params={key: values[i] for key, values in columns.params.items() if values[i] is not None},
            duration=float(attributes["duration"][i]),
            parent_run_id=attributes["parent_run_id"][i] or None,
            start_time=int(start_ms[i]),
        )
    return found


def _by_row(rows: list[int], last: dict[str, Any], metrics: dict[str, dict[str, Any]]) -> dict[int, dict[str, float]]:
    has = {key: metrics[key]["count"] for key in last}
    return {i: {key: float(values[i]) for key, values in last.items() if has[key][i]} for i in rows}
