"""The open run: what ``start_run`` returns and everything is logged into."""

from __future__ import annotations

import os
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any, Self

from nbtrack import config
from nbtrack.entities import RunData, RunInfo, RunStatus
from nbtrack.errors import InvalidValueError, JournalError, NbtrackError, warn
from nbtrack.names import RUN_NAME, check_key, check_name, check_number, check_step, check_time
from nbtrack.tracking import active
from nbtrack.tracking.controls import Controls
from nbtrack.tracking.redaction import redact
from nbtrack.tracking.run_files import RunFiles
from nbtrack.tracking.stop import StopRun

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterable, Mapping
    from types import TracebackType

    from nbtrack.store.protocol import Store

MAX_STEP = 2**63 - 1
ENDED = (RunStatus.FINISHED, RunStatus.FAILED, RunStatus.KILLED)


class ActiveRun(RunFiles, Controls):
    """A run that is open in this process.

    An error while logging never reaches the training: it becomes one warning and a count on the run; ``NBTRACK_STRICT=1`` raises.

    Attributes
    ----------
    id : str
        32 hexadecimal digits.
    info : RunInfo
        Name, number, experiment, start time.
    params, metrics, tags : dict
        What this process has logged: texts, last values, texts.
    lost : int
        Number of calls whose content could not be recorded.
    is_implicit : bool
        The run of a tracked cell: a ``start_run`` inside it makes a child by itself.
    """

    def __init__(self, store: Store, info: RunInfo, *, is_joined: bool = False, is_resumed: bool = False) -> None:
        self.store = store
        self.info = info
        self.id = info.run_id
        self.params: dict[str, str] = {}
        self.metrics: dict[str, float] = {}
        self.tags: dict[str, str] = {}
        self.lost = 0
        self.is_open = True
        self.is_joined = is_joined
        self.is_implicit = False
        self.is_strict = False
        self.cell = active.cell_number()
        self.experiment_in_use = active.experiment_name()
        self.on_end: list[Callable[[ActiveRun], None]] = []
        self.on_child_end: list[Callable[[ActiveRun, RunStatus], None]] = []
        self._is_resumed = is_resumed
        self._steps: dict[str, int] = {}
        self._keys: set[str] = set()
        self._pid = os.getpid()
        self._thread = threading.get_ident()
        task = active.current_task()
        self._task = None if task is None else weakref.ref(task)
        self._started_ns = time.monotonic_ns()
        self._before_s = info.duration or 0.0
        self._warned: set[str] = set()
        self._log = store.writer.metrics
        self._listen()

    # -- names -------------------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """Return the run's name."""
        return self.tags.get(RUN_NAME, self.info.run_name)

    @property
    def number(self) -> int | None:
        """Return the run's number in its store, as in ``#43``."""
        return self.info.number

    @property
    def parent_run_id(self) -> str | None:
        """Return the id of the run that this one is nested in."""
        return self.info.parent_run_id

    @property
    def url(self) -> str:
        """Return the URI of the run, ``runs:/<run id>``."""
        return self.info.artifact_uri

    @property
    def data(self) -> RunData:
        """Return all that is stored of the run, other processes' records included."""
        return self.store.get_run(self.id).data

    @property
    def env(self) -> dict[str, str]:
        """Return the environment variables with which a child process logs into this run."""
        return {"NBTRACK_RUN_ID": self.id, "NBTRACK_TRACKING_URI": self.store.uri}

    def is_shared_with_me(self) -> bool:
        """Say whether a context without a run of its own logs here: not into what another thread or task opened for itself."""
        if self._thread not in (threading.main_thread().ident, threading.get_ident()):
            return False
        task = active.current_task()
        is_of_other_task = task is not None and self._task is not None and self._task() is not task
        return not is_of_other_task or (self.cell is not None and self.cell != active.cell_number())

    def is_opened_beside(self, other: ActiveRun) -> bool:
        """Say whether the same thread and asyncio task opened both runs."""
        return self._opener() == other._opener()

    def is_of_earlier_cell(self) -> bool:
        """Say whether an earlier notebook cell of this thread opened the run."""
        is_here = self._thread == threading.get_ident()
        return is_here and self.cell is not None and self.cell != active.cell_number()

    # -- metrics, params, tags ---------------------------------------------------------------------------------------

    def log_metric(self, key: str, value: float, step: int | None = None, timestamp: int | None = None) -> None:
        """Log one point of a metric.

        Parameters
        ----------
        key : str
            Any text of 1 to 250 printable characters, such as ``"val/loss"``.
        value : float
            A number; NaN and infinities are kept. numpy and torch scalars are fine.
        step : int, optional
            Any int64, in any order; without it each key counts 0, 1, 2, …
        timestamp : int, optional
            Milliseconds UTC; now by default.
        """
        try:
            number = value if type(value) is float else check_number(value, key)
            if key not in self._keys:
                self._keys.add(check_key(key, "Metric key"))
            whole = step if type(step) is int and -MAX_STEP <= step <= MAX_STEP else self._next_step(key, step)
            self._log(self.id, whole, {key: number}, None if timestamp is None else check_time(timestamp) * 1000)
            self.metrics[key] = number
            self.last_step = whole
        except Exception as error:  # noqa: BLE001 - see the class docstring
            self.trouble(error)
        if self._is_asked or time.monotonic() >= self._look_at:
            self._heed()

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None, timestamp: int | None = None) -> None:
        """Log one point of each of several metrics at the same step; one bad value does not take the others along."""
        self.last_step = self.record(metrics, step, timestamp)
        self._heed_now_and_then()

    def record(self, metrics: Mapping[str, float], step: int | None = None, timestamp: int | None = None) -> int | None:
        """Log as :meth:`log_metrics` does, from beside the training: nobody is stopped here. Returns the step."""
        try:
            numbers = self._numbers(metrics)
            if not numbers:
                return self.last_step
            whole = self._next_common_step(numbers) if step is None else check_step(step)
            self._log(self.id, whole, numbers, None if timestamp is None else check_time(timestamp) * 1000)
            self.metrics.update(numbers)
        except Exception as error:  # noqa: BLE001
            self.trouble(error)
            return self.last_step
        return whole

    def log_param(self, key: str, value: Any) -> Any:
        """Log one param; returns the value. The first value of a key stays."""
        self.log_params({key: value})
        return value

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Log several params, kept as text. A key that has another value already keeps it, and you are warned."""
        self.record_params(params)
        self._heed_now_and_then()

    def record_params(self, params: Mapping[str, Any]) -> None:
        """Log as :meth:`log_params` does, from beside the training: nobody is stopped here."""
        self._log_texts(params, "Param key", self.params, self._new_params)

    def set_tag(self, key: str, value: Any) -> None:
        """Set a tag; ``mlflow.note.content`` is the description, ``mlflow.runName`` the name."""
        self.set_tags({key: value})

    def set_tags(self, tags: Mapping[str, Any]) -> None:
        """Set several tags."""
        self._log_texts(tags, "Tag key", self.tags, lambda new: ("tags", new))

    def delete_tag(self, key: str) -> None:
        """Remove a tag."""
        try:
            self.store.append(("untag", self.id, None, {"keys": [check_key(key, "Tag key")]}))
            self.tags.pop(key, None)
        except Exception as error:  # noqa: BLE001
            self.trouble(error)

    def rename(self, name: str) -> None:
        """Give the run another name."""
        self.set_tag(RUN_NAME, check_name(name, "Run name"))

    def elapsed_s(self) -> float:
        """Return for how long the run has been open, the time before it was resumed included."""
        return self._before_s + (time.monotonic_ns() - self._started_ns) / 1e9

    # -- the end -----------------------------------------------------------------------------------------------------

    def end(self, status: str = RunStatus.FINISHED) -> None:
        """End the run with a status: FINISHED, FAILED or KILLED. A forked child and a joined run leave the end to their parent."""
        if not self.is_open:
            return
        final = final_status(status)
        try:
            if self._leads():
                for finish in self.on_end:
                    self._quietly(finish)
                self._write_end(final)
                self._tell_parent(final)
                self._be_silent()
        finally:
            self.is_open = False
            active.pop(self)

    def _leads(self) -> bool:
        return os.getpid() == self._pid and not self.is_joined

    def _tell_parent(self, status: RunStatus) -> None:
        for parent in active.open_runs():
            if parent.id == self.parent_run_id:
                for told in parent.on_child_end:
                    told(self, status)

    def _write_end(self, status: RunStatus) -> None:
        end_us, duration_us = time.time_ns() // 1000, int(self.elapsed_s() * 1e6)
        body = {"status": str(status), "end_us": end_us, "duration_us": duration_us, "lost": self.lost}
        try:
            self.store.append(("end", self.id, None, body))
        except Exception as error:  # noqa: BLE001
            self.trouble(error)
        if self.lost:
            message = f"Run {self.name!r}: {self.lost} calls could not be recorded."
            warn(message)

    def __enter__(self) -> Self:
        """Open the block; the run is open already."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        """End the run: FAILED after an exception, with its text; KILLED after an interrupt; a Stop ends here and is done."""
        self.end_with(error)
        return isinstance(error, StopRun) and error.run is self

    def end_with(self, error: BaseException | None) -> None:
        """End the run as its block or cell ended: in order, by an exception, or by an interrupt."""
        if error is None or isinstance(error, StopRun) or (isinstance(error, SystemExit) and not error.code):
            self.end(RunStatus.FINISHED)
        elif isinstance(error, (KeyboardInterrupt, SystemExit, GeneratorExit)):
            self.end(RunStatus.KILLED)
        else:
            if self.is_open and self._leads():
                self._quietly(
                    lambda run: run.set_tags({"nbtrack.error": redact(f"{type(error).__name__}: {error}"[:2000])})
                )
            self.end(RunStatus.FAILED)

    def __repr__(self) -> str:
        """Show number and name."""
        state = "open" if self.is_open else "ended"
        return f"<Run #{self.number} {self.name!r} ({state})>"

    # -- trouble -----------------------------------------------------------------------------------------------------

    def trouble(self, error: Exception) -> None:
        """Count something that could not be recorded and say so once; strict mode raises."""
        if self.is_strict or config.is_strict():
            raise error
        if not isinstance(error, JournalError):
            self.lost += 1  # a journal keeps what it cannot write now
        kind = f"{type(error).__name__}: {error}" if isinstance(error, NbtrackError) else type(error).__name__
        if kind not in self._warned:
            self._warned.add(kind)
            text = str(error) if isinstance(error, NbtrackError) else f"{type(error).__name__}: {error}"
            warn(f"Not recorded: {text}")

    def tell(self, those: Iterable[Callable[[ActiveRun], None]]) -> None:
        """Call each of `those` with this run; what goes wrong in one is one warning."""
        for each in list(those):
            self._quietly(each)

    def _quietly(self, action: Callable[[ActiveRun], None]) -> None:
        try:
            action(self)
        except Exception as error:  # noqa: BLE001
            self.trouble(error)

    def _opener(self) -> tuple[int, asyncio.Task[Any] | None]:
        return self._thread, None if self._task is None else self._task()

    # -- inside ------------------------------------------------------------------------------------------------------

    def _next_step(self, key: str, step: int | None) -> int:
        if step is not None:
            return check_step(step)
        last = self._steps.get(key)
        if last is None and self._is_resumed:
            last = self._last_step(key)
        following = 0 if last is None else last + 1
        self._steps[key] = following
        return following

    def _next_common_step(self, keys: Iterable[str]) -> int:
        """Return a step that none of several keys has had yet."""
        following = max(self._next_step(key, None) for key in keys)
        self._steps.update(dict.fromkeys(keys, following))
        return following

    def _last_step(self, key: str) -> int | None:
        summary = self.data.summaries.get(key)
        return None if summary is None else summary.step

    def _numbers(self, metrics: Mapping[str, float]) -> dict[str, float]:
        good: dict[str, float] = {}
        for key, value in metrics.items():
            try:
                good[check_key(key, "Metric key")] = value if type(value) is float else check_number(value, key)
            except Exception as error:  # noqa: BLE001 - float() of a user's object may do anything
                self.trouble(error)
        return good

    def _log_texts(
        self,
        items: Mapping[str, Any],
        what: str,
        known: dict[str, str],
        record: Callable[[dict[str, str]], tuple[str, dict[str, str]] | None],
    ) -> None:
        good: dict[str, str] = {}
        try:
            pairs = list(items.items())
        except Exception as error:  # noqa: BLE001 - not a mapping
            self.trouble(error)
            return
        for key, value in pairs:
            try:
                good[check_key(key, what)] = str(value)
            except Exception as error:  # noqa: BLE001 - str() of a user's object may do anything
                self.trouble(error)
        try:
            kind_and_new = record(good)
            if kind_and_new is not None and kind_and_new[1]:
                self._write_texts(*kind_and_new, known)
        except Exception as error:  # noqa: BLE001
            self.trouble(error)

    def _write_texts(self, kind: str, new: dict[str, str], known: dict[str, str]) -> None:
        """Write texts as one record; when that is too large, as two, so that only what is too large alone is lost."""
        try:
            self.store.append((kind, self.id, new, None))
            known.update(new)
        except InvalidValueError as error:
            if len(new) == 1:
                self.trouble(error)
                return
            pairs = list(new.items())
            for half in (pairs[: len(pairs) // 2], pairs[len(pairs) // 2 :]):
                self._write_texts(kind, dict(half), known)

    def _new_params(self, params: dict[str, str]) -> tuple[str, dict[str, str]]:
        for key, value in params.items():
            old = self.params.get(key)
            if old is not None and old != value:
                message = f"Param {key!r} is {old!r} already and stays so; {value!r} is kept in the run's events only."
                warn(message)
        new = {key: value for key, value in params.items() if self.params.get(key) != value}
        for key in [k for k in new if k in self.params]:
            self.store.append(("params", self.id, {key: new.pop(key)}, None))
        return "params", new


def final_status(status: str) -> RunStatus:
    """Return how a run ends; raises ``InvalidValueError`` for anything else."""
    if str(status).upper() not in ENDED:
        raise InvalidValueError(f"A run does not end {status!r}; use one of {', '.join(ENDED)}.")
    return RunStatus(str(status).upper())
