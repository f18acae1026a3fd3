"""What came of a trial: what the function returned, or how it ended otherwise."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nbtrack.entities import RunStatus
from nbtrack.errors import InvalidValueError, warn
from nbtrack.names import check_key, check_number
from nbtrack.tracking import active
from nbtrack.tracking.redaction import redact
from nbtrack.tracking.stop import StopRun

if TYPE_CHECKING:
    from nbtrack.sweeps.calling import Call
    from nbtrack.sweeps.trial_run import TrialRun

OBJECTIVE = "objective"
"""What a returned number is called when the sweep names no metric."""
MOST_ERROR, MOST_TRACE = 2000, 100_000
PRUNED = "nbtrack.sweep.pruned"
ERROR, ERROR_FILE = "nbtrack.error", "error.txt"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a trial ended.

    Attributes
    ----------
    status : str
        FINISHED, FAILED or KILLED.
    metrics : dict
        Last value of each metric that was logged.
    pruned_at : int or None
        Step at which the pruner gave it up.
    error, trace : str
        What went wrong, in one line and as a traceback.
    """

    status: str = RunStatus.FINISHED
    metrics: dict[str, float] = field(default_factory=dict)
    pruned_at: int | None = None
    error: str = ""
    trace: str = ""


def execute(call: Call, run: TrialRun, metric: str | None) -> Outcome:
    """Call the function with the params of a trial, as the active run; nothing that it raises comes through but an interrupt.

    Raises
    ------
    KeyboardInterrupt, StopRun
        Somebody interrupted, or pressed Stop on a run around this one.
    """
    active.push(run)
    try:
        returned = call(run, run.given)
        _log_returned(run, returned, metric)
    except StopRun as stop:
        if stop.run is not run:
            raise
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - sys.exit() in one trial is no reason to end the others
        if not _is_of_optuna(error):
            return _failed(run, error)
        run._pruned_at = run.last_step or 0  # noqa: SLF001 - the function asked a pruner of its own
    finally:
        active.pop(run)
    return Outcome(metrics=dict(run.metrics), pruned_at=run.pruned_at)


def write_down(run: Any, outcome: Outcome) -> None:
    """Write the end of a trial into its run."""
    if outcome.pruned_at is not None:
        run.set_tag(PRUNED, outcome.pruned_at)
    if outcome.error:
        run.set_tag(ERROR, redact(outcome.error[:MOST_ERROR]))
    if outcome.trace:
        run.log_text(redact(outcome.trace[-MOST_TRACE:]), ERROR_FILE)
    run.end(outcome.status)


def _failed(run: TrialRun, error: BaseException) -> Outcome:
    text = f"{type(error).__name__}: {error}"
    own = error.__traceback__.tb_next if error.__traceback__ is not None else None  # from the function on
    trace = "".join(traceback.format_exception(type(error), error, own))
    return Outcome(RunStatus.FAILED, dict(run.metrics), None, text, trace)


def _is_of_optuna(error: BaseException) -> bool:
    module = sys.modules.get("optuna")
    return module is not None and isinstance(error, module.TrialPruned)


def _log_returned(run: TrialRun, returned: Any, metric: str | None) -> None:
    """Log a returned number under the sweep's metric, or a dict of numbers; what was logged as the last value already is not repeated."""
    if returned is None:
        return
    if isinstance(returned, Mapping):
        numbers = {check_key(str(key), "Metric key"): returned[key] for key in returned}
    else:
        numbers = {metric or OBJECTIVE: returned}
    good: dict[str, float] = {}
    for key, value in numbers.items():
        try:
            good[key] = check_number(value, key)
        except InvalidValueError as error:
            warn(f"Trial {run.trial} returned what is not recorded: {error}")
    news = {key: value for key, value in good.items() if run.metrics.get(key) != value}
    known = any(key in run.metrics for key in news)
    last = run.last_step
    run.record(news, 0 if last is None else last + 1 if known else last)
