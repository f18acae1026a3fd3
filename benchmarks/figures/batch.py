"""A Parquet file of many rows through a scikit-learn model: rows a second, and memory as files grow."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.crew import OURS
from benchmarks.findings import Findings, Row, middle

if TYPE_CHECKING:
    from benchmarks.crew import Crew
    from benchmarks.sizes import Sizes

GROUP = "Batch scoring"
MODELS = {"trees": "100 boosted trees", "linear": "linear model"}
SHARE = 1.5
"""At most so many times the bare model's time."""
FLAT = 1.25
"""Peak of the largest file beside that of the smallest."""
FLOOR_IS = "`model.predict` alone, on chunks of 131,072 rows in memory; nothing is read or written"
NOTE = (
    "13 columns of numbers with three digits after the point, in Parquet; the output has them all and the prediction, in Parquet. What a "
    "row costs to read and write does not depend on the model, so it weighs little beside trees and much beside a linear model"
)


def measure(crew: Crew, sizes: Sizes) -> Findings:
    """Score files of three sizes, each in a fresh process."""
    found = Findings()
    folder = Path(crew.ask(OURS, "batch_models")["folder"])
    *_, largest = sizes.batch_rows
    for kind, words in MODELS.items():
        crew.progress.figure(f"batch, {words}")
        peaks = []
        for n in sizes.batch_rows:
            if kind == "linear" and n < largest:
                continue
            source = Path(crew.ask(OURS, "batch_rows", n=n)["file"])
            answers: dict[str, list[Any]] = {name: [] for name in (OURS, "floor")}
            for name in [name for _ in range(sizes.rounds if n == largest else 1) for name in answers]:
                answers[name].append(_score(crew, name, folder / kind, source, folder / f"{kind}-{n}.out.parquet"))
            peaks.append((n, middle(answers[OURS], "peak", 1e-6), middle(answers["floor"], "peak", 1e-6)))
        found.rows += [
            *_rates(words, largest, answers, is_judged=sizes.name == "full"),
            *_memory(words, peaks, is_judged=sizes.name == "full"),
        ]
    found.rows[0].note = NOTE
    return found


def _score(crew: Crew, name: str, model: Path, source: Path, output: Path) -> dict[str, float]:
    crew.progress.show(f"{name}, {source.stem}")
    command = [str(crew.python(OURS)), "-m", "benchmarks.batch_job", name, str(model), str(source), str(output)]
    done = subprocess.run(command, cwd=crew.root, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-1000:])
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    output.unlink(missing_ok=True)
    return found


def _rates(words: str, n: int, answers: dict[str, list[Any]], *, is_judged: bool) -> list[Row]:
    ours, floor = (n / middle(answers[name], "wall") for name in (OURS, "floor"))
    rate = Row(GROUP, f"{n:,} rows, {words}", "rows/s", ours, floor, FLOOR_IS, target=f">= floor / {SHARE:g}")
    rate.met = ours * SHARE >= floor if is_judged else None
    used, least = (middle(answers[name], "cpu", 1e6 / n) for name in (OURS, "floor"))
    return [rate, Row(GROUP, f"CPU time of a million rows, {words}", "s", used, least, FLOOR_IS)]


def _memory(words: str, peaks: list[tuple[int, float, float]], *, is_judged: bool) -> list[Row]:
    rows = [
        Row(GROUP, f"peak memory, {n:,} rows, {words}", "MB", ours, floor, FLOOR_IS)
        for n, ours, floor in peaks
        if len(peaks) > 1
    ]
    if rows and is_judged:  # what is smaller than a part takes less
        rows[-1].target = f"<= {FLAT:g}x that of {peaks[0][0]:,} rows"
        rows[-1].met = rows[-1].ours <= FLAT * rows[0].ours
    return rows
