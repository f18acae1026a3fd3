"""Parallel coordinates in the page: the first picture, and each move of a brush."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.browser import STEPS, page_of
from benchmarks.browser import measure as measure_page
from benchmarks.crew import OURS
from benchmarks.findings import Curve, Findings, Row, middle

if TYPE_CHECKING:
    from benchmarks.crew import Crew
    from benchmarks.sizes import Sizes

GROUP = "Parallel coordinates in the page"
PEERS = ("wigglystuff", "plotly")
TARGET_RUNS = 10_000
DRAWN_MS, MEDIAN_MS, P95_MS = 100, 16, 50


def measure(crew: Crew, sizes: Sizes) -> Findings:
    """Draw and brush in a fresh browser each time, everybody in turn."""
    crew.progress.figure("pages")
    findings = Findings()
    lines: dict[str, list[tuple[int, float]]] = {}
    for n in sizes.page_runs:
        peers = [name for name in PEERS if n <= sizes.peer_page_runs]
        found: dict[str, list[dict[str, Any]]] = {name: [] for name in (OURS, "floor", *peers)}
        for turn in range(sizes.page_rounds):
            for name, answers in found.items():
                crew.progress.show(f"{name}, {n:,} runs, round {turn + 1} of {sizes.page_rounds}")
                with page_of(name, n, crew.folder / "pages", _packages(crew, name)) as page:
                    answers.append(measure_page(page))
        for name, answers in found.items():
            if name == "floor":
                continue
            lines.setdefault(name, []).append((n, middle(answers, "work")))
        findings.rows += _rows(n, found)
    findings.curves.append(Curve("parallel", "Parallel coordinates: main thread until drawn", "runs drawn", lines))
    return findings


def _rows(n: int, found: dict[str, list[dict[str, Any]]]) -> list[Row]:
    def step(part: str, place: float) -> dict[str, float]:
        return {
            name: 1e3 * middle([answer[part][int(place * (STEPS - 1))] for answer in answers])
            for name, answers in found.items()
        }

    def row(what: str, values: dict[str, float], note: str, limit: float | None = None) -> Row:
        ours, floor = values.pop(OURS), values.pop("floor")
        is_target = limit is not None and n == TARGET_RUNS
        return Row(
            GROUP,
            f"{n:,} runs: {what}",
            "ms",
            ours,
            floor,
            "a page with nothing on it",
            values,
            f"< {limit} ms" if is_target else "",
            ours < (limit or 0) if is_target else None,
            note,
        )

    script = {name: 1e3 * middle(answers, "script") for name, answers in found.items()}
    work = {name: 1e3 * middle(answers, "work") for name, answers in found.items()}
    all_work = "script, style, layout and paint on the main thread, without a GPU; for a brush, of one move of the mouse and two frames"
    return [
        row("script until drawn", script, "plotly draws in tasks that are not script", DRAWN_MS),
        row("all work until drawn", work, all_work),
        row("brush moved, script, median", step("step_scripts", 0.5), "", MEDIAN_MS),
        row("brush moved, script, 95th percentile", step("step_scripts", 0.95), "", P95_MS),
        row("brush moved, all work, median", step("steps", 0.5), all_work),
        row("brush moved, all work, 95th percentile", step("steps", 0.95), all_work),
    ]


def _packages(crew: Crew, name: str) -> Any:
    root = crew.root / (".venv-bench" if name in PEERS[:1] else ".venv")
    return next((root / "lib").glob("python*/site-packages"))
