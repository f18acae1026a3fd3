"""Fills the stores behind the servers: nbtrack's with journals that are delivered as any client delivers its own, MLflow's with SQL."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from nbtrack.journal.record import event_body, line, metrics_body
from nbtrack.store.remote.connection import Connection

from benchmarks import material
from benchmarks.server_ids import run_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

EXPERIMENT = "runs"
LONG = "long"
PIECE = 8 << 20
RUNS_A_WRITER = 5_000
LONG_RUN = "f" * 32
RUN_COLUMNS = (
    "run_uuid, name, start_time, end_time, artifact_uri, experiment_id, status, lifecycle_stage, source_type, source_name, "
    "entry_point_name, user_id, source_version"
)
POINT_COLUMNS = "key, value, timestamp, step, is_nan, run_uuid"


# -- nbtrack ---------------------------------------------------------------------------------------------------------------


def deliver_runs(url: str, first: int, last: int) -> None:
    """Deliver the journals of processes that each made 5,000 runs."""
    connection = Connection(url)
    for chunk in range(first, last, RUNS_A_WRITER):
        bodies = itertools.chain.from_iterable(
            _of_run(index) for index in range(chunk, min(last, chunk + RUNS_A_WRITER))
        )
        _deliver(connection, f"{chunk:032x}", bodies)
    connection.close()


def deliver_points(url: str, n: int) -> None:
    """Deliver the journal of a process that logged `n` points in one run."""
    connection = Connection(url)
    ms = material.FIRST_MS
    points = zip(material.times_ms(n), material.values(n), range(n), strict=True)
    bodies = (metrics_body(LONG_RUN, t * 1000, step, {"loss": value}) for t, value, step in points)
    begin = event_body("start", ms * 1000, LONG_RUN, o=_start(LONG, LONG, ms))
    end = event_body("end", (ms + n * 1000) * 1000, LONG_RUN, o=_end(ms, n * 1000))
    _deliver(connection, "e" * 32, itertools.chain([begin], bodies, [end]))
    connection.close()


def _of_run(index: int) -> Iterator[str]:
    name, params, metrics = material.run_material(index)
    ms, run = material.FIRST_MS + index * 1000, run_id(index)
    tags = {
        "mlflow.runName": name,
        "mlflow.user": "me",
        "mlflow.source.type": "LOCAL",
        "mlflow.source.name": "train.py",
    }
    yield event_body("start", ms * 1000, run, o=_start(EXPERIMENT, name, ms))
    yield event_body("tags", ms * 1000, run, p=tags)
    yield event_body("params", ms * 1000, run, p=params)
    yield metrics_body(run, ms * 1000, 0, metrics)
    yield event_body("end", (ms + 900) * 1000, run, o=_end(ms, 900))


def _start(experiment: str, name: str, ms: int) -> dict[str, Any]:
    return {"experiment": experiment, "name": name, "user": "me", "parent": None, "start_us": ms * 1000}


def _end(ms: int, took_ms: int) -> dict[str, Any]:
    return {"status": "FINISHED", "end_us": (ms + took_ms) * 1000, "duration_us": took_ms * 1000, "lost": 0}


def _deliver(connection: Connection, writer: str, bodies: Iterable[str]) -> None:
    header = event_body(
        "hdr", 0, None, o={"fmt": 1, "host": "bench", "pid": 1, "pid_start": 0, "user": "me", "version": "0"}
    )
    data, after, seq = bytearray(), -1, -1
    for seq, body in enumerate(itertools.chain([header], bodies)):
        data += line(seq, body)
        if len(data) > PIECE:
            connection.deliver(writer, bytes(data), after=after, lease_s=60)
            data, after = bytearray(), seq
    connection.deliver(writer, bytes(data), after=after, lease_s=0)


# -- MLflow ----------------------------------------------------------------------------------------------------------------


def mlflow_tables(experiment: int, first: int, last: int) -> Iterator[tuple[str, str, list[tuple[Any, ...]]]]:
    """Return what is inserted for some runs: tables, columns, rows."""
    runs: list[tuple[Any, ...]] = []
    params: list[tuple[Any, ...]] = []
    tags: list[tuple[Any, ...]] = []
    metrics: list[tuple[Any, ...]] = []
    for index in range(first, last):
        run = run_id(index)
        name, texts, numbers = material.run_material(index)
        ms = material.FIRST_MS + index * 1000
        place = f"mlflow-artifacts:/{experiment}/{run}/artifacts"
        more = ("FINISHED", "active", "LOCAL", "train.py", "", "me", "")
        runs.append((run, name, ms, ms + 900, place, experiment, *more))
        params += [(key, value, run) for key, value in texts.items()]
        metrics += [(key, value, ms, 0, False, run) for key, value in numbers.items()]
        facts = {"runName": name, "user": "me", "source.type": "LOCAL", "source.name": "train.py"}
        tags += [(f"mlflow.{key}", value, run) for key, value in facts.items()]
    yield "runs", RUN_COLUMNS, runs
    yield "params", "key, value, run_uuid", params
    yield "tags", "key, value, run_uuid", tags
    yield "metrics", POINT_COLUMNS, metrics
    yield "latest_metrics", POINT_COLUMNS, metrics


def mlflow_points(experiment: int, n: int) -> Iterator[tuple[str, str, list[tuple[Any, ...]]]]:
    """Return what is inserted for one run with `n` points."""
    ms = material.FIRST_MS
    more = (experiment, "FINISHED", "active", "LOCAL", "train.py", "", "me", "")
    yield (
        "runs",
        RUN_COLUMNS,
        [(LONG_RUN, LONG, ms, ms + n, f"mlflow-artifacts:/{experiment}/{LONG_RUN}/artifacts", *more)],
    )
    times, values = material.times_ms(n), material.values(n)
    points = [
        ("loss", value, t, step, False, LONG_RUN) for step, (t, value) in enumerate(zip(times, values, strict=True))
    ]
    yield "metrics", POINT_COLUMNS, points
    yield "latest_metrics", POINT_COLUMNS, points[-1:]
