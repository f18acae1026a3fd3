"""Whether runs are stale: their cells were edited, ran out of order, or a file that they read has changed; asked for the rows in sight."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from nbtrack.cells import log
from nbtrack.cells.staleness import FILE, Origins, marks, read_origins, relevant
from nbtrack.config import is_remote
from nbtrack.entities import RunStatus
from nbtrack.errors import InvalidValueError, NbtrackError, NotFoundError
from nbtrack.names import is_run_id

if TYPE_CHECKING:
    from pathlib import Path

    from nbtrack.cells.log import ExecutedCell
    from nbtrack.cells.staleness import Mark
    from nbtrack.store.protocol import TrackingStore

MAX_RUNS = 100
MOST_KEPT = 500
LONGEST_S = 0.3
"""After this the rest is left to the next question, so that no page waits."""

FRESH_S = 60.0
"""For so long a run that has ended is taken to have the files that it had; what is on this machine is looked at each time."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What a run keeps; without origins there is nothing to say of it."""

    version: str
    origins: Origins | None
    cells: tuple[ExecutedCell, ...] = ()
    last: int = 0
    read_at: float = 0.0
    is_open: bool = False


_known: OrderedDict[tuple[str, str], _Known] = OrderedDict()


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
    except (NbtrackError, OSError):  # a store that is away
        return []
    if found.origins is None:
        return []
    session = log.current()
    later = session.cells[found.last :] if session is not None and session.has(run_id) else ()
    return marks(found.cells, found.origins, later)


def _look(store: TrackingStore, run_id: str) -> _Known:
    """Return what a run keeps: to ask the store takes 5 ms, so one that has ended is not asked for each time."""
    key, now = (store.uri, run_id), time.monotonic()
    known = _known.get(key)
    if known is None or known.is_open or now - known.read_at > FRESH_S:
        files = [_file(store, run_id, FILE), _file(store, run_id, log.FILE)]
        version = "\n".join(map(str, files))
        known = (
            replace(known, read_at=now) if known and known.version == version else _read(store, run_id, files, version)
        )
        _known[key] = known
    _known.move_to_end(key)
    while len(_known) > MOST_KEPT:
        _known.popitem(last=False)
    return known


def _read(store: TrackingStore, run_id: str, files: list[Path | None], version: str) -> _Known:
    path, page = files
    now = time.monotonic()
    origins = read_origins(path.read_bytes()) if path else None
    if origins is None or not origins.is_here or page is None:
        is_open = store.get_run(run_id).info.status == RunStatus.RUNNING
        return _Known(version, origins if origins and origins.is_here else None, read_at=now, is_open=is_open)
    cells = log.read(page.read_bytes(), lambda part: store.artifact_file(run_id, part).read_bytes(), run_id)
    is_open = bool(cells) and cells[-1].s is None
    return _Known(version, origins, relevant(cells), cells[-1].n if cells else 0, now, is_open)


def _file(store: TrackingStore, run_id: str, path: str) -> Path | None:
    try:
        return store.artifact_file(run_id, path)
    except NotFoundError:
        return None
