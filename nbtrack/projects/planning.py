"""From an order to a plan for a backend, and what a run keeps of where it comes from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack import config
from nbtrack.environments import making
from nbtrack.projects import docker_env, surroundings
from nbtrack.projects.plan import Plan
from nbtrack.store.remote.connection import TOKENS
from nbtrack.tracking.environment import Environment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nbtrack.projects.launching import Order
    from nbtrack.projects.parameters import Given
    from nbtrack.projects.source import Source
    from nbtrack.projects.surroundings import Surroundings
    from nbtrack.tracking.run import ActiveRun

KUBERNETES = "kubernetes"
PACKAGES, DIFF = "environment/packages.txt", "environment/git.diff"


def tags(order: Order, backend: str) -> dict[str, str]:
    """Return the tags of a run, under MLflow's names where it has them."""
    found, git = order.source, order.source.git
    said = {
        "mlflow.source.name": found.uri,
        "mlflow.source.type": "PROJECT",
        "mlflow.source.git.commit": git.commit,
        "mlflow.source.git.branch": git.branch,
        "mlflow.source.git.repoURL": git.remote,
        "mlflow.source.git.dirty": str(git.is_dirty).lower() if git.commit else "",
        "mlflow.project.entryPoint": order.entry.name,
        "mlflow.project.backend": backend,
        "mlflow.project.env": order.manager,
        "mlflow.docker.image.uri": order.project.docker.image if order.project.docker else "",
        "nbtrack.project.name": order.project.name,
        "nbtrack.project.version": found.version,
    }
    return {name: value for name, value in said.items() if value}


def record(run: ActiveRun, found: Source, python: Path | None, manager: str) -> None:
    """Keep in the run what its environment has, and what is changed in its repository."""
    if found.git.diff:
        run.log_text(found.git.diff, DIFF)
    if manager == surroundings.LOCAL:
        run.log_text(Environment.collect(found.folder).artifacts()[PACKAGES], PACKAGES)
    elif python is not None:
        lines = [f"{name}=={version}" for name, version in sorted(making.packages(python).items())]
        run.log_text("\n".join([f"python=={making.version_of(python)}", *lines]) + "\n", PACKAGES)


def plan(
    run: ActiveRun,
    order: Order,
    given: Given,
    backend: str,
    python: Path | None,
    settings: Mapping[str, Any],
    docker_args: Mapping[str, str | bool],
    *,
    echo: bool,
) -> Plan:
    """Return the plan; in a container on this machine its command is that of docker, and Kubernetes is given the one inside."""
    around = surroundings.around(run, python, order.manager)
    folder, docker = order.source.folder, order.project.docker
    argv: Sequence[str] = order.entry.words(given, "python" if python is None else str(python))
    if docker is not None and backend != KUBERNETES:
        argv = docker_env.words(
            docker, argv, folder, dict.fromkeys(_names(around), ""), mounts=_mounts(run.store.uri), options=docker_args
        )
    return Plan(
        run_id=run.id,
        store_uri=run.store.uri,
        folder=folder,
        entry=order.entry.name,
        environment=order.wanted,
        argv=tuple(argv),
        notebook=folder / order.entry.file if order.entry.is_notebook else None,
        parameters=given.all,
        typed=given.typed,
        python=python,
        image=docker.image if docker is not None else "",
        variables=around.variables,
        copies=around.copies,
        unset=around.unset,
        tags=dict(run.tags),
        config=settings,
        echo=echo,
    )


def _names(around: Surroundings) -> list[str]:
    """Return the variables that a container is given, by name; what they are stands in no list of processes."""
    return sorted({*around.variables, *around.copies, "NBTRACK_TRACKING_URI", *TOKENS})


def _mounts(uri: str) -> list[str]:
    """Return the folder of a store in a file, which a container sees at the same path."""
    folder = None if config.is_remote(uri) else Path(uri).parent
    return [] if folder is None else [f"{folder}:{folder}"]
