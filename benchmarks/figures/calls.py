"""What logging costs the one who calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.crew import EVERYONE, OURS, PEERS
from benchmarks.findings import Findings, Row, middle, worst

if TYPE_CHECKING:
    from benchmarks.crew import Crew
    from benchmarks.sizes import Sizes

US, MS = 1e6, 1e3
GROUP = "Logging"
MAX_FLOORS, MIN_TIMES_FASTER = 5, 1000


def measure(crew: Crew, sizes: Sizes) -> Findings:
    """Measure ``log_metric``, ``log_metrics`` and empty runs."""
    found = Findings()
    crew.progress.figure("log_metric")
    calls = _calls(crew, "log_metric", sizes.rounds, sizes.calls, sizes.peer_calls)
    fluent = crew.in_turn((OURS,), "log_metric_of_the_active_run", sizes.rounds, n=sizes.calls)[OURS]
    found.rows += _log_metric_rows(calls, fluent)
    crew.progress.figure("log_metric while a fold goes on")
    found.rows += _while_folding(crew, calls["floor"], sizes)
    crew.progress.figure("log_metrics of 10 values")
    calls = _calls(crew, "log_metrics", sizes.rounds, sizes.calls // 10, sizes.peer_calls)
    row = _row("`run.log_metrics` of 10 values", "us", US, calls, "one os.write of 350 bytes")
    row.target, row.met = "<= 15 us", row.ours <= 15
    found.rows.append(row)
    crew.progress.figure("empty runs")
    calls = crew.in_turn(EVERYONE, "empty_runs", sizes.rounds, n=sizes.empty_runs)
    row = _row("empty run, start and end", "ms", MS, calls, "two os.write, 900 and 250 bytes")
    row.target, row.met = "<= 2 ms", row.ours <= 2
    found.rows.append(row)
    return found


def _calls(crew: Crew, call: str, rounds: int, n: int, n_slow: int) -> dict[str, list[Any]]:
    """Ask everyone in turn; MLflow for fewer calls, as one takes milliseconds."""
    found: dict[str, list[Any]] = {name: [] for name in crew.present(*EVERYONE)}
    many = {"mlflow": n_slow, "tensorboard": min(n, 20 * n_slow), "trackio": min(n, 20 * n_slow)}
    for turn in range(rounds):
        for name in [*list(found)[turn:], *list(found)[:turn]]:
            found[name].append(crew.ask(name, call, n=many.get(name, n)))
    return found


def _row(what: str, unit: str, scale: float, calls: dict[str, list[Any]], floor_is: str, part: str = "p50") -> Row:
    return Row(
        group=GROUP,
        what=what,
        unit=unit,
        ours=middle(calls[OURS], part, scale),
        floor=middle(calls["floor"], part, scale),
        floor_is=floor_is,
        peers={name: middle(calls[name], part, scale) for name in PEERS if name in calls},
    )


def _log_metric_rows(calls: dict[str, list[Any]], fluent: list[Any]) -> list[Row]:
    floor_is = "os.write of 100 bytes, O_APPEND"
    typical = _row("`run.log_metric`, median call", "us", US, calls, floor_is)
    assert typical.floor is not None
    typical.target = f"<= {MAX_FLOORS} x floor"
    typical.met = typical.ours <= MAX_FLOORS * typical.floor
    n = calls[OURS][0]["n"]
    typical.note = f"{n:,} calls a round, step given; safe against kill -9 when it returns"
    rows = [typical]
    if "mlflow" in typical.peers:
        times = typical.peers["mlflow"] / typical.ours
        rows.append(
            Row(
                GROUP,
                "times faster than MLflow (median call)",
                "x",
                times,
                target=f">= {MIN_TIMES_FASTER} x",
                met=times >= MIN_TIMES_FASTER,
            )
        )
    active = Row(GROUP, "`nbtrack.log_metric`, median call", "us", middle(fluent, "p50", US), typical.floor, floor_is)
    active.target, active.met = typical.target, active.ours <= MAX_FLOORS * typical.floor
    active.peers = {
        name: value for name, value in typical.peers.items() if name in ("mlflow", "trackio")
    }  # these two log into the active run as well
    rows.append(active)
    for part, what in (("mean", "mean"), ("p99", "99th percentile")):
        rows.append(_row(f"`run.log_metric`, {what}", "us", US, calls, floor_is, part))
    slowest = _row("`run.log_metric`, slowest call", "us", US, calls, floor_is, "max")
    slowest.ours = worst(calls[OURS], "max", US)
    slowest.note = "ours: the slowest of all rounds; others: median of the rounds' slowest"
    rows.append(slowest)
    return rows


def _while_folding(crew: Crew, floor: list[Any], sizes: Sizes) -> list[Row]:
    answers = crew.in_turn((OURS,), "log_metric_while_folding", sizes.rounds, n=2 * sizes.calls)[OURS]
    calls = {OURS: [a for a in answers if a is not None], "floor": floor}
    if not calls[OURS]:
        return []
    floor_is = "os.write of 100 bytes, no fold"
    rows = []
    for part, what in (("p50", "median call"), ("mean", "mean"), ("p99", "99th percentile"), ("max", "slowest call")):
        row = _row(f"`run.log_metric` while a thread folds, {what}", "us", US, calls, floor_is, part)
        if part == "p50":
            assert row.floor is not None
            row.target, row.met = f"<= {MAX_FLOORS} x floor", row.ours <= MAX_FLOORS * row.floor
            row.note = f"{2 * sizes.calls:,} other points are folded in the same process meanwhile"
        if part == "max":
            row.ours = worst(calls[OURS], "max", US)
        rows.append(row)
    return rows
