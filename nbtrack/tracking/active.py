"""Which store and which run are meant when nothing is said."""

from __future__ import annotations

import os
import sys
import threading
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack import config
from nbtrack.errors import warn
from nbtrack.store.opening import open_store

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from nbtrack.store.protocol import Store
    from nbtrack.tracking.run import ActiveRun

on_open: list[Callable[[ActiveRun], None]] = []
"""Told of each run that begins in this process, or goes on here."""

_stack: ContextVar[tuple[ActiveRun, ...]] = ContextVar("nbtrack_runs", default=())
_open_runs: list[ActiveRun] = []
_changing = threading.RLock()

_chosen_uri: str | None = None
_chosen_experiment: str | None = None
_last_run_id: str | None = None
_last_store: Store | None = None
_refused: set[str] = set()


# -- the store and the experiment ----------------------------------------------------------------------------------------


def set_tracking_uri(uri: str | os.PathLike[str] | None) -> None:
    """Choose the store for everything that follows: a path such as ``"runs.duckdb"``, or a folder; None goes back to the default."""
    global _chosen_uri  # noqa: PLW0603
    if config.is_rerun():
        return
    chosen = None if uri is None else open_store(uri).uri
    current = own_run()
    if chosen is not None and current is not None and current.store.uri != chosen:
        warn(
            f"Run {current.name!r} is open and stays in {current.store.uri}; runs that start from now on go to {chosen}."
        )
    _chosen_uri = chosen


def get_tracking_uri() -> str:
    """Return the path of the store in use."""
    return get_store().uri


def get_store() -> Store:
    """Return the store in use: the chosen one, else that of the environment, else ``./runs.duckdb``."""
    return open_store(_chosen_uri or config.tracking_uri())


def set_experiment_name(name: str | None) -> None:
    """Choose the experiment for new runs."""
    global _chosen_experiment  # noqa: PLW0603
    _chosen_experiment = name


def experiment_name() -> str:
    """Return the experiment that new runs go into."""
    return _chosen_experiment or config.experiment_name()


def chosen_experiment() -> str | None:
    """Return the experiment that was chosen here or in the environment, or None when nobody chose."""
    name = experiment_name()
    return None if name == config.DEFAULT_EXPERIMENT else name


def writable_store() -> Store:
    """Return the store in use, or one in the home folder with one loud line when its folder cannot be written."""
    store = get_store()
    if _can_be_written(store):
        return store
    other = open_store(Path.home() / ".nbtrack" / store.folder.with_suffix(".duckdb").name)
    if store.uri not in _refused:
        _refused.add(store.uri)
        message = (
            f"{store.uri} cannot be written; this run is recorded in {other.uri}. "
            f"To read it here: nbtrack.set_tracking_uri({other.uri!r})."
        )
        warn(message)
    return other


def _can_be_written(store: Store) -> bool:
    try:
        store.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(store.folder, os.W_OK)


# -- the run -------------------------------------------------------------------------------------------------------------


def push(run: ActiveRun) -> None:
    """Make `run` the active one, here and for threads that have none of their own."""
    global _last_run_id, _last_store
    with _changing:
        _stack.set((*(r for r in _stack.get() if r.is_open), run))
        _open_runs.append(run)
        _last_run_id, _last_store = run.id, run.store


def pop(run: ActiveRun) -> None:
    """Take an ended run away."""
    with _changing:
        _stack.set(tuple(r for r in _stack.get() if r is not run))
        if run in _open_runs:
            _open_runs.remove(run)


def own_run() -> ActiveRun | None:
    """Return the innermost run that was opened in this very context."""
    return next((run for run in reversed(_stack.get()) if run.is_open), None)


def current_run() -> ActiveRun | None:
    """Return the active run of this context: a cell, task or thread that opened one sees that one.

    One that opened none logs into the innermost run of the main thread, never into one that another thread or task opened for itself.
    """
    own = own_run()
    if own is not None:
        return own
    with _changing:
        shared = [run for run in _open_runs if run.is_open and run.is_shared_with_me()]
    parents = {run.parent_run_id for run in shared}
    innermost = [run for run in shared if run.id not in parents]
    return innermost[0] if len(innermost) == 1 else None


def open_runs() -> list[ActiveRun]:
    """Return every open run of this process, oldest first."""
    return [run for run in _open_runs if run.is_open]


def last_run_id() -> str | None:
    """Return the id of the run that was started last in this process."""
    return _last_run_id


def last_store() -> Store:
    """Return the store of the run that was started last in this process: the one at home when the chosen one is read-only."""
    return _last_store or get_store()


def current_task() -> asyncio.Task[Any] | None:
    """Return the asyncio task that is running here, if any; asyncio is only asked when it is there."""
    module = sys.modules.get("asyncio")
    try:
        return None if module is None else module.current_task()
    except RuntimeError:
        return None


def cell_number() -> int | None:
    """Return the execution count of the running notebook cell; None outside IPython. IPython is only asked when it is there."""
    module = sys.modules.get("IPython")
    shell = module.get_ipython() if module is not None and hasattr(module, "get_ipython") else None
    return getattr(shell, "execution_count", None)


def _forget_in_child() -> None:
    global _changing  # noqa: PLW0603
    _changing = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_in_child)
