"""What a trial of a sweep costs beside the bare function, and beside Optuna with its own storage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.crew import OPTUNA, OURS, SWEEPS
from benchmarks.findings import Findings, Row, middle

if TYPE_CHECKING:
    from benchmarks.crew import Crew
    from benchmarks.sizes import Sizes

GROUP = "Sweeps"
MS = 1e3
MOST_MS = 10
KINDS = {
    "random": ("random params", {"method": "random", "steps": 0}),
    "tpe": ("TPE", {"method": "tpe", "steps": 0}),
    "steps": ("random params, 100 points logged on the way", {"method": "random", "steps": 100}),
}
FEWER = 20
"""So many times fewer trials where points are logged: Optuna commits each to SQLite."""
FLOOR_IS = "the function alone, in a loop"
NOTE = (
    "three params and one result, a function of 0.2 us; ours has a run a trial (params, metrics, name, where it ran, all searchable), "
    "safe against kill -9 when it ends; Optuna keeps its trials in SQLite (`sqlite:///…`) and samples as ours does"
)


def measure(crew: Crew, sizes: Sizes) -> Findings:
    """Sweep over a function that does next to nothing, in turn with Optuna."""
    found = Findings()
    crew.progress.figure("sweeps")
    workers = {OURS: crew.another(SWEEPS)}
    if crew.present("mlflow"):  # the peers have their packages here
        workers["optuna"] = crew.another(OPTUNA)
    for words, options in KINDS.values():
        answers: dict[str, list[Any]] = {name: [] for name in (*workers, "floor")}
        for turn in range(sizes.rounds):
            for name in [*workers][turn % len(workers) :] + [*workers][: turn % len(workers)]:
                crew.progress.show(f"{name}, {words}, round {turn + 1} of {sizes.rounds}")
                own = {"jobs": 1} if name == OURS else {}
                workers[name].ask("sweep", n=sizes.trials // (FEWER if options["steps"] else 1), **options, **own)
                answers[name].append(workers[name].answer())
            workers[OURS].ask("bare", n=10_000)
            answers["floor"].append(workers[OURS].answer())
        found.rows.append(_row(words, answers, is_judged=not options["steps"]))
    workers[OURS].ask("sweep", n=sizes.trials, method="random", steps=0, jobs=2)
    took = workers[OURS].answer()
    found.rows.append(Row(GROUP, "a trial in one of two processes, their start included", "ms", took["wall"] * MS))
    found.rows[0].note = NOTE
    return found


def _row(words: str, answers: dict[str, list[Any]], *, is_judged: bool) -> Row:
    wall = {name: middle(found, "wall", MS) for name, found in answers.items()}
    ours, floor = wall.pop(OURS), wall.pop("floor")
    row = Row(GROUP, f"a trial, {words}", "ms", ours, floor, FLOOR_IS, wall, cpu=middle(answers[OURS], "cpu", MS))
    if is_judged:
        row.target, row.met = f"<= {MOST_MS} ms over the function", ours - floor <= MOST_MS
    return row
