"""Curves of ten runs at once: what a page asks for when it opens, and when it zooms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.crew import OURS
from benchmarks.findings import Curve, Findings, Row, middle

if TYPE_CHECKING:
    from benchmarks.crew import Crew
    from benchmarks.sizes import Sizes

GROUP = "Curves of ten runs"
RUNS = 10
MILLION = 1_000_000
LIMIT_MS = 300
NOTE = "1,000 ranges of each run with smallest, largest and mean; TensorBoard gives a random sample, spikes are lost"


def measure(crew: Crew, sizes: Sizes) -> Findings:
    """Record ten runs of each size, and ask for their curves whole and zoomed."""
    findings = Findings()
    lines: dict[str, list[tuple[int, float]]] = {}
    for n in sizes.curve_points:
        crew.progress.figure(f"curves of {RUNS} x {n:,} points")
        names = [name for name in crew.present(OURS, "floor", "tensorboard") if _takes_part(name, n, sizes)]
        for name in names:
            crew.ask(name, "add_curves", n=n, runs=RUNS)
        crew.ask(OURS, "settle")
        for zoom in (False, True):
            asked = [name for name in names if not (zoom and name == "tensorboard")]
            crew.in_turn(asked, "curves", 1, n=n, runs=RUNS, zoom=zoom)
            answers = crew.in_turn(asked, "curves", sizes.read_rounds, n=n, runs=RUNS, zoom=zoom)
            wall = {name: 1e3 * middle(times, "wall") for name, times in answers.items()}
            if not zoom:
                for name, ms in wall.items():
                    lines.setdefault(name, []).append((n, ms / 1e3))
            findings.rows.append(_row(n, wall, 1e3 * middle(answers[OURS], "cpu"), is_zoom=zoom))
    target = [(MILLION, LIMIT_MS / 1e3)]
    findings.curves.append(Curve("curves", f"Curves of {RUNS} runs", "points", lines, target))
    return findings


def _takes_part(name: str, n: int, sizes: Sizes) -> bool:
    return name != "tensorboard" or RUNS * n <= sizes.event_file_points


def _row(n: int, wall: dict[str, float], cpu: float, *, is_zoom: bool) -> Row:
    ours, floor = wall.pop(OURS), wall.pop("floor", None)
    what = f"{RUNS} x {n:,} points" + (", zoomed to a fiftieth" if is_zoom else "")
    is_target = n == MILLION and not is_zoom
    return Row(
        GROUP,
        what,
        "ms",
        ours,
        floor,
        "one GROUP BY in DuckDB",
        wall,
        f"< {LIMIT_MS} ms" if is_target else "",
        ours < LIMIT_MS if is_target else None,
        NOTE,
        cpu,
    )
