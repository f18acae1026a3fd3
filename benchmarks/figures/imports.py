"""What ``import nbtrack`` adds to a bare Python."""

from __future__ import annotations

import subprocess
import time
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.crew import OURS
from benchmarks.findings import Findings, Row

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.crew import Crew
    from benchmarks.sizes import Sizes

MODULES = {OURS: "nbtrack", "mlflow": "mlflow", "trackio": "trackio", "tensorboard": "tensorboardX"}


def measure(crew: Crew, sizes: Sizes) -> Findings:
    """Start fresh processes in turn, each with and without the import."""
    crew.progress.figure("import")
    names = crew.present(*MODULES)
    bare: dict[str, list[float]] = {name: [] for name in names}
    full: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(-1, sizes.imports):
        for name in names:
            crew.progress.show(name)
            without, with_import = _start(crew, name, "pass"), _start(crew, name, f"import {MODULES[name]}")
            if turn >= 0:  # the first round fills the disk cache
                bare[name].append(without)
                full[name].append(with_import)
    added = {name: 1e3 * (median(full[name]) - median(bare[name])) for name in names}
    floor = 1e3 * median(bare[OURS])
    ours = added.pop(OURS)
    note = f"added to a bare Python, which takes {floor:.0f} ms; median of {sizes.imports} fresh processes each"
    row = Row("Start", "`import nbtrack`", "ms", ours, None, "", added, "<= 100 ms", ours <= 100, note)
    return Findings([row])


def _start(crew: Crew, name: str, code: str) -> float:
    begin = time.perf_counter()
    subprocess.run([crew.python(name), "-c", code], cwd=_neutral(crew), check=True, capture_output=True)
    return time.perf_counter() - begin


def _neutral(crew: Crew) -> Path:
    crew.folder.mkdir(parents=True, exist_ok=True)
    return crew.folder
