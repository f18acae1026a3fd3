"""MLflow with its default store of today, a SQLite file."""
# mypy: disable-error-code="import-not-found"

from __future__ import annotations

import os
import signal
import sqlite3
import time
from typing import TYPE_CHECKING, Any

import mlflow

from benchmarks import material
from benchmarks.estimators import REQUIREMENTS, fitted, overhead, times_of
from benchmarks.laps import Laps, Timed, seconds, time_calls, timed

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

THIN = 1000


class Contender:
    """Logs and reads through MLflow's API; large stores are filled by bulk insert into its tables, which would take hours through the API.

    Parameters
    ----------
    folder : Path
        Where the database is made.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "mlflow.db"
        mlflow.set_tracking_uri(f"sqlite:///{self._path}")
        self._client = mlflow.MlflowClient()
        self._logging = mlflow.set_experiment("logging").experiment_id
        self._runs = self._client.get_experiment_by_name("runs")
        self._runs_id = self._runs.experiment_id if self._runs else self._client.create_experiment("runs")

    def ready(self) -> dict[str, str]:
        """Say which versions are measured."""
        return {"mlflow": mlflow.__version__}

    def close(self) -> None:
        """Nothing is open."""

    # -- logging -----------------------------------------------------------------------------------------------------

    def log_metric(self, n: int) -> Laps:
        """Log points of the active run."""
        with mlflow.start_run():
            return time_calls(mlflow.log_metric, [("loss", v, step) for step, v in enumerate(material.values(n))])

    def log_metrics(self, n: int) -> Laps:
        """Log steps of ten metrics."""
        with mlflow.start_run():
            return time_calls(mlflow.log_metrics, material.step_material(10, n))

    def empty_runs(self, n: int) -> Laps:
        """Open and end runs in which nothing is logged."""

        def empty_run() -> None:
            with mlflow.start_run():
                pass

        return time_calls(empty_run, [()] * n)

    # -- what others see ---------------------------------------------------------------------------------------------

    def open_run(self, name: str) -> str:
        """Open a run that others look at; return its id."""
        return str(mlflow.start_run(run_name=name).info.run_id)

    def write_slowly(self, n: int) -> list[float]:
        """Log `n` points with pauses; return when each call had returned."""
        returned = []
        for step, pause in enumerate(material.pauses(n)):
            time.sleep(pause)
            mlflow.log_metric("loss", float(step), step)
            returned.append(time.monotonic())
        mlflow.end_run()
        return returned

    def watch(self, run_id: str, n: int, timeout: float) -> list[float]:
        """Read the history again and again; return when each point was first there."""
        seen: list[float] = []
        until = time.monotonic() + timeout
        while len(seen) < n and time.monotonic() < until:
            count = len(self._client.get_metric_history(run_id, "loss"))
            now = time.monotonic()
            seen += [now] * (count - len(seen))
            time.sleep(0.001)
        return seen

    def log_and_die(self, n: int) -> None:
        """Log `n` points and be killed as soon as the last call has returned."""
        mlflow.start_run(run_name="killed")
        for step in range(n):
            mlflow.log_metric("loss", float(step), step)
        os.kill(os.getpid(), signal.SIGKILL)

    def count_after_death(self) -> int:
        """Return how many of the killed process's points are there."""
        (run,) = self._client.search_runs([self._logging], "attributes.run_name = 'killed'")
        return len(self._client.get_metric_history(run.info.run_id, "loss"))

    # -- runs --------------------------------------------------------------------------------------------------------

    def add_runs(self, first: int, last: int) -> dict[str, float]:
        """Insert runs into the database; return the seconds that takes."""
        begin = time.perf_counter()
        for chunk in range(first, last, 5000):
            self._insert_runs(range(chunk, min(last, chunk + 5000)))
        return {"populate": time.perf_counter() - begin}

    def _insert_runs(self, indices: range) -> None:
        runs, params, metrics, tags = [], [], [], []
        for index in indices:
            run_id = f"{index:032x}"
            name, texts, numbers = material.run_material(index)
            ms = material.FIRST_MS + index * 1000
            runs.append((run_id, name, ms, ms + 900, f"mlflow-artifacts:/{run_id}", int(self._runs_id)))
            params += [(key, value, run_id) for key, value in texts.items()]
            metrics += [(key, value, ms, 0, 0, run_id) for key, value in numbers.items()]
            facts = {"runName": name, "user": "me", "source.type": "LOCAL", "source.name": "train.py"}
            tags += [(f"mlflow.{key}", value, run_id) for key, value in facts.items()]
        with sqlite3.connect(self._path, timeout=60) as con:
            con.executemany(
                "INSERT INTO runs (run_uuid, name, start_time, end_time, artifact_uri, experiment_id, status, lifecycle_stage, "
                "source_type, source_name, entry_point_name, user_id, source_version) "
                "VALUES (?, ?, ?, ?, ?, ?, 'FINISHED', 'active', 'LOCAL', 'train.py', '', 'me', '')",
                runs,
            )
            con.executemany("INSERT INTO params (key, value, run_uuid) VALUES (?, ?, ?)", params)
            con.executemany("INSERT INTO tags (key, value, run_uuid) VALUES (?, ?, ?)", tags)
            _insert_metrics(con, "metrics", metrics)
            _insert_metrics(con, "latest_metrics", metrics)
        con.close()

    def search(self, n: int) -> Timed:  # noqa: ARG002
        """Filter and order all runs; the first hundred as a DataFrame."""
        found: list[Any] = []
        took = timed(
            lambda: found.append(
                mlflow.search_runs(
                    [self._runs_id], material.FILTER, order_by=[material.ORDER], max_results=material.WANTED
                )
            )
        )
        assert 0 < len(found[0]) <= material.WANTED
        return took

    def frame(self, n: int) -> Timed:
        """Return seconds for all runs as one DataFrame."""
        found: list[Any] = []
        took = timed(lambda: found.append(mlflow.search_runs([self._runs_id], max_results=1_000_000)))
        assert len(found[0]) == n
        return took

    # -- points ------------------------------------------------------------------------------------------------------

    def add_points(self, n: int, name: str, kind: str = "full") -> dict[str, float]:
        """Insert a run with `n` points into the database."""
        with mlflow.start_run(run_name=name) as run:
            mlflow.log_metric("loss", 0.5, -1)
        run_id = run.info.run_id
        (self._path.parent / f"{name}.id").write_text(run_id)
        points = zip(material.values(n, kind), material.times_ms(n), range(n), strict=True)
        with sqlite3.connect(self._path, timeout=60) as con:
            con.execute("DELETE FROM metrics WHERE run_uuid = ?", [run_id])
            took = seconds(
                lambda: _insert_metrics(con, "metrics", (("loss", v, ms, step, 0, run_id) for v, ms, step in points))
            )
        con.close()
        return {"write": took}

    def history(self, n: int, name: str) -> Timed:
        """Return seconds to read all points."""
        found: list[Any] = []
        run_id = self._points_run(name)
        took = timed(lambda: found.append(self._client.get_metric_history(run_id, "loss")))
        assert len(found[0]) == n
        return took

    def thinned(self, n: int, name: str) -> Timed:  # noqa: ARG002
        """Return seconds for 1,000 of them, as its web page asks for them: every so many-th, spikes are lost."""
        from mlflow.server.handlers import _get_tracking_store

        store = _get_tracking_store(f"sqlite:///{self._path}")
        run_id = self._points_run(name)
        found: list[Any] = []
        took = timed(lambda: found.append(store.get_metric_history_bulk_interval([run_id], "loss", THIN, None, None)))
        assert 0 < len(found[0]) <= THIN + 1
        return took

    def bytes_on_disk(self, n: int, kind: str) -> dict[str, float]:
        """Insert `n` points and return by how much the database grows."""
        before = self._path.stat().st_size
        self.add_points(n, f"bytes-{kind}", kind)
        return {"store": float(self._path.stat().st_size - before)}

    # -- models ------------------------------------------------------------------------------------------------------

    def log_model(self, n: int, kind: str, form: str, is_inferred: bool) -> Timed:  # noqa: FBT001
        """Log a model into a run, each time by another name."""
        from mlflow import sklearn

        options = {} if is_inferred else {"pip_requirements": REQUIREMENTS}
        found: list[Any] = []

        def log() -> None:
            found.append(
                sklearn.log_model(fitted(kind), name=f"{kind}-{len(found)}", serialization_format=form, **options)
            )

        with mlflow.start_run():
            took = times_of(log, n)
        (self._path.parent / f"{kind}.uri").write_text(found[-1].model_uri)
        return took

    def load_model(self, n: int, kind: str, form: str) -> Timed:  # noqa: ARG002 - the model says so itself
        """Load the model that was logged last."""
        from mlflow import sklearn

        uri = (self._path.parent / f"{kind}.uri").read_text()
        return times_of(lambda: sklearn.load_model(uri), n)

    def autolog(self, n: int, kind: str, has_models: bool) -> dict[str, float]:  # noqa: FBT001
        """Return what it adds to a training to be recorded by itself."""
        from mlflow import sklearn

        mlflow.set_experiment("autolog")
        return overhead(kind, n, lambda is_on: sklearn.autolog(disable=not is_on, log_models=has_models, silent=True))

    def _points_run(self, name: str) -> str:
        return (self._path.parent / f"{name}.id").read_text()


def _insert_metrics(con: sqlite3.Connection, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
    con.executemany(
        f"INSERT INTO {table} (key, value, timestamp, step, is_nan, run_uuid) VALUES (?, ?, ?, ?, ?, ?)", rows
    )
