"""What is handed to a backend: everything that is needed to run one entry point, all of it data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from nbtrack.entities import RunStatus
    from nbtrack.environments.wanted import Wanted


@dataclass(frozen=True, slots=True)
class Plan:
    """One entry point, ready to run. No part of it is ever read by a shell, but for a template of the project's own in `argv`.

    Attributes
    ----------
    run_id, store_uri : str
        The run that is open for it, and its store. Who runs the plan logs into it and does not end it: the launcher does.
    folder : Path
        Where it runs; with the project's files, absolute.
    entry : str
        The entry point, ``main`` when nothing was said; a file of the project when that was named.
    argv : tuple of str
        The words of the command, each one word however it looks; empty for a notebook.
    notebook : Path, optional
        An ``.ipynb`` in `folder`, instead of `argv`.
    parameters : mapping of str to str
        As they go in (defaults filled, path parameters downloaded); a notebook's are put into its cells.
    typed : mapping of str to object
        The same as Python values where the caller gave such (``0.1``, ``[1, 2]``) or the project says ``float``.
    python : Path, optional
        The Python of the environment, made already; None where there is none here (an image).
    environment : Wanted
        What that environment has: for a backend that makes its own elsewhere.
    image : str
        The Docker image of a ``docker_env``; "" without.
    variables : mapping of str to str
        Environment variables to set beside those of this process: NBTRACK_RUN_ID, NBTRACK_TRACKING_URI, MLFLOW_RUN_ID, MLFLOW_TRACKING_URI,
        MLFLOW_EXPERIMENT_ID, and PATH and VIRTUAL_ENV so that ``python`` is the environment's.
    copies : mapping of str to str
        Variables to set to what another variable of this process has, such as a token: its value is in no plan and no job file.
    unset : frozenset of str
        Variables of this process that the child must not see.
    tags : mapping of str to str
        Those of the run, such as ``mlflow.project.entryPoint``.
    config : mapping
        ``backend_config``, as the caller gave it.
    echo : bool
        Show what it prints here while it runs.
    """

    run_id: str
    store_uri: str
    folder: Path
    entry: str
    environment: Wanted
    argv: tuple[str, ...] = ()
    notebook: Path | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    typed: Mapping[str, Any] = field(default_factory=dict)
    python: Path | None = None
    image: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    copies: Mapping[str, str] = field(default_factory=dict)
    unset: frozenset[str] = frozenset()
    tags: Mapping[str, str] = field(default_factory=dict)
    config: Mapping[str, Any] = field(default_factory=dict)
    echo: bool = True


class Submitted(Protocol):
    """A plan that runs, or has run."""

    @property
    def job_id(self) -> str:
        """Return what its system calls it: a process id, a job's number or name."""
        ...

    @property
    def status(self) -> RunStatus:
        """Return RUNNING (also while it waits for a place), FINISHED, FAILED or KILLED; asked again each time, quickly."""
        ...

    def wait(self, timeout_s: float | None = None) -> RunStatus:
        """Wait until it has ended, or for so many seconds; returns the status. An interrupt goes through to the caller."""
        ...

    def cancel(self) -> None:
        """End it with all that it started, and wait for that; nothing happens when it has ended. It is KILLED then."""
        ...

    @property
    def exit_code(self) -> int | None:
        """Return the exit code; None while it runs, and where the system does not tell one."""
        ...

    def output(self) -> str:
        """Return the end of what it printed, at most 256 KiB; "" where that cannot be had."""
        ...


class Backend(Protocol):
    """A place to run plans."""

    @property
    def name(self) -> str:
        """Return what it is called in ``--backend`` and in the tag ``mlflow.project.backend``."""
        ...

    def check(self, config: Mapping[str, Any]) -> None:
        """Raise ``InvalidValueError`` for a configuration that it cannot use, before anything is made or recorded."""
        ...

    def submit(self, plan: Plan) -> Submitted:
        """Begin to run a plan and return at once; raises ``NbtrackError`` when that cannot be."""
        ...
