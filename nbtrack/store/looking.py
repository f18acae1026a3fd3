"""The verbs of a store that only look: each opens the store for as long as it takes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from nbtrack.entities import ArtifactInfo, Experiment, Run, ViewType
from nbtrack.errors import NotFoundError
from nbtrack.store.protocol import CurveQuery, CurveRows, RunColumns, RunQuery

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    import numpy as np
    import pandas as pd

    from nbtrack.store.live import Curves
    from nbtrack.store.reader import Reader

# DuckDB is loaded with the first read, not with the first record: a training script that only logs stays light.


class Looks:
    """What can be asked of a store that :meth:`reading` opens."""

    def reading(self, *, is_fresh: bool = False) -> AbstractContextManager[Reader]:
        """Open a look at the store as it is this moment; one inside another is that one, unless it is to be `is_fresh`."""
        raise NotImplementedError

    def one_look(self) -> AbstractContextManager[object]:
        """See :meth:`TrackingStore.one_look`."""
        return self.reading()

    # -- runs and experiments ----------------------------------------------------------------------------------------

    def get_experiment(self, experiment_id: str) -> Experiment:
        """Return an experiment by id, also from the trash; raises ``NotFoundError``."""
        from nbtrack.store import experiments  # noqa: PLC0415

        with self.reading() as reader:
            found = experiments.search(reader.con, view=ViewType.ALL, experiment_id=experiment_id)
        if not found:
            raise NotFoundError("Experiment", experiment_id)
        return found[0]

    def search_experiments(
        self,
        filter_string: str = "",
        *,
        view: ViewType = ViewType.ACTIVE_ONLY,
        order_by: Sequence[str] = (),
        max_results: int | None = None,
    ) -> list[Experiment]:
        """Return the experiments that match a filter."""
        from nbtrack.store import experiments  # noqa: PLC0415

        with self.reading() as reader:
            return experiments.search(reader.con, filter_string, view=view, order_by=order_by, max_results=max_results)

    def get_run(self, run_id: str) -> Run:
        """Return one run, also from the trash."""
        found = self.search_runs(RunQuery(run_ids=(run_id,), view=ViewType.ALL))
        if not found:
            raise NotFoundError("Run", run_id)
        return found[0]

    def search_runs(self, query: RunQuery) -> list[Run]:
        """Return runs as entities."""
        from nbtrack.store import run_entities  # noqa: PLC0415

        with self.reading() as reader:
            return run_entities.entities(reader, query)

    def run_columns(self, query: RunQuery) -> RunColumns:
        """Return runs as columns."""
        from nbtrack.store import runs  # noqa: PLC0415

        with self.reading() as reader:
            return runs.columns(reader, query)

    def resolve_run(self, name: str | int) -> str:
        """Return the id of the run that a person means."""
        from nbtrack.store import runs  # noqa: PLC0415

        with self.reading() as reader:
            return runs.resolve(reader.con, name)

    def metric_history(
        self, run_id: str, key: str
    ) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """Return every point of one metric of one run."""
        from nbtrack.store import metrics  # noqa: PLC0415

        with self.reading() as reader:
            return metrics.history(reader.con, run_id, key)

    def metric_buckets(self, run_id: str, key: str, n_buckets: int) -> dict[str, np.ndarray[Any, Any]]:
        """Return a thinned history, spikes kept."""
        from nbtrack.store import metrics  # noqa: PLC0415

        with self.reading() as reader:
            return metrics.buckets(reader.con, run_id, key, n_buckets)

    def curves(self, run_id: str, n_buckets: int) -> Curves:
        """Return all metrics of one run, thinned, and how far into the journals they reach."""
        from nbtrack.store import live  # noqa: PLC0415

        with self.reading() as reader:
            return live.curves(reader.con, run_id, n_buckets)

    def metric_curves(self, query: CurveQuery) -> CurveRows:
        """Return the histories of several runs and metrics, those with many points thinned."""
        from nbtrack.store import curves  # noqa: PLC0415

        with self.reading() as reader:
            return curves.curves(reader.con, query)

    def sparks(self, run_ids: Sequence[str], key: str, n_points: int) -> np.ndarray[Any, Any]:
        """Return the outline of one metric for each run."""
        from nbtrack.store import metrics  # noqa: PLC0415

        with self.reading() as reader:
            return metrics.sparks(reader.con, run_ids, key, n_points)

    def list_artifacts(self, run_id: str, path: str = "") -> list[ArtifactInfo]:
        """Return the files and folders of a run directly under `path`."""
        from nbtrack.store import files  # noqa: PLC0415

        with self.reading() as reader:
            return files.list_under(reader.con, run_id, path)

    def settings(self) -> dict[str, str]:
        """Return the settings of the store by name."""
        with self.reading() as reader:
            return dict(reader.con.execute("SELECT name, value FROM settings").fetchall())

    def sql(self, query: str, values: Sequence[Any] = ()) -> pd.DataFrame:
        """Run a query over the tables of the store, as they are this moment."""
        if re.fullmatch(r"\s*show\s+tables\s*;?\s*", query, re.IGNORECASE):
            return self._tables()
        with self.reading() as reader:
            return reader.run(query, values).df()

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a query as :meth:`sql` does and return plain values: for a few rows, in a process that needs no pandas."""
        with self.reading() as reader:
            return reader.run(query, values).fetchall()

    def write_parquet(self, runs: Sequence[str], folder: Path, hidden_tags: Sequence[str] = ()) -> dict[str, int]:
        """Write the tables of some runs into Parquet files; return their bytes by name."""
        from nbtrack.store import parquet  # noqa: PLC0415

        with self.reading() as reader:
            return parquet.write(reader.con, runs, folder, hidden_tags)

    def _tables(self) -> pd.DataFrame:
        """Return the names of the tables; the helpers that a look at the store needs besides are nobody's business."""
        import pandas as pd  # noqa: PLC0415

        from nbtrack.store.schema import TABLES  # noqa: PLC0415

        return pd.DataFrame({"name": sorted(TABLES)})
