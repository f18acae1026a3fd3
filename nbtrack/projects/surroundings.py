"""What a project's process finds around it: its environment, and the variables by which it logs into its run."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from nbtrack import config
from nbtrack.environments import making, reading
from nbtrack.environments.wanted import Wanted
from nbtrack.errors import InvalidValueError, warn
from nbtrack.models.requirement_lines import name_of
from nbtrack.projects.spec import CONDA_ENV, PYTHON_ENV
from nbtrack.serving.wheel import is_from_index, make_wheel
from nbtrack.store.opening import open_store
from nbtrack.store.remote.connection import TOKENS
from nbtrack.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from nbtrack.projects.spec import Project
    from nbtrack.tracking.run import ActiveRun

UV, LOCAL, DOCKER = "uv", "local", "docker"
MANAGERS = (UV, LOCAL)
_LIKE_UV = ("virtualenv", "conda")
"""MLflow's other managers: what they would make, uv makes."""
OURS = "nbtrack[server]"
"""What MLflow needs to log into a file: its plugin, with the server that the plugin begins in the process."""
UNSET = frozenset({"JPY_SESSION_NAME", "JPY_PARENT_PID", "PYTHONHOME", "MLFLOW_EXPERIMENT_NAME", "__PYVENV_LAUNCHER__"})
_OF_OTHER_ENVIRONMENTS = frozenset({"PYTHONPATH", "CONDA_PREFIX", "CONDA_DEFAULT_ENV"})
NO_BYTECODE, BYTECODE = "PYTHONDONTWRITEBYTECODE", "bytecode"
"""Where no bytecode may be written, as in most containers, an environment keeps its own in this folder: without any, each process would
compile all that it imports anew, which takes MLflow or scikit-learn longer than their import. The project's folder stays as it is."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a process finds.

    Attributes
    ----------
    python : Path, optional
        None in a container.
    variables, copies, unset
        As a plan has them.
    """

    python: Path | None
    variables: dict[str, str]
    copies: dict[str, str] = field(default_factory=dict)
    unset: frozenset[str] = UNSET


def manager_of(project: Project, said: str | None) -> str:
    """Return who makes the environment: ``docker`` when the project says so, else who was asked for, else uv when it wants packages.

    Raises
    ------
    InvalidValueError
        Nobody of that name does.
    """
    if said is not None and said not in (*MANAGERS, *_LIKE_UV):
        raise InvalidValueError(f"env_manager is {said!r}; use one of {', '.join(MANAGERS)}.")
    if project.docker is not None:
        return DOCKER
    if said is None:
        return UV if project.env_kind else LOCAL
    return LOCAL if said == LOCAL else UV


def wanted_by(project: Project) -> Wanted:
    """Return what a project's environment must have; raises ``InvalidValueError`` or ``NotFoundError`` for a file of another form."""
    if project.env_kind == PYTHON_ENV:
        return reading.python_env(project.folder, project.env_file)
    if project.env_kind == CONDA_ENV:
        return reading.conda_env(project.folder, project.env_file)
    return Wanted()


def make(
    wanted: Wanted,
    manager: str,
    uri: str,
    *,
    extra: Sequence[str] = (),
    allow_urls: bool,
    told: Callable[[str], object] | None,
) -> Path | None:
    """Return the Python for a project, in an environment that uv makes when it is the manager; see ``nbtrack.environments``."""
    if manager == DOCKER:
        return None
    if manager == LOCAL:
        return Path(sys.executable)
    if wanted.unmet:
        warn(
            f"{wanted.name} wants {', '.join(wanted.unmet)[:300]}, which is conda's and is not installed: uv makes the environment, from a "
            "Python index. Write pip's name of it under pip:, or use --env-manager local in an environment that has it."
        )
    with _ours(wanted, uri) as (plain, ours, files):
        return making.make(plain, extra=[*extra, *ours], files=files, allow_urls=allow_urls, told=told)


@contextmanager
def _ours(wanted: Wanted, uri: str) -> Iterator[tuple[Wanted, list[str], dict[str, Path]]]:
    """Give what is installed of nbtrack itself: where the project uses it, or MLflow on a file, which needs the plugin.

    Where no registry has the nbtrack that runs here, that is a wheel of it, in place of what the project names.
    """
    names = {name_of(line) for line in wanted.requirements}
    needs_plugin = bool(names & {"mlflow", "mlflow-skinny"}) and not config.is_remote(uri)
    if "nbtrack" not in names and not needs_plugin:
        yield wanted, [], {}
    elif is_from_index():
        yield wanted, [f"{OURS}=={__version__}"] if needs_plugin else [], {}
    else:
        lines = tuple(line for line in wanted.requirements if name_of(line) != "nbtrack")
        folder = Path(tempfile.mkdtemp(prefix="nbtrack-wheel-"))
        try:
            plain = Wanted(wanted.python, lines, wanted.constraints, wanted.name, wanted.unmet)
            yield plain, [], {OURS: make_wheel(folder)}
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def around(run: ActiveRun, python: Path | None, manager: str) -> Surroundings:
    """Return what a process of a run finds.

    MLflow's variables name the same run: on a server by its address, in a file by the plugin ``nbtrack://``. A database has no address that
    MLflow knows; its calls go where the project's own settings say.
    """
    variables = {"PYTHONUNBUFFERED": "1", **run.env, "MLFLOW_RUN_ID": run.id}
    unset = UNSET
    uri = run.store.uri
    if names_the_same(uri):
        del variables["NBTRACK_TRACKING_URI"]  # it may carry a login, which the process inherits and no plan has
    if run.info.experiment_id:
        variables["MLFLOW_EXPERIMENT_ID"] = run.info.experiment_id
    if config.is_server(uri):
        variables["MLFLOW_TRACKING_URI"] = uri
    elif config.is_database(uri):
        del variables["MLFLOW_RUN_ID"]
        variables.pop("MLFLOW_EXPERIMENT_ID", None)
    else:
        variables["MLFLOW_TRACKING_URI"] = f"nbtrack://{quote(Path(uri).as_posix())}"
    if python is not None:
        variables["PATH"] = f"{python.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    if manager == UV and python is not None:
        variables["VIRTUAL_ENV"] = str(python.parent.parent)
        unset |= _OF_OTHER_ENVIRONMENTS
        if NO_BYTECODE in os.environ:
            unset |= {NO_BYTECODE}
            variables["PYTHONPYCACHEPREFIX"] = str(python.parent.parent / BYTECODE)
    ours, mlflows = TOKENS
    copies = {mlflows: ours} if config.is_server(uri) and mlflows not in os.environ else {}
    return Surroundings(python, variables, copies, unset)


def names_the_same(uri: str) -> bool:
    """Say whether NBTRACK_TRACKING_URI of this process names the server or database `uri`, perhaps with a login."""
    said = os.environ.get("NBTRACK_TRACKING_URI", "")
    return bool(said) and config.is_remote(said) and open_store(said).uri == uri
