"""What the live panel costs the training: ``python -m benchmarks.live_panel [seconds]``.

A loop logs 1,000 points a second and computes for the rest of each millisecond, by turns without and with a panel that follows it.
Printed: processor time of the whole process and time by the clock for the same work, and whether the panel has every point. On a machine
with other things to do only the processor time says something.
"""

from __future__ import annotations

import json
import statistics
import struct
import sys
import tempfile
import time
from pathlib import Path

import nbtrack
from nbtrack.widgets.live import Live

POINTS_PER_S = 1000
ROUNDS = 5
BUSY = 0.6
"""Share of each millisecond that goes into the loop's own work."""


def work(n: int) -> float:
    """Compute without letting go of the interpreter, as the worst of trainings does."""
    total = 0.0
    for i in range(n):
        total += i * 0.5
    return total


def calibrate() -> int:
    """Return the work that fills its share of a millisecond."""
    begun = time.thread_time()
    work(2_000_000)
    return int(2_000_000 * BUSY / POINTS_PER_S / (time.thread_time() - begun))


def loop(n_points: int, load: int, *, with_panel: bool) -> tuple[float, float, int, int]:
    """Return processor time and time of a loop in seconds, points stored, and points that the page has."""
    shown = 0

    def receive(_: object, buffers: list[bytes]) -> None:
        nonlocal shown
        (size,) = struct.unpack_from("<I", buffers[0])
        head = json.loads(buffers[0][4 : 4 + size])
        rows = sum(series["count" if head["mode"] == "full" else "rows"] for series in head["series"])
        shown = rows if head["mode"] == "full" else shown + rows

    with nbtrack.start_run() as run:
        panel = Live(run.store, run.id) if with_panel else None
        if panel is not None:
            panel.send = receive
            receive(None, [panel.table()])
            panel._watch()  # noqa: SLF001 - what showing it does
        begun, cpu = time.perf_counter(), time.process_time()
        for step in range(n_points):
            work(load)
            run.log_metric("loss", 1 / (step + 1), step=step)
            time.sleep(max(0.0, begun + (step + 1) / POINTS_PER_S - time.perf_counter()))
        took, cpu = time.perf_counter() - begun, time.process_time() - cpu
    stored = run.data.summaries["loss"].count
    if panel is not None:
        panel.update()
        panel.close()
    return cpu, took, stored, shown


def main(seconds: float = 20.0) -> None:
    """Print the figures."""
    n_points, load = int(seconds * POINTS_PER_S), calibrate()
    with tempfile.TemporaryDirectory() as folder:
        nbtrack.set_tracking_uri(Path(folder) / "runs.duckdb")
        loop(1000, load, with_panel=True)
        costs = []
        for _ in range(ROUNDS):
            cpu, took, *_ = loop(n_points, load, with_panel=False)
            cpu_with, took_with, stored, shown = loop(n_points, load, with_panel=True)
            costs.append((cpu_with - cpu) / took_with)
            print(
                f"processor {cpu:.2f} s, with panel {cpu_with:.2f} s; clock {took:.2f} s, with panel {took_with:.2f} s; ",
                end="",
            )
            print(f"points stored {stored:,}, shown {shown:,}")
    print(f"the panel takes {statistics.median(costs):.1%} of one processor")


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
