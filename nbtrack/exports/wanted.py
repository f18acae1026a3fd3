"""What a page is to answer, and what of it did not fit."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from nbtrack.errors import NbtrackError
from nbtrack.views import questions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nbtrack.store.protocol import RunColumns, TrackingStore

Entry = tuple[dict[str, Any], dict[str, Any], list[bytes]]
"""Question, JSON answer, buffers."""
CAPTURED = "environment/"
"""Where runs keep what they captured about the machine and the working copy; it may say more than its owner means to share."""


@dataclass
class Wanted:
    """What a page is to answer.

    Attributes
    ----------
    store : TrackingStore
    found : RunColumns
        The runs of the page, newest first.
    history_points : int
        Points of a curve; 0 for as many as there is room for.
    artifacts : int
        Bytes of files that may go into the page, 0 for none.
    captured : bool
        Put in what runs captured about their environment and git, too.
    condition : str
        The filter that chose the runs, in the search grammar.
    say : callable
        Told what is being done.
    may_choose : bool
        Readers may look at files of other runs than those on view.
    left_out : list of str
        Sentences about what did not fit.
    """

    store: TrackingStore
    found: RunColumns
    history_points: int = 0
    artifacts: int = 0
    captured: bool = False
    condition: str = ""
    say: Callable[[str], None] = lambda _: None
    may_choose: bool = True
    left_out: list[str] = field(default_factory=list)

    @property
    def run_ids(self) -> list[str]:
        """Return the ids of the runs, newest first."""
        return [str(run) for run in self.found.attributes["run_id"]]

    @property
    def metrics(self) -> list[str]:
        """Return the metrics that people log, system metrics last."""
        return sorted(self.found.metrics, key=lambda key: (key.startswith("system/"), key))

    @cached_property
    def files(self) -> dict[str, list[tuple[str, int]]]:
        """Return path and bytes of the files of each run that has any, newest run first; one look at the store for all of them."""
        found = self.store.sql(
            "SELECT run_id, path, size FROM artifacts WHERE sha256 IS NOT NULL AND run_id IN (SELECT unnest(?)) ORDER BY path",
            [self.run_ids],
        )
        by_run: dict[str, list[tuple[str, int]]] = {}
        for run, path, size in found.itertuples(index=False):
            by_run.setdefault(str(run), []).append((str(path), int(size)))
        return {run: by_run[run] for run in self.run_ids if run in by_run}

    def may_have(self, path: str, size: int, room: int) -> bool:
        """Say whether a file goes in, when there are so many bytes left; what stays out is noted."""
        if path.startswith(CAPTURED) and not self.captured:
            self.leave_out("What runs captured of their environment and git stays out; artifacts='all' puts it in.")
            return False
        if size > room and self.artifacts:
            self.leave_out(f"Files beyond {self.artifacts:,} bytes stay out; artifacts=… allows more.")
        return size <= room and self.artifacts > 0

    def ask(self, question: dict[str, Any], stored_as: dict[str, Any] | None = None) -> Iterator[Entry]:
        """Answer one question as a kernel would, and keep it under what the page will ask; nothing when it cannot be answered."""
        try:
            content, buffers = questions.answer(self.store, question)
        except (NbtrackError, OSError) as error:
            self.leave_out(f"{question.get('path') or question['what']}: {error}")
        else:
            yield stored_as or question, content, buffers

    def leave_out(self, why: str) -> None:
        """Note what did not go in, once."""
        if why not in self.left_out:
            self.left_out.append(why)
