"""Shows a run by itself when its cell goes on for a while: curves, progress and a Stop button above the line that the cell ends with."""

from __future__ import annotations

import threading
import time
from importlib import import_module
from typing import TYPE_CHECKING, Any

from nbtrack import config
from nbtrack.entities import RunStatus
from nbtrack.tracking import active
from nbtrack.tracking.controls import StopRun

if TYPE_CHECKING:
    from nbtrack.tracking.run import ActiveRun

AFTER_S = 1.0
ROOM = "nbtrack.widgets.live"


class LiveCells:
    """One panel a cell, for the run that goes on in it.

    Attributes
    ----------
    choice : bool or None
        ``%track live on|off``; None leaves it to NBTRACK_LIVE, and that, unset, to show tracked cells.
    """

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self.choice: bool | None = None
        self._panel: Any = None
        self._since = 0.0
        self._is_tracked = False
        self._has_quiet_stop = False
        self._room: Any = None
        self._loading: threading.Thread | None = None

    def open(self) -> None:
        """Hear of runs from now on, and let a Stop end a cell without a traceback."""
        active.on_open.append(self._run_opens)
        if not self.shell.custom_exceptions:  # whoever set a handler keeps it
            self.shell.set_custom_exc((StopRun,), lambda *_, **__: None)
            self._has_quiet_stop = True

    def close(self) -> None:
        """Hear no more."""
        if self._run_opens in active.on_open:
            active.on_open.remove(self._run_opens)
        if self._has_quiet_stop and self.shell.custom_exceptions == (StopRun,):
            self.shell.set_custom_exc((), None)

    def cell_begins(self, *, is_tracked: bool) -> None:
        """Say that what is logged from now on is another cell's."""
        self._panel, self._since, self._is_tracked = None, time.monotonic(), is_tracked

    def cell_ends(self, result: Any) -> None:
        """Fold the panel; a Stop is no error, so the cells below go on."""
        if self._panel is not None:
            self._panel.folded = True
            self._panel = None
        error = result.error_in_exec
        if isinstance(error, StopRun):
            error.run.end(RunStatus.FINISHED)
            if not self._is_tracked:
                print(f"nbtrack: {error}")  # noqa: T201 - there is no line under this cell
            if self._has_quiet_stop:
                result.error_in_exec = None

    def _shows(self) -> bool:
        if getattr(self.shell, "kernel", None) is None:
            return False  # a terminal shows no widgets
        choice = config.shows_live() if self.choice is None else self.choice
        return self._is_tracked if choice is None else choice

    def _run_opens(self, run: ActiveRun) -> None:
        if self._shows() and not run.is_joined:
            run.on_look.append(self._look)

    def _look(self, run: ActiveRun) -> None:
        """Show the panel when it is worth it; called by the run's own ``log_*``, a few times a second."""
        if threading.current_thread() is not threading.main_thread():
            return  # the output of another thread may land under any cell
        now = time.monotonic()
        if now - self._since < AFTER_S / 2 or not run.metrics:
            return
        if self._room is None:
            self._load_soon()
        elif now - self._since >= AFTER_S and run.elapsed_s() >= AFTER_S / 2:
            run.on_look.remove(self._look)
            self._show(run)

    def _show(self, run: ActiveRun) -> None:
        if self._panel is not None:
            self._panel.run_id = run.id
            return
        from IPython.display import display  # noqa: PLC0415

        self._panel = self._room.live(run)
        display(self._panel)

    def _load_soon(self) -> None:
        """Load the widget libraries, which takes half a second, beside the training."""
        if self._loading is None:
            self._loading = threading.Thread(target=self._load, name="nbtrack-load", daemon=True)
            self._loading.start()

    def _load(self) -> None:
        self._room = import_module(ROOM)
