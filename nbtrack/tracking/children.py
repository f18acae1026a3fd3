"""Begins runs that are nested in another one without making them the active one: their function may run in another process."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TypeVar

from nbtrack.entities import RunInfo, RunStatus
from nbtrack.names import PARENT, RUN_NAME, check_name, new_run_id
from nbtrack.tracking.environment import Environment
from nbtrack.tracking.naming import run_name as words
from nbtrack.tracking.run import ActiveRun

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nbtrack.store.protocol import Store

Kind = TypeVar("Kind", bound=ActiveRun)


def begin_child(
    parent: ActiveRun,
    kind: Callable[[Store, RunInfo], Kind],
    *,
    name: str | None = None,
    params: Mapping[str, str],
    tags: Mapping[str, str],
) -> Kind:
    """Record the start of a child of `parent`, with params and tags, in one write.

    Parameters
    ----------
    parent : ActiveRun
        An open run of this process.
    kind : callable
        Makes the open run from a store and a :class:`~nbtrack.entities.RunInfo`.
    name : str, optional
        Two words and the run's number by default.
    params, tags : mapping of str to str

    Returns
    -------
    ActiveRun
        Not the active one; whoever began it ends it.
    """
    store, run_id = parent.store, new_run_id()
    number = store.next_run_number()
    start_us = time.time_ns() // 1000
    of = parent.info
    info = RunInfo(
        run_id=run_id,
        run_name=check_name(name, "Run name") if name else words(run_id, number),
        number=number,
        experiment_id=of.experiment_id,
        experiment_name=of.experiment_name,
        status=RunStatus.RUNNING,
        start_time=start_us // 1000,
        user_id=of.user_id,
        parent_run_id=parent.id,
    )
    all_tags = {RUN_NAME: info.run_name, **Environment.quick(), PARENT: parent.id, **tags}
    body: dict[str, Any] = {
        "experiment_id": int(of.experiment_id) if of.experiment_id else None,
        "experiment": of.experiment_name,
        "name": info.run_name,
        "number": number,
        "user": info.user_id,
        "parent": parent.id,
        "start_us": start_us,
    }
    run = kind(store, info)
    try:
        store.append(
            ("start", run_id, None, body), ("tags", run_id, all_tags, None), ("params", run_id, dict(params), None)
        )
    except Exception as error:  # noqa: BLE001 - a full disk must not keep the training from starting
        run.trouble(error)
    run.tags.update(all_tags)
    run.params.update(params)
    return run
