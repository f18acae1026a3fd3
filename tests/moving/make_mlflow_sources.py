"""Makes ``tests/data/mlflow_sources.zip``: what MLflow 2.22 and 3.17 themselves have written, and what they say that it is.

Run by hand, once for each version, in an environment that has it (the folder given is filled, then zipped by the last call)::

    python -m tests.moving.make_mlflow_sources make WORK        # with mlflow 2.22, then with 3.17
    python -m tests.moving.make_mlflow_sources zip WORK tests/data/mlflow_sources.zip
"""

from __future__ import annotations

import json
import math
import os
import sqlite3
import sys
import zipfile
from pathlib import Path
from typing import Any

T0 = 1_700_000_000_000
ENDS = {"FAILED": "FAILED", "KILLED": "KILLED"}


def make(work: Path) -> None:
    os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    os.environ["MLFLOW_RECORD_ENV_VARS_IN_MODEL_LOGGING"] = "false"
    import mlflow

    name = f"v{mlflow.__version__.split('.')[0]}"
    for kind in ("folder", "sqlite"):
        home = work / name / kind
        home.mkdir(parents=True)
        os.chdir(home)
        uri = f"file://{home}/mlruns" if kind == "folder" else f"sqlite:///{home}/mlflow.db"
        mlflow.set_tracking_uri(uri)
        mlflow.set_registry_uri(uri)
        client = mlflow.MlflowClient(uri, uri)
        fill(mlflow, client)
        (home / "expected.json").write_text(json.dumps(told(client, kind), indent=0, sort_keys=True))
        if kind == "sqlite":
            slim(home / "mlflow.db")


def fill(mlflow: Any, client: Any) -> None:
    from mlflow.entities import Metric, Param, RunTag

    default = client.create_run(
        "0", start_time=T0, tags={"mlflow.user": "ada", "mlflow.source.name": "train.py"}, run_name="plain"
    )
    client.set_terminated(default.info.run_id, end_time=T0 + 5000)
    iris = client.create_experiment("iris", tags={"team": "flowers", "mlflow.note.content": "An old data set."})
    run = client.create_run(iris, start_time=T0 + 10, run_name="parent")
    rid = run.info.run_id
    values = [0.9, 0.5, math.nan, math.inf, -math.inf, 0.1 + 0.2, -0.0]
    metrics = [Metric("loss", v, T0 + 100 + i, i) for i, v in enumerate(values)]
    metrics += [Metric("val/acc", 0.5 + i / 100, T0 + 100 + i, i) for i in range(5)]
    metrics += [
        Metric("val/acc", 0.75, T0 + 100, 0),
        Metric("steps down", 1.0, T0 + 300, -3),
        Metric("once", 1e300, T0 + 1, 0),
    ]
    for each in metrics:
        client.log_batch(rid, metrics=[each])
    params = [
        Param("lr", "0.01"),
        Param("layers/0 size", "64"),
        Param("empty", ""),
        Param("text", "zwei\nZeilen – ünïcode"),  # noqa: RUF001 - a dash
    ]
    client.log_batch(rid, params=params, tags=[RunTag("note", "a,b"), RunTag("mlflow.note.content", "# Title")])
    client.log_text(rid, "hello\n", "notes/hello.txt")
    client.log_dict(rid, {"a": [1, 2]}, "data.json")
    child = client.create_run(iris, start_time=T0 + 20, tags={"mlflow.parentRunId": rid}, run_name="child")
    client.log_metric(child.info.run_id, "loss", 0.25, T0 + 200, 1)
    client.set_terminated(child.info.run_id, "FAILED", T0 + 250)
    running = client.create_run(iris, start_time=T0 + 30, run_name="running")
    client.log_metric(running.info.run_id, "loss", 0.75, T0 + 201, 1)
    gone = client.create_run(iris, start_time=T0 + 40, run_name="gone")
    client.log_param(gone.info.run_id, "p", "1")
    client.set_terminated(gone.info.run_id, "KILLED", T0 + 260)
    client.delete_run(gone.info.run_id)
    old = client.create_experiment("old", tags={"why": "superseded"})
    late = client.create_run(old, start_time=T0 + 50, run_name="of old")
    client.set_terminated(late.info.run_id, end_time=T0 + 300)
    client.delete_experiment(old)
    datasets(mlflow, client, rid)
    is_old = mlflow.__version__.startswith("2.")
    sources = models_2(mlflow, iris) if is_old else models_3(mlflow, client, iris, rid, child.info.run_id)
    client.set_terminated(rid, end_time=T0 + 9999)
    registry(client, sources)


def datasets(mlflow: Any, client: Any, run_id: str) -> None:
    from mlflow.entities import Dataset, DatasetInput, InputTag

    del mlflow
    used = Dataset("iris.csv", "d1gest", "local", '{"uri": "iris.csv"}', '{"mlflow_colspec": []}', '{"num_rows": 150}')
    client.log_inputs(run_id, [DatasetInput(used, [InputTag("mlflow.data.context", "training"), InputTag("k", "v")])])


ECHO = """import mlflow


class Echo(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input


mlflow.models.set_model(Echo())
"""


def code_file() -> str:
    path = Path.cwd() / "echo.py"
    path.write_text(ECHO)
    return str(path)


def models_2(mlflow: Any, experiment: str) -> list[tuple[str, str | None]]:
    mlflow.set_experiment(experiment_id=experiment)
    with mlflow.start_run(run_name="with a model") as run:
        mlflow.pyfunc.log_model("model", python_model=code_file(), pip_requirements=["mlflow"])
        mlflow.pyfunc.log_model("other/model", python_model=code_file(), pip_requirements=["mlflow"])
    place = run.info.artifact_uri
    return [
        (f"runs:/{run.info.run_id}/model", run.info.run_id),
        (f"{place}/other/model", run.info.run_id),
        (f"{place}/model", run.info.run_id),
    ]


def models_3(mlflow: Any, client: Any, experiment: str, used_in: str, child: str) -> list[tuple[str, str | None]]:
    from mlflow.entities import Dataset, DatasetInput, LoggedModelInput, LoggedModelParameter, Metric

    mlflow.set_experiment(experiment_id=experiment)
    with mlflow.start_run(run_name="with a model") as run:
        first = mlflow.pyfunc.log_model(
            name="model",
            python_model=code_file(),
            pip_requirements=["mlflow"],
            params={"depth": 3},
            tags={"kind": "first"},
            step=2,
            model_type="echo",
        )
        second = mlflow.pyfunc.log_model(name="model", python_model=code_file(), pip_requirements=["mlflow"])
        rid = run.info.run_id
        data = Dataset("test.csv", "d2", "local", "{}")
        client.log_inputs(rid, [DatasetInput(data, [])])
        client.log_batch(
            rid,
            metrics=[
                Metric(
                    "acc",
                    0.9,
                    T0 + 400,
                    1,
                    model_id=first.model_id,
                    dataset_name="test.csv",
                    dataset_digest="d2",
                    run_id=rid,
                ),
                Metric("acc", 0.8, T0 + 401, 2, model_id=first.model_id, run_id=rid),
            ],
        )
    client.log_inputs(used_in, models=[LoggedModelInput(first.model_id)])
    alone = client.create_logged_model(experiment, "alone", tags={"a": "b"}, params={"x": "1"}, model_type="external")
    client.finalize_logged_model(alone.model_id, "READY")
    gone = client.create_logged_model(experiment, "gone", source_run_id=rid)
    client.delete_logged_model(gone.model_id)
    client.create_logged_model(experiment, "pending", source_run_id=child)
    del LoggedModelParameter
    return [
        (f"models:/{first.model_id}", rid),
        (f"runs:/{rid}/model", rid),
        (client.get_logged_model(second.model_id).artifact_location, rid),
    ]


def registry(client: Any, sources: list[tuple[str, str | None]]) -> None:
    client.create_registered_model("flowers", tags={"owner": "ada"}, description="Tells flowers apart.")
    for i, (source, run_id) in enumerate(sources):
        client.create_model_version("flowers", source, run_id, tags={"n": str(i)}, description=f"the {i}th")
    client.create_model_version("flowers", sources[0][0], sources[0][1])
    client.set_registered_model_alias("flowers", "champion", "2")
    client.set_registered_model_alias("flowers", "old", "1")
    client.transition_model_version_stage("flowers", "1", "Production")
    client.transition_model_version_stage("flowers", "3", "Staging")
    client.delete_model_version("flowers", "4")
    client.create_model_version("flowers", "s3://bucket/elsewhere", None)
    client.create_registered_model("empty")


def told(client: Any, kind: str) -> dict[str, Any]:
    """What MLflow's own client says of it."""
    from mlflow.entities import ViewType

    del kind
    experiments = client.search_experiments(view_type=ViewType.ALL)
    runs = [run for e in experiments for run in client.search_runs([e.experiment_id], run_view_type=ViewType.ALL)]
    names = {e.experiment_id: e.name for e in experiments}
    found: dict[str, Any] = {
        "experiments": {
            e.name: {
                "tags": {
                    k: v
                    for k, v in e.tags.items()
                    if k not in ("mlflow.experimentKind", "mlflow.experiment.isEvaluation")
                },
                "stage": e.lifecycle_stage,
                "created": e.creation_time,
            }
            for e in experiments
        },
        "runs": {run.info.run_id: run_told(client, run, names) for run in runs},
        "models": {m.name: model_told(client, m.name) for m in client.search_registered_models()},
        "logged": {},
    }
    if hasattr(client, "search_logged_models"):
        for m in client.search_logged_models([e.experiment_id for e in experiments if e.lifecycle_stage == "active"]):
            found["logged"][m.model_id] = {
                "name": m.name,
                "status": str(m.status),
                "type": m.model_type or "",
                "run": m.source_run_id or None,
                "tags": m.tags,
                "params": m.params,
                "created": m.creation_timestamp,
                "updated": m.last_updated_timestamp,
                "metrics": sorted(
                    [x.key, x.value, x.timestamp, x.step, x.dataset_name, x.dataset_digest] for x in m.metrics or ()
                ),
            }
    return found


def run_told(client: Any, run: Any, names: dict[str, str]) -> dict[str, Any]:
    info = run.info
    histories = {}
    for key in run.data.metrics:
        points = client.get_metric_history(info.run_id, key)
        histories[key] = sorted([p.step, p.timestamp, repr(p.value)] for p in points)
    inputs = [
        [
            i.dataset.name,
            i.dataset.digest,
            i.dataset.source_type,
            i.dataset.source,
            i.dataset.schema,
            i.dataset.profile,
            {t.key: t.value for t in i.tags},
        ]
        for i in run.inputs.dataset_inputs
    ]
    used = sorted(m.model_id for m in getattr(run.inputs, "model_inputs", None) or ())
    made = sorted([m.model_id, m.step] for m in getattr(getattr(run, "outputs", None), "model_outputs", None) or ())
    return {
        "experiment": names[info.experiment_id],
        "name": info.run_name,
        "status": info.status,
        "start": info.start_time,
        "end": info.end_time,
        "user": info.user_id or "",
        "stage": info.lifecycle_stage,
        "params": run.data.params,
        "tags": run.data.tags,
        "histories": histories,
        "inputs": inputs,
        "used": used,
        "made": made,
        "files": sorted(files_of(client, info.run_id)) if info.lifecycle_stage == "active" else [],
    }


def files_of(client: Any, run_id: str, path: str | None = None) -> list[list[Any]]:
    found = []
    for each in client.list_artifacts(run_id, path):
        found += files_of(client, run_id, each.path) if each.is_dir else [[each.path, each.file_size]]
    return found


def model_told(client: Any, name: str) -> dict[str, Any]:
    model = client.get_registered_model(name)
    return {
        "description": model.description or "",
        "tags": model.tags,
        "created": model.creation_timestamp,
        "aliases": {k: int(v) for k, v in model.aliases.items()},
        "versions": {
            str(v.version): {
                "run_id": v.run_id or None,
                "stage": v.current_stage,
                "description": v.description or "",
                "tags": v.tags,
                "created": v.creation_timestamp,
                "updated": v.last_updated_timestamp,
                "source": v.source,
                "model_id": getattr(v, "model_id", None) or None,
            }
            for v in client.search_model_versions(f"name = '{name}'")
        },
    }


def slim(path: Path) -> None:
    with sqlite3.connect(path) as con:
        con.execute("PRAGMA journal_mode = delete")
    con = sqlite3.connect(path, isolation_level=None)
    con.execute("VACUUM")
    con.close()


def pack(work: Path, target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as out:
        for path in sorted(work.rglob("*")):
            is_ours = path.name == "echo.py" and (path.parent / "expected.json").is_file()
            if path.is_file() and not is_ours and "__pycache__" not in path.parts:
                info = zipfile.ZipInfo(path.relative_to(work).as_posix(), (2026, 1, 1, 0, 0, 0))
                info.compress_type = zipfile.ZIP_DEFLATED
                out.writestr(info, path.read_bytes(), compresslevel=9)


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(Path(sys.argv[2]).resolve())
    else:
        pack(Path(sys.argv[2]), Path(sys.argv[3]))
