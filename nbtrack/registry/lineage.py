"""Where a version came from: its run, the data it was trained on, the code, and what was measured."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nbtrack.errors import NotFoundError

if TYPE_CHECKING:
    from nbtrack.entities import DatasetInput, ModelVersion, Run
    from nbtrack.store.protocol import TrackingStore

CELL = "source/cell.py"
"""Where ``%%track`` keeps the code of a cell among the files of its run."""


@dataclass(frozen=True, slots=True)
class Lineage:
    """Where a version came from.

    Attributes
    ----------
    version : ModelVersion
    run : Run or None
        None when the version came from no run of this store.
    datasets : list of DatasetInput
    cell : str or None
        The code of the notebook cell that made it, where ``%%track`` recorded one.
    source : dict
        What is known of the code: ``name``, ``type``, ``commit``, ``branch``, ``repo``, ``dirty``, ``notebook``.
    metrics, params : dict
        The last values that the run logged, and its params.
    """

    version: ModelVersion
    run: Run | None = None
    datasets: list[DatasetInput] = field(default_factory=list)
    cell: str | None = None
    source: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)


_SOURCE_TAGS = {
    "name": "mlflow.source.name",
    "type": "mlflow.source.type",
    "commit": "mlflow.source.git.commit",
    "branch": "mlflow.source.git.branch",
    "repo": "mlflow.source.git.repoURL",
    "dirty": "mlflow.source.git.dirty",
    "notebook": "nbtrack.notebook",
}


def lineage_of(store: TrackingStore, version: ModelVersion) -> Lineage:
    """Return where a version came from, as far as the store knows."""
    if version.run_id is None:
        return Lineage(version)
    try:
        run = store.get_run(version.run_id)
    except NotFoundError:
        return Lineage(version)
    tags = run.data.tags
    source = {name: tags[tag] for name, tag in _SOURCE_TAGS.items() if tags.get(tag)}
    inputs = list(run.inputs.dataset_inputs)
    return Lineage(version, run, inputs, _cell(store, run), source, run.data.metrics, run.data.params)


def _cell(store: TrackingStore, run: Run) -> str | None:
    try:
        return store.artifact_file(run.info.run_id, CELL).read_text(encoding="utf-8", errors="replace")
    except (NotFoundError, OSError):
        return None
