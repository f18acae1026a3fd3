"""What of a source can be kept: names that are not allowed are left out, and told."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from nbtrack.errors import InvalidValueError
from nbtrack.names import FIRST_MS, LAST_MS, check_key, is_run_id

if TYPE_CHECKING:
    from nbtrack.moving.moved import MovedRun
    from nbtrack.moving.tally import Tally

STATUSES = ("RUNNING", "FINISHED", "FAILED", "KILLED")


def sound(run: MovedRun, tally: Tally) -> MovedRun:
    """Return a run without what no store takes.

    Raises
    ------
    InvalidValueError
        Nothing of it can be kept.
    """
    if not is_run_id(run.run_id):
        message = f"its id {run.run_id!r} is none of 32 hexadecimal digits"
        raise InvalidValueError(message)
    if run.status not in STATUSES:
        message = f"its status {run.status!r} is none of {', '.join(STATUSES)}"
        raise InvalidValueError(message)
    for t in (run.start_us, run.end_us, run.deleted_us):
        if t is not None and not FIRST_MS <= t // 1000 <= LAST_MS:
            message = f"a time, {t} microseconds, is not in the years 1 to 9999"
            raise InvalidValueError(message)
    return replace(
        run,
        name=run.name or f"run {run.run_id[:8]}",
        params=sound_texts(run.params, "param", run.run_id, tally),
        tags=sound_texts(run.tags, "tag", run.run_id, tally),
    )


def sound_texts(found: dict[str, str], what: str, run_id: str, tally: Tally) -> dict[str, str]:
    """Return params or tags without those whose names are not allowed."""
    kept: dict[str, str] = {}
    for key, value in found.items():
        try:
            kept[check_key(key, what.capitalize())] = str(value)
        except InvalidValueError as error:
            tally.skip(f"{what} of run {run_id}", error)
    return kept
