"""``nbtrack.autolog``: says that libraries are to be recorded by themselves. Loads none of them, now or later."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from nbtrack.autologging import arrivals, guard, settings
from nbtrack.autologging.settings import checked

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LIBRARIES = {"sklearn": "sklearn.base", "xgboost": "xgboost", "lightgbm": "lightgbm", "optuna": "optuna"}
"""The module of each library that is waited for; its file here has its name."""
_METRICS = "sklearn.metrics"


def autolog(  # noqa: PLR0913 - MLflow's options
    *,
    log_input_examples: bool = False,
    log_model_signatures: bool = True,
    log_models: bool = True,
    log_datasets: bool = True,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    extra_tags: Mapping[str, Any] | None = None,
    exclude_flavors: Iterable[str] | None = None,
    log_traces: bool = True,
) -> None:
    """Record trainings by themselves: params, metrics, data and model of scikit-learn, XGBoost and LightGBM; trials of Optuna.

    A training inside an open run is recorded there; any other opens a run and ends it. Libraries may be imported before or
    later. What cannot be recorded is one warning: nothing is raised into a training, and no result of it changes.

    Parameters
    ----------
    log_models, log_model_signatures, log_input_examples : bool
        Keep the trained model; with it what it takes and gives; with it the first five rows it was trained on.
    log_datasets : bool
        Describe the data: name, digest, schema, profile.
    disable : bool
        Record nothing by itself from now on.
    exclusive : bool
        Record nothing into runs that you opened yourself.
    disable_for_unsupported_versions : bool
        Leave libraries alone whose version was not tested.
    silent : bool
        Do not warn of what cannot be recorded.
    extra_tags : mapping, optional
        For every run that is opened here.
    exclude_flavors : iterable of str, optional
        Libraries to leave alone, such as ``["xgboost"]``.
    log_traces : bool
        For calls written for MLflow.

    Raises
    ------
    InvalidValueError
        An option is not allowed.

    Notes
    -----
    ``nbtrack.sklearn.autolog``, ``nbtrack.xgboost.autolog`` and ``nbtrack.lightgbm.autolog`` have options of their own, which
    go before these.
    """
    del log_traces
    excluded = frozenset([exclude_flavors] if isinstance(exclude_flavors, str) else exclude_flavors or ())
    if excluded - LIBRARIES.keys():
        excluded &= LIBRARIES.keys()  # MLflow has more flavors
    settings.choose(
        checked(
            log_input_examples=log_input_examples,
            log_model_signatures=log_model_signatures,
            log_models=log_models,
            log_datasets=log_datasets,
            disable=disable,
            exclusive=exclusive,
            disable_for_unsupported_versions=disable_for_unsupported_versions,
            silent=silent,
            extra_tags=extra_tags,
        ),
        excluded,
    )
    guard.forget()
    for library in LIBRARIES:
        _turn(library)


def autolog_of(library: str, **options: Any) -> None:
    """Do for one library what :func:`autolog` does for all; the doors, such as ``nbtrack.sklearn``, name its options."""
    settings.choose_for(library, checked(**options))
    guard.forget()
    _turn(library)


def forget() -> None:
    """Go back to how a process begins."""
    settings.forget()
    guard.forget()
    for library in LIBRARIES:
        _turn(library)


def _turn(library: str) -> None:
    module = LIBRARIES[library]
    if settings.settings_of(library) is None:
        arrivals.forget(module)
        if arrivals.is_ready(module):
            import_module(f"nbtrack.autologging.{library}").turn_off()
        return
    arrivals.when_there(module, lambda: _turn_on(library))


def _turn_on(library: str) -> None:
    chosen = settings.settings_of(library)
    if chosen is None:
        return
    troubles = guard.Troubles(is_silent=chosen.silent)
    with troubles.guard(f"Nothing of {library} is"):
        room = import_module(f"nbtrack.autologging.{library}")
        if chosen.disable_for_unsupported_versions and not _is_tested(room):
            return
        room.turn_on()
        if chosen.log_post_training_metrics:
            arrivals.when_there(_METRICS, import_module("nbtrack.autologging.later").watch_metrics)
    troubles.tell()


def _is_tested(room: Any) -> bool:
    first, last = room.TESTED
    version = import_module(room.LIBRARY).__version__
    parts = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    return bool(first <= parts <= last)
