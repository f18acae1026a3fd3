"""What every store can do: one verb to write, few to read. Rooms above know only this."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from nbtrack.entities import ViewType

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence
    from pathlib import Path

    import numpy as np
    import pandas as pd

    from nbtrack.entities import ArtifactInfo, Experiment, Run


@dataclass(frozen=True, slots=True)
class RunQuery:
    """Which runs, in which order: what ``search_runs`` and the runs table ask for.

    Experiments are given by name, by id, or not at all: then all count that are not in the trash.
    """

    filter_string: str = ""
    experiment_ids: tuple[str, ...] | None = None
    order_by: tuple[str, ...] = ()
    view: ViewType = ViewType.ACTIVE_ONLY
    max_results: int | None = None
    offset: int = 0
    run_ids: tuple[str, ...] | None = None
    experiment_names: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class RunColumns:
    """Runs as columns, one row a run, in the order of the query.

    Attributes
    ----------
    attributes : dict of ndarray, each of shape (n_runs,)
        ``run_id``, ``number``, ``name``, ``experiment_id``, ``experiment``, ``status``, ``start_time`` and ``end_time``
        (datetime64[us] UTC, NaT = none), ``duration`` (seconds, NaN = none), ``lifecycle_stage``, ``user_id``,
        ``parent_run_id``, ``last_seen``, ``lost``.
    params, tags : dict of object ndarray
        By key; None where a run has none.
    metrics : dict of dict of float64 ndarray
        By key, then ``last``, ``min``, ``max``, ``step``, ``count``, ``nans``; ``count`` is 0 where a run has none.
    goals : dict
        ``"min"`` or ``"max"`` by metric.
    snapshot : float or None
        Seconds since the epoch of the copy that was read, when another program held the file.
    """

    attributes: dict[str, np.ndarray[Any, Any]]
    params: dict[str, np.ndarray[Any, Any]]
    metrics: dict[str, dict[str, np.ndarray[Any, Any]]]
    tags: dict[str, np.ndarray[Any, Any]]
    goals: dict[str, str] = field(default_factory=dict)
    snapshot: float | None = None
    holder: str | None = None

    def __len__(self) -> int:
        """Return the number of runs."""
        return len(self.attributes["run_id"])


Record = tuple[str, str | None, "dict[str, str] | None", Any]
"""Kind, run id, text map ``p``, object ``o``: one change, as `ARCHITECTURE.md` lists them."""


class TrackingStore(Protocol):
    """A place where runs are kept."""

    @property
    def uri(self) -> str:
        """Return what ``set_tracking_uri`` would take to come back here."""

    # -- writing: never waits for the database -----------------------------------------------------------------------

    def append(self, *records: Record) -> None:
        """Write changes; durable against ``kill -9`` when it returns. Raises ``JournalError``."""

    def log_metrics(self, run_id: str, step: int, values: dict[str, float], t_us: int | None = None) -> None:
        """Write the metric values of one step."""

    def log_points(self, run_id: str, points: Sequence[tuple[int, int, dict[str, float]]]) -> None:
        """Write many metric records, each ``(t_us, step, values)``."""

    def next_run_number(self) -> int:
        """Return a number for a new run."""

    def experiment_id(self, name: str) -> int:
        """Return the id of an experiment, creating it on first use."""

    def add_artifact(self, run_id: str, path: str, source: Path | bytes, *, mime: str | None = None) -> ArtifactInfo:
        """Copy a file (or bytes) into the store as `path` of a run."""

    # -- experiments -------------------------------------------------------------------------------------------------

    def create_experiment(self, name: str, tags: dict[str, str] | None = None) -> str: ...

    def rename_experiment(self, experiment_id: str, name: str) -> None: ...

    def delete_experiment(self, experiment_id: str) -> None: ...

    def restore_experiment(self, experiment_id: str) -> None: ...

    def search_experiments(
        self,
        filter_string: str = "",
        *,
        view: ViewType = ViewType.ACTIVE_ONLY,
        order_by: Sequence[str] = (),
        max_results: int | None = None,
    ) -> list[Experiment]: ...

    # -- reading -----------------------------------------------------------------------------------------------------

    def get_run(self, run_id: str) -> Run:
        """Return one run, also from the trash. Raises ``NotFoundError``."""

    def search_runs(self, query: RunQuery) -> list[Run]: ...

    def run_columns(self, query: RunQuery) -> RunColumns: ...

    def resolve_run(self, name: str | int) -> str:
        """Return the id of the run with this id, unique id prefix, number (``43``, ``"#43"``) or name (the newest)."""

    def metric_history(
        self, run_id: str, key: str
    ) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """Return ``(step int64, timestamp datetime64[ms], value float64)``, by step, then time."""

    def metric_buckets(self, run_id: str, key: str, n_buckets: int) -> dict[str, np.ndarray[Any, Any]]:
        """Return a thinned history: ``step, timestamp, min, max, first, last, mean, count, nans`` per bucket."""

    def sparks(self, run_ids: Sequence[str], key: str, n_points: int) -> np.ndarray[Any, Any]:
        """Return float32 of shape (n_runs, n_points): the outline of one metric for each run; NaN = nothing there."""

    def list_artifacts(self, run_id: str, path: str = "") -> list[ArtifactInfo]: ...

    def artifact_file(self, run_id: str, path: str) -> Path:
        """Return a local file with the content of an artifact; only for reading."""

    def settings(self) -> dict[str, str]: ...

    def sql(self, query: str, values: Sequence[Any] = ()) -> pd.DataFrame:
        """Run a query over the tables of the store, as they are this moment."""

    def signature(self) -> Hashable:
        """Return something that changes when anything that could be read changes; cheap, opens no database."""

    # -- keeping -----------------------------------------------------------------------------------------------------

    def fold(self, *, timeout: float = 0.0, progress: Callable[[int], None] | None = None) -> int | None: ...

    def purge(self, *, older_than_s: float = 0.0, progress: Callable[[str], None] | None = None) -> dict[str, int]: ...

    def close(self) -> None: ...
