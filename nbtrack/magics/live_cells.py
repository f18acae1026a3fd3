"""Shows a run by itself when its cell goes on for a while: curves, progress and a Stop button above the line that the cell ends with."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from contextvars import Context, copy_context
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from nbtrack import config
from nbtrack.entities import RunStatus
from nbtrack.errors import NbtrackError
from nbtrack.sweeps.listening import on_sweep
from nbtrack.tracking import active
from nbtrack.tracking.stop import StopRun

if TYPE_CHECKING:
    from nbtrack.magics.sweep_view import SweepView
    from nbtrack.sweeps.result import SweepResult
    from nbtrack.tracking.run import ActiveRun

AFTER_S = 1.0
FAR = float("inf")
"""No cell is running."""
ROOM = "nbtrack.widgets.live"
ATTRIBUTE = "nbtrack_live_cells"


_loud: list[Any] = []


def _quiet_in_threads(raised: threading.ExceptHookArgs) -> None:
    """Let a Stop end a thread without a traceback, too."""
    if not isinstance(raised.exc_value, StopRun):
        _loud[0](raised)


class LiveCells:
    """One panel a cell, for the run that goes on in it.

    The panel is put together beside the training, in a thread that shows under this cell and no other: a lock keeps the cell from ending
    meanwhile.

    Attributes
    ----------
    choice : bool or None
        ``%track live on|off``; None leaves it to NBTRACK_LIVE, and that, unset, to show every run.
    """

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self.choice: bool | None = None
        self._panel: Any = None
        self._since = time.monotonic()
        self._is_tracked = False
        self._context: Context = copy_context()
        self._seen: set[str] = set()
        self._changing = threading.Lock()
        self._has_quiet_stop = False
        self._sweep: SweepView | None = None
        self._room: Any = None
        self._loading: threading.Thread | None = None

    def open(self) -> None:
        """Hear of runs from now on, and let a Stop end a cell without a traceback."""
        active.on_open.append(self._run_opens)
        on_sweep.append(self._sweep_begins)
        if not self.shell.custom_exceptions:  # whoever set a handler keeps it
            self.shell.set_custom_exc((StopRun,), lambda *_, **__: None)
            self._has_quiet_stop = True
        if not _loud:  # it stays: somebody else may have put a hook around it by the time we go
            _loud.append(threading.excepthook)
            threading.excepthook = _quiet_in_threads

    def close(self) -> None:
        """Hear no more."""
        self._since = FAR
        if self._run_opens in active.on_open:
            active.on_open.remove(self._run_opens)
        if self._sweep_begins in on_sweep:
            on_sweep.remove(self._sweep_begins)
        if self._has_quiet_stop and self.shell.custom_exceptions == (StopRun,):
            self.shell.set_custom_exc((), None)

    def cell_begins(self, *, is_tracked: bool = False) -> None:
        """Say that what is logged from now on is another cell's."""
        with self._changing:
            self._panel, self._since, self._is_tracked = None, time.monotonic(), is_tracked
            self._context = copy_context()  # it says under which cell output belongs
            self._seen = set()

    def cell_is_ending(self) -> None:
        """Show no panel any more: what follows is the line that the cell ends with."""
        with self._changing:
            self._since = FAR

    def cell_ends(self, result: Any) -> None:
        """Fold the panel; a Stop is no error, so the cells below go on."""
        self.cell_is_ending()
        if self._panel is not None:
            self._panel.folded = True
            self._panel.after_cell()  # IPython may not know of a panel that came in the cell's last moment
            self._panel = None
        error = result.error_in_exec
        if isinstance(error, StopRun):
            error.run.end(RunStatus.FINISHED)
            if not self._is_tracked:
                print(f"nbtrack: {error}")  # noqa: T201 - there is no line under this cell
            if self._has_quiet_stop:
                result.error_in_exec = None

    def show_sweep(self, found: SweepResult) -> None:
        """Show a sweep of which nothing was left to do."""
        view = self._sweep_begins()
        if view is not None:
            view.show(found)

    def _sweep_begins(self) -> SweepView | None:
        if getattr(self.shell, "kernel", None) is None or not self._is_wanted():
            return None
        from nbtrack.magics.sweep_view import SweepView  # noqa: PLC0415 - few notebooks sweep

        self._sweep = SweepView()
        return self._sweep

    def _is_wanted(self) -> bool:
        return config.shows_live() if self.choice is None else self.choice

    def _run_opens(self, run: ActiveRun) -> None:
        if getattr(self.shell, "kernel", None) is not None and not run.is_joined:  # a terminal shows no widgets
            run.on_look.append(self._look)

    def _look(self, run: ActiveRun) -> None:
        """Show the panel when it is worth it; called by the run's own ``log_*``, a few times a second, in whichever thread logs."""
        here = time.monotonic() - self._since
        if here < AFTER_S / 2 or run.id in self._seen or not run.has_news:
            return
        if self._sweep is not None and self._sweep.is_on:
            return  # the view of the sweep shows its trials
        if not self._is_wanted():
            return
        if self._room is None:
            self._load_soon()
        elif here >= AFTER_S and run.elapsed_s() >= AFTER_S / 2:
            self._seen.add(run.id)
            show = partial(self._context.copy().run, self._show, run, self._since)
            threading.Thread(target=show, name="nbtrack-show", daemon=True).start()

    def _show(self, run: ActiveRun, since: float) -> None:
        with self._changing:
            if since != self._since or not run.is_open or self._room.is_shown(run.id, since):
                return
            if self._panel is not None:
                self._panel.run_id = run.id
                return
            from IPython.display import display  # noqa: PLC0415

            try:
                self._panel = self._room.live(run)
            except NbtrackError:  # its server is away: the run goes on, without a panel
                return
            display(self._panel)

    def _load_soon(self) -> None:
        """Load the widget libraries, which takes half a second, beside the training."""
        if self._loading is None:
            self._loading = threading.Thread(target=self._load, name="nbtrack-load", daemon=True)
            self._loading.start()

    def _load(self) -> None:
        self._room = import_module(ROOM)


class UntrackedCells(LiveCells):
    """Shows the runs of a notebook that has not loaded the extension."""

    def open(self) -> None:
        """Hear of cells as well: nobody else tells of them."""
        super().open()
        self.shell.events.register("pre_run_cell", self._before)
        self.shell.events.register("post_run_cell", self.cell_ends)

    def close(self) -> None:
        """Hear no more."""
        super().close()
        for event, heard in (("pre_run_cell", self._before), ("post_run_cell", self.cell_ends)):
            with suppress(ValueError):
                self.shell.events.unregister(event, heard)

    def _before(self, _: Any) -> None:
        self.cell_begins()


def watch_cells(shell: Any) -> None:
    """Show the runs of a notebook as they go on, also without ``%load_ext nbtrack``."""
    if getattr(shell, ATTRIBUTE, None) is None:
        give_cells(shell, UntrackedCells(shell))


def give_cells(shell: Any, cells: LiveCells | None) -> None:
    """Let `cells`, and nobody else, show the runs of a shell."""
    before = getattr(shell, ATTRIBUTE, None)
    if before is not None:
        before.close()
    setattr(shell, ATTRIBUTE, cells)
    if cells is not None:
        cells.open()
