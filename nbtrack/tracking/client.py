"""The same verbs by run id, as ``MlflowClient`` has them: nothing depends on an active run."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.entities import LifecycleStage, Metric, RunStatus, ViewType
from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.names import RUN_NAME, check_key, check_number, check_step, check_time, new_run_id
from nbtrack.registry.pages import Page, offset_of
from nbtrack.store.opening import open_store
from nbtrack.store.protocol import RunQuery
from nbtrack.tracking import active
from nbtrack.tracking.model_verbs import ModelVerbs
from nbtrack.tracking.naming import run_name as words
from nbtrack.tracking.registry_verbs import RegistryVerbs
from nbtrack.tracking.run import final_status
from nbtrack.tracking.starting import check_known, join

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from nbtrack.entities import ArtifactInfo, Experiment, Param, Run, RunTag
    from nbtrack.store.protocol import Store
    from nbtrack.tracking.run import ActiveRun


class Client(RegistryVerbs, ModelVerbs):
    """Reads and writes runs by id. Unlike ``log_*`` on the active run, a call that fails here raises.

    Parameters
    ----------
    tracking_uri : str or path, optional
        The store; the one in use by default.
    """

    def __init__(self, tracking_uri: str | os.PathLike[str] | None = None) -> None:
        self._uri = tracking_uri

    @property
    def store(self) -> Store:
        """Return the store that this client works on."""
        return active.get_store() if self._uri is None else open_store(self._uri)

    # -- runs --------------------------------------------------------------------------------------------------------

    def create_run(
        self,
        experiment_id: str = "0",
        start_time: int | None = None,
        tags: Mapping[str, Any] | None = None,
        run_name: str | None = None,
    ) -> Run:
        """Create a run that stays RUNNING until :meth:`set_terminated` (or until this process ends: then it is KILLED).

        `start_time` is in milliseconds UTC; now by default.
        """
        store = self.store
        experiment = store.get_experiment(str(experiment_id))
        if experiment.lifecycle_stage == LifecycleStage.DELETED:
            raise InvalidValueError(f"Experiment {experiment.name!r} is in the trash; restore it first.")
        run_id, number = new_run_id(), store.next_run_number()
        name = run_name or words(run_id, number)
        body = {
            "experiment_id": int(experiment.experiment_id),
            "experiment": experiment.name,
            "name": name,
            "number": number,
            "start_us": _ms(start_time) * 1000,
        }
        labels = {RUN_NAME: name, **{check_key(str(k), "Tag key"): str(v) for k, v in (tags or {}).items()}}
        store.append(("start", run_id, None, body), ("tags", run_id, labels, None))
        return store.get_run(run_id)

    def get_run(self, run_id: str) -> Run:
        """Return a run, also from the trash."""
        return self.store.get_run(run_id)

    def get_parent_run(self, run_id: str) -> Run | None:
        """Return the run that a run is nested in, or None."""
        parent = self.get_run(run_id).info.parent_run_id
        return self.get_run(parent) if parent else None

    def search_runs(
        self,
        experiment_ids: Sequence[str] | None = None,
        filter_string: str = "",
        run_view_type: ViewType = ViewType.ACTIVE_ONLY,
        max_results: int = 1000,
        order_by: Sequence[str] | None = None,
        page_token: str | None = None,
    ) -> Page[Run]:
        """Return a page of the runs of some experiments (all by default) that match; its ``token`` asks for the next one."""
        ids = None if experiment_ids is None else tuple(str(i) for i in experiment_ids)
        offset, limit = offset_of(page_token), int(max_results)
        query = RunQuery(filter_string, ids, tuple(order_by or ()), run_view_type, limit + 1, offset)
        return Page.of(self.store.search_runs(query), limit, offset)

    def set_terminated(self, run_id: str, status: str = RunStatus.FINISHED, end_time: int | None = None) -> None:
        """End a run; `end_time` in milliseconds UTC, now by default."""
        final = final_status(status)
        run = self.get_run(run_id)
        end_us = _ms(end_time) * 1000
        duration_us = max(0, end_us - run.info.start_time * 1000)
        body = {"status": str(final), "end_us": end_us, "duration_us": duration_us, "lost": 0}
        self.store.append(("end", run_id, None, body))

    def update_run(self, run_id: str, status: str | None = None, name: str | None = None) -> None:
        """Change the status or the name of a run; RUNNING opens it again, until this process ends."""
        if status is not None and str(status).upper() == RunStatus.RUNNING:
            self.get_run(run_id)
            self.store.append(("resume", run_id, None, None))
        elif status is not None:
            self.set_terminated(run_id, status)
        if name is not None:
            self.set_tag(run_id, RUN_NAME, name)

    def delete_run(self, run_id: str) -> None:
        """Put a run in the trash."""
        self._set_stage(run_id, LifecycleStage.DELETED)

    def restore_run(self, run_id: str) -> None:
        """Take a run out of the trash."""
        self._set_stage(run_id, LifecycleStage.ACTIVE)

    # -- logging -----------------------------------------------------------------------------------------------------

    def log_metric(
        self, run_id: str, key: str, value: float, timestamp: int | None = None, step: int | None = None
    ) -> None:
        """Log one point; `timestamp` in milliseconds UTC."""
        self.log_batch(run_id, metrics=[Metric(key, value, _ms(timestamp), step or 0)])

    def log_param(self, run_id: str, key: str, value: Any) -> Any:
        """Log one param; the first value of a key stays."""
        self._check(run_id).append(("params", run_id, {check_key(key, "Param key"): str(value)}, None))
        return value

    def set_tag(self, run_id: str, key: str, value: Any) -> None:
        """Set a tag."""
        self._check(run_id).append(("tags", run_id, {check_key(key, "Tag key"): str(value)}, None))

    def delete_tag(self, run_id: str, key: str) -> None:
        """Remove a tag; raises ``NotFoundError`` when the run has none of that name."""
        tags = self.get_run(run_id).data.tags
        if key not in tags:
            raise NotFoundError("Tag", key, tags, where=f"run {run_id}")
        self.store.append(("untag", run_id, None, {"keys": [key]}))

    def log_batch(
        self, run_id: str, metrics: Sequence[Metric] = (), params: Sequence[Param] = (), tags: Sequence[RunTag] = ()
    ) -> None:
        """Log many metrics, params and tags at once: everything is checked before anything is written."""
        points = [
            (
                check_time(m.timestamp) * 1000,
                check_step(m.step),
                {check_key(m.key, "Metric key"): check_number(m.value, m.key)},
            )
            for m in metrics
        ]
        texts = {check_key(p.key, "Param key"): str(p.value) for p in params}
        labels = {check_key(t.key, "Tag key"): str(t.value) for t in tags}
        store = self._check(run_id)
        if points:
            store.log_points(run_id, points)
        records = [(kind, run_id, found, None) for kind, found in (("params", texts), ("tags", labels)) if found]
        if records:
            store.append(*records)

    def get_metric_history(self, run_id: str, key: str) -> list[Metric]:
        """Return every point of one metric, by step, then time."""
        step, timestamp, value = self.store.metric_history(run_id, key)
        times = timestamp.astype("int64")
        return [Metric(key, float(v), int(t), int(s)) for s, t, v in zip(step, times, value, strict=True)]

    # -- artifacts ---------------------------------------------------------------------------------------------------

    def log_artifact(self, run_id: str, local_path: str | os.PathLike[str], artifact_path: str | None = None) -> None:
        """Store a local file or folder in a run."""
        self._strict(run_id).log_artifact(local_path, artifact_path)

    def log_artifacts(self, run_id: str, local_dir: str | os.PathLike[str], artifact_path: str | None = None) -> None:
        """Store every file under a local folder in a run."""
        self._strict(run_id).log_artifacts(local_dir, artifact_path)

    def log_text(self, run_id: str, text: str, artifact_file: str) -> None:
        """Store a text as a file of a run."""
        self._strict(run_id).log_text(text, artifact_file)

    def log_dict(self, run_id: str, dictionary: Any, artifact_file: str) -> None:
        """Store a dict or list as a file of a run."""
        self._strict(run_id).log_dict(dictionary, artifact_file)

    def log_figure(self, run_id: str, figure: Any, artifact_file: str) -> None:
        """Store a figure in a run."""
        self._strict(run_id).log_figure(figure, artifact_file)

    def log_image(self, run_id: str, image: Any, artifact_file: str | None = None, **series: Any) -> None:
        """Store an image in a run."""
        self._strict(run_id).log_image(image, artifact_file, **series)

    def log_table(self, run_id: str, data: Any, artifact_file: str) -> None:
        """Store a table in a run, or add rows to it."""
        self._strict(run_id).log_table(data, artifact_file)

    def list_artifacts(self, run_id: str, path: str | None = None) -> list[ArtifactInfo]:
        """Return the files and folders directly under `path`."""
        return self.store.list_artifacts(run_id, path or "")

    def download_artifacts(self, run_id: str, path: str = "", dst_path: str | os.PathLike[str] | None = None) -> str:
        """Copy a file or folder of a run to `dst_path` (a new temporary folder by default) and return where it is."""
        from nbtrack.tracking.downloads import download  # noqa: PLC0415

        return str(download(self.store, run_id, path, None if dst_path is None else Path(dst_path)))

    # -- experiments -------------------------------------------------------------------------------------------------

    def create_experiment(
        self, name: str, artifact_location: str | None = None, tags: dict[str, str] | None = None
    ) -> str:
        """Create an experiment and return its id."""
        if artifact_location is not None:
            raise InvalidValueError("artifact_location cannot be chosen: artifacts are kept beside the DuckDB file.")
        return self.store.create_experiment(name, tags)

    def get_experiment(self, experiment_id: str) -> Experiment:
        """Return an experiment by id."""
        return self.store.get_experiment(str(experiment_id))

    def get_experiment_by_name(self, name: str) -> Experiment | None:
        """Return an experiment by name, or None."""
        found = [e for e in self.store.search_experiments(view=ViewType.ALL) if e.name == name]
        return min(found, key=lambda e: e.lifecycle_stage == LifecycleStage.DELETED, default=None)

    def search_experiments(
        self,
        view_type: ViewType = ViewType.ACTIVE_ONLY,
        max_results: int | None = None,
        filter_string: str | None = None,
        order_by: Sequence[str] | None = None,
        page_token: str | None = None,
    ) -> Page[Experiment]:
        """Return the experiments that match, all or a page of `max_results`; its ``token`` asks for the next one."""
        offset = offset_of(page_token)
        most = None if max_results is None else offset + max_results + 1
        found = self.store.search_experiments(
            filter_string or "", view=view_type, order_by=order_by or (), max_results=most
        )[offset:]
        return Page.of(found, len(found) if max_results is None else max_results, offset)

    def rename_experiment(self, experiment_id: str, new_name: str) -> None:
        """Give an experiment another name."""
        self.store.rename_experiment(str(experiment_id), new_name)

    def delete_experiment(self, experiment_id: str) -> None:
        """Put an experiment in the trash."""
        self.store.delete_experiment(str(experiment_id))

    def restore_experiment(self, experiment_id: str) -> None:
        """Take an experiment out of the trash."""
        self.store.restore_experiment(str(experiment_id))

    def set_experiment_tag(self, experiment_id: str, key: str, value: Any) -> None:
        """Set a tag of an experiment."""
        self.store.set_experiment_tags(str(experiment_id), {check_key(key, "Tag key"): str(value)})

    def delete_experiment_tag(self, experiment_id: str, key: str) -> None:
        """Remove a tag of an experiment."""
        self.store.delete_experiment_tag(str(experiment_id), key)

    # -- inside ------------------------------------------------------------------------------------------------------

    def _set_stage(self, run_id: str, stage: LifecycleStage) -> None:
        self.get_run(run_id)
        self.store.append(("state", run_id, None, {"lifecycle_stage": str(stage)}))

    def _strict(self, run_id: str) -> ActiveRun:
        run = join(self._check(run_id), run_id)
        run.is_strict = True
        return run

    def _check(self, run_id: str) -> Store:
        """Return the store when the run is in it. Raises ``NotFoundError``."""
        store = self.store
        check_known(store, run_id)
        return store


def _ms(time_ms: int | None) -> int:
    """Return milliseconds UTC; now when nothing is said."""
    return time.time_ns() // 1_000_000 if time_ms is None else check_time(time_ms)
