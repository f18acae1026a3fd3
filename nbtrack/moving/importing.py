"""Takes what other trackers have kept on disk into a store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from nbtrack.moving.intake import Intake

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nbtrack.moving.moved import MovedExperiment, MovedRun
    from nbtrack.moving.tally import Tally
    from nbtrack.store.protocol import Store


class Source(Protocol):
    """Something on disk that keeps runs."""

    @property
    def title(self) -> str:
        """Return what it is called, in a word."""

    def __len__(self) -> int:
        """Return the number of runs; 0 when that is known only after reading."""

    def experiments(self) -> Iterator[MovedExperiment]:
        """Yield the experiments that are to be there, also without runs."""

    def runs(self, tally: Tally) -> Iterator[MovedRun]:
        """Yield the runs; what is left out is told to `tally`."""


def take_in(
    source: Source,
    store: Store,
    *,
    is_dry: bool = False,
    progress: Callable[[str, int, int], None] | None = None,
) -> Tally:
    """Take all runs of a source into a store; what is there already is not taken twice.

    Parameters
    ----------
    source : Source
    store : Store
    is_dry : bool
        Only count what would come.
    progress : callable, optional
        Called with a few words, the number of runs done and of all (0 when that is not known).
    """
    told = progress or (lambda *_: None)
    total = len(source)
    with Intake(store, source=source.title, is_dry=is_dry) as intake:
        for experiment in source.experiments():
            intake.experiment(experiment)
        for done, _ in enumerate(intake.runs(source.runs(intake.tally)), 1):
            told(f"{intake.tally.points:,} points, {intake.tally.files:,} files", done, total)
    return intake.tally
