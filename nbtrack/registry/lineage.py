"""Where a version came from: its run, the data it was trained on, the code, and what was measured."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nbtrack.entities import ViewType
from nbtrack.errors import NotFoundError
from nbtrack.store.protocol import RunQuery

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nbtrack.entities import DatasetInput, ModelVersion, Run
    from nbtrack.store.protocol import TrackingStore

CELL = "source/cell.py"
"""Where ``%%track`` keeps the code of a cell among the files of its run."""


@dataclass(frozen=True, slots=True, repr=False)
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
        What is known of the code: ``name``, ``type``, ``commit``, ``branch``, ``repo``, ``dirty``, ``notebook``, and of a run that
        was made from another one its id: ``forked_from``, ``reproduces``.
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

    def __repr__(self) -> str:
        """Say in one line where it came from; the attributes have the rest."""
        data = [f"data {i.dataset.name} {i.context}".strip() for i in self.datasets]
        cell = [] if self.cell is None else [f"cell of {len(self.cell.splitlines())} lines"]
        commit = [f"commit {self.source['commit'][:8]}"] if self.source.get("commit") else []
        run = "no run of this store" if self.run is None else repr(self.run)[1:-1]
        return f"<Lineage {' · '.join([f'{self.version.name} {self.version.version}', run, *data, *cell, *commit])}>"


_SOURCE_TAGS = {
    "name": "mlflow.source.name",
    "type": "mlflow.source.type",
    "commit": "mlflow.source.git.commit",
    "branch": "mlflow.source.git.branch",
    "repo": "mlflow.source.git.repoURL",
    "dirty": "mlflow.source.git.dirty",
    "notebook": "nbtrack.notebook",
    "forked_from": "nbtrack.forked_from",
    "reproduces": "nbtrack.reproduces",
}


def lineage_of(store: TrackingStore, version: ModelVersion) -> Lineage:
    """Return where a version came from, as far as the store knows."""
    if version.run_id is None:
        return Lineage(version)
    try:
        with store.one_look():
            run, cell = store.get_run(version.run_id), _cell(store, version.run_id)
    except NotFoundError:
        return Lineage(version)
    return _lineage(version, run, cell)


def lineages_of(store: TrackingStore, versions: Iterable[ModelVersion]) -> Iterator[Lineage]:
    """Yield where each of many versions came from; the store is looked at once for all runs, not once for each."""
    wanted = list(versions)
    ids = tuple(dict.fromkeys(version.run_id for version in wanted if version.run_id))
    found = store.search_runs(RunQuery(run_ids=ids, view=ViewType.ALL)) if ids else []
    runs = {run.info.run_id: run for run in found}
    having = "SELECT run_id FROM artifacts WHERE path = ? AND sha256 IS NOT NULL AND run_id IN (SELECT unnest(?))"
    with_cell = set(store.sql(having, [CELL, list(runs)])["run_id"]) if runs else set()
    for version in wanted:
        run = runs.get(version.run_id or "")
        if run is None:
            yield Lineage(version)
        else:
            yield _lineage(version, run, _cell(store, run.info.run_id) if run.info.run_id in with_cell else None)


def _lineage(version: ModelVersion, run: Run, cell: str | None) -> Lineage:
    tags = run.data.tags
    source = {name: tags[tag] for name, tag in _SOURCE_TAGS.items() if tags.get(tag)}
    return Lineage(version, run, list(run.inputs.dataset_inputs), cell, source, run.data.metrics, run.data.params)


def _cell(store: TrackingStore, run_id: str) -> str | None:
    try:
        return store.artifact_file(run_id, CELL).read_text(encoding="utf-8", errors="replace")
    except (NotFoundError, OSError):
        return None
