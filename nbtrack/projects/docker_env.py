"""``docker_env`` of a project: the command in a container, as words of ``docker run``.

Built and tested as words; no container has been run by the tests, for want of a Docker daemon.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

CODE = "/mlflow/projects/code/"
"""Where MLflow's images have the project."""
_IMAGE = re.compile(
    r"[a-z0-9](?:[a-z0-9._/:-]*[a-z0-9])?(?::[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(?:@sha256:[0-9a-f]{64})?", re.ASCII
)
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_OPTION = re.compile(r"[a-z][a-z0-9-]*")


@dataclass(frozen=True, slots=True)
class DockerEnv:
    """What a project's container is made of.

    Attributes
    ----------
    image : str
    volumes : tuple of str
        ``/here:/there`` or ``/here:/there:ro``.
    environment : tuple
        ``(name, value)``; the value is None for a variable of this machine.
    """

    image: str
    volumes: tuple[str, ...] = ()
    environment: tuple[tuple[str, str | None], ...] = ()

    @classmethod
    def read(cls, said: Any, where: str) -> DockerEnv:
        """Take what stands under ``docker_env``; raises ``InvalidValueError`` for another form."""
        if not isinstance(said, dict) or not isinstance(said.get("image"), str) or not _IMAGE.fullmatch(said["image"]):
            image = said.get("image") if isinstance(said, dict) else said
            raise InvalidValueError(
                f"{where}: docker_env has the image {str(image)[:80]!r}; one looks like team/train:3."
            )
        volumes = said.get("volumes") or []
        if not isinstance(volumes, list) or not all(isinstance(each, str) and _is_volume(each) for each in volumes):
            raise InvalidValueError(
                f"{where}: docker_env has volumes {str(volumes)[:80]}; a list of texts like /data:/data is expected."
            )
        variables = said.get("environment") or []
        if not isinstance(variables, list):
            raise InvalidValueError(f"{where}: docker_env has environment {str(variables)[:80]}; a list is expected.")
        return cls(said["image"], tuple(volumes), tuple(_variable(each, where) for each in variables))


def check_here(docker: DockerEnv) -> None:
    """Raise ``InvalidValueError`` when a variable that a container is to have from this machine is not set here."""
    missing = [name for name, value in docker.environment if value is None and name not in os.environ]
    if missing:
        raise InvalidValueError(
            f"The project's container takes {', '.join(missing)} from this machine, where it is not set."
        )


def words(
    docker: DockerEnv,
    command: Sequence[str],
    folder: Path,
    variables: Mapping[str, str],
    *,
    mounts: Sequence[str] = (),
    options: Mapping[str, str | bool] | None = None,
) -> tuple[str, ...]:
    """Return the words of ``docker run`` for a command.

    Values of this machine are not among the words, which others can see: docker takes them from its own environment.

    Parameters
    ----------
    docker : DockerEnv
    command : sequence of str
        The words to run inside.
    folder : Path
        The project, which stands at ``/mlflow/projects/code/`` inside.
    variables : mapping of str to str
        What the command finds besides; whoever starts docker sets them for it.
    mounts : sequence of str
        Further ``/here:/there``.
    options : mapping, optional
        ``docker_args`` of the caller: ``{"gpus": "all", "tty": True}``.

    Raises
    ------
    InvalidValueError
        An option is none.
    """
    found = ["docker", "run", "--rm", "--init", "-v", f"{folder}:{CODE}", "-w", CODE]
    for name, value in (options or {}).items():
        if not _OPTION.fullmatch(name):
            raise InvalidValueError(
                f"docker_args has {name[:80]!r}; an option is expected without its dashes, such as gpus."
            )
        found.append(f"--{name}" if value is True else f"--{name}={value}")
    for each in (*mounts, *docker.volumes):
        found += ["-v", each]
    inside: dict[str, str | None] = {**dict.fromkeys(variables), **dict(docker.environment)}
    for name, said in inside.items():
        found += ["-e", name if said is None else f"{name}={said}"]
    return (*found, docker.image, *command)


def _is_volume(text: str) -> bool:
    return ":" in text and not text.startswith("-") and "\0" not in text and "\n" not in text


def _variable(said: Any, where: str) -> tuple[str, str | None]:
    pair = [said, None] if isinstance(said, str) else said
    if not isinstance(pair, list) or len(pair) != 2 or not _NAME.fullmatch(str(pair[0])):  # noqa: PLR2004
        raise InvalidValueError(
            f'{where}: docker_env has the variable {str(said)[:80]}; write NAME to copy it, or ["NAME", "value"].'
        )
    return str(pair[0]), None if pair[1] is None else str(pair[1])
