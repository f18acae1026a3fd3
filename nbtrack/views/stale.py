"""Whether runs are stale: their cells were edited, ran out of order, or a file that they read has changed; asked for the rows in sight."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from nbtrack.cells import log
from nbtrack.cells.staleness import FILE, Origins, marks, read_origins, relevant
from nbtrack.config import is_remote
from nbtrack.errors import InvalidValueError, NbtrackError
from nbtrack.names import is_run_id

if TYPE_CHECKING:
    from nbtrack.cells.log import ExecutedCell
    from nbtrack.cells.staleness import Mark
    from nbtrack.store.protocol import TrackingStore

MAX_RUNS = 100
MOST_KEPT = 500
LONGEST_S = 0.3
"""After this the rest is left to the next question, so that no page waits."""

_Known = tuple[Origins, tuple["ExecutedCell", ...], int]
_known: OrderedDict[tuple[str, str], tuple[str, _Known]] = OrderedDict()


def answer(store: TrackingStore, question: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
    """Answer ``{what: "stale", runs: [run id, …]}`` with ``runs``: a list of ``{kind, text}`` for each that was looked at.

    Raises
    ------
    InvalidValueError
        `runs` is no list of run ids.
    """
    runs = question.get("runs")
    if not isinstance(runs, list) or not all(map(is_run_id, runs)):
        message = f"Which runs are stale is asked with a list of run ids; received {str(runs)[:80]!r}."
        raise InvalidValueError(message)
    until = time.monotonic() + LONGEST_S
    found: dict[str, list[dict[str, str]]] = {}
    for run_id in runs[:MAX_RUNS]:
        found[run_id] = [each.to_dict() for each in stale_marks(store, run_id)]
        if time.monotonic() > until:
            break
    return {"runs": found}, []


def stale_marks(store: TrackingStore, run_id: str) -> list[Mark]:
    """Return why a run is stale, as far as this machine can tell; nothing for a run that keeps no origins."""
    if is_remote(store.uri):  # looking would fetch files
        return []
    try:
        found = _look(store, run_id)
    except (NbtrackError, OSError):  # no such file, or a store that is away
        return []
    if found is None:
        return []
    origins, cells, last = found
    session = log.current()
    later = session.cells[last:] if session is not None and session.has(run_id) else ()
    return marks(cells, origins, later)


def _look(store: TrackingStore, run_id: str) -> _Known | None:
    """Return what a run keeps; read again only when one of its files is another."""
    path = store.artifact_file(run_id, FILE)
    try:
        page = store.artifact_file(run_id, log.FILE)
        version = f"{path}\n{page}"
    except NbtrackError:
        page, version = None, str(path)
    key = (store.uri, run_id)
    if key in _known and _known[key][0] == version:
        _known.move_to_end(key)
        return _known[key][1]
    origins = read_origins(path.read_bytes())
    if not origins.is_here:
        return None
    cells: tuple[ExecutedCell, ...] = ()
    if page is not None:
        cells = log.read(page.read_bytes(), lambda part: store.artifact_file(run_id, part).read_bytes(), run_id)
    found = (origins, relevant(cells), cells[-1].n if cells else 0)
    _known[key] = (version, found)
    while len(_known) > MOST_KEPT:
        _known.popitem(last=False)
    return found
