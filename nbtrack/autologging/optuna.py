"""Optuna: every study that is optimized, each trial a child run. Tested with Optuna 5.0."""

from __future__ import annotations

import atexit
import inspect
import sys
import threading
import weakref
from typing import TYPE_CHECKING, Any, Self

from nbtrack.autologging import fits
from nbtrack.autologging.hooks import Hooks
from nbtrack.autologging.settings import Settings, settings_of
from nbtrack.autologging.studies import Recorded, Watched
from nbtrack.tracking import active

if TYPE_CHECKING:
    from collections.abc import Callable

LIBRARY = "optuna"
TESTED = ((5, 0), (5, 0))

_hooks = Hooks()


def turn_on() -> None:
    """Stand before ``Study.optimize``; ``ask`` and ``tell``, with which ``nbtrack.sweep`` works, stay as they are."""
    _hooks.put(sys.modules["optuna"].Study, "optimize", _optimize)


def turn_off() -> None:
    """Give the class back what it had."""
    _hooks.remove()


def _optimize(original: Callable[..., Any], study: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Optimize a study, and record it."""
    try:
        call = inspect.signature(original).bind(*args, **kwargs)
    except TypeError:
        return original(*args, **kwargs)  # it says itself what is wrong
    given = call.arguments.get("callbacks")
    own = given if isinstance(given, (list, tuple)) else ()
    if any(isinstance(each, StudyCallback) for each in own) or not callable(call.arguments["func"]):
        return original(*args, **kwargs)
    fit = fits.opened(LIBRARY)
    if fit is None:
        return original(*args, **kwargs)
    watched = Watched(fit, study)
    objective = call.arguments["func"]
    call.arguments["func"] = lambda trial: watched.call(objective, trial)
    call.arguments["callbacks"] = (watched.ended, *(given or ()))  # those of the user find the run of the trial ended
    try:
        result = original(*call.args, **call.kwargs)
    except BaseException as error:
        watched.end(error)
        raise
    watched.end(None)
    return result


class StudyCallback:
    """Records a study without ``autolog``: ``study.optimize(objective, callbacks=[nbtrack.optuna.StudyCallback()])``.

    Each trial becomes a child of the active run, or of one that is opened for the study. That one ends with the ``with`` block, with
    :meth:`close`, or when nobody holds the callback any more. A trial that fails and thereby ends the study is recorded then, too.

    Examples
    --------
    >>> with nbtrack.optuna.StudyCallback() as recorded:  # doctest: +SKIP
    ...     study.optimize(objective, n_trials=20, callbacks=[recorded])
    """

    def __init__(self) -> None:
        self._studies: dict[int, Recorded] = {}
        self._changing = threading.Lock()
        self._finish = weakref.finalize(self, _end_all, self._studies)
        self._finish.atexit = False
        atexit.register(self._finish)  # before the store is closed, which has been opened earlier

    def __call__(self, study: Any, trial: Any) -> None:
        """Record a trial that has ended."""
        with self._changing:
            recorded = self._studies.get(id(study)) or self._begin(study, trial)
        if recorded is not None:
            recorded.ended(study, trial)

    def _begin(self, study: Any, trial: Any) -> Recorded | None:
        active.get_store()
        fit = fits.begin(LIBRARY, settings_of(LIBRARY) or Settings())
        if fit is None:
            return None
        if fit.is_own:
            active.pop(fit.run)  # what the user logs does not go there
        found = self._studies[id(study)] = Recorded(fit, study, trial.number)
        return found

    def close(self) -> None:
        """End the runs that were opened here."""
        _end_all(self._studies)

    def __enter__(self) -> Self:
        """Return the callback."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the runs that were opened here."""
        self.close()


def _end_all(studies: dict[int, Recorded]) -> None:
    while studies:
        studies.popitem()[1].end(None)
