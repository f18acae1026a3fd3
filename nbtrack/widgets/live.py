"""``nbtrack.live()``: the running run, in the notebook: curves, progress, Stop, Checkpoint, notes and knobs."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import weakref
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import traitlets

from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.store.protocol import RunQuery
from nbtrack.tracking import active
from nbtrack.tracking.run import ActiveRun
from nbtrack.views import live as view
from nbtrack.views.live_feed import LiveFeed
from nbtrack.views.live_summary import live_html, live_text
from nbtrack.views.page_thread import page_thread
from nbtrack.widgets.panel import Panel, shell
from nbtrack.widgets.reach import peek_while_busy

if TYPE_CHECKING:
    from nbtrack.entities import Run
    from nbtrack.store.protocol import Store
    from nbtrack.views.questions import Answer

TICK_S = 0.2
AGAIN_AFTER = (5, 20)
"""Ticks after which all is sent again: what went out before the page had drawn the panel was lost."""
SUMMARY_TICKS = 150
"""Ticks after which the saved summary is brought up to date, for should the kernel die."""
PICTURE_BUCKETS = 200
AXES = ("step", "relative", "time")


class Live(Panel):
    """One run while it goes on, and after.

    Points come from the store, by a thread of the panel's: the training is never waited for and never waits. The buttons work while a
    cell runs.

    Attributes
    ----------
    run_id : str
        The run on view; may be set to that of another run.
    x : {"step", "relative", "time"}
        What curves are drawn over: steps, seconds since the start of the run, or clock time.
    log_y : bool
        Logarithmic y axes.
    folded : bool
        Only the line with status and numbers is shown, until the reader opens it.
    """

    run_id = traitlets.Unicode("").tag(sync=True)
    x = traitlets.Enum(AXES, default_value="step").tag(sync=True)
    log_y = traitlets.Bool(default_value=False).tag(sync=True)
    folded = traitlets.Bool(default_value=False).tag(sync=True)

    def __init__(self, store: Store, run_id: str, **traits: Any) -> None:
        self._feed = LiveFeed(store, run_id)
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self._ordering = threading.RLock()
        self._heard: set[str] = set()
        self._early: deque[dict[str, Any]] = deque()
        self._shown_at = 0.0
        self._is_in_cell = False
        self._wants_all = False
        super().__init__(store, **{"_view": "live", "run_id": run_id, **traits})
        self._attach()

    # -- what a panel says -------------------------------------------------------------------------------------------

    @property
    def run(self) -> Run:
        """Return the run on view, as it is stored."""
        return self._store.get_run(self.run_id)

    def table(self) -> bytes:
        """Return the whole run as one blob."""
        with self._sending:
            blob = self._feed.whole()
            self._wants_all = False
            return blob

    def summary(self) -> tuple[str, str]:
        """Return the run's status, last metrics and curves as HTML, and one line of text."""
        run = self.run
        return live_html(run, self._store.curves(self.run_id, PICTURE_BUCKETS)), live_text(run)

    def answer(self, message: dict[str, Any]) -> Answer:
        """Answer a question, or take an order of the page's buttons."""
        if message.get("kind") == "order":
            return self._take(message)
        return super().answer(message)

    def __repr__(self) -> str:
        """Say what is shown, the same in every session."""
        return f"Live(#{self._feed.run.info.number} {self._feed.run.info.run_name!r})"

    # -- following ---------------------------------------------------------------------------------------------------

    @traitlets.observe("run_id")
    def _show_other(self, change: Any) -> None:
        if not hasattr(self, "_sending") or change["new"] == self._feed.run_id:
            return
        with self._sending:
            self._feed.close()
            self._feed = LiveFeed(self._store, change["new"])
            self._attach()
            if self._handles:
                self.send({"kind": "data"}, [self.table()])
                self._watch()

    def update(self) -> None:
        """Send the page what is new, or all when it has missed something; and answers to what was heard early."""
        while self._early:
            self._receive(self, self._early.popleft(), [])
        with self._sending:
            blob = self.table() if self._wants_all else self._feed.changes()
            if blob is not None:
                self.send({"kind": "data"}, [blob])

    def _ipython_display_(self) -> None:
        """Show the panel, and follow the run until it has ended."""
        self._is_in_cell = True
        super()._ipython_display_()
        self._shown_at = time.monotonic()
        _panels.add(self)
        self._watch()

    def _receive(self, sender: Any, message: Any, buffers: Any) -> None:
        super()._receive(sender, message, buffers)
        if isinstance(message, dict) and message.get("kind") == "need":
            self._watch()  # marimo shows a panel without asking it to show itself

    def _watch(self) -> None:
        if self._feed.is_running and (self._thread is None or not self._thread.is_alive()):
            self._stopping = threading.Event()
            self._thread = page_thread(
                target=_follow, args=(weakref.ref(self), self._stopping), name="nbtrack-live", daemon=True
            )
            self._thread.start()

    def after_cell(self) -> None:
        """Bring what is saved up to date, once a display: its cell has ended, or is told by whoever shows the panel from beside it."""
        if self._is_in_cell:
            self._is_in_cell = False
            with suppress(Exception):
                self.update()
            super()._after_cell()

    def _after_cell(self, *_: Any) -> None:
        self.after_cell()

    def close(self) -> None:
        """Stop following, and take the panel out of the page."""
        if "_stopping" not in self.__dict__:
            return  # there was no run to follow
        self._stopping.set()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout=10)
        self._feed.close()
        super().close()

    # -- orders ------------------------------------------------------------------------------------------------------

    def _here(self) -> ActiveRun | None:
        """Return the run on view if this very process runs it."""
        for run in active.open_runs():
            if run.id == self.run_id and not run.is_joined:
                return run
        return None

    def _attach(self) -> None:
        """Meet the run where it runs, if that is here."""
        run = self._here()
        self._feed.about = {"here": run is not None}
        kernel = getattr(shell(), "kernel", None)
        look = peek_while_busy(kernel, self.comm.comm_id, self.hear_early) if run and kernel and self.comm else None
        if run is not None and look is not None:
            run.on_look.append(lambda _: look())

    def hear_early(self, message: dict[str, Any]) -> None:
        """Take an order at once when the run is here; the panel's own thread answers, and takes those for runs elsewhere.

        The page must not be left to think that nobody hears: its message may come in the usual way when the cell has ended.
        """
        if message.get("kind") == "need" and message.get("data"):
            self._wants_all = True  # unless it is answered in the usual way before that
        if message.get("kind") == "order":
            try:
                if self._here() is not None:
                    self._take(message)
            finally:
                if self._thread is not None and self._thread.is_alive():
                    self._early.append(message)

    def _take(self, message: dict[str, Any]) -> Answer:
        """Take an order; the same one may come twice, the second time when its run has ended."""
        with self._ordering:
            return self._take_once(message)

    def _take_once(self, message: dict[str, Any]) -> Answer:
        order_id = str(message.get("order"))
        run = self._here()
        if order_id in self._heard:
            pass
        elif run is None:
            view.order(self._store, message, self._feed.run)
        elif message.get("do") not in view.ORDERS:
            problem = f"A run cannot be asked to {message.get('do')!r}; it knows {', '.join(view.ORDERS)}."
            raise InvalidValueError(problem)
        elif message["do"] == "interrupt":
            self._heard.add(order_id)  # first: the interrupt may land right here
            interrupt()
        else:
            run.take(view.order_of(message))
        self._heard.add(order_id)
        return {"do": message.get("do")}, []


_panels: weakref.WeakSet[Live] = weakref.WeakSet()


def is_shown(run_id: str, since: float) -> bool:
    """Say whether a panel of a run was shown after `since`, a time of :func:`time.monotonic`."""
    return any(panel.run_id == run_id and panel._shown_at >= since for panel in list(_panels))  # noqa: SLF001


def interrupt() -> None:
    """Do as the notebook's own ■ does; an idle kernel takes no notice."""
    if sys.platform == "win32":  # pragma: no cover
        import _thread  # noqa: PLC0415

        _thread.interrupt_main(signal.SIGINT)
    else:
        os.kill(os.getpid(), signal.SIGINT)


def _follow(panel: weakref.ref[Live], stopping: threading.Event) -> None:
    """Tell a panel to look, until the run has ended or nobody has the panel any more."""
    ticks = 0
    while not stopping.wait(TICK_S):
        living = panel()
        if living is None or living.comm is None:
            return
        ticks += 1
        living._wants_all |= ticks in AGAIN_AFTER  # noqa: SLF001 - a part of it
        with suppress(Exception):  # the page keeps what it shows; the next look tries again
            living.update()
            if ticks % SUMMARY_TICKS == 0:
                living.refresh_summary()
        if not living._feed.is_running:  # noqa: SLF001 - a part of it
            return
        del living


def live(run: ActiveRun | Run | str | int | None = None, *, x: str = "step", log_y: bool = False) -> Live:
    """Show a run as it goes on: curves of all metrics, progress, and buttons that work while the cell runs.

    Parameters
    ----------
    run : ActiveRun, Run, str or int, optional
        A run, or its id, number (``43``, ``"#43"``) or name, also one of another notebook or process. By default the run that is open
        here, else the one that is running, else the last one.
    x : {"step", "relative", "time"}
        What curves are drawn over: steps, seconds since the start of the run, or clock time.
    log_y : bool
        Logarithmic y axes.

    Returns
    -------
    Live
        Shown when it is the last line of a cell, or with ``display(…)``.

    Raises
    ------
    NotFoundError
        There is no such run, or no run at all.
    InvalidValueError
        `run` is nothing that names one, or `x` no axis.

    Examples
    --------
    >>> with nbtrack.start_run() as run:  # doctest: +SKIP
    ...     display(nbtrack.live())
    ...     for step in range(1000):
    ...         run.log_metric("loss", train(), step=step)
    """
    if x not in AXES:
        problem = f"x is one of {', '.join(AXES)}; received {x!r}."
        raise InvalidValueError(problem)
    return Live(*_meant(run), x=x, log_y=log_y)


def _meant(run: ActiveRun | Run | str | int | None) -> tuple[Store, str]:
    """Return store and id of the run that a person means."""
    current = active.current_run() if run is None else run
    if isinstance(current, ActiveRun):
        return current.store, current.id
    store = active.get_store()
    if run is None:
        return store, _latest(store)
    name = getattr(getattr(run, "info", None), "run_id", run)
    if not isinstance(name, (str, int)) or isinstance(name, bool):
        problem = f"nbtrack.live() shows a run, named by id, number or name; received {run!r}. A row of search_runs() has its run_id."
        raise InvalidValueError(problem)
    return store, store.resolve_run(name)


def _latest(store: Store) -> str:
    """Return the run that is running, the newest if there are several; else the newest run."""
    for query in ("status = 'RUNNING'", ""):
        found = store.search_runs(RunQuery(filter_string=query, order_by=("start_time DESC",), max_results=1))
        if found:
            return found[0].info.run_id
    raise NotFoundError("Run", "the last one", hint=" It has no run yet: begin one with nbtrack.start_run().")
