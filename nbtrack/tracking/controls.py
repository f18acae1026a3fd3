"""What can be asked of a run while it goes on: stop, checkpoint, turn a knob, take a note; and what it says of its progress.

Orders come from a panel in the same process (:meth:`Controls.take`, from any thread) or from anywhere else through the store (a small
file that is looked at four times a second at most). They wait until the training itself calls: ``log_*``, ``knob``, ``progress``,
``should_stop``.
So nothing of the user's ever runs in a thread that the user did not choose.
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from nbtrack.errors import NbtrackError, NotFoundError, warn
from nbtrack.journal import control
from nbtrack.journal.control import Inbox
from nbtrack.names import NOTE, check_key, next_event
from nbtrack.tracking import active
from nbtrack.tracking.knobs import Knob
from nbtrack.tracking.stop import StopRun, stopped_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nbtrack.entities import RunInfo
    from nbtrack.journal.control import Order
    from nbtrack.store.protocol import Store
    from nbtrack.tracking.run import ActiveRun

Value = TypeVar("Value", bound=float | str)

LOOK_S = 0.25
SAY_S = 0.5
STOPPED = "nbtrack.stopped_at"


class Controls:
    """The part of an :class:`ActiveRun` that listens."""

    id: str
    info: RunInfo
    store: Store
    tags: dict[str, str]
    metrics: dict[str, float]
    is_open: bool

    def _listen(self) -> None:
        self.on_look: list[Callable[[ActiveRun], None]] = []
        self.last_step: int | None = None
        self._look_at = time.monotonic()  # the first call looks: a panel may wait for it
        self._is_asked = False  # a look found something that only a call that may raise can do
        self._inbox = Inbox(self.store.folder, self.id)
        self._orders: deque[Order] = deque()
        self._taken: set[str] = set()
        self._looking = threading.Lock()
        self._stop_by: ActiveRun | None = None
        self._told: set[int] = set()
        self._stops_itself = False
        self._checkpoint_asked = False
        self._is_saving = False
        self._checkpoints: list[Callable[[], Any]] = []
        self._can_checkpoint = False
        self._knobs: dict[str, Knob] = {}
        self._progress: list[float] | None = None
        self._said_at = 0.0

    # -- what a training loop uses -----------------------------------------------------------------------------------

    @property
    def should_stop(self) -> bool:
        """Say whether somebody asked the run to stop.

        A loop that reads this ends by itself, in its own time: from then on nothing raises :class:`StopRun`.

        Examples
        --------
        >>> with nbtrack.start_run() as run:  # doctest: +SKIP
        ...     for epoch in range(100):
        ...         train()
        ...         if run.should_stop:
        ...             break
        """
        if not self._stops_itself:
            self._stops_itself = True
            self._say()
        self._look()
        return self._stop_by is not None

    @property
    def checkpoint_requested(self) -> bool:
        """Say once whether somebody asked for a checkpoint since the last time this was read."""
        if not self._can_checkpoint:
            self._can_checkpoint = True
            self._say()
        self._look()
        asked, self._checkpoint_asked = self._checkpoint_asked, False
        if asked:
            self.event("checkpoint", "checkpoint")
        return asked

    def on_checkpoint(self, function: Callable[[], Any]) -> Callable[[], Any]:
        """Call `function` in the training thread, at its next call of the run, each time somebody asks for a checkpoint.

        Use it as a decorator. An error in it becomes a warning; the training goes on.

        Parameters
        ----------
        function : callable
            Takes nothing; what it returns is left alone.

        Returns
        -------
        callable
            The same function.

        Examples
        --------
        >>> @run.on_checkpoint  # doctest: +SKIP
        ... def save():
        ...     torch.save(model.state_dict(), "model.pt")
        ...     run.log_artifact("model.pt")
        """
        self._checkpoints.append(function)
        self._can_checkpoint = True
        self._say()
        return function

    def knob(
        self,
        name: str,
        value: Value,
        *,
        min: float | None = None,  # noqa: A002 - what a slider calls them
        max: float | None = None,  # noqa: A002
        log: bool = False,
        choices: Sequence[Value] | None = None,
    ) -> Value:
        """Return the present value of a setting that can be changed while the run goes on.

        Call it in the loop, each time the value is needed. The panel shows a slider, a list of choices or a field for it; each change is
        recorded as the metric ``knob/<name>`` (numbers) and as an event.

        Parameters
        ----------
        name : str
            Such as ``"lr"``.
        value : float, int, bool or str
            The first value; what is returned has its type.
        min, max : float, optional
            The ends of the slider; without both there is a field to type into.
        log : bool
            The slider is logarithmic.
        choices : sequence, optional
            The values allowed.

        Returns
        -------
        float, int, bool or str

        Raises
        ------
        InvalidValueError
            The first value is not allowed by `min`, `max` or `choices`.
        """
        found = self._knobs.get(name)
        if found is None:
            found = Knob(check_key(name, "Knob"), value, min, max, is_log=log, choices=choices)
            self._knobs[name] = found
            self._record_knob(found)
            self._say()
        self._heed_now_and_then()
        return found.value  # type: ignore[no-any-return]

    def progress(self, done: float, total: float | None = None) -> None:
        """Say how far the run is; the panel shows it, and when the run will be done.

        Parameters
        ----------
        done : float
            Steps, epochs, seconds: what `total` counts.
        total : float, optional
            How many there will be; None when nobody knows.
        """
        now = time.time()
        first = self._progress[2:] if self._progress else [float(done), now]
        self._progress = [float(done), -1.0 if total is None else float(total), *first]
        if time.monotonic() - self._said_at >= SAY_S or (total is not None and done >= total):
            self._say()
        self._heed_now_and_then()

    @property
    def has_news(self) -> bool:
        """Say whether there is anything to look at: a metric, a knob, progress."""
        return bool(self.metrics or self._knobs or self._progress)

    def event(self, kind: str, text: str, *, t_ms: int | None = None) -> None:
        """Record something that happened, to be drawn as a mark on the curves.

        Parameters
        ----------
        kind : {"checkpoint", "knob", "note", "restart", "stop"}
        text : str
            What is shown.
        t_ms : int, optional
            Milliseconds UTC; now by default.
        """
        t = time.time_ns() // 1_000_000 if t_ms is None else t_ms
        known = self._me().data.tags if self._me().is_joined else self.tags
        self._me().set_tag(next_event(known), event_text(t, self.last_step, kind, text))

    def note(self, text: str) -> None:
        """Add a line to the run's note, and an event to its curves."""
        if not text.strip():
            return
        before = self.tags.get(NOTE, "")
        self._me().set_tag(NOTE, f"{before.rstrip()}\n\n{text}".strip())
        self.event("note", text)

    @property
    def stopped_at(self) -> str | None:
        """Return ``stopped at step 120`` for a run that was stopped by hand, else None."""
        if self._stop_by is None:
            return None
        step = self.tags.get(STOPPED)
        return stopped_text(self.last_step if step is None else int(step) if step else None)

    # -- orders ------------------------------------------------------------------------------------------------------

    def take(self, order: Order) -> None:
        """Put an order where the training's next call finds it; from any thread, and the same one twice is fine.

        Raises
        ------
        NotFoundError
            There is no such knob.
        InvalidValueError
            The knob cannot have that value.
        """
        if order.get("do") == "knob":
            name = str(order.get("key"))
            if name not in self._knobs:
                raise NotFoundError("Knob", name, self._knobs, where=f"run #{self.info.number}")
            self._knobs[name].check(order.get("value"))
        self._orders.append(order)
        self._look_at = 0.0

    def _heed_now_and_then(self) -> None:
        if self._is_asked or time.monotonic() >= self._look_at:
            self._heed()

    def _heed(self) -> None:
        """Do what was asked for; called by the training's own calls when it is time, and so the place that may raise."""
        if self._is_saving:
            return  # what a checkpoint logs must not cut it short
        self._look()
        self._is_asked = False
        if self._checkpoint_asked and self._checkpoints:
            self._checkpoint_asked = False
            self._checkpoint()
        stopped = self._stop_by
        if stopped is None or self._stops_itself or stopped._stops_itself:  # noqa: SLF001 - one of us
            return
        me = threading.get_ident()
        if me not in self._told:  # once a thread: what it logs while it cleans up goes through
            self._told.add(me)
            raise StopRun(stopped, self.last_step)

    def _look(self) -> None:
        if not self._looking.acquire(blocking=False):
            return  # another thread is at it
        try:
            if time.monotonic() >= self._look_at:
                self._look_at = time.monotonic() + LOOK_S
                self._look_at_file()
                for each in list(self.on_look):
                    self._safely(lambda each=each: each(self._me()))  # type: ignore[misc]
                self._look_at_parent()
            while self._orders:
                order = self._orders.popleft()
                if order.get("id") not in self._taken:
                    self._taken.add(str(order.get("id")))
                    self._safely(lambda order=order: self._obey(order))  # type: ignore[misc]
                    self._is_asked = True
        finally:
            self._looking.release()

    def _look_at_file(self) -> None:
        with suppress(OSError):
            self._orders.extend(self._inbox.new())

    def _look_at_parent(self) -> None:
        """End with the run that this one is nested in."""
        parent_id = self.info.parent_run_id
        if parent_id is None or self._stop_by is not None:
            return
        for run in active.open_runs():
            if run.id == parent_id:
                run._look()  # noqa: SLF001 - one of us
                self._stop_by = run._stop_by  # noqa: SLF001
                self._is_asked = self._is_asked or self._stop_by is not None

    def _obey(self, order: Order) -> None:
        do, t = order.get("do"), order.get("t")
        if do == "stop" and self._stop_by is None:
            self._stop_by = self._me()
            self._me().set_tag(STOPPED, "" if self.last_step is None else self.last_step)
            self.event("stop", stopped_text(self.last_step), t_ms=t)
        elif do == "checkpoint":
            self._checkpoint_asked = True
        elif do == "note":
            self.note(str(order.get("value", "")))
        elif do == "knob" and order.get("key") in self._knobs:
            found = self._knobs[str(order["key"])]
            before = found.text()
            if found.turn(order.get("value")):
                self.event("knob", f"{found.name} {before} → {found.text()}", t_ms=t)
                self._record_knob(found)
                self._say()

    def _checkpoint(self) -> None:
        text = "checkpoint"
        self._is_saving = True
        try:
            for function in self._checkpoints:
                try:
                    function()
                except Exception as error:  # noqa: BLE001 - the user's own; the training goes on
                    text = f"checkpoint failed: {type(error).__name__}: {error}"[:500]
                    warn(f"The function given to on_checkpoint raised {type(error).__name__}: {error}")
        finally:
            self._is_saving = False
        self.event("checkpoint", text)

    def _record_knob(self, found: Knob) -> None:
        if found.number is not None:
            self._me().record({f"knob/{found.name}": found.number}, self.last_step or 0)

    # -- what the run says of itself -----------------------------------------------------------------------------------

    def _say(self) -> None:
        """Write knobs, progress and what the buttons can do to where panels look."""
        self._said_at = time.monotonic()
        state = {
            "knobs": [knob.state() for knob in self._knobs.values()],
            "progress": self._progress,
            "checkpoint": self._can_checkpoint,
            "polls": self._stops_itself,
        }
        if self.is_open:
            with suppress(OSError):
                control.write_state(self.store.folder, self.id, state)

    def _be_silent(self) -> None:
        """Take away what was only for while the run goes on."""
        control.clear(self.store.folder, self.id)

    def _safely(self, action: Callable[[], Any]) -> None:
        """Do something that somebody else asked for: what goes wrong must not reach the training."""
        try:
            action()
        except Exception as error:  # noqa: BLE001
            text = str(error) if isinstance(error, NbtrackError) else f"{type(error).__name__}: {error}"
            warn(f"Asked for from outside, and not done: {text}")

    def _me(self) -> ActiveRun:
        return self  # type: ignore[return-value] # this is a part of one


def event_text(t_ms: int, step: int | None, kind: str, text: str) -> str:
    """Return an event as the tag ``nbtrack.event.<ms>`` keeps it."""
    return json.dumps({"t": t_ms, "step": step, "kind": kind, "text": text}, ensure_ascii=False, separators=(",", ":"))
