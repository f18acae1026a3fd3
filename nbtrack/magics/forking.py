"""``%track fork RUN lr=3e-4``: a run's code again with another literal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from IPython.core.error import UsageError
from IPython.display import display

from nbtrack.tracking import active

if TYPE_CHECKING:
    from nbtrack.magics.track import CellTracker

USAGE = "%track fork RUN NAME=VALUE …, as in %track fork 42 lr=3e-4"


def fork(tracker: CellTracker, words: list[str]) -> None:
    """Run the code of a run in a process of its own, show what it prints, and how it came out."""
    from nbtrack.reruns.changing import changes_from  # noqa: PLC0415 - brings what moves runs between stores
    from nbtrack.reruns.fork import fork as make  # noqa: PLC0415

    if not words or "=" in words[0]:
        message = f"%track fork: say which run: {USAGE}"
        raise UsageError(message)
    changes = changes_from(words[1:])
    tracker.filing.flush()
    display(make(words[0], changes, store=active.get_store(), progress=_tell))


def _tell(line: str) -> None:
    if line.strip():
        print(line)  # noqa: T201 - what the code prints
