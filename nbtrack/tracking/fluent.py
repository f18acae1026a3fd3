"""The verbs of ``import nbtrack`` that work on the active run, and on runs by id."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from nbtrack import config
from nbtrack.entities import LifecycleStage, RunStatus
from nbtrack.errors import InvalidValueError
from nbtrack.names import check_step, check_time
from nbtrack.tracking import active
from nbtrack.tracking.starting import check_known, join, start_run

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

    from nbtrack.entities import Run
    from nbtrack.tracking.run import ActiveRun

# -- runs ----------------------------------------------------------------------------------------------------------------


def active_run() -> ActiveRun | None:
    """Return the run that is open here, or None."""
    return active.current_run()


def last_active_run() -> Run | None:
    """Return the run that is open, else the one that was started last in this process, as it is stored."""
    current = active.current_run()
    run_id = current.id if current else active.last_run_id()
    store = current.store if current else active.last_store()
    return None if run_id is None else store.get_run(run_id)


def end_run(status: str = RunStatus.FINISHED) -> None:
    """End the active run; nothing happens when none is open."""
    current = active.current_run()
    if current is not None:
        current.end(status)


def get_run(run_id: str) -> Run:
    """Return a run by id, number (``43``, ``"#43"``) or name. Raises ``NotFoundError``."""
    store = active.get_store()
    return store.get_run(store.resolve_run(run_id))


def get_parent_run(run_id: str) -> Run | None:
    """Return the run that a run is nested in, or None."""
    parent = get_run(run_id).info.parent_run_id
    return get_run(parent) if parent else None


def delete_run(run_id: str) -> None:
    """Put a run in the trash; ``restore_run`` brings it back, ``purge`` deletes it for good."""
    _set_stage(run_id, LifecycleStage.DELETED)


def restore_run(run_id: str) -> None:
    """Take a run out of the trash."""
    _set_stage(run_id, LifecycleStage.ACTIVE)


def purge(*, older_than_days: float = 0.0, progress: Callable[[str], None] | None = None) -> dict[str, int]:
    """Delete for good the runs and experiments in the trash, and give the disk space back.

    Parameters
    ----------
    older_than_days : float
        Only what has been in the trash for so long.

    Returns
    -------
    dict
        ``runs``, ``experiments``, ``kept_runs`` (in the trash, but registered versions need them), ``artifact_bytes``, ``file_bytes``.
    """
    if not older_than_days >= 0:
        raise InvalidValueError(f"older_than_days is {older_than_days!r}; use a number from 0, such as 30.")
    return active.get_store().purge(older_than_s=older_than_days * 86400, progress=progress)


def _set_stage(run_id: str, stage: LifecycleStage) -> None:
    run = get_run(run_id)
    if run.info.lifecycle_stage != stage:
        active.get_store().append(("state", run.info.run_id, None, {"lifecycle_stage": str(stage)}))


# -- logging -------------------------------------------------------------------------------------------------------------


def _run() -> ActiveRun:
    """Return the active run; opened when there is none, as in MLflow; a child process joins its parent's."""
    current = active.current_run()
    if current is not None:
        return current
    inherited = config.inherited_run_id()
    if inherited:
        run = join(active.get_store(), inherited)
        run.is_implicit = True
        active.push(run)
        return run
    return start_run()


def log_metric(
    key: str,
    value: float,
    step: int | None = None,
    timestamp: int | None = None,
    *,
    run_id: str | None = None,
    model_id: str | None = None,
    dataset: Any = None,
    synchronous: bool | None = None,  # noqa: ARG001 - MLflow's; here every call is safe when it returns, and takes microseconds
) -> None:
    """Log one point of a metric of the active run, or of the run `run_id`; see :meth:`ActiveRun.log_metric`.

    With `model_id` it is kept as a metric of that logged model, too, with the name and digest of `dataset`.
    """
    run = _target(run_id)
    run.log_metric(key, value, step, timestamp)
    _measure(run, {key: value}, step, timestamp, model_id, dataset)


def log_metrics(
    metrics: Mapping[str, float],
    step: int | None = None,
    timestamp: int | None = None,
    *,
    run_id: str | None = None,
    model_id: str | None = None,
    dataset: Any = None,
    synchronous: bool | None = None,  # noqa: ARG001 - as above
) -> None:
    """Log one point of each of several metrics at the same step; `model_id` and `dataset` as for :func:`log_metric`."""
    run = _target(run_id)
    run.log_metrics(metrics, step, timestamp)
    _measure(run, metrics, step, timestamp, model_id, dataset)


def _measure(
    run: ActiveRun,
    metrics: Mapping[str, float],
    step: int | None,
    timestamp: int | None,
    model_id: str | None,
    dataset: Any,
) -> None:
    """Keep metrics with the model that they were found for, too; like all that is logged, it never stops a training."""
    if model_id is None:
        return
    from nbtrack.tracking import logged_models  # noqa: PLC0415 - only for those who measure models

    try:
        at_ms = time.time_ns() // 1_000_000 if timestamp is None else check_time(timestamp)
        whole = check_step(run.last_step if step is None else step)
        run.store.append(logged_models.measured(run.id, model_id, metrics, whole, at_ms, dataset))
    except Exception as error:  # noqa: BLE001
        run.trouble(error)


def log_param(key: str, value: Any, synchronous: bool | None = None) -> Any:  # noqa: ARG001, FBT001 - as above
    """Log one param and return its value; the first value of a key stays."""
    return _run().log_param(key, value)


def log_params(
    params: Mapping[str, Any],
    synchronous: bool | None = None,  # noqa: ARG001, FBT001 - as above
    run_id: str | None = None,
) -> None:
    """Log several params."""
    _target(run_id).log_params(params)


def set_tag(key: str, value: Any, synchronous: bool | None = None) -> None:  # noqa: ARG001, FBT001 - as above
    """Set a tag of the active run."""
    _run().set_tag(key, value)


def set_tags(tags: Mapping[str, Any], synchronous: bool | None = None) -> None:  # noqa: ARG001, FBT001 - as above
    """Set several tags of the active run."""
    _run().set_tags(tags)


def delete_tag(key: str) -> None:
    """Remove a tag of the active run."""
    _run().delete_tag(key)


def log_artifact(
    local_path: str | os.PathLike[str], artifact_path: str | None = None, run_id: str | None = None
) -> None:
    """Store a local file or folder in the active run."""
    _target(run_id).log_artifact(local_path, artifact_path)


def log_artifacts(
    local_dir: str | os.PathLike[str], artifact_path: str | None = None, run_id: str | None = None
) -> None:
    """Store every file under a local folder in the active run."""
    _target(run_id).log_artifacts(local_dir, artifact_path)


def log_text(text: str, artifact_file: str, run_id: str | None = None) -> None:
    """Store a text as a file of the active run."""
    _target(run_id).log_text(text, artifact_file)


def log_dict(dictionary: Any, artifact_file: str, run_id: str | None = None) -> None:
    """Store a dict or list as a JSON or YAML file of the active run."""
    _target(run_id).log_dict(dictionary, artifact_file)


def log_figure(figure: Any, artifact_file: str, *, save_kwargs: dict[str, Any] | None = None) -> None:
    """Store a matplotlib or plotly figure in the active run."""
    _run().log_figure(figure, artifact_file, save_kwargs=save_kwargs)


def log_image(
    image: Any,
    artifact_file: str | None = None,
    *,
    key: str | None = None,
    step: int | None = None,
    timestamp: int | None = None,
) -> None:
    """Store an image in the active run, under a file name, or under a key with steps."""
    _run().log_image(image, artifact_file, key=key, step=step, timestamp=timestamp)


def log_table(data: Any, artifact_file: str, run_id: str | None = None) -> None:
    """Store a dict of columns or a DataFrame in the active run; rows are added to a table that is there."""
    _target(run_id).log_table(data, artifact_file)


def load_table(
    artifact_file: str, run_ids: Sequence[str] | None = None, extra_columns: Sequence[str] | None = None
) -> pd.DataFrame:
    """Return a table of one or several runs as one DataFrame.

    Parameters
    ----------
    artifact_file : str
        Its path in the runs.
    run_ids : sequence of str, optional
        The active run, else the last one, by default.
    extra_columns : sequence of str, optional
        Columns to add; ``"run_id"`` says which run a row is from.
    """
    import pandas as pd  # noqa: PLC0415 - only for those who load tables

    store = active.get_store()
    ids = list(run_ids) if run_ids else [_run_or_last()]
    frames = []
    for run_id in ids:
        frame = join(store, store.resolve_run(run_id)).load_table(artifact_file)
        for column in extra_columns or ():
            frame[column] = run_id if column == "run_id" else getattr(store.get_run(run_id).info, column, None)
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def get_artifact_uri(artifact_path: str | None = None) -> str:
    """Return the URI of the active run's files, or of one of them, ``runs:/<run id>/path``."""
    uri = _run().url
    return f"{uri}/{artifact_path}" if artifact_path else uri


def _target(run_id: str | None) -> ActiveRun:
    if run_id is None:
        return _run()
    current = active.current_run()
    if current is not None and current.id == run_id:
        return current
    store = active.get_store()
    check_known(store, run_id)
    return join(store, run_id)


def _run_or_last() -> str:
    current = active.current_run()
    run_id = current.id if current else active.last_run_id()
    if run_id is None:
        raise InvalidValueError("No run was started here; give run_ids=[…].")
    return run_id
