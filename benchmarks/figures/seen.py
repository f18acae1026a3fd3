"""How late another process sees a point, and which points a killed process leaves behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.crew import EVERYONE, OURS, PEERS, WorkerError
from benchmarks.findings import Findings, Row, middle
from benchmarks.laps import laps_of

if TYPE_CHECKING:
    from benchmarks.crew import Crew
    from benchmarks.sizes import Sizes

MS = 1e3
GROUP = "Seen by others"


def measure(crew: Crew, sizes: Sizes) -> Findings:
    """Measure both."""
    found = Findings()
    crew.progress.figure("visible to another process")
    found.rows += _delays(crew, sizes)
    crew.progress.figure("killed with SIGKILL")
    found.rows.append(_killed(crew, sizes))
    return found


def _delays(crew: Crew, sizes: Sizes) -> list[Row]:
    late: dict[str, list[dict[str, float]]] = {name: [] for name in crew.present(*EVERYONE)}
    for turn in range(sizes.rounds):
        for name, found in late.items():
            crew.progress.show(f"{name}, round {turn + 1} of {sizes.rounds}")
            found.append(_delay(crew, name, f"seen-{turn}", sizes.seen_points))
    rows = []
    for part, what in (("p50", "median"), ("p99", "99th percentile")):
        row = Row(
            GROUP,
            f"visible to another process, {what}",
            "ms",
            middle(late[OURS], part, MS),
            middle(late["floor"], part, MS),
            "reading the file again and again",
            {name: middle(late[name], part, MS) for name in PEERS if name in late},
            "< 100 ms",
        )
        row.met = row.ours < 100
        rows.append(row)
    rows[0].note = (
        "a second process reads the history through the public API in a loop; TensorBoard: with flush() after each point, "
        "else up to 120 s"
    )
    return rows


def _delay(crew: Crew, name: str, run_name: str, n: int) -> dict[str, float]:
    writer, reader = crew.worker(name), crew.another(name)
    try:
        run_id = crew.ask(name, "open_run", name=run_name)
        reader.ask("watch", run_id=run_id, n=n, timeout=n * 0.1 + 20)
        writer.ask("write_slowly", n=n)
        returned = writer.answer()
        seen = reader.answer()
    finally:
        reader.end()
    if len(seen) < n:
        message = f"{name}: {n - len(seen)} of {n} points were never seen"
        raise WorkerError(message)
    return dict(laps_of([max(0.0, there - back) for there, back in zip(seen, returned, strict=False)]))  # type: ignore[arg-type]


def _killed(crew: Crew, sizes: Sizes) -> Row:
    lost: dict[str, float] = {}
    n = sizes.killed_points
    for name in crew.present(OURS, *PEERS):
        crew.progress.show(name)
        victim = crew.another(name)
        victim.ask("log_and_die", n=n)
        victim.wait()
        try:
            lost[name] = n - crew.ask(name, "count_after_death")
        except WorkerError:
            lost[name] = n  # there is no such run
    ours = lost.pop(OURS)
    note = f"{n:,} calls had returned"
    return Row(GROUP, "points lost by kill -9", "points", ours, 0.0, "", lost, "0", ours == 0, note)
