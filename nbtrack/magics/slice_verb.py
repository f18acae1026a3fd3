"""``%track slice METRIC [RUN] [> FILE]``: the cells that produced a metric, as a script."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from IPython.core.error import UsageError

from nbtrack.errors import InvalidValueError
from nbtrack.tracking import active
from nbtrack.tracking.cells import slice_run

if TYPE_CHECKING:
    from nbtrack.magics.track import CellTracker

USAGE = "%track slice METRIC [RUN] [> FILE.py]"
MOST_WORDS = 2


def verb(tracker: CellTracker, words: list[str]) -> None:
    """Print the script, or write it to a new file."""
    asked, path = _split(words)
    if not 1 <= len(asked) <= MOST_WORDS:
        message = f"%track slice: a metric, and perhaps a run; received {' '.join(words) or 'nothing'}\n  Use: {USAGE}"
        raise UsageError(message)
    current = active.current_run()
    run = asked[1] if len(asked) == MOST_WORDS else current.id if current else active.last_run_id()
    if run is None:
        message = f"No run was recorded in this notebook yet; name one: %track slice {asked[0]} 43"
        raise UsageError(message)
    tracker.filing.flush()
    found = slice_run(run, asked[0])
    if path is None:
        print(found.script)  # noqa: T201 - a magic answers on the page
        return
    write(found.script, path)
    print(f"{path}: {len(found.cells)} of {found.n_executed} executed cells produced {found.metric}")  # noqa: T201


def write(text: str, path: Path) -> None:
    """Write a script to a file that is not there yet, or is such a script; raises ``InvalidValueError`` for another file."""
    if path.exists() and "# %% [" not in path.read_text(encoding="utf-8", errors="replace"):
        raise InvalidValueError(f"{path} is there and is no slice; name another file.")
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InvalidValueError(f"{path} cannot be written: {error.strerror}; name another file.") from None


def _split(words: list[str]) -> tuple[list[str], Path | None]:
    """Take ``> file`` and ``>file`` from the end."""
    at = next((i for i, word in enumerate(words) if word.startswith(">")), None)
    if at is None:
        return words, None
    rest = [word for word in (words[at].removeprefix(">"), *words[at + 1 :]) if word]
    if len(rest) != 1:
        message = f"%track slice: one file after >; received {' '.join(words[at:])}\n  Use: {USAGE}"
        raise UsageError(message)
    return words[:at], Path(rest[0]).expanduser()
