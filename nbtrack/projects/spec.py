"""What a project says of itself: the file ``MLproject``, in any mix of upper and lower case, or nothing but scripts and notebooks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nbtrack.deps import require
from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.models.folder import inside
from nbtrack.models.yaml_text import read_yaml
from nbtrack.projects.docker_env import DockerEnv
from nbtrack.projects.parameters import Parameter
from nbtrack.projects.template import Command

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FILE = "mlproject"
PYTHON_ENV, CONDA_ENV, DOCKER_ENV = "python_env", "conda_env", "docker_env"
ENVIRONMENTS = (PYTHON_ENV, CONDA_ENV, DOCKER_ENV)
DEFAULT_FILES = {PYTHON_ENV: "python_env.yaml", CONDA_ENV: "conda.yaml"}
KEYS = ("name", *ENVIRONMENTS, "entry_points")
SPARK_JOB = "databricks_spark_job"


@dataclass(frozen=True, slots=True)
class EntryPoint:
    """One thing that a project can do."""

    name: str
    command: Command
    parameters: Mapping[str, Parameter]


@dataclass(frozen=True, slots=True)
class Project:
    """What a project says of itself.

    Attributes
    ----------
    folder : Path
    name : str
        "" when it has none.
    entry_points : dict of str to EntryPoint
    env_kind, env_file : str
        ``python_env`` or ``conda_env`` and the file, from the folder; ``docker_env``; both "" when it says nothing.
    docker : DockerEnv, optional
    file : str
        Name of the MLproject file; "" without.
    """

    folder: Path
    name: str = ""
    entry_points: Mapping[str, EntryPoint] = field(default_factory=dict)
    env_kind: str = ""
    env_file: str = ""
    docker: DockerEnv | None = None
    file: str = ""


def load(folder: Path) -> Project:
    """Return what the project in a folder says; one without an ``MLproject`` file has no entry points.

    Raises
    ------
    InvalidValueError
        The file has another form; the message says where, what stands there and what is expected.
    NotFoundError
        A file that it names is not there.
    """
    name = _file_in(folder)
    if name:
        require("yaml", "to read MLproject files", package="pyyaml", extra="projects")
    found: dict[str, Any] = read_yaml(inside(folder, name, "Project file"), name) if name else {}
    if SPARK_JOB in found:
        raise InvalidValueError(f"{name}: {SPARK_JOB} is for Databricks alone; use entry_points.")
    _check_keys(found, KEYS, name)
    given = [key for key in ENVIRONMENTS if found.get(key)]
    if len(given) > 1:
        raise InvalidValueError(f"{name} has {' and '.join(given)}; a project has one environment.")
    title = found.get("name") or ""
    if not isinstance(title, str):
        raise InvalidValueError(f"{name}: name is {title!r}; a text is expected.")
    kind, file = _environment(folder, found, given, name)
    docker = DockerEnv.read(found[DOCKER_ENV], name) if kind == DOCKER_ENV else None
    return Project(folder, title, _entry_points(found, name), kind, file, docker, name)


def _file_in(folder: Path) -> str:
    names = sorted(each.name for each in folder.iterdir() if each.name.lower() == FILE and each.is_file())
    if len(names) > 1:
        raise InvalidValueError(f"{folder} has {' and '.join(names)}; a project has one such file.")
    return names[0] if names else ""


def _environment(folder: Path, found: Mapping[str, Any], given: list[str], name: str) -> tuple[str, str]:
    """Return kind and file of the environment: the one said, else ``python_env.yaml`` or ``conda.yaml`` of the folder."""
    if not given:
        default = next(((kind, file) for kind, file in DEFAULT_FILES.items() if (folder / file).is_file()), None)
        return default or ("", "")
    kind = given[0]
    if kind == DOCKER_ENV:
        return kind, ""
    file = found[kind]
    if not isinstance(file, str):
        raise InvalidValueError(
            f"{name}: {kind} is a {type(file).__name__}; the name of a file is expected, such as {DEFAULT_FILES[kind]}."
        )
    inside(folder, file, f"{name}: {kind} file")
    return kind, file


def _entry_points(found: Mapping[str, Any], name: str) -> dict[str, EntryPoint]:
    given = found.get("entry_points") or {}
    if not isinstance(given, dict):
        raise InvalidValueError(
            f"{name}: entry_points is a {type(given).__name__}; a mapping of names to commands is expected."
        )
    return {
        str(key): _entry_point(str(key), said, f"{name}: entry point {str(key)[:80]!r}") for key, said in given.items()
    }


def _entry_point(name: str, said: Any, where: str) -> EntryPoint:
    if not isinstance(said, dict):
        raise InvalidValueError(f"{where} is {str(said)[:80]!r}; it needs a command: and may have parameters:.")
    _check_keys(said, ("command", "parameters"), where)
    text = said.get("command")
    if not isinstance(text, str) or not text.strip():
        raise InvalidValueError(
            f"{where} has the command {text!r}; a text is expected, such as 'python train.py {{alpha}}'."
        )
    given = said.get("parameters") or {}
    if not isinstance(given, dict):
        raise InvalidValueError(
            f"{where}: parameters is a {type(given).__name__}; a mapping of names to types is expected."
        )
    parameters = {str(key): Parameter.read(str(key), value, where) for key, value in given.items()}
    command = Command.parse(text, where)
    for each in command.names:
        if each not in parameters:
            raise NotFoundError(
                "Parameter", each, parameters, where=f"the parameters of {where}, but is in its command"
            )
    return EntryPoint(name, command, parameters)


def _check_keys(found: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    """Refuse a key that is nearly another one, such as ``entrypoints``; further keys are somebody else's, as in MLflow."""
    for key in map(str, found):
        if key not in known and _plain(key) in {_plain(each) for each in known}:
            raise NotFoundError("Key", key, known, where=f"those of {where}")


def _plain(key: str) -> str:
    return key.lower().replace("_", "").replace("-", "").replace(" ", "").rstrip("s")
