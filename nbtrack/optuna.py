"""Studies of Optuna: ``nbtrack.optuna``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbtrack.autologging.optuna import StudyCallback

__all__ = ["StudyCallback", "autolog"]


def __getattr__(name: str) -> Any:
    """Load the callback for those who want it."""
    if name == "StudyCallback":
        from nbtrack.autologging import optuna  # noqa: PLC0415

        return optuna.StudyCallback
    message = f"module 'nbtrack.optuna' has no attribute {name!r}"
    raise AttributeError(message)


def autolog(
    *,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    extra_tags: Mapping[str, Any] | None = None,
) -> None:
    """Record every ``study.optimize`` by itself, each trial as a child run; these options go before those of :func:`nbtrack.autolog`."""
    options = dict(locals())
    from nbtrack.autologging.switch import autolog_of  # noqa: PLC0415 - only for those who record by themselves

    autolog_of("optuna", **options)
