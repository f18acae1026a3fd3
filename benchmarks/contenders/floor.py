"""The floor: what the machine itself needs for the same, with nothing of a tracker around it."""

from __future__ import annotations

import os
import time
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pandas as pd

from benchmarks import material
from benchmarks.estimators import fitted, times_of
from benchmarks.laps import Laps, Timed, seconds, time_calls, timed

if TYPE_CHECKING:
    from pathlib import Path

METRIC_BYTES = 100
STEP_BYTES = 350
START_BYTES, END_BYTES = 900, 250


class Contender:
    """Does the least that could be done.

    Logging is a bare ``os.write`` to a file opened with O_APPEND; searching is one DuckDB query over one wide table in an open connection;
    reading points is ``numpy.fromfile``, and thinning them ``numpy.minimum.reduceat``.

    Parameters
    ----------
    folder : Path
        Where the files are made.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._fd = self._append_to("log")

    def ready(self) -> dict[str, str]:
        """Say which versions are measured."""
        return {"numpy": np.__version__, "pandas": pd.__version__}

    def close(self) -> None:
        """Close what is open."""
        os.close(self._fd)

    @cached_property
    def _database(self) -> duckdb.DuckDBPyConnection:
        return duckdb.connect(str(self._folder / "wide.duckdb"))

    def _append_to(self, name: str) -> int:
        return os.open(self._folder / name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    # -- logging -----------------------------------------------------------------------------------------------------

    def log_metric(self, n: int) -> Laps:
        """Append 100 bytes at a time."""
        return time_calls(os.write, [(self._fd, b"x" * METRIC_BYTES)] * n)

    def log_metrics(self, n: int) -> Laps:
        """Append as many bytes as ten values take."""
        return time_calls(os.write, [(self._fd, b"x" * STEP_BYTES)] * n)

    def empty_runs(self, n: int) -> Laps:
        """Append a beginning and an end."""
        begin, end = b"x" * START_BYTES, b"x" * END_BYTES

        def two_writes() -> None:
            os.write(self._fd, begin)
            os.write(self._fd, end)

        return time_calls(two_writes, [()] * n)

    # -- what others see ---------------------------------------------------------------------------------------------

    def open_run(self, name: str) -> str:
        """Begin a file that others look at."""
        os.close(self._fd)
        self._fd = self._append_to(name)
        return name

    def write_slowly(self, n: int) -> list[float]:
        """Append `n` times with pauses; return when each call had returned."""
        returned = []
        for pause in material.pauses(n):
            time.sleep(pause)
            os.write(self._fd, b"x" * METRIC_BYTES)
            returned.append(time.monotonic())
        return returned

    def watch(self, run_id: str, n: int, timeout: float) -> list[float]:
        """Read the file again and again; return when each line was first there."""
        seen: list[float] = []
        until = time.monotonic() + timeout
        path = self._folder / run_id
        while len(seen) < n and time.monotonic() < until:
            count = len(path.read_bytes()) // METRIC_BYTES
            now = time.monotonic()
            seen += [now] * (count - len(seen))
            time.sleep(0.001)
        return seen

    # -- runs --------------------------------------------------------------------------------------------------------

    def add_runs(self, first: int, last: int) -> dict[str, float]:
        """Append runs to one wide table; return the seconds of the insert alone."""
        rows = []
        for index in range(first, last):
            name, params, metrics = material.run_material(index)
            rows.append({"name": name, **params, **metrics})
        frame = pd.DataFrame(rows)
        self._database.register("frame", frame)
        create = "CREATE TABLE runs AS FROM frame" if first == 0 else "INSERT INTO runs FROM frame"
        took = seconds(lambda: self._database.execute(create))
        self._database.unregister("frame")
        return {"populate": took}

    def search(self, n: int) -> Timed:  # noqa: ARG002
        """Filter and order the wide table."""
        query = f"FROM runs WHERE acc > 0.9 AND optimizer = 'adam' ORDER BY loss LIMIT {material.WANTED}"
        return timed(lambda: self._database.execute(query).df())

    def frame(self, n: int) -> Timed:  # noqa: ARG002
        """Return seconds for the wide table as a DataFrame."""
        return timed(lambda: self._database.execute("FROM runs").df())

    # -- points ------------------------------------------------------------------------------------------------------

    def add_points(self, n: int, name: str) -> dict[str, float]:
        """Write three arrays to a file; return seconds of the same as a bulk insert into DuckDB."""
        columns: dict[str, Any] = {
            "step": np.arange(n, dtype=np.int64),
            "timestamp": np.array(material.times_ms(n), dtype="datetime64[ms]"),
            "value": np.array(material.values(n)),
        }
        np.stack([c.view(np.int64) for c in columns.values()]).tofile(self._folder / name)
        path = self._folder / f"{name}.duckdb"
        path.unlink(missing_ok=True)
        con = duckdb.connect(str(path))
        con.register("frame", pd.DataFrame(columns))
        took = seconds(lambda: con.execute("CREATE TABLE points AS FROM frame"))
        con.close()
        return {"fold": took}

    def history(self, n: int, name: str) -> Timed:
        """Read the three arrays."""
        return timed(lambda: _frame_of(self._folder / name, n))

    def thinned(self, n: int, name: str) -> Timed:
        """Read them and take smallest and largest of each of 1,000 ranges."""

        def thin() -> None:
            values = _frame_of(self._folder / name, n)["value"].to_numpy()
            starts = np.linspace(0, n, min(n, 1000), endpoint=False).astype(np.int64)
            np.minimum.reduceat(values, starts)
            np.maximum.reduceat(values, starts)

        return timed(thin)

    def add_curves(self, n: int, runs: int) -> None:
        """Put `runs` runs of `n` points into one DuckDB table."""
        con = duckdb.connect(str(self._folder / f"curves-{n}.duckdb"))
        con.execute("CREATE TABLE points (run INTEGER, step BIGINT, value DOUBLE)")
        values = np.array(material.values(n))
        for run in range(runs):
            frame = pd.DataFrame({"run": np.int32(run), "step": np.arange(n), "value": values})
            con.register("frame", frame)
            con.execute("INSERT INTO points FROM frame")
        con.close()

    def curves(self, n: int, runs: int, zoom: bool) -> Timed:  # noqa: FBT001
        """Take smallest and largest of each of 1,000 ranges of each run, in DuckDB."""
        low, high = (n * 0.5, n * 0.52) if zoom else (0, n)
        width = max(1, int((high - low) / 1000))
        con = duckdb.connect(str(self._folder / f"curves-{n}.duckdb"), read_only=True)
        found: list[Any] = []
        query = "SELECT run, step // ?, min(value), max(value) FROM points WHERE step BETWEEN ? AND ? GROUP BY ALL"
        took = timed(lambda: found.append(con.execute(query, [width, int(low), int(high)]).fetchnumpy()))
        con.close()
        assert len(np.unique(found[0]["run"])) == runs
        return took

    # -- models ------------------------------------------------------------------------------------------------------

    def log_model(self, n: int, kind: str, form: str, is_inferred: bool) -> Timed:  # noqa: ARG002, FBT001 - it infers nothing
        """Write the model's file and sync it."""
        path = self._folder / f"model-{kind}"

        def write() -> None:
            with path.open("wb") as file:
                file.write(import_module("skops.io" if form == "skops" else form).dumps(fitted(kind)))
                os.fsync(file.fileno())

        return times_of(write, n)

    def load_model(self, n: int, kind: str, form: str) -> Timed:
        """Read the model's file."""
        path = self._folder / f"model-{kind}"
        return times_of(lambda: import_module("skops.io" if form == "skops" else form).loads(path.read_bytes()), n)


def _frame_of(path: Path, n: int) -> pd.DataFrame:
    raw = np.fromfile(path, dtype=np.int64).reshape(3, n)
    return pd.DataFrame({"step": raw[0], "timestamp": raw[1].view("datetime64[ms]"), "value": raw[2].view(np.float64)})
