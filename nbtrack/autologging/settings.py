"""What was asked to be recorded by itself, for all libraries and for one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from nbtrack.errors import InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Settings(NamedTuple):
    """The options of ``autolog``; each has MLflow's name, and is told in :func:`nbtrack.autologging.switch.autolog`."""

    log_input_examples: bool = False
    log_model_signatures: bool = True
    log_models: bool = True
    log_datasets: bool = True
    disable: bool = False
    exclusive: bool = False
    disable_for_unsupported_versions: bool = False
    silent: bool = False
    extra_tags: Mapping[str, Any] | None = None
    max_tuning_runs: int | None = 5
    log_post_training_metrics: bool = True
    serialization_format: str | None = None
    registered_model_name: str | None = None
    pos_label: Any = None
    importance_types: tuple[str, ...] | None = None
    model_format: str = "ubj"


def checked(**options: Any) -> Settings:
    """Return settings; raises ``InvalidValueError`` for what cannot be meant."""
    unknown = sorted(options.keys() - {*Settings._fields})
    if unknown:
        raise InvalidValueError(f"autolog has no option {unknown[0]!r}; it has {', '.join(sorted(Settings._fields))}.")
    for name, default in Settings._field_defaults.items():
        if type(default) is bool and name in options and not isinstance(options[name], (bool, int)):
            raise InvalidValueError(f"{name} is {options[name]!r}; use True or False.")
    most, tags, kinds = (options.get(name) for name in ("max_tuning_runs", "extra_tags", "importance_types"))
    if most is not None and (type(most) is not int or most < 0):
        raise InvalidValueError(f"max_tuning_runs is {most!r}; use a whole number from 0, or None for all.")
    if tags is not None and not hasattr(tags, "items"):
        raise InvalidValueError(f"extra_tags is a {type(tags).__name__}; use a dict such as {{'team': 'x'}}.")
    if isinstance(kinds, str):
        raise InvalidValueError(f"importance_types is the text {kinds!r}; use a list, such as [{kinds!r}].")
    return Settings(**options)


_common: Settings | None = None
_own: dict[str, Settings] = {}
_excluded: frozenset[str] = frozenset()


def choose(settings: Settings, excluded: frozenset[str]) -> None:
    """Set what holds for every library that has no settings of its own."""
    global _common, _excluded
    _common, _excluded = settings, excluded


def choose_for(library: str, settings: Settings) -> None:
    """Set what holds for one library, whatever is said for all."""
    _own[library] = settings


def forget() -> None:
    """Go back to how a process begins: nothing is recorded by itself."""
    global _common, _excluded
    _common, _excluded = None, frozenset()
    _own.clear()


def settings_of(library: str) -> Settings | None:
    """Return what holds for a library; None when nothing of it is to be recorded."""
    found = _own.get(library)
    if found is None and library not in _excluded:
        found = _common
    return None if found is None or found.disable else found
