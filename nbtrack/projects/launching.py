"""``nbtrack.projects.run``: from a URI to a run that goes on."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack import config
from nbtrack.errors import InvalidValueError, NbtrackError
from nbtrack.projects import entry, paths, planning, source, spec, surroundings
from nbtrack.projects.backends.known import backend as backend_named
from nbtrack.projects.docker_env import check_here
from nbtrack.projects.interrupts import interrupts_wait
from nbtrack.projects.notebooks import NEEDS, check_parameters
from nbtrack.projects.parameters import fill
from nbtrack.projects.running import ProjectRun
from nbtrack.tracking import active
from nbtrack.tracking.redaction import redact_params
from nbtrack.tracking.starting import start_run

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nbtrack.environments.wanted import Wanted
    from nbtrack.projects.entry import Entry
    from nbtrack.projects.parameters import Given
    from nbtrack.projects.plan import Backend
    from nbtrack.projects.source import Source
    from nbtrack.projects.spec import Project
    from nbtrack.tracking.run import ActiveRun

_SHOWN_OF_UV = ("Using", "Creating", "Resolved", "Prepared", "Installed", "another process")


def run(  # noqa: PLR0913 - MLflow's
    uri: str | os.PathLike[str],
    entry_point: str = entry.MAIN,
    version: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    docker_args: Mapping[str, str | bool] | None = None,
    *,
    experiment: str | None = None,
    experiment_name: str | None = None,
    experiment_id: str | None = None,
    backend: str = "local",
    backend_config: Mapping[str, Any] | str | os.PathLike[str] | None = None,
    storage_dir: str | os.PathLike[str] | None = None,
    synchronous: bool = True,
    run_name: str | None = None,
    env_manager: str | None = None,
    allow_urls: bool = False,
    echo: bool = True,
    told: Callable[[str], object] | None = None,
) -> ProjectRun:
    """Run an entry point of a project, a script or a notebook, as a run of its own.

    Inside an open run it becomes a child of that. What it logs, with nbtrack or MLflow, goes into its run; its exit code says how the run
    ends.

    Parameters
    ----------
    uri : str or path
        A folder, a git URI (https, ssh, ``file://``) or a zip file (here, or http), each perhaps with ``#subdir``; or a script or notebook.
    entry_point : str
        Of the ``MLproject`` file, or a file ``.py``, ``.sh``, ``.R`` or ``.ipynb`` of the project.
    version : str, optional
        Branch, tag or commit, for a git repository.
    parameters : dict, optional
        Each arrives as one word, whatever is in it; those that the entry point does not declare become ``--name value``.
    docker_args : dict, optional
        Options of ``docker run`` for a project with ``docker_env``, such as ``{"gpus": "all"}``.
    experiment, experiment_name, experiment_id : str, optional
        Where the run goes; that of the open run, or the one in use.
    backend : str
        ``local``, ``dask``, ``slurm`` or ``kubernetes``.
    backend_config : dict or path of a JSON file, optional
    storage_dir : path, optional
        Where parameters of the type ``path`` are downloaded to; a temporary folder otherwise.
    synchronous : bool
        Wait for the end. Otherwise a thread does, and Python does not leave before.
    run_name : str, optional
    env_manager : str, optional
        ``uv`` makes the environment that the project wants, ``local`` uses this Python. By default uv when the project wants packages.
    allow_urls : bool
        Its requirements may be fetched from addresses, and come from other indexes.
    echo : bool
        Show what it prints.
    told : callable, optional
        Gets what is done until it runs, line by line; "" when it begins to run.

    Returns
    -------
    ProjectRun
        With ``run_id``, ``wait()``, ``cancel()``, ``get_status()``.

    Raises
    ------
    InvalidValueError, NotFoundError
        The project, its version, entry point, parameters or environment are not what they should be; nothing was run.
    ProjectFailedError
        It was waited for, and ended FAILED or KILLED.
    NbtrackError
        It cannot be brought here, or its environment cannot be made.
    """
    place, settings = backend_named(backend), config_of(backend_config)
    place.check(settings)
    tell = told or _tell
    with source.fetched(uri, version) as (found, clear_source):
        order = _order(found, entry_point, parameters or {}, env_manager)
        opened = _open(order, place, (experiment or experiment_name, experiment_id), run_name)
        downloads = _Downloads(storage_dir)
        going: ProjectRun | None = None
        try:
            given = paths.bring(order.given, order.entry.parameters, opened.store, found.folder, downloads.new)
            extra = NEEDS if order.entry.is_notebook else ()
            python = surroundings.make(
                order.wanted, order.manager, opened.store.uri, extra=extra, allow_urls=allow_urls, told=tell
            )
            planning.record(opened, found, python, order.manager)
            plan = planning.plan(opened, order, given, place.name, python, settings, docker_args or {}, echo=echo)
            _bring_up_to_date(opened)
            tell("")
            with interrupts_wait():  # until it is known what an interrupt must end
                going = ProjectRun(opened, place.submit(plan), (clear_source, downloads.clear), is_shown=echo)
            (going.wait if synchronous else going.end_by_itself)()
        except BaseException as error:
            if going is not None:
                going.give_up()
            opened.end_with(error)
            downloads.clear()
            raise
    if synchronous:
        going.check()
    return going


class _Downloads:
    """Folders for what parameters of the type ``path`` name: in a folder of the caller's, or temporary."""

    def __init__(self, storage_dir: str | os.PathLike[str] | None) -> None:
        self._root = storage_dir
        self._temporary: list[Path] = []

    def new(self) -> Path:
        """Make one."""
        if self._root is not None:
            Path(self._root).mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix="nbtrack-parameter-", dir=self._root))
        if self._root is None:
            self._temporary.append(folder)
        return folder

    def clear(self) -> None:
        """Take the temporary ones away."""
        for each in self._temporary:
            shutil.rmtree(each, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be run, looked through before anything is recorded."""

    source: Source
    project: Project
    entry: Entry
    given: Given
    manager: str
    wanted: Wanted


def _order(found: Source, entry_point: str, parameters: Mapping[str, Any], env_manager: str | None) -> Order:
    project = spec.Project(found.folder) if found.entry else spec.load(found.folder)
    if found.entry and entry_point != entry.MAIN:
        raise InvalidValueError(f"{found.uri} is a file, which has no entry point {entry_point!r}; name its folder.")
    chosen = entry.find(project, found.entry or entry_point)
    where = f"Entry point {chosen.name!r}" + (f" of {project.name!r}" if project.name else "")
    given = fill(chosen.parameters, parameters, where)
    if chosen.is_notebook:
        check_parameters(found.folder / chosen.file, {**given.all, **given.typed})
    manager = surroundings.manager_of(project, env_manager)
    if project.docker is not None:
        check_here(project.docker)
    wanted = surroundings.wanted_by(project)
    chosen.words(given, "python")  # says what cannot be a word
    return Order(found, project, chosen, given, manager, wanted)


def _open(order: Order, place: Backend, experiment: tuple[str | None, str | None], run_name: str | None) -> ActiveRun:
    """Begin the run, beside those that are open here: what the caller logs goes on into the caller's run."""
    current = active.current_run()
    store = active.writable_store()
    parent_id = config.inherited_run_id() if current is None else current.id if current.store is store else None
    name, experiment_id = experiment
    if name is None and experiment_id is None and parent_id is not None:
        experiment_id = store.get_run(parent_id).info.experiment_id or None

    def begin() -> ActiveRun:
        begun = start_run(
            run_name,
            experiment=name,
            experiment_id=experiment_id,
            nested=True,
            parent_run_id=parent_id,
            params=redact_params(order.given.all),
            tags=planning.tags(order, place.name),
        )
        active.pop(begun)
        return begun

    with ThreadPoolExecutor(1, thread_name_prefix="nbtrack-project") as apart:  # a thread has no open run of its own
        return apart.submit(begin).result()


def _bring_up_to_date(run: ActiveRun) -> None:
    """Let a server know of the run before the process asks for it there; one that does not answer gets it later."""
    sync = getattr(run.store, "sync", None)
    if sync is not None:
        with suppress(NbtrackError):
            sync()


def config_of(given: Mapping[str, Any] | str | os.PathLike[str] | None) -> dict[str, Any]:
    """Return the configuration of a backend: a mapping, or what a JSON file has; raises ``InvalidValueError`` for another form."""
    if given is None:
        return {}
    if not isinstance(given, (str, os.PathLike)):
        return dict(given)
    try:
        found = json.loads(Path(given).read_text(encoding="utf-8"))
    except (OSError, ValueError) as cause:
        raise InvalidValueError(
            f"backend_config {os.fspath(given)!r} cannot be read as a JSON file: {cause}"
        ) from cause
    if not isinstance(found, dict):
        raise InvalidValueError(
            f"backend_config {os.fspath(given)!r} has a {type(found).__name__}; a JSON object is expected."
        )
    return found


def _tell(line: str) -> None:
    if line.startswith(_SHOWN_OF_UV):
        print(line, file=sys.stderr)  # noqa: T201 - progress
