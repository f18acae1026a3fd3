"""Metrics that are computed after a training belong to its run: ``model.score(…)``, and ``accuracy_score(y, model.predict(…))``."""

from __future__ import annotations

import json
import sys
import threading
import weakref
from contextlib import contextmanager
from contextvars import ContextVar
from numbers import Real
from typing import TYPE_CHECKING, Any

from nbtrack.autologging import files, fits
from nbtrack.autologging.data import Given, describe
from nbtrack.autologging.guard import Troubles, quiet
from nbtrack.autologging.hooks import Hooks, stand_before
from nbtrack.autologging.settings import settings_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from nbtrack.tracking.run import ActiveRun

PREDICTS = ("predict", "predict_proba", "predict_log_proba", "decision_function", "transform")
NO_METRICS = ("check_scoring", "get_scorer", "make_scorer", "get_scorer_names")
FILE = "metric_info.json"
NAMELESS = "unknown_dataset"
MOST_SHOWN = 32


class Known:
    """A trained model, and the run of its training."""

    def __init__(self, run: ActiveRun, library: str, model_id: str | None) -> None:
        self.run = run
        self.library = library
        self.model_id = model_id
        self.names: dict[str, list[int]] = {}
        self.calls: dict[str, str] = {}
        self.counts: dict[str, int] = {}


_models: dict[int, tuple[weakref.ref[Any], Known]] = {}
_results: dict[int, tuple[weakref.ref[Any], Known, str]] = {}
_hooks = Hooks()
_changing = threading.RLock()
_is_busy: ContextVar[bool] = ContextVar("nbtrack_autolog_later", default=False)


def know(model: Any, fit: fits.Fit, model_id: str | None = None) -> None:
    """Log into the run of `fit`, from now on, what is measured of a model."""
    key = id(model)
    with _changing:
        _models[key] = (weakref.ref(model, lambda _: _models.pop(key, None)), Known(fit.run, fit.library, model_id))
        for name, around in (*((name, _predict) for name in PREDICTS), ("score", _score)):
            owner = next((cls for cls in type(model).__mro__ if name in cls.__dict__), None)
            if owner is not None:
                _hooks.put(owner, name, around)


def turn_off() -> None:
    """Forget all models, and give their classes back what they had."""
    with _changing:
        _hooks.remove()
        _models.clear()
        _results.clear()


def watch_metrics() -> None:
    """Stand before the functions of ``sklearn.metrics``, for those who import them from now on."""
    module = sys.modules["sklearn.metrics"]
    for name in module.__all__:
        function = getattr(module, name, None)
        if name not in NO_METRICS and callable(function) and not isinstance(function, type):
            stand_before(function, _measure, {"sklearn.metrics": module}, name)


# -- what is called ------------------------------------------------------------------------------------------------------


def _predict(original: Callable[..., Any], model: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    known = _known(model)
    if known is None:
        return original(*args, **kwargs)
    result = _alone(original, args, kwargs)
    with _guarded(known, "A prediction is"):
        data = args[0] if args else next(iter(kwargs.values()), None)
        _remember(result, known, _name(known, data))
    return result


def _score(original: Callable[..., Any], model: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    known = _known(model)
    if known is None:
        return original(*args, **kwargs)
    result = _alone(original, args, kwargs)
    with _guarded(known, "A score is"):
        if _is_number(result):
            data = args[0] if args else kwargs.get("X")
            name = _name(known, data)
            _log(
                known,
                f"{type(model).__name__}_score",
                name,
                result,
                _call(f"{type(model).__name__}.score", original, args, kwargs),
            )
    return result


def _measure(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    if not _results or _is_busy.get():
        return function(*args, **kwargs)
    result = _alone(function, args, kwargs)
    if _is_number(result):
        for value in (*args, *kwargs.values()):
            found = _results.get(id(value))
            if found is not None and found[0]() is value:
                known = found[1]
                with _guarded(known, "A metric is"):
                    name = function.__name__
                    _log(known, name, found[2], result, _call(name, function, args, kwargs))
                break
    return result


def _alone(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call; what is called inside is no metric of its own."""
    token = _is_busy.set(True)
    try:
        return function(*args, **kwargs)
    finally:
        _is_busy.reset(token)


# -- what is known -------------------------------------------------------------------------------------------------------


def _known(model: Any) -> Known | None:
    found = _models.get(id(model))
    if found is None or found[0]() is not model or _is_busy.get() or fits.current() is not None:
        return None
    settings = settings_of(found[1].library)
    return found[1] if settings is not None and settings.log_post_training_metrics else None


def _remember(result: Any, known: Known, name: str) -> None:
    key = id(result)
    try:
        reference = weakref.ref(result, lambda _: _results.pop(key, None))
    except TypeError:
        return  # a list, say
    _results[key] = (reference, known, name)


def _name(known: Known, data: Any) -> str:
    """Return what the caller calls the data; other data of the same name get a number. Data that are new are described."""
    name = _variable(data) or NAMELESS
    with _changing:
        ids = known.names.setdefault(name, [])
        is_new = id(data) not in ids
        if is_new:
            ids.append(id(data))
        index = ids.index(id(data)) + 1
    name = name if index == 1 else f"{name}-{index}"
    settings = settings_of(known.library)
    if is_new and settings is not None and settings.log_datasets and not hasattr(data, "__next__"):
        found = describe(data, "eval", name=name)
        if found is not None:
            known.run._log_input(found, {})  # noqa: SLF001 - it is described already
    return name


def _variable(value: Any) -> str | None:
    frame = _caller()
    found = None if frame is None else next((key for key, each in frame.f_locals.items() if each is value), None)
    if found is None and frame is not None:
        found = next((key for key, each in frame.f_globals.items() if each is value), None)
    return None if found is None or found.startswith("_") else found


def _caller() -> FrameType | None:
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - whoever called the library
    while frame is not None and frame.f_globals.get("__name__", "").split(".")[0] in (
        "nbtrack",
        "sklearn",
        "contextlib",
    ):
        frame = frame.f_back
    return frame


def _call(name: str, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """Return a call as text: ``accuracy_score(y_true=y_test, y_pred=found)``."""
    shown = []
    for key, value in Given(function, args, kwargs).values.items():
        is_plain = value is None or isinstance(value, (str, int, float))
        text = repr(value)[:MOST_SHOWN] if is_plain else _variable(value) or f"<{type(value).__name__}>"
        shown.append(f"{key}={text}")
    return f"{name}({', '.join(shown)})"


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


# -- what is recorded ----------------------------------------------------------------------------------------------------


def _log(known: Known, metric: str, dataset: str, value: Any, call: str) -> None:
    with _changing:
        n = known.counts[metric] = known.counts.get(metric, 0) + 1
        key = f"{metric if n == 1 else f'{metric}-{n}'}_{dataset}"
        known.calls[key] = call
    known.run.record({key: float(value)}, 0)
    if known.model_id is not None:
        _log_of_model(known, key, float(value))
    files.write(known.run, FILE, json.dumps(dict(sorted(known.calls.items())), indent=2), is_silent=False)


def _log_of_model(known: Known, key: str, value: float) -> None:
    import time  # noqa: PLC0415

    from nbtrack.tracking import logged_models  # noqa: PLC0415 - only for those who log models

    run = known.run
    assert known.model_id is not None
    run.store.append(logged_models.measured(run.id, known.model_id, {key: value}, 0, time.time_ns() // 1_000_000, None))


@contextmanager
def _guarded(known: Known, what: str) -> Iterator[None]:
    """Record in quiet; what goes wrong is told afterwards."""
    settings = settings_of(known.library)
    troubles = Troubles(is_silent=settings is None or settings.silent)
    with quiet(), troubles.guard(what):
        yield
    troubles.tell()
