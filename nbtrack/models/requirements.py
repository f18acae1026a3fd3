"""Which distributions a model needs, pinned to what is installed here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbtrack.models.environment import installed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from nbtrack.models.mlmodel import MLmodel


def resolve(
    folder: Path,  # noqa: ARG001
    mlmodel: MLmodel,  # noqa: ARG001
    roots: Sequence[str],
    *,
    pip_requirements: Sequence[str] | str | None = None,
    extra_pip_requirements: Sequence[str] | str | None = None,
    conda_env: Mapping[str, Any] | str | None = None,  # noqa: ARG001
) -> tuple[list[str], list[str], dict[str, Any] | None]:
    """Return requirement lines, constraint lines and the user's conda environment for a model folder that is being written."""
    chosen = [installed(name) for name in roots] if pip_requirements is None else list(pip_requirements)
    return ["mlflow", *chosen, *(extra_pip_requirements or ())], [], None
