"""Trackio on this machine, without its dashboard."""
# mypy: disable-error-code="import-not-found"

from __future__ import annotations

import json
import os
import signal
import sqlite3
import time
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pandas as pd
import trackio
from trackio.sqlite_storage import SQLiteStorage

from benchmarks import material
from benchmarks.laps import Laps, Timed, seconds, time_calls, timed

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

THIN = 1000


class Contender:
    """Logs and reads through Trackio's API; large projects are filled by bulk insert into its tables.

    Parameters
    ----------
    folder : Path
        Not used: TRACKIO_DIR says where projects are kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._run: Any = None

    def ready(self) -> dict[str, str]:
        """Say which versions are measured."""
        return {"trackio": trackio.__version__}

    def close(self) -> None:
        """Nothing is open."""

    def _init(self, project: str, name: str | None = None) -> Any:
        return trackio.init(project, name, embed=False, auto_log_cpu=False, auto_log_gpu=False)

    # -- logging -----------------------------------------------------------------------------------------------------

    def log_metric(self, n: int) -> Laps:
        """Log points of the active run."""
        self._init("logging")
        laps = time_calls(trackio.log, [({"loss": value}, step) for step, value in enumerate(material.values(n))])
        trackio.finish()
        return laps

    def log_metrics(self, n: int) -> Laps:
        """Log steps of ten metrics."""
        self._init("logging")
        laps = time_calls(trackio.log, material.step_material(10, n))
        trackio.finish()
        return laps

    def empty_runs(self, n: int) -> Laps:
        """Open and end runs in which nothing is logged."""

        def empty_run() -> None:
            self._init("empty")
            trackio.finish()

        return time_calls(empty_run, [()] * n)

    # -- what others see ---------------------------------------------------------------------------------------------

    def open_run(self, name: str) -> str:
        """Open a run that others look at; return its name."""
        self._run = self._init("seen", name)
        return name

    def write_slowly(self, n: int) -> list[float]:
        """Log `n` points with pauses; return when each call had returned."""
        returned = []
        for step, pause in enumerate(material.pauses(n)):
            time.sleep(pause)
            trackio.log({"loss": float(step)}, step)
            returned.append(time.monotonic())
        trackio.finish()
        return returned

    def watch(self, run_id: str, n: int, timeout: float) -> list[float]:
        """Read the history again and again; return when each point was first there."""
        seen: list[float] = []
        until = time.monotonic() + timeout
        while len(seen) < n and time.monotonic() < until:
            count = len(SQLiteStorage.get_logs("seen", run_id))
            now = time.monotonic()
            seen += [now] * (count - len(seen))
            time.sleep(0.001)
        return seen

    def log_and_die(self, n: int) -> None:
        """Log `n` points and be killed as soon as the last call has returned."""
        self._init("killed", "killed")
        for step in range(n):
            trackio.log({"loss": float(step)}, step)
        os.kill(os.getpid(), signal.SIGKILL)

    def count_after_death(self) -> int:
        """Return how many of the killed process's points are there."""
        return len(SQLiteStorage.get_logs("killed", "killed"))

    # -- runs --------------------------------------------------------------------------------------------------------

    def add_runs(self, first: int, last: int) -> dict[str, float]:
        """Insert runs into the database; return the seconds that takes."""
        path = SQLiteStorage.init_db("runs")
        configs, metrics = [], []
        begin = time.perf_counter()
        for index in range(first, last):
            run_id = f"{index:032x}"
            name, texts, numbers = material.run_material(index)
            when = datetime.fromtimestamp(material.FIRST_MS / 1000 + index, UTC).isoformat()
            configs.append((run_id, name, json.dumps(texts), when))
            metrics.append((when, run_id, name, 0, json.dumps(numbers), uuid.uuid4().hex))
        with sqlite3.connect(path, timeout=60) as con:
            con.executemany("INSERT INTO configs (run_id, run_name, config, created_at) VALUES (?, ?, ?, ?)", configs)
            con.executemany(
                "INSERT INTO metrics (timestamp, run_id, run_name, step, metrics, log_id) VALUES (?, ?, ?, ?, ?, ?)",
                metrics,
            )
        con.close()
        return {"populate": time.perf_counter() - begin}

    def search(self, n: int) -> Timed:  # noqa: ARG002
        """Filter and order all runs. Trackio has no search, so this is SQL in its file, by somebody who knows its tables."""
        found: list[Any] = []
        took = timed(lambda: found.append(_search(SQLiteStorage.get_project_db_path("runs"))))
        assert 0 < len(found[0]) <= material.WANTED
        return took

    def frame(self, n: int) -> Timed:
        """Return seconds for all runs as one DataFrame, made of what its API returns run by run."""
        found: list[Any] = []
        took = timed(lambda: found.append(_frame()))
        assert len(found[0]) == n
        return took

    # -- points ------------------------------------------------------------------------------------------------------

    def add_points(self, n: int, name: str, kind: str = "full") -> dict[str, float]:
        """Insert a run with `n` points into a project of its own."""
        numbers = [{"loss": value} for value in material.values(n, kind)]
        times = [datetime.fromtimestamp(ms / 1000, UTC).isoformat() for ms in material.times_ms(n)]
        ids = [uuid.uuid4().hex for _ in range(n)]
        steps = list(range(n))
        took = seconds(
            lambda: SQLiteStorage.bulk_log(name, "points", numbers, steps, times, log_ids=ids, run_id=uuid.uuid4().hex)
        )
        return {"write": took}

    def history(self, n: int, name: str) -> Timed:
        """Return seconds to read all points."""
        found: list[Any] = []
        took = timed(lambda: found.append(SQLiteStorage.get_metric_values(name, "points", "loss")))
        assert len(found[0]) == n
        return took

    def thinned(self, n: int, name: str) -> Timed:  # noqa: ARG002
        """Return seconds for 1,000 of them: every so many-th, spikes are lost."""
        found: list[Any] = []
        took = timed(lambda: found.append(SQLiteStorage.get_metric_values(name, "points", "loss", max_points=THIN)))
        assert 0 < len(found[0]) <= THIN + 1
        return took

    def bytes_on_disk(self, n: int, kind: str) -> dict[str, float]:
        """Insert `n` points and return the size of the database."""
        name = f"bytes-{kind}"
        self.add_points(n, name, kind)
        path = SQLiteStorage.get_project_db_path(name)
        with sqlite3.connect(path) as con:
            con.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        con.close()
        return {"store": float(path.stat().st_size)}


def _search(path: Path) -> pd.DataFrame:
    con = sqlite3.connect(path)
    rows = con.execute(
        "SELECT c.run_name, c.config, m.metrics FROM configs c JOIN metrics m USING (run_id) "
        "WHERE json_extract(m.metrics, '$.acc') > 0.9 AND json_extract(c.config, '$.optimizer') = 'adam' "
        f"ORDER BY json_extract(m.metrics, '$.loss') LIMIT {material.WANTED}"
    ).fetchall()
    con.close()
    return _wide((name, json.loads(config), json.loads(metrics)) for name, config, metrics in rows)


def _frame() -> pd.DataFrame:
    return _wide(
        (run.name, run.config or {}, SQLiteStorage.get_logs("runs", run.name, run_id=run.id)[-1])
        for run in trackio.Api().runs("runs")
    )


def _wide(rows: Iterable[tuple[str, dict[str, Any], dict[str, Any]]]) -> pd.DataFrame:
    return pd.DataFrame([{"name": name, **config, **metrics} for name, config, metrics in rows])
