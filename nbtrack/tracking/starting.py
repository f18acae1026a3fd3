"""Begins runs: new ones, nested ones, resumed ones, and a child process's way into its parent's run."""

from __future__ import annotations

import atexit
import sys
import time
from typing import TYPE_CHECKING, Any

from nbtrack import config
from nbtrack.entities import LifecycleStage, RunInfo, RunStatus
from nbtrack.errors import InvalidValueError, RunAlreadyActiveError, warn
from nbtrack.journal.writer import user_name
from nbtrack.names import NOTE, PARENT, RUN_NAME, check_name, is_run_id, new_run_id
from nbtrack.tracking import active
from nbtrack.tracking.environment import Environment, own_script
from nbtrack.tracking.naming import run_name as words
from nbtrack.tracking.run import ActiveRun
from nbtrack.tracking.sampler import Sampler
from nbtrack.tracking.surroundings import add_environment, add_script

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbtrack.store.protocol import Store

_known: set[tuple[str, str]] = set()
_joined: set[str] = set()


def start_run(
    run_name: str | None = None,
    *,
    experiment: str | None = None,
    params: Mapping[str, Any] | None = None,
    tags: Mapping[str, Any] | None = None,
    description: str | None = None,
    nested: bool = False,
    parent_run_id: str | None = None,
    run_id: str | None = None,
    experiment_id: str | None = None,
    log_system_metrics: bool | None = None,
) -> ActiveRun:
    """Open a run and make it the active one; use it in a ``with`` block, or end it with ``end_run``.

    Parameters
    ----------
    run_name : str, optional
        A name; two words and the run's number by default. 32 hexadecimal digits name a run to resume, as in MLflow.
    experiment : str, optional
        Name of the experiment, made on first use; the chosen one by default.
    params, tags : mapping, optional
        Logged at once.
    description : str, optional
        Markdown.
    nested : bool
        Make it a child of the active run.
    parent_run_id : str, optional
        Make it a child of that run.
    run_id : str, optional
        Resume this run (id, number or name): what is logged is added.
    experiment_id : str, optional
        The experiment by id instead of by name.
    log_system_metrics : bool, optional
        Sample CPU, memory, disk, network and GPU; NBTRACK_SYSTEM_METRICS by default.

    Returns
    -------
    ActiveRun

    Raises
    ------
    RunAlreadyActiveError
        A run is open already, and `nested` was not said.
    NotFoundError
        There is no run `run_id` to resume.
    InvalidValueError
        A name is not allowed.
    """
    if run_id is None and is_run_id(run_name):
        run_id, run_name = run_name, None
    store = active.writable_store()
    if run_id is not None:
        run_id = store.resolve_run(run_id)
    if parent_run_id is not None:
        parent_run_id = store.resolve_run(parent_run_id)
        check_known(store, parent_run_id)
    parent = None if parent_run_id else _parent(nested=nested, resumes=run_id)
    inherited = None if run_id or not _is_free() else config.inherited_run_id()
    if inherited and not nested and parent_run_id is None and inherited not in _joined:
        run = _join_parent(store, inherited, run_name)
    elif run_id is not None:
        run = _resume(store, run_id, run_name)
    else:
        name = None if run_name is None else check_name(run_name, "Run name")
        if inherited and experiment is None and experiment_id is None:
            experiment_id = store.get_run(inherited).info.experiment_id
        group = _experiment(store, experiment, experiment_id, parent)
        parent_id = parent_run_id or (parent.id if parent else inherited)
        run = _begin(store, name, group, parent_id, tags or {}, description)
    try:
        active.push(run)
        if not run.is_joined and run_id is None:
            _add_surroundings(run)
        if params:
            run.record_params(params)
        if run.is_joined or run_id is not None:
            run.set_tags({**(tags or {}), **({NOTE: description} if description else {})})
        if log_system_metrics or (log_system_metrics is None and config.samples_system_metrics()):
            _sample(run, resumes=run_id is not None)
        run.tell(active.on_open)
    except BaseException:
        run.end(RunStatus.KILLED)  # an interrupt between two lines must not leave a run open that nobody holds
        raise
    return run


def _add_surroundings(run: ActiveRun) -> None:
    (add_script if run.parent_run_id is None and own_script() else add_environment)(run)


def join(store: Store, run_id: str) -> ActiveRun:
    """Return a handle on a run that another process leads; ending it here does not end it there."""
    return ActiveRun(store, _stub_info(run_id), is_joined=True, is_resumed=True)


def check_known(store: Store, run_id: str) -> None:
    """Raise ``NotFoundError`` for a run that is not in the store; asked once a run, and never for one that is open here."""
    is_open = any(run.id == run_id and run.store is store for run in active.open_runs())
    if not is_open and (store.uri, run_id) not in _known:
        store.get_run(run_id)
        _known.add((store.uri, run_id))


def _is_free() -> bool:
    """Say whether nobody opened a run here: one that a verb such as ``log_metric`` joined by itself is nobody's."""
    return all(run.is_joined and run.is_implicit for run in active.open_runs())


def _join_parent(store: Store, run_id: str, name: str | None) -> ActiveRun:
    """Join the run of the process that started this one; what starts after it here is a child: else one would be written over the other."""
    run = join(store, run_id)
    _joined.add(run_id)
    if name is not None:
        warn(
            f"This process logs into the run that its parent leads, so the name {name!r} is not used; "
            "start_run(nested=True) makes a child run."
        )
    return run


def _parent(*, nested: bool, resumes: str | None) -> ActiveRun | None:
    """Return the run that the new one is nested in, or raise when one is open and nobody said how they belong together."""
    own, current = active.own_run(), active.current_run()
    if current is None or current.id == resumes:
        return None
    if nested or current.is_implicit:
        return current
    if current.is_of_earlier_cell():
        # Left open by an earlier cell, most often by an interrupt: the new run takes its place.
        warn(f"Run {current.name!r} was left open by an earlier cell; it is ended now.")
        current.end(RunStatus.KILLED)
        return _parent(nested=nested, resumes=resumes)
    if own is None:
        return None  # it belongs to another thread or task
    raise RunAlreadyActiveError(own.id, own.name)


def _experiment(
    store: Store, name: str | None, experiment_id: str | None, parent: ActiveRun | None
) -> tuple[int | None, str]:
    """Return id and name of the experiment: the one said, else the parent's unless another was chosen since, else the one in use.

    There is no id yet when a server gives it later.
    """
    if experiment_id is not None:
        found = store.get_experiment(str(experiment_id))
        if found.lifecycle_stage == LifecycleStage.DELETED:
            message = (
                f"Experiment {found.name!r} is in the trash; bring it back with restore_experiment({experiment_id!r})."
            )
            raise InvalidValueError(message)
        return int(found.experiment_id), found.name
    is_as_before = parent is not None and parent.experiment_in_use == active.experiment_name()
    if name is None and parent is not None and is_as_before and parent.info.experiment_name:
        return (int(parent.info.experiment_id) if parent.info.experiment_id else None), parent.info.experiment_name
    chosen = name or active.experiment_name()
    return store.experiment_id(chosen), chosen


def _begin(
    store: Store,
    name: str | None,
    experiment: tuple[int | None, str],
    parent: str | None,
    tags: Mapping[str, Any],
    description: str | None,
) -> ActiveRun:
    run_id = new_run_id()
    number = store.next_run_number()
    experiment_id, experiment_name = experiment
    start_us = time.time_ns() // 1000
    info = RunInfo(
        run_id=run_id,
        run_name=name or words(run_id, number),
        number=number,
        experiment_id="" if experiment_id is None else str(experiment_id),
        experiment_name=experiment_name,
        status=RunStatus.RUNNING,
        start_time=start_us // 1000,
        user_id=user_name(),
        parent_run_id=parent,
    )
    run = ActiveRun(store, info)
    all_tags = {RUN_NAME: info.run_name, **Environment.quick(), **{str(k): str(v) for k, v in tags.items()}}
    if parent:
        all_tags[PARENT] = parent
    if description:
        all_tags[NOTE] = description
    body = {
        "experiment_id": experiment_id,
        "experiment": experiment_name,
        "name": info.run_name,
        "number": number,
        "user": info.user_id,
        "parent": parent,
        "start_us": start_us,
    }
    try:
        store.append(("start", run_id, None, body), ("tags", run_id, all_tags, None))
    except Exception as error:  # noqa: BLE001 - a full disk must not keep the training from starting
        run.trouble(error)
    except BaseException:
        run.end(RunStatus.KILLED)
        raise
    run.tags.update(all_tags)
    return run


def _resume(store: Store, run_id: str, name: str | None) -> ActiveRun:
    found = store.get_run(run_id)
    if found.info.lifecycle_stage == LifecycleStage.DELETED:
        message = f"Run {found.info.run_name!r} is in the trash; bring it back with restore_run({run_id!r})."
        raise InvalidValueError(message)
    run = ActiveRun(store, found.info, is_resumed=True)
    run.params.update(found.data.params)
    run.tags.update(found.data.tags)
    run.metrics.update(found.data.metrics)
    store.append(("resume", run_id, None, None))
    steps = [each.step for key, each in found.data.summaries.items() if not key.startswith("system/")]
    run.last_step = max(steps, default=None)
    run.event("restart", "resumed")
    if name:
        run.rename(name)
    return run


def _stub_info(run_id: str) -> RunInfo:
    if not is_run_id(run_id):
        message = f"NBTRACK_RUN_ID is {run_id!r}; use the 32 hexadecimal digits of a run, as in `run.env`."
        raise InvalidValueError(message)
    return RunInfo(run_id, f"run {run_id[:8]}", None, "0", "", RunStatus.RUNNING, time.time_ns() // 1_000_000)


def _sample(run: ActiveRun, *, resumes: bool) -> None:
    last = (
        max((s.step for key, s in run.data.summaries.items() if key.startswith("system/")), default=-1)
        if resumes
        else -1
    )
    interval_s = config.system_metrics_interval()
    sampler = Sampler(run.record, interval_s, first_step=last + 1)
    sampler.start()
    run.on_end.append(lambda _: sampler.stop())


def _end_all() -> None:
    """At the end of the process: what is still open ends as the process does."""
    failed = getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)
    interactive = active.cell_number() is not None
    for run in reversed(active.open_runs()):
        run.end_with(None if interactive else failed)


# Registered after the stores' own hook, so it runs before it: runs end, then journals close.
atexit.register(_end_all)
