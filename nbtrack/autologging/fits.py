"""A training from its begin to its end: which run it is recorded in, and whether it is part of another one that is recorded already."""

from __future__ import annotations

import sys
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from nbtrack.autologging import files
from nbtrack.autologging.guard import Troubles, quiet
from nbtrack.autologging.settings import Settings, settings_of
from nbtrack.autologging.still import still

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from nbtrack.autologging.boosting import Rounds
    from nbtrack.entities import DatasetInput
    from nbtrack.tracking.run import ActiveRun

    Step = tuple[str, Callable[[], object]]
    """What is recorded, in words for a warning, and what does it."""

AUTOLOGGING = "mlflow.autologging"

_inside: ContextVar[Fit | None] = ContextVar("nbtrack_autolog", default=None)
_open: list[Fit] = []
_defaults: WeakKeyDictionary[type, dict[str, Any]] = WeakKeyDictionary()
_trained: WeakKeyDictionary[ActiveRun, int] = WeakKeyDictionary()


class Fit:
    """One training that is being recorded.

    Attributes
    ----------
    library : str
        Whose training it is.
    run : ActiveRun
    nth : int
        Which training of its run this is, from 1.
    rounds : Rounds, optional
        Those of an estimator whose library trains it in rounds, until it does.
    """

    def __init__(self, library: str, settings: Settings, run: ActiveRun, level: int, *, is_own: bool) -> None:
        self.library = library
        self.settings = settings
        self.run = run
        self.level = level
        self.is_own = is_own
        self.troubles = Troubles(is_silent=settings.silent)
        self.nth = _trained.get(run, 0) + 1
        _trained[run] = self.nth
        self.rounds: Rounds | None = None
        self._lost = run.lost

    def record(self, steps: Callable[[], Iterable[Step]], model: Any = None) -> None:
        """Do each step; one that fails does not keep the others from being done. Nothing of `model` changes."""
        with still(model), self.troubles.guard("A training is"):
            for what, step in steps():
                with self.troubles.guard(what):
                    step()

    def tag(self) -> dict[str, Any]:
        """Return the tags of a run that exists for this training."""
        return {AUTOLOGGING: self.library, **(self.settings.extra_tags or {})}

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Log params; those of a later training in the same run that differ get its number: ``C-2``, as MLflow counts."""
        known = self.run.params
        texts = {str(key): text_of(value) for key, value in params.items()}
        self.run.record_params(
            {key if known.get(key, text) == text else f"{key}-{self.nth}": text for key, text in texts.items()}
        )

    def log_metrics(self, metrics: Mapping[str, float]) -> None:
        """Log metrics of a training that is done; those of the next one in this run are the next step."""
        if metrics:
            self.run.record(metrics, self.nth - 1)

    def log_dataset(self, found: DatasetInput | None) -> None:
        """Log data that have been described."""
        if found is not None:
            self.run._log_input(found, {})  # noqa: SLF001 - its public sister would describe it again

    def path(self, name: str) -> str:
        """Return the path of a file; those of a later training in the same run have its number: ``estimator-2.html``."""
        stem, dot, suffix = name.rpartition(".")
        return name if self.nth == 1 else f"{stem}-{self.nth}{dot}{suffix}"

    def write(self, name: str, text: str | Callable[[], str]) -> None:
        """Store a text as a file, soon; what makes a text is called then, and must not look at the model."""
        files.write(self.run, self.path(name), text, is_silent=self.settings.silent)

    def end(self, error: BaseException | None) -> None:
        """End the run, when it was opened for this training, and tell what went wrong."""
        if self.is_own:
            with quiet(), self.troubles.guard("The end of a run is"):
                self.run.end_with(error)
        if self.run.lost > self._lost:
            n = self.run.lost - self._lost
            self.troubles.add("A part of a training is", f"{n} calls failed; the store may be full or not be there")
        self.troubles.tell()


def current() -> Fit | None:
    """Return the training that goes on here and is being recorded."""
    return _inside.get()


def train(
    library: str,
    original: Callable[[], Any],
    before: Callable[[Fit], Iterable[Step]],
    after: Callable[[Fit, Any], Iterable[Step]],
    model: Any = None,
) -> Any:
    """Train, and record it unless it is a part of another training; returns or raises whatever the training does.

    Parameters
    ----------
    before, after : callable
        Return what to record; `after` gets what the training returned.
    model : object, optional
        What is trained, if it is there before.
    """
    fit = opened(library)
    if fit is None:
        return original()
    token = _inside.set(fit)
    _open.append(fit)
    try:
        try:
            fit.record(lambda: before(fit))
            result = original()
            fit.record(lambda: after(fit, result), model)
        except BaseException as error:
            fit.end(error)
            raise
    finally:
        _inside.reset(token)
        _open.remove(fit)
    fit.end(None)
    return result


def opened(library: str) -> Fit | None:
    """Return a training that begins here; None when it is a part of another one, or is not to be recorded, or cannot be."""
    settings, level = settings_of(library), _level()
    return None if settings is None or _is_part(level) else begin(library, settings, level)


def begin(library: str, settings: Settings, level: int = 0) -> Fit | None:
    """Return a training in the active run, or in one of its own; None when it is not to be recorded, or cannot be."""
    from nbtrack.tracking import active  # noqa: PLC0415 - `autolog()` itself loads nothing
    from nbtrack.tracking.starting import start_run  # noqa: PLC0415

    troubles = Troubles(is_silent=settings.silent)
    found: Fit | None = None
    with quiet(), troubles.guard("A training is"):
        run = active.current_run()
        if run is None:
            run = start_run(tags={AUTOLOGGING: library, **(settings.extra_tags or {})})
            found = Fit(library, settings, run, level, is_own=True)
        elif not settings.exclusive:
            found = Fit(library, settings, run, level, is_own=False)
    troubles.tell()
    return found


def _is_part(level: int) -> bool:
    """Say whether this belongs to a training that goes on here, or in the thread that gave this one its work."""
    return _inside.get() is not None or any(fit.level < level for fit in _open)


def _level() -> int:
    """Return how deep in workers of joblib this is: a forest trains its trees in threads that know nothing of it."""
    joblib = sys.modules.get("joblib.parallel")
    config = getattr(getattr(joblib, "_backend", None), "config", None)
    backend = config.get("backend") if isinstance(config, dict) else None
    return getattr(backend, "nesting_level", None) or 0


def names_of(function: Callable[..., Any]) -> list[str]:
    """Return the names of the arguments of a function."""
    import inspect  # noqa: PLC0415

    return [*inspect.signature(function).parameters]


def text_of(value: Any) -> str:
    """Return a param as text; of a model the class and what was set, as scikit-learn prints it but in a hundredth of the time."""
    if isinstance(value, (list, tuple)) and any(
        hasattr(each, "get_params") or isinstance(each, tuple) for each in value
    ):
        inside = ", ".join(map(text_of, value))
        return f"[{inside}]" if isinstance(value, list) else f"({inside})"
    if hasattr(value, "get_params") and not isinstance(value, type):
        return _model_text(value)
    return str(value)


def _model_text(model: Any) -> str:
    shown = (
        f"{name}={value!r}" if isinstance(value, str) else f"{name}={text_of(value)}"
        for name, value in changed_params(model).items()
    )
    return f"{type(model).__name__}({', '.join(shown)})"


def changed_params(model: Any) -> dict[str, Any]:
    """Return the params of a model that are not what its class has by default."""
    cls = type(model)
    if cls not in _defaults:
        import inspect  # noqa: PLC0415

        _defaults[cls] = {name: each.default for name, each in inspect.signature(cls.__init__).parameters.items()}
    defaults, nothing = _defaults[cls], object()
    changed = {}
    for name, value in model.get_params(deep=False).items():
        default = defaults.get(name, nothing)
        if value is not default and (type(value) is not type(default) or repr(value) != repr(default)):
            changed[name] = value
    return changed
