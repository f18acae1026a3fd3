"""The view of a sweep: parallel coordinates that grow a line a trial, how far it is, the best so far, and a button that pauses."""

from __future__ import annotations

import threading
import time
import weakref
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import traitlets

from nbtrack.errors import InvalidValueError
from nbtrack.names import is_run_id
from nbtrack.tracking import active
from nbtrack.views import live as orders
from nbtrack.views.live_runs import LiveRuns
from nbtrack.views.page_thread import page_thread
from nbtrack.views.sweep_summary import sweep_html, sweep_text
from nbtrack.views.watcher import watch
from nbtrack.widgets.live import interrupt
from nbtrack.widgets.panel import shell
from nbtrack.widgets.parallel import Parallel
from nbtrack.widgets.reach import peek_while_busy

if TYPE_CHECKING:
    from nbtrack.entities import RunInfo
    from nbtrack.store.protocol import Store
    from nbtrack.tracking.run import ActiveRun
    from nbtrack.views.questions import Answer

TICK_S = 0.2
EVERY_S = 1.0
"""At most so often new trials are looked for."""
AGAIN_AFTER = (4, 12, 30)
"""Ticks after which all is sent again: what went out before the page had drawn the view was lost."""
SUMMARY_TICKS = 25
MOST_HEARD = 1000
ORDERS = ("stop", "interrupt")


class Sweep(Parallel):
    """The trials of one sweep as parallel coordinates, while it goes on and after.

    It has the values of :class:`~nbtrack.widgets.parallel.Parallel`. Trials come from the store by the same way as in any other view; how
    the sweep stands is told by whoever carries it out.

    Parameters
    ----------
    store : Store
    parent : RunInfo
        The sweep's own run.
    params : dict of str
        Names of what is swept, in order, with the kind of their axis; "" guesses it.
    standing : dict
        See :meth:`tell`.
    """

    _sweep = traitlets.Dict().tag(sync=True)

    def __init__(self, store: Store, parent: RunInfo, params: dict[str, str], standing: dict[str, Any]) -> None:
        assert is_run_id(parent.run_id)
        trials = f"parent_run_id = '{parent.run_id}' and status != 'RUNNING' and status != 'KILLED'"
        self.parent = parent
        self._params = params
        self._heard: dict[Any, None] = {}
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self._next_look = 0.0
        experiments = (parent.experiment_id,) if parent.experiment_id else None
        super().__init__(store, experiments, parent.run_name, _view="sweep", filter=trials)
        self.axis_kinds = {f"params.{name}": kind for name, kind in params.items() if kind}
        self._query = replace(self._query, filter_string=trials, order_by=("number ASC",))
        self._runs = LiveRuns(store, self._query, store.title)
        self.tell(standing)
        self._attach()

    def tell(self, standing: dict[str, Any]) -> None:
        """Show how the sweep stands.

        Parameters
        ----------
        standing : dict
            ``state`` (running, paused or done), ``number``, ``total``, ``done``, ``failed``, ``pruned``, ``before``, ``metric``,
            ``direction``, ``elapsed``, ``eta`` (seconds) and ``best``: ``{"run", "trial", "value", "params"}``.
        """
        metric = standing.get("metric")
        if metric is not None and metric != self.parallel_metric:
            axes = [*(f"params.{name}" for name in self._params), f"metrics.{metric}"]
            self._seen_columns.update(axes)
            self.axes = axes
            self.parallel_metric = metric
        if standing.get("done") != self._sweep.get("done"):
            self._look_soon()
        self._sweep = standing

    def _look_soon(self) -> None:
        """Have the trials on view brought up to date before the watcher would: it spares a busy machine more than a reader."""
        now = time.monotonic()
        if now >= self._next_look and self._handles:
            self._next_look = now + EVERY_S
            watch(self._store).look_now()

    @property
    def is_on(self) -> bool:
        """Say whether the sweep goes on."""
        return self._sweep.get("state") == "running"

    def summary(self) -> tuple[str, str]:
        """Return how the sweep stands, a picture of its trials, and the best of them."""
        found = self._store.run_columns(self._query)
        return sweep_html(found, self._sweep, self._title, self.axes or []), sweep_text(self._sweep, self._title)

    # -- while a cell runs -------------------------------------------------------------------------------------------

    def _ipython_display_(self) -> None:
        super()._ipython_display_()
        if self.is_on and (self._thread is None or not self._thread.is_alive()):
            self._thread = page_thread(
                target=_follow, args=(weakref.ref(self), self._stopping), name="nbtrack-sweep", daemon=True
            )
            self._thread.start()

    def send_all(self) -> None:
        """Send the page everything."""
        with self._sending:
            self.send({"kind": "data"}, [self.table()])

    def settle(self) -> None:
        """Bring page and summary up to date: the sweep has ended or is paused."""
        self._stopping.set()
        with suppress(Exception):
            self.send_all()
            self.refresh_summary()

    def close(self) -> None:
        """Take the view away."""
        self._stopping.set()
        super().close()

    def _attach(self) -> None:
        """Let the page be heard where ipykernel reads nothing while a cell runs."""
        run = self._here()
        kernel = getattr(shell(), "kernel", None)
        if run is None or kernel is None or not self.comm:
            return
        look = peek_while_busy(kernel, self.comm.comm_id, self.hear_early)
        if look is not None:
            run.on_look.append(lambda _: look())

    def hear_early(self, message: dict[str, Any]) -> None:
        """Take what the page says at once while the sweep goes on; it comes again when the cell has ended, and is not done twice."""
        if not self.is_on:
            return
        if message.get("kind") == "order":
            self._receive_once(message)
        elif message.get("kind") in ("ask", "need"):
            self._aside.do(str(message.get("what", "need")), partial(self._receive_once, message))

    def _receive_once(self, message: dict[str, Any]) -> None:
        if message.get("kind") == "need":
            super()._receive(self, message, [])
            return
        self._heard[message.get("id")] = None
        if len(self._heard) > MOST_HEARD:
            del self._heard[next(iter(self._heard))]
        self._reply(message)

    def _receive(self, sender: Any, message: Any, buffers: Any) -> None:
        if isinstance(message, dict) and message.get("kind") in ("ask", "order") and message.get("id") in self._heard:
            return
        super()._receive(sender, message, buffers)

    # -- orders ------------------------------------------------------------------------------------------------------

    def answer(self, message: dict[str, Any]) -> Answer:
        """Answer a question, or take an order of the page's button."""
        if message.get("kind") == "order":
            return self._take(message)
        return super().answer(message)

    def _here(self) -> ActiveRun | None:
        for run in active.open_runs():
            if run.id == self.parent.run_id and not run.is_joined:
                return run
        return None

    def _take(self, message: dict[str, Any]) -> Answer:
        do = message.get("do")
        if do not in ORDERS:
            problem = f"A sweep cannot be asked to {do!r}; it knows {', '.join(ORDERS)}."
            raise InvalidValueError(problem)
        run = self._here()
        if run is None:
            problem = "The sweep does not go on here any more."
            raise InvalidValueError(problem)
        if do == "interrupt":
            interrupt()
        else:
            run.take(orders.order_of(message))
        return {"do": do}, []


def _follow(view: weakref.ref[Sweep], stopping: threading.Event) -> None:
    """Send everything a few times, for a page that is still being drawn, and keep the saved summary up to date."""
    ticks = 0
    while not stopping.wait(TICK_S):
        living = view()
        if living is None or living.comm is None or not living.is_on:
            return
        ticks += 1
        with suppress(Exception):  # the next look tries again
            if ticks in AGAIN_AFTER:
                living.send_all()
            if ticks % SUMMARY_TICKS == 0:
                living.refresh_summary()
        del living
