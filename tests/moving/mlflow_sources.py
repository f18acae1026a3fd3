"""What MLflow 2.22 and 3.17 have written (see ``make_mlflow_sources.py``), and a store compared with what they say of it."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.entities import ViewType
from nbtrack.store.protocol import RunQuery
from nbtrack.store.registry_protocol import ModelQuery
from nbtrack.tracking import logged_models
from nbtrack.tracking.downloads import walk

if TYPE_CHECKING:
    from nbtrack.store.protocol import Store

ZIP = Path(__file__).parents[1] / "data" / "mlflow_sources.zip"
KINDS = ("v2/folder", "v2/sqlite", "v3/folder", "v3/sqlite")
LARGEST = "1.7976931348623157e+308"
T_OF_DATA = 1_700_000_000_400


def unpack(kind: str, into: Path) -> tuple[str, dict[str, Any]]:
    """Unpack one of the sources; return its URI and what MLflow says of it."""
    with zipfile.ZipFile(ZIP) as found:
        found.extractall(into, [name for name in found.namelist() if name.startswith(f"{kind}/")])
    home = into / kind
    uri = str(home / "mlruns") if kind.endswith("folder") else f"sqlite:///{home / 'mlflow.db'}"
    return uri, json.loads((home / "expected.json").read_text())


def told(store: Store) -> dict[str, Any]:
    """Return what a store has, in the words of the recorded answers."""
    experiments = store.search_experiments(view=ViewType.ALL)
    runs = store.search_runs(RunQuery(view=ViewType.ALL, experiment_ids=tuple(e.experiment_id for e in experiments)))
    links = logged_models.links_of(store, [run.info.run_id for run in runs])
    return {
        "experiments": {e.name: {"tags": e.tags, "stage": e.lifecycle_stage, "created": e.creation_time} for e in experiments},
        "runs": {run.info.run_id: run_told(store, run, links.get(run.info.run_id, [])) for run in runs},
        "models": {m.name: model_told(store, m) for m in store.registry.search(ModelQuery())},
        "logged": {m.model_id: logged_told(m) for m in logged_models.of_experiments(store, [int(e.experiment_id) for e in experiments])
                   if not m.is_deleted},
    }  # fmt: skip


def run_told(store: Store, run: Any, links: list[tuple[str, str, int]]) -> dict[str, Any]:
    info = run.info
    histories = {}
    for key in run.data.metrics:
        columns = store.metric_history(info.run_id, key)
        step, t, value = (column.tolist() for column in (columns[0], columns[1].astype("int64"), columns[2]))
        histories[key] = sorted([s, at, repr(v)] for s, at, v in zip(step, t, value, strict=True))
    inputs = []
    for each in run.inputs.dataset_inputs:
        data = each.dataset
        tags = each.tags | ({"mlflow.data.context": each.context} if each.context else {})
        inputs.append([data.name, data.digest, data.source_type, data.source, data.schema, data.profile, tags])
    return {
        "experiment": info.experiment_name, "name": info.run_name, "status": info.status, "start": info.start_time, "end": info.end_time,
        "user": info.user_id, "stage": info.lifecycle_stage, "params": run.data.params, "tags": run.data.tags,
        "histories": histories, "inputs": inputs,
        "used": sorted(model for side, model, _ in links if side == "input"),
        "made": sorted([model, step] for side, model, step in links if side == "output"),
        "files": sorted([f.path, f.file_size] for f in walk(store, info.run_id)),
    }  # fmt: skip


def model_told(store: Store, model: Any) -> dict[str, Any]:
    versions = store.registry.search_versions(ModelQuery(f"name = '{model.name}'"))
    return {
        "description": model.description, "tags": model.tags, "created": model.creation_timestamp, "aliases": model.aliases,
        "versions": {
            str(v.version): {"run_id": v.run_id, "stage": v.current_stage, "description": v.description, "tags": v.tags,
                             "created": v.creation_timestamp, "updated": v.last_updated_timestamp, "source": v.source,
                             "model_id": v.model_id} for v in versions},
    }  # fmt: skip


def logged_told(m: Any) -> dict[str, Any]:
    return {
        "name": m.name, "status": m.status, "type": m.model_type,
        "run": None if m.is_alone else m.run_id, "tags": m.tags, "params": m.params,
        "created": m.created_ms, "updated": m.updated_ms, "metrics": sorted(list(point[:6]) for point in m.metrics),
    }  # fmt: skip


def expected(said: dict[str, Any], kind: str) -> dict[str, Any]:
    """Return MLflow's answers without what is told otherwise here, each for a reason."""
    said["experiments"]["Default"]["created"] = 0  # there is one in every store, from the beginning
    for run in said["runs"].values():
        if (experiment := said["experiments"][run["experiment"]])["created"]:
            experiment["created"] = min(experiment["created"], run["start"])  # no run is older than its experiment
        for points in run["histories"].values():
            for point in points:
                # MLflow's databases keep the largest float for infinity: it comes back as what was logged.
                point[2] = point[2].replace(LARGEST, "inf")
                # It reads the step of points with a data set as 0 from files, where the right one stands.
                point[0] = 1 if kind == "v3/folder" and point[1] == T_OF_DATA else point[0]
            points.sort()
        if kind == "v3/sqlite" and run["name"] == "parent":
            run["used"] = [
                m for m, about in said["logged"].items() if about["type"] == "echo"
            ]  # its search leaves them out
        for data in run["inputs"]:
            data[4:6] = [data[4] or "{}", data[5] or "{}"]  # nothing said is no schema, no profile
    for model in said["models"].values():
        for version in model["versions"].values():
            version.pop("source")  # paths of another machine become runs:/ and models:/; compared apart
            version.pop("model_id")
    for model in said["logged"].values():
        model["status"] = model["status"].rsplit(".", 1)[-1].removeprefix("LOGGED_MODEL_")
        # MLflow tells the last point of each metric and data set, and keeps all.
        model["metrics"] = sorted(model["metrics"])
    return said
