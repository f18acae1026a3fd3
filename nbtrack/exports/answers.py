"""What the views of a page will ask, answered beforehand.

Answers are stored with their questions, and the page finds them again (``js/src/page/answers.js``). Where a reader chooses freely among
runs (small curves, curves), the answer for each run or metric is stored and the page puts the asked one together from those.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from nbtrack.errors import NbtrackError
from nbtrack.views import questions
from nbtrack.views.parcel import parcel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from nbtrack.store.protocol import RunColumns, TrackingStore

Entry = tuple[dict[str, Any], dict[str, Any], list[bytes]]
"""Question, JSON answer, buffers."""

SPARK_POINTS = 40
SPARK_RUNS = 2_000
SPARK_METRICS = 12
KEPT_BITS = np.uint32(0xFFFFE000)
"""A small curve is 16 pixels high: ten bits of the mantissa are plenty, and zeros compress well."""


@dataclass
class Wanted:
    """What a page is to answer.

    Attributes
    ----------
    store : TrackingStore
    found : RunColumns
        The runs of the page, newest first.
    history_points : int
        Points of a curve.
    artifacts : int
        Bytes of files that may go into the page, 0 for none.
    say : callable
        Told what is being done.
    left_out : list of str
        Sentences about what did not fit.
    """

    store: TrackingStore
    found: RunColumns
    history_points: int = 1000
    artifacts: int = 0
    say: Callable[[str], None] = lambda _: None
    left_out: list[str] = field(default_factory=list)

    @property
    def run_ids(self) -> list[str]:
        """Return the ids of the runs, newest first."""
        return [str(run) for run in self.found.attributes["run_id"]]

    @property
    def metrics(self) -> list[str]:
        """Return the metrics that people log, system metrics last."""
        return sorted(self.found.metrics, key=lambda key: (key.startswith("system/"), key))


def gather(wanted: Wanted, views: Iterable[tuple[str, dict[str, Any]]]) -> list[bytes]:
    """Return the stored answers of each view, given by its name and state, as parcels."""
    parcels = []
    for view, state in dict.fromkeys((view, _Frozen(state)) for view, state in views):
        source = SOURCES.get(view)
        if source is None:
            continue
        wanted.say(f"answers for {view}")
        entries = list(source(wanted, state))
        if entries:
            parcels.append(_packed(entries))
    return parcels


class _Frozen(dict[str, Any]):
    """A state that can stand in a set; two are the same when they are one object."""

    def __hash__(self) -> int:  # type: ignore[override]
        return id(self)


def _packed(entries: list[Entry]) -> bytes:
    content = [{"question": q, "content": c, "buffers": len(buffers)} for q, c, buffers in entries]
    return parcel({"entries": content}, [buffer for _, _, buffers in entries for buffer in buffers])


def asked(wanted: Wanted, question: dict[str, Any]) -> Iterator[Entry]:
    """Answer one question as a kernel would; nothing when it cannot be answered."""
    with suppress(NbtrackError):
        content, buffers = questions.answer(wanted.store, question)
        yield question, content, buffers


def sparks(wanted: Wanted, _: dict[str, Any]) -> Iterator[Entry]:
    """Yield the outlines of the metrics, one matrix a metric."""
    runs = wanted.run_ids[:SPARK_RUNS]
    keys = [key for key in wanted.metrics if not key.startswith("system/")][:SPARK_METRICS]
    if len(wanted.run_ids) > SPARK_RUNS and keys:
        wanted.left_out.append(f"Small curves are there for the newest {SPARK_RUNS:,} runs.")
    for key in keys:
        has = [run for run, count in zip(runs, wanted.found.metrics[key]["count"], strict=False) if count > 1]
        if not has:
            continue
        matrix = wanted.store.sparks(has, key, SPARK_POINTS).astype("<f4")
        bits = matrix.view(np.uint32)
        bits[~np.isnan(matrix)] &= KEPT_BITS
        yield {"what": "sparks", "runs": has, "key": key, "points": SPARK_POINTS}, {}, [matrix.tobytes()]


Source = "Callable[[Wanted, dict[str, Any]], Iterator[Entry]]"
SOURCES: dict[str, Any] = {"run-table": sparks}
"""What each view of the front end asks."""
