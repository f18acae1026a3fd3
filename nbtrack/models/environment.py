"""What a model needs to be installed: ``requirements.txt``, ``python_env.yaml`` and ``conda.yaml``, as MLflow writes and reads them."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValueError
from nbtrack.models.distributions import named
from nbtrack.models.folder import inside
from nbtrack.models.yaml_text import read_yaml, write_yaml

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

REQUIREMENTS, CONSTRAINTS, PYTHON_ENV, CONDA = "requirements.txt", "constraints.txt", "python_env.yaml", "conda.yaml"
MAX_BYTES = 1 << 20
_BUILD = ("pip", "setuptools", "wheel")


@dataclass(frozen=True, slots=True)
class Environment:
    """What a model folder says must be installed: the version of Python, tools to build with, requirement lines."""

    python: str
    build_dependencies: tuple[str, ...]
    requirements: tuple[str, ...]


def write(
    folder: Path, requirements: Sequence[str], *, constraints: Sequence[str] = (), conda: dict[str, Any] | None = None
) -> None:
    """Write the three files.

    Parameters
    ----------
    folder : Path
        The model folder.
    requirements : sequence of str
        Pinned requirement lines, such as ``scikit-learn==1.9.1``.
    constraints : sequence of str
        Lines for ``constraints.txt``, which ``requirements.txt`` then names.
    conda : dict, optional
        The user's own conda environment, in place of the one made from the requirements.
    """
    lines = [*requirements, *([f"-c {CONSTRAINTS}"] if constraints else [])]
    (folder / REQUIREMENTS).write_text("\n".join(lines) + "\n", encoding="utf-8")
    if constraints:
        (folder / CONSTRAINTS).write_text("\n".join(constraints) + "\n", encoding="utf-8")
    build = [installed(name) for name in _BUILD]
    python = {"python": platform.python_version(), "build_dependencies": build, "dependencies": [f"-r {REQUIREMENTS}"]}
    (folder / PYTHON_ENV).write_text(write_yaml(python, sort_keys=False), encoding="utf-8")
    (folder / CONDA).write_text(write_yaml(conda or conda_of(lines), sort_keys=False), encoding="utf-8")


def conda_of(requirements: Sequence[str]) -> dict[str, Any]:
    """Return a conda environment with this Python and the requirements, installed by pip."""
    pip = installed("pip").replace("==", "<=")
    dependencies = [f"python={platform.python_version()}", pip, {"pip": list(requirements)}]
    return {"channels": ["conda-forge"], "dependencies": dependencies, "name": "mlflow-env"}


def installed(name: str) -> str:
    """Return a distribution pinned to the version that is here; its name alone when it is not here."""
    found = named(name)
    return name if found is None else f"{name}{found.pin[len(found.name) :]}"


def read(folder: Path) -> Environment:
    """Return what a model folder says must be installed; raises ``InvalidValueError`` for a file of another form."""
    python: str = platform.python_version()
    build: tuple[str, ...] = ()
    if _own_file(folder / PYTHON_ENV):
        found = read_yaml(folder / PYTHON_ENV, PYTHON_ENV)
        python, build = str(found.get("python", python)), _texts(found.get("build_dependencies") or [], PYTHON_ENV)
    return Environment(python, build, read_lines(folder / REQUIREMENTS))


def read_lines(path: Path) -> tuple[str, ...]:
    """Return the lines of a requirements file without comments and empty ones; none when there is no file."""
    if not _own_file(path):
        return ()
    if path.stat().st_size > MAX_BYTES:
        raise InvalidValueError(f"{path} has more than {MAX_BYTES >> 20} MiB; that is no requirements file.")
    lines = (line.split(" #")[0].strip() for line in path.read_text(encoding="utf-8", errors="replace").splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))


def _own_file(path: Path) -> bool:
    """Say whether a file is there; one that leads out of the model's folder is refused, for what it says might be shown or sent."""
    if not path.is_file():
        return False
    inside(path.parent, path.name, "File")
    return True


def _texts(found: Any, what: str) -> tuple[str, ...]:
    if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
        raise InvalidValueError(f"{what} has a list with something that is no text in it: {str(found)[:80]}.")
    return tuple(found)
