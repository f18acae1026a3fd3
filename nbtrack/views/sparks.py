"""Outlines of one metric for many runs: the small curves in the runs table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbtrack.store.protocol import TrackingStore

MAX_RUNS = 1000
MAX_POINTS = 200


def answer(store: TrackingStore, question: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
    """Answer ``{what: "sparks", runs: [run id, …], key, points}`` with float32 of shape (n_runs, points); NaN = nothing there."""
    points = max(2, min(int(question.get("points") or 32), MAX_POINTS))
    runs = [str(run) for run in question.get("runs", [])][:MAX_RUNS]
    matrix = store.sparks(runs, str(question["key"]), points)
    return {"runs": runs, "key": question["key"], "points": points}, [matrix.astype("<f4").tobytes()]
