"""nbtrack through its public API; stores of its own for logging, runs and points."""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import nbtrack
from nbtrack.store.fold_lock import fold_lock
from nbtrack.store.opening import open_local
from nbtrack.views.questions import answer

from benchmarks import material
from benchmarks.estimators import REQUIREMENTS, boosted, fitted, overhead, small, times_of
from benchmarks.laps import Laps, Timed, laps_of, seconds, time_calls, timed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nbtrack.store.local import LocalStore

# One thing is not public API: `unfolded` holds the lock that every fold needs, so that it happens when it is measured.


class Contender:
    """Does what the figures ask for.

    Parameters
    ----------
    folder : Path
        Where the stores are made.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._run: Any = None

    def ready(self) -> dict[str, str]:
        """Say which versions are measured."""
        import duckdb

        return {"nbtrack": nbtrack.__version__, "duckdb": duckdb.__version__}

    def close(self) -> None:
        """Nothing is open."""

    def _use(self, name: str) -> LocalStore:
        path = self._folder / f"{name}.duckdb"
        nbtrack.set_tracking_uri(path)
        return open_local(path)

    @contextmanager
    def _unfolded(self, store: LocalStore) -> Iterator[None]:
        with fold_lock(store.folder, timeout=60) as mine:
            assert mine
            yield

    def settle(self) -> None:
        """Let the background thread finish what the end of runs gave it to do."""
        time.sleep(2.0)

    # -- logging -----------------------------------------------------------------------------------------------------

    def log_metric(self, n: int) -> Laps:
        """Log points with ``run.log_metric``."""
        self._use("logging")
        with nbtrack.start_run() as run:
            return time_calls(run.log_metric, [("loss", value, step) for step, value in enumerate(material.values(n))])

    def log_metric_of_the_active_run(self, n: int) -> Laps:
        """Log points with ``nbtrack.log_metric``."""
        self._use("logging")
        with nbtrack.start_run():
            calls = [("loss", value, step) for step, value in enumerate(material.values(n))]
            return time_calls(nbtrack.log_metric, calls)

    def log_metric_while_folding(self, n: int) -> Laps | None:
        """Log points as long as a thread folds `n` others, as the background thread does; None when it was too short."""
        store = self._use("folding")
        laps: list[float] = []
        with nbtrack.start_run() as run:
            with self._unfolded(store):
                for step, value in enumerate(material.values(n)):
                    run.log_metric("before", value, step)
            folding = threading.Thread(target=store.fold)
            folding.start()
            clock, log, step = time.perf_counter, run.log_metric, 0
            while folding.is_alive():
                before = clock()
                log("loss", 0.1 + step, step)
                laps.append(clock() - before)
                step += 1
            folding.join()
        return laps_of(laps) if len(laps) > 100 else None

    def log_metrics(self, n: int) -> Laps:
        """Log steps of ten metrics."""
        self._use("logging")
        with nbtrack.start_run() as run:
            return time_calls(run.log_metrics, material.step_material(10, n))

    def empty_runs(self, n: int) -> Laps:
        """Open and end runs in which nothing is logged."""
        self._use("logging")

        def empty_run() -> None:
            with nbtrack.start_run():
                pass

        return time_calls(empty_run, [()] * n)

    # -- what others see ---------------------------------------------------------------------------------------------

    def open_run(self, name: str) -> str:
        """Open a run that others look at; return its id."""
        self._use("seen")
        self._run = nbtrack.start_run(name)
        return str(self._run.id)

    def write_slowly(self, n: int) -> list[float]:
        """Log `n` points with pauses; return when each call had returned."""
        returned = []
        for step, pause in enumerate(material.pauses(n)):
            time.sleep(pause)
            self._run.log_metric("loss", float(step), step)
            returned.append(time.monotonic())
        time.sleep(0.2)
        self._run.end()
        return returned

    def watch(self, run_id: str, n: int, timeout: float) -> list[float]:
        """Read the history again and again; return when each point was first there."""
        self._use("seen")
        seen: list[float] = []
        until = time.monotonic() + timeout
        while len(seen) < n and time.monotonic() < until:
            try:
                count = len(nbtrack.metric_history(run_id, "loss"))
            except LookupError:  # NotFoundError: no point yet
                count = 0
            now = time.monotonic()
            seen += [now] * (count - len(seen))
            time.sleep(0.001)
        return seen

    def log_and_die(self, n: int) -> None:
        """Log `n` points and be killed as soon as the last call has returned."""
        self._use("killed")
        with nbtrack.start_run("killed") as run:
            for step in range(n):
                run.log_metric("loss", float(step), step)
            os.kill(os.getpid(), signal.SIGKILL)

    def count_after_death(self) -> int:
        """Return how many of the killed process's points are there."""
        self._use("killed")
        return len(nbtrack.metric_history("killed", "loss"))

    # -- runs --------------------------------------------------------------------------------------------------------

    def add_runs(self, first: int, last: int, name: str = "runs") -> dict[str, float]:
        """Record runs `first` to `last` through the public API, then fold them; return seconds of both."""
        store = self._use(name)
        with self._unfolded(store):
            populate = seconds(lambda: _record_runs(first, last))
        return {"populate": populate, "fold": seconds(lambda: store.fold(timeout=60))}

    def search(self, n: int, name: str = "runs") -> Timed:  # noqa: ARG002 - peers keep a store for each size
        """Filter and order all runs; the first hundred as a DataFrame."""
        self._use(name)
        found: list[Any] = []
        took = timed(lambda: found.append(_search()))
        assert 0 < len(found[0]) <= material.WANTED
        return took

    def frame(self, n: int) -> Timed:
        """Return seconds for all runs as one DataFrame."""
        self._use("runs")
        found: list[Any] = []
        took = timed(lambda: found.append(nbtrack.search_runs(max_results=10**9)))
        assert len(found[0]) == n
        return took

    def search_with_tail(self, n_tail: int) -> float:
        """Search while so many runs are not folded yet; they are folded afterwards."""
        store = self._use("tails")
        with self._unfolded(store):
            _record_runs(1_000_000, 1_000_000 + n_tail)
            took = min(seconds(_search) for _ in range(2))
        store.fold(timeout=60)
        return took

    def widget(self) -> dict[str, float]:
        """Make the table of runs; return seconds and bytes of what is sent to the page."""
        self._use("runs")
        begin = time.perf_counter()
        table = nbtrack.runs()
        blob = table.table()
        took = time.perf_counter() - begin
        table.close()
        return {"seconds": took, "bytes": float(len(blob))}

    # -- points ------------------------------------------------------------------------------------------------------

    def add_points(self, n: int, name: str) -> dict[str, float]:
        """Make a store with one run of `n` points; return seconds to write and to fold them."""
        store = self._use(name)
        points = list(enumerate(zip(material.times_ms(n), material.values(n), strict=True)))
        records = [(ms * 1000, step, {"loss": value}) for step, (ms, value) in points]
        with self._unfolded(store):
            with nbtrack.start_run("points") as run:
                write = seconds(lambda: store.log_points(run.id, records))
            (self._folder / f"{name}.id").write_text(run.id)
        return {"write": write, "fold": seconds(lambda: store.fold(timeout=60))}

    def history(self, n: int, name: str) -> Timed:
        """Return seconds to read all points as a DataFrame."""
        found: list[Any] = []
        run_id = self._points_run(name)
        took = timed(lambda: found.append(nbtrack.metric_history(run_id, "loss")))
        assert len(found[0]) == n
        return took

    def thinned(self, n: int, name: str) -> Timed:  # noqa: ARG002
        """Return seconds to read them thinned to 1,000."""
        found: list[Any] = []
        run_id = self._points_run(name)
        took = timed(lambda: found.append(nbtrack.metric_history(run_id, "loss", n_buckets=1000)))
        assert 0 < len(found[0]) <= 1000
        return took

    def history_with_tail(self, n_tail: int, name: str) -> float:
        """Read a history of which so many points are not folded yet; they are folded afterwards."""
        store = self._use(name)
        records = [(material.FIRST_MS * 1000 + i, i, {"loss": v}) for i, v in enumerate(material.values(n_tail))]
        with self._unfolded(store), nbtrack.start_run() as run:
            store.log_points(run.id, records)
            took = min(seconds(lambda: nbtrack.metric_history(run.id, "loss")) for _ in range(2))
        store.fold(timeout=60)
        return took

    def bytes_on_disk(self, n: int, kind: str) -> dict[str, float]:
        """Log `n` points with ``run.log_metric`` and return what they take, by place."""
        name = f"bytes-{kind}"
        store = self._use(name)
        with nbtrack.start_run() as run:
            points = enumerate(zip(material.values(n, kind), material.times_ms(n), strict=True))
            for step, (value, ms) in points:
                run.log_metric("loss", value, step, ms)
        store.close()
        open_local(store.path).fold(timeout=120)
        database, history = store.path.stat().st_size, _size(store.folder / "history")
        return {"database": database, "history": history, "store": database + _size(store.folder)}

    def add_curves(self, n: int, runs: int) -> None:
        """Make a store with `runs` runs of `n` points each."""
        store = self._use(f"curves-{n}")
        values, times = material.values(n), material.times_ms(n)
        records = [
            (ms * 1000, step, {"loss": value}) for step, (ms, value) in enumerate(zip(times, values, strict=True))
        ]
        ids = []
        for index in range(runs):
            with nbtrack.start_run(f"run-{index}") as run:
                store.log_points(run.id, records)
            ids.append(run.id)
            store.fold(timeout=120)
        (self._folder / f"curves-{n}.ids").write_text(" ".join(ids))

    def curves(self, n: int, runs: int, zoom: bool) -> Timed:  # noqa: FBT001
        """Answer the page's question for all of them at once, whole or zoomed to a fiftieth."""
        store = self._use(f"curves-{n}")
        ids = (self._folder / f"curves-{n}.ids").read_text().split()
        question: dict[str, Any] = {
            "what": "curves",
            "series": [[run, "loss"] for run in ids],
            "x": "step",
            "buckets": 1000,
        }
        question["range"] = [n * 0.5, n * 0.52] if zoom else None
        found: list[Any] = []
        took = timed(lambda: found.append(answer(store, question)))
        assert len(found[0][0]["series"]) == runs
        return took

    # -- models ------------------------------------------------------------------------------------------------------

    def log_model(self, n: int, kind: str, form: str, is_inferred: bool) -> Timed:  # noqa: FBT001
        """Log a model into a run, each time by another name."""
        self._use("models")
        options = {} if is_inferred else {"pip_requirements": REQUIREMENTS}
        found: list[Any] = []

        def log() -> None:
            found.append(
                nbtrack.sklearn.log_model(fitted(kind), f"{kind}-{len(found)}", serialization_format=form, **options)
            )

        with nbtrack.start_run():
            took = times_of(log, n)
        (self._folder / f"{kind}.uri").write_text(found[-1].model_uri)
        return took

    def load_model(self, n: int, kind: str, form: str) -> Timed:  # noqa: ARG002 - the model says so itself
        """Load the model that was logged last."""
        self._use("models")
        uri = (self._folder / f"{kind}.uri").read_text()
        return times_of(lambda: nbtrack.sklearn.load_model(uri), n)

    def autolog(self, n: int, kind: str, has_models: bool) -> dict[str, float]:  # noqa: FBT001
        """Return what it adds to a training to be recorded by itself."""
        self._use("autolog")
        return overhead(kind, n, lambda is_on: nbtrack.sklearn.autolog(disable=not is_on, log_models=has_models))

    def serving_model(self) -> dict[str, Any]:
        """Save the small model; return its folder, which everybody serves, and a request."""
        from nbtrack.models import infer_signature

        model, table = small()
        folder, row = self._folder / "small", table.iloc[:1]
        signature = infer_signature(table, model.predict(table))
        nbtrack.sklearn.save_model(model, folder, signature=signature, pip_requirements=REQUIREMENTS)
        request = {"dataframe_split": {"columns": [*row.columns], "data": row.to_numpy().tolist()}}
        return {"folder": str(folder), "request": request}

    def batch_models(self) -> dict[str, str]:
        """Save a model of trees and a linear one, each beside a bare copy."""
        import joblib
        from nbtrack.models import infer_signature

        linear, table = small()
        for name, model in (("linear", linear), ("trees", boosted())):
            signature = infer_signature(table.astype(float), model.predict(table))
            options = {"serialization_format": "cloudpickle", "pip_requirements": REQUIREMENTS}
            nbtrack.sklearn.save_model(model, self._folder / name, signature=signature, **options)
            joblib.dump(model, self._folder / f"{name}.joblib")
        return {"folder": str(self._folder)}

    def batch_rows(self, n: int) -> dict[str, str]:
        """Write a Parquet file of `n` rows."""
        import duckdb

        path = self._folder / f"rows-{n}.parquet"
        columns = ", ".join(f'round(random() * 10, 3) AS "{name}"' for name in small()[1].columns)
        with duckdb.connect() as con:
            con.execute(f"COPY (SELECT {columns} FROM range({n})) TO '{path}' (FORMAT parquet)")
        return {"file": str(path)}

    def _points_run(self, name: str) -> str:
        self._use(name)
        return (self._folder / f"{name}.id").read_text()


def _record_runs(first: int, last: int) -> None:
    for index in range(first, last):
        name, params, metrics = material.run_material(index)
        with nbtrack.start_run(name, params=params) as run:
            run.log_metrics(metrics, step=0)


def _search() -> Any:
    return nbtrack.search_runs(material.FILTER, order_by=[material.ORDER], max_results=material.WANTED)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
