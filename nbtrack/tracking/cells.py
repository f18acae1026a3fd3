"""Gives runs the cells that were executed before them, reads them again, and cuts out those that made a metric."""

from __future__ import annotations

import hashlib
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import PurePath
from typing import TYPE_CHECKING

from nbtrack.cells import log
from nbtrack.cells.pages import Pages
from nbtrack.errors import NotFoundError
from nbtrack.store.recording import Recording
from nbtrack.tracking import active
from nbtrack.tracking.environment import notebook_path
from nbtrack.tracking.redaction import redact
from nbtrack.tracking.surroundings import add_session_files

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from nbtrack.cells.found import MetricSlice
    from nbtrack.cells.log import CellLog, ExecutedCell, Moment
    from nbtrack.entities import Run
    from nbtrack.store.protocol import TrackingStore
    from nbtrack.tracking.run import ActiveRun

TRIAL = "nbtrack.sweep.trial"
"""Tag of runs whose parent keeps the cells for them."""
_CELLS_OWN = {"nbtrack.cell.id", "nbtrack.notebook"}
"""Tags of the run of a ``%%track`` cell, whose options say what is captured."""
MOST_PARENTS = 20
MIME = "application/json"


class CellKeeper:
    """Writes the cells of the runs of this process, in the background.

    Parameters
    ----------
    cells : CellLog
        What the process has executed.
    """

    def __init__(self, cells: CellLog) -> None:
        self.cells = cells
        self._pages = Pages(redact)
        self._worker: ThreadPoolExecutor | None = None
        self._pid = os.getpid()
        self._last: Future[None] | None = None
        self._written: dict[str, str] = {}
        self._contents: set[tuple[str, str]] = set()
        self._metrics: dict[str, tuple[ActiveRun, dict[str, float]]] = {}
        self._writing = threading.Lock()
        self.beside: dict[str, Callable[[], Callable[[], bytes]]] = {}
        """Files that runs keep beside their cells: called when a run begins and ends, what they return is called in the background."""

    def attach(self, run: ActiveRun) -> None:
        """Give a run that begins here its cells: now, so that a kernel that is killed leaves them, and again at its end."""
        if run.is_joined or TRIAL in run.tags or self.cells.is_private or not self.cells.cells:
            return
        is_resumed = run._is_resumed  # noqa: SLF001 - asked on the same floor
        if is_resumed and not self.cells.has(run.id) and _is_there(run):
            return  # of the session that began it; what another one adds does not take its place
        self.cells.run_opens(run.id)
        self._metrics[run.id] = (run, dict(run.metrics))
        self._write_soon(run)
        run.on_end.append(self._ends)
        if not is_resumed and run.parent_run_id is None and not _CELLS_OWN & {*run.tags}:
            add_session_files(run)

    def cell_ends(self) -> None:
        """Note which metrics the cell has logged into the runs that are open."""
        for run_id, (run, before) in list(self._metrics.items()):
            now = dict(run.metrics)
            changed = [key for key, value in now.items() if before.get(key) != value]
            if changed:
                self.cells.note_logged(run_id, changed)
                self._metrics[run_id] = (run, now)

    def settle(self, timeout_s: float | None = None) -> None:
        """Wait until all is written."""
        if self._last is not None and self._pid == os.getpid():
            self._last.result(timeout_s)

    def _ends(self, run: ActiveRun) -> None:
        self.cell_ends()
        self._metrics.pop(run.id, None)
        self._write_soon(run)

    def _write_soon(self, run: ActiveRun) -> None:
        moment = self.cells.moment(run.id, PurePath(notebook_path().replace("\\", "/")).name)
        beside = {path: begin() for path, begin in self.beside.items()}
        if self._worker is None or self._pid != os.getpid():
            self._worker = ThreadPoolExecutor(1, thread_name_prefix="nbtrack-cells")
            self._pid, self._writing = os.getpid(), threading.Lock()
        try:
            self._last = self._worker.submit(self._write, run, moment, beside)
        except RuntimeError:  # Python is exiting: nobody waits for us any more
            self._write(run, moment, beside)

    def _write(self, run: ActiveRun, moment: Moment, beside: dict[str, Callable[[], bytes]]) -> None:
        try:
            with self._writing:
                files = self._pages.files(moment) | {path: make() for path, make in beside.items()}
                for path, data in files.items():
                    digest, key = hashlib.sha256(data).hexdigest(), f"{run.id}/{path}"
                    if self._written.get(key) != digest:
                        self._put(run, path, data, digest)
                        self._written[key] = digest
        except Exception:  # noqa: BLE001 - a run without its cells is better than none
            run.lost += 1

    def _put(self, run: ActiveRun, path: str, data: bytes, digest: str) -> None:
        """Store a file; a content that is in the store already is only named: to write it safely again takes the disk 10 ms."""
        store, known = run.store, (run.store.uri, digest)
        if known in self._contents and isinstance(store, Recording) and _has(store, digest):
            body = {"path": path, "sha256": digest, "size": len(data), "mime": MIME}
            store.append(("artifact", run.id, None, body))
            return
        store.add_artifact(run.id, path, data, mime=MIME)
        self._contents.add(known)


def _is_there(run: ActiveRun) -> bool:
    try:
        run.store.artifact_file(run.id, log.FILE)
    except NotFoundError:
        return False
    return True


def _has(store: Recording, digest: str) -> bool:
    try:
        store.blobs.path_of(digest)
    except NotFoundError:
        return False
    return True


_keeper: CellKeeper | None = None


def keeper() -> CellKeeper:
    """Return what writes the cells of this process's runs, begun now if nobody does."""
    global _keeper  # noqa: PLW0603
    cells = log.start()
    if _keeper is None or _keeper.cells is not cells:
        _keeper = CellKeeper(cells)
    return _keeper


def settle(timeout_s: float | None = 60.0) -> None:
    """Wait until the cells of every run so far are written."""
    if _keeper is not None:
        _keeper.settle(timeout_s)


def cells_of(run: Run | ActiveRun | str, store: TrackingStore | None = None) -> tuple[ExecutedCell, ...]:
    """Return the cells that a run's notebook had executed, in that order; of a trial, those of its parent.

    Parameters
    ----------
    run : Run, ActiveRun or str
        A run, or its id, number or name.
    store : TrackingStore, optional
        Where it is kept; the one in use by default.

    Raises
    ------
    NotFoundError
        It has none: its notebook had not loaded the extension, or it is a script's.
    """
    settle()
    store = store or getattr(run, "store", None) or active.get_store()
    run_id = store.resolve_run(run) if isinstance(run, str) else _id(run)
    at: str | None = run_id
    for _ in range(MOST_PARENTS):
        if at is None:
            break
        try:
            data = store.artifact_file(at, log.FILE).read_bytes()
        except NotFoundError:
            at = store.get_run(at).info.parent_run_id
        else:
            return log.read(data, partial(_file, store, at), run_id)
    raise NotFoundError(
        "File",
        log.FILE,
        where=f"run {store.get_run(run_id).info.run_name!r}",
        hint="Runs keep their cells in notebooks that begin with "
        "%load_ext nbtrack, unless a cell says --no-capture; scripts have none.",
    )


def slice_run(run: Run | ActiveRun | str, metric: str, store: TrackingStore | None = None) -> MetricSlice:
    """Return the cells that produced a metric of a run, as a script that runs by itself.

    Parameters
    ----------
    run : Run, ActiveRun or str
        A run, or its id, number or name.
    metric : str
        As it was logged.
    store : TrackingStore, optional
        Where it is kept; the one in use by default.

    Raises
    ------
    NotFoundError
        The run has no such metric, or no cells.
    """
    from nbtrack.cells.found import metric_slice  # noqa: PLC0415 - only for those who ask

    store = store or getattr(run, "store", None) or active.get_store()
    found = store.get_run(store.resolve_run(run) if isinstance(run, str) else _id(run))
    cells, info = cells_of(found, store), found.info
    if metric not in found.data.metrics:
        raise NotFoundError("Metric", metric, found.data.metrics, where=f"run {info.run_name!r}")
    number = "" if info.number is None else f"#{info.number} "
    title = f"{metric} = {found.data.metrics[metric]!r} of run {number}{info.run_name} in {info.experiment_name}"
    return metric_slice(cells, metric, info.run_id, title)


def _file(store: TrackingStore, run_id: str, path: str) -> bytes:
    return store.artifact_file(run_id, path).read_bytes()


def _id(run: Run | ActiveRun) -> str:
    return str(getattr(run, "id", None) or run.info.run_id)
