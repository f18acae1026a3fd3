"""What ``%%track`` adds to an empty cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.findings import Findings, Row, middle

if TYPE_CHECKING:
    from benchmarks.crew import Crew
    from benchmarks.sizes import Sizes

MS = 1e3
MAX_MS = 10


def measure(crew: Crew, sizes: Sizes) -> Findings:
    """Run empty cells, with and without the magic in turn."""
    rows = []
    for call, where in (("in_shell", "in IPython's shell"), ("in_kernel", "in a kernel")):
        crew.progress.figure(f"%%track {where}")
        answers = [crew.ask("cells", call, n=sizes.cells) for _ in range(sizes.rounds)]
        bare, tracked = middle(answers, "bare", MS), middle(answers, "tracked", MS)
        row = Row("Start", f"`%%track` added to an empty cell, {where}", "ms", tracked - bare, target=f"<= {MAX_MS} ms")
        row.met = row.ours <= MAX_MS
        row.note = f"{tracked:.1f} ms with it, {bare:.1f} ms without"
        rows.append(row)
    return Findings(rows)
