"""What every store can do: one verb to write, few to read. Rooms above know only this."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from nbtrack.entities import ViewType

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    import numpy as np
    import pandas as pd

    from nbtrack.artifacts.blobs import Blobs
    from nbtrack.entities import ArtifactInfo, Experiment, Run
    from nbtrack.journal import follow
    from nbtrack.journal.control import Order
    from nbtrack.journal.writer import Writer
    from nbtrack.store.live import Curves
    from nbtrack.store.registry_protocol import RegistryStore


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


@dataclass(frozen=True, slots=True)
class CurveQuery:
    """Histories of several runs and metrics, thinned to what a chart of some width can show.

    Attributes
    ----------
    series : tuple of (run id, metric)
    n_buckets : int
        A series with more points comes as at most so many buckets (one more when its range is known only roughly).
    x : str
        ``step``, ``time`` (milliseconds UTC), ``relative`` (seconds since the run began) or ``metrics.<key>``: the value of another
        metric at the same step of the same run.
    low, high : float, optional
        Only points with x in this range, both ends included; give both or neither.
    """

    series: tuple[tuple[str, str], ...]
    n_buckets: int = 1000
    x: str = "step"
    low: float | None = None
    high: float | None = None

    @property
    def x_metric(self) -> str:
        """Return the metric that is x; "" when it is a step or a time."""
        return self.x.removeprefix("metrics.") if self.x.startswith("metrics.") else ""


@dataclass(frozen=True, slots=True)
class CurveRows:
    """Points or buckets of several series, one after the other, each by x.

    Attributes
    ----------
    starts : ndarray of int64, shape (n_series + 1,)
        Where each series begins in the arrays below; its end is where the next begins.
    x : ndarray of float64, shape (n,)
        Middle of the bucket; the exact first and last x for the first and the last bucket.
    y : ndarray of float64, shape (n,)
        Mean of the finite values, NaN without any; the point's own value for the first and the last.
    low, high : ndarray of float64, shape (n,)
        Smallest and largest finite value: no spike is lost.
    count : ndarray of float64, shape (n,)
        Number of points; 1 throughout for a series that was not thinned.
    nans, ups, downs : ndarray of float64, shape (n,)
        How many points are NaN, infinity and minus infinity.
    """

    starts: np.ndarray[Any, Any]
    x: np.ndarray[Any, Any]
    y: np.ndarray[Any, Any]
    low: np.ndarray[Any, Any]
    high: np.ndarray[Any, Any]
    count: np.ndarray[Any, Any]
    nans: np.ndarray[Any, Any]
    ups: np.ndarray[Any, Any]
    downs: np.ndarray[Any, Any]


Record = tuple[str, str | None, "dict[str, str] | None", Any]
"""Kind, run id, text map ``p``, object ``o``: one change, as `ARCHITECTURE.md` lists them."""


class News(Protocol):
    """Reads what is logged in a run, as it comes."""

    def news(self) -> follow.News:
        """Return what came since the last look. Raises ``GapError`` when the run must be looked at anew."""

    def close(self) -> None: ...


class TrackingStore(Protocol):
    """A place where runs are kept."""

    @property
    def uri(self) -> str:
        """Return what ``set_tracking_uri`` would take to come back here."""

    @property
    def title(self) -> str:
        """Return what the store is called where there is little room."""

    @property
    def registry(self) -> RegistryStore:
        """Return the registered models of this store."""

    # -- writing: never waits for the database -----------------------------------------------------------------------

    def append(self, *records: Record) -> None:
        """Write changes; durable against ``kill -9`` when it returns. Raises ``JournalError``."""

    def log_metrics(self, run_id: str, step: int, values: dict[str, float], t_us: int | None = None) -> None:
        """Write the metric values of one step."""

    def log_points(self, run_id: str, points: Sequence[tuple[int, int, dict[str, float]]]) -> None:
        """Write many metric records, each ``(t_us, step, values)``."""

    def next_run_number(self) -> int | None:
        """Return a number for a new run; None when it is given one later, by a server that does not answer now."""

    def experiment_id(self, name: str) -> int | None:
        """Return the id of an experiment, creating it on first use; None as above."""

    def add_artifact(self, run_id: str, path: str, source: Path | bytes, *, mime: str | None = None) -> ArtifactInfo:
        """Copy a file (or bytes) into the store as `path` of a run."""

    def forget(
        self,
        run_id: str,
        *,
        params: Sequence[str] = (),
        tags: Sequence[str] = (),
        artifacts: Sequence[str] = (),
        inputs: Sequence[str] = (),
    ) -> None:
        """Take captured items of a run back; the next purge removes them from the history too."""

    def post_order(self, run_id: str, order: Order) -> None:
        """Ask something of a run that is open somewhere: stop, checkpoint, another value of a knob."""

    # -- experiments -------------------------------------------------------------------------------------------------

    def create_experiment(self, name: str, tags: dict[str, str] | None = None, *, created: int | None = None) -> str:
        """Create an experiment; `created` (milliseconds UTC) is when that was, for one that comes from elsewhere."""

    def rename_experiment(self, experiment_id: str, name: str) -> None: ...

    def delete_experiment(self, experiment_id: str) -> None: ...

    def restore_experiment(self, experiment_id: str) -> None: ...

    def get_experiment(self, experiment_id: str) -> Experiment:
        """Return an experiment by id, also from the trash. Raises ``NotFoundError``."""

    def set_experiment_tags(self, experiment_id: str, tags: dict[str, str]) -> None: ...

    def delete_experiment_tag(self, experiment_id: str, key: str) -> None: ...

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

    def curves(self, run_id: str, n_buckets: int) -> Curves:
        """Return all metrics of one run, thinned, and how far into the journals they reach."""

    def live_state(self, run_id: str) -> dict[str, Any]:
        """Return what an open run says of itself: knobs and progress; {} when it says nothing."""

    def metric_curves(self, query: CurveQuery) -> CurveRows:
        """Return the histories of several runs and metrics, those with many points thinned; unknown ones are empty."""

    def follow(self, run_id: str, cut: dict[str, int]) -> News:
        """Return who reads what is logged in a run from now on; `cut` as in :class:`Curves`."""

    def is_writer_alive(self, writer: str) -> bool:
        """Say whether the process behind a writer lives."""

    def one_look(self) -> AbstractContextManager[object]:
        """Answer all that this thread asks inside the block from one moment of the store, which also costs less; for reads only.

        Nothing can be folded meanwhile: no long calculation belongs inside.
        """

    def sparks(self, run_ids: Sequence[str], key: str, n_points: int) -> np.ndarray[Any, Any]:
        """Return float32 of shape (n_runs, n_points): the outline of one metric for each run; NaN = nothing there."""

    def list_artifacts(self, run_id: str, path: str = "") -> list[ArtifactInfo]: ...

    def artifact_file(self, run_id: str, path: str) -> Path:
        """Return a local file with the content of an artifact; only for reading."""

    def settings(self) -> dict[str, str]: ...

    def sql(self, query: str, values: Sequence[Any] = ()) -> pd.DataFrame:
        """Run a query over the tables of the store, as they are this moment."""

    def write_parquet(self, runs: Sequence[str], folder: Path, hidden_tags: Sequence[str] = ()) -> dict[str, int]:
        """Write runs, params, tags and metrics into Parquet files, see :mod:`nbtrack.store.parquet`; return their bytes by name."""

    def signature(self) -> Hashable:
        """Return something that changes when anything that could be read changes; cheap, opens no database."""

    # -- keeping -----------------------------------------------------------------------------------------------------

    def fold(self, *, timeout: float = 0.0, progress: Callable[[int], None] | None = None) -> int | None: ...

    def purge(self, *, older_than_s: float = 0.0, progress: Callable[[str], None] | None = None) -> dict[str, int]: ...

    def close(self) -> None: ...


class Store(TrackingStore, Protocol):
    """A store as processes use it that record: with a folder on this machine, where records and files are at once safe.

    Attributes
    ----------
    folder : Path
        Of this process's journal, and of what others ask of its runs (see :mod:`nbtrack.journal.control`).
    writer : Writer
        The journal: for what is logged a thousand times a second.
    blobs : Blobs
        Files by their content.
    """

    folder: Path
    writer: Writer

    @property
    def blobs(self) -> Blobs: ...

    def make_folder(self) -> None:
        """Make the folder. Raises ``StoreError`` where that is not possible."""
