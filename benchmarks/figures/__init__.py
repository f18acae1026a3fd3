"""The figures: who is asked for what, and what becomes of the answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.figures import (
    autolog,
    batch,
    calls,
    cells,
    curves,
    disk,
    imports,
    models,
    pages,
    points,
    runs,
    seen,
    server,
    serving,
    sweeps,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.crew import Crew
    from benchmarks.findings import Findings
    from benchmarks.sizes import Sizes

FIGURES: dict[str, Callable[[Crew, Sizes], Findings]] = {
    "calls": calls.measure,
    "seen": seen.measure,
    "imports": imports.measure,
    "cells": cells.measure,
    "runs": runs.measure,
    "points": points.measure,
    "curves": curves.measure,
    "disk": disk.measure,
    "models": models.measure,
    "autolog": autolog.measure,
    "serving": serving.measure,
    "batch": batch.measure,
    "sweeps": sweeps.measure,
    "server": server.measure,
    "server-postgres": server.measure_postgres,
    "pages": pages.measure,
}
