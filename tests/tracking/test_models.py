"""Models of runs: logged, found, verified, loaded."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import nbtrack
from nbtrack.errors import InvalidValueError, NbtrackWarning, NotFoundError, StoreError
from nbtrack.models import ModelInfo, infer_signature
from nbtrack.pyfunc import load_model
from nbtrack.tracking import active, logged_models, model_files

X = pd.DataFrame({"x": [1.0, 2.0]})


def plus(n: int) -> Any:
    return lambda model_input: model_input["x"] + n


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    nbtrack.set_tracking_uri(tmp_path / "runs.duckdb")
    return active.get_store()


def test_a_logged_model_is_where_its_info_says():
    with nbtrack.start_run() as run:
        info = nbtrack.log_model(
            plus(1), "model", input_example=X, metadata={"team": "x"}, params={"depth": 3}, tags={"a": 1}
        )
    assert info.model_uri == f"runs:/{run.id}/model"
    assert info.name == info.artifact_path == "model"
    assert info.run_id == run.id
    assert info.model_id == info.model_uuid
    assert info.params == {"depth": "3"}
    assert info.tags == {"a": "1"}
    assert info.metadata == {"team": "x"}
    assert info.signature == infer_signature(X, X["x"])
    assert info.signature_dict == info.signature.to_dict()
    assert info.flavors.keys() == {"python_function"}
    assert f"runs:/{run.id}/model · python_function" in repr(info)
    for uri in (info.model_uri, f"models:/{info.model_id}"):
        assert list(load_model(uri).predict(X)) == [2.0, 3.0]
        found = nbtrack.models.get_model_info(uri)
        assert (found.model_id, found.run_id, found.signature) == (info.model_id, run.id, info.signature)


def test_the_name_may_be_given_in_mlflows_ways():
    with nbtrack.start_run():
        assert nbtrack.log_model(plus(1)).name == "model"
        assert nbtrack.pyfunc.log_model(artifact_path="old", python_model=plus(1)).name == "old"
        assert nbtrack.pyfunc.log_model(name="new", python_model=plus(1)).name == "new"
        assert nbtrack.pyfunc.log_model("deep/er", python_model=plus(1)).name == "deep/er"


def test_without_a_run_one_is_opened_and_ended():
    info = nbtrack.log_model(plus(1))
    assert nbtrack.active_run() is None
    assert nbtrack.get_run(str(info.run_id)).info.status == "FINISHED"


def test_a_run_logs_models_itself():
    with nbtrack.start_run() as run:
        info = run.log_model(plus(1), "mine", metadata={"a": 1})
    assert (info.run_id, info.name, info.metadata) == (run.id, "mine", {"a": 1})


def test_another_run_can_be_meant(store: Any):
    with nbtrack.start_run() as run:
        pass
    first = nbtrack.log_model(plus(1), "a", run_id=run.id)
    second = nbtrack.log_model(plus(2), "b", run_id=run.id)
    assert first.run_id == run.id
    assert [found.model_id for found in logged_models.models_of(store, run.id)] == [first.model_id, second.model_id]
    assert [entry["model_id"] for entry in history(run.id)] == [first.model_id, second.model_id]


def history(run_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(nbtrack.get_run(run_id).data.tags[logged_models.HISTORY])
    return found


def test_the_history_is_mlflows(store: Any):
    with nbtrack.start_run() as run:
        info = nbtrack.log_model(plus(1), input_example=X)
    (entry,) = history(run.id)
    assert entry.keys() == {"run_id", "artifact_path", "utc_time_created", "model_uuid", "model_id", "flavors"}
    assert entry["run_id"] == run.id
    assert entry["artifact_path"] == "model"
    assert entry["flavors"]["python_function"]["loader_module"] == "mlflow.pyfunc.model"
    assert entry["model_uuid"] == info.model_id


def test_an_older_model_of_the_same_name_is_kept_under_its_id(store: Any):
    with nbtrack.start_run() as run:
        infos = [nbtrack.log_model(plus(n), "model", metadata={"n": n}) for n in range(3)]
        assert list(load_model(f"runs:/{run.id}/model").predict(X)) == [3.0, 4.0]
        for n, info in enumerate(infos):
            assert list(load_model(f"models:/{info.model_id}").predict(X)) == [1.0 + n, 2.0 + n]
    paths = [found.path for found in logged_models.models_of(store, run.id)]
    assert sorted(paths) == sorted([f"models/{infos[0].model_id}", f"models/{infos[1].model_id}", "model"])
    assert [entry["artifact_path"] for entry in history(run.id)] == [
        *(f"models/{i.model_id}" for i in infos[:2]),
        "model",
    ]
    uris = [logged_models.find(store, str(info.model_id)).uri for info in infos]
    assert uris[-1] == f"runs:/{run.id}/model"


def test_a_resumed_run_knows_its_models(store: Any):
    with nbtrack.start_run() as run:
        first = nbtrack.log_model(plus(1), "model")
    with nbtrack.start_run(run_id=run.id):
        second = nbtrack.log_model(plus(2), "model")
    assert len(history(run.id)) == 2
    assert list(load_model(f"models:/{first.model_id}").predict(X)) == [2.0, 3.0]
    assert list(load_model(f"models:/{second.model_id}").predict(X)) == [3.0, 4.0]


def test_it_is_the_same_after_a_fold_and_a_rebuild(store: Any):
    with nbtrack.start_run():
        info = nbtrack.log_model(plus(1), input_example=X)
    store.fold(timeout=10)
    assert list(load_model(f"models:/{info.model_id}").predict(X)) == [2.0, 3.0]
    assert list(load_model(info.model_uri).predict(X)) == [2.0, 3.0]


def test_a_file_that_was_changed_in_the_store_is_refused(store: Any, tmp_path: Path):
    with nbtrack.start_run() as run:
        info = nbtrack.log_model(plus(1))
    blob = store.artifact_file(run.id, "model/python_model.pkl")
    blob.chmod(0o600)
    canary = tmp_path / "canary"
    blob.write_bytes(f"cos\nsystem\n(S'touch {canary}'\ntR.".encode())
    with pytest.raises(StoreError, match="damaged"):
        load_model(info.model_uri, trust=True)
    assert not canary.exists()


@pytest.mark.parametrize(
    "uri", ["runs:/{run}/other", "runs:/{none}/model", "models:/m-{none}", "nowhere", "file:///nowhere/m"]
)
def test_what_is_not_there_is_named(uri: str):
    with nbtrack.start_run() as run:
        nbtrack.log_model(plus(1))
        nbtrack.log_text("x", "file.txt")
    with pytest.raises(NotFoundError):
        load_model(uri.format(run=run.id, none="0" * 32))
    with pytest.raises(NotFoundError, match=r"file\.txt"):
        load_model(f"runs:/{run.id}/file.txt")


def test_files_are_put_where_one_wants_them(tmp_path: Path):
    info = nbtrack.log_model(plus(1))
    load_model(info.model_uri, tmp_path / "here")
    assert (tmp_path / "here" / "MLmodel").is_file()
    again = load_model(tmp_path / "here", tmp_path / "there", trust=True)
    assert (tmp_path / "there" / "MLmodel").is_file()
    assert list(again.predict(X)) == [2.0, 3.0]


def test_temporary_files_go_with_the_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    import gc
    import tempfile

    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    (tmp_path / "a.txt").write_text("hi")

    class Reads(nbtrack.pyfunc.PythonModel):
        def load_context(self, context: Any) -> None:
            self.path = context.artifacts["a"]

        def predict(self, model_input: Any) -> Any:
            return Path(self.path).read_text()

    info = nbtrack.pyfunc.log_model(python_model=Reads(), artifacts={"a": "a.txt"})
    model = load_model(info.model_uri)
    (folder,) = (tmp_path / "tmp").iterdir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert model.predict(0) == "hi"
    del model
    gc.collect()
    assert list((tmp_path / "tmp").iterdir()) == []
    with pytest.raises(InvalidValueError):
        nbtrack.tracking.models.load_native(info.model_uri, "sklearn")
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_model_in_a_zip_is_loaded_with_leave(tmp_path: Path):
    nbtrack.pyfunc.save_model(tmp_path / "m", plus(1))
    with zipfile.ZipFile(tmp_path / "m.zip", "w") as archive:
        for file in (tmp_path / "m").iterdir():
            archive.write(file, f"m/{file.name}")
    assert list(load_model(tmp_path / "m.zip", trust=True).predict(X)) == [2.0, 3.0]
    assert nbtrack.models.get_model_info(tmp_path / "m.zip").model_uri == str(tmp_path / "m.zip")


def test_a_folder_without_a_model_is_refused(tmp_path: Path):
    (tmp_path / "m").mkdir()
    for kwargs in ({}, {"dst_path": tmp_path / "x"}):
        with pytest.raises(NotFoundError, match="MLmodel"):
            load_model(tmp_path / "m", **kwargs)  # type: ignore[arg-type]


def test_models_are_registered_by_the_same_call():
    info = nbtrack.log_model(plus(1), registered_model_name="fraud")
    assert (info.registered_model_name, info.registered_model_version) == ("fraud", 1)
    assert "fraud v1" in repr(info)
    second = nbtrack.log_model(plus(2), registered_model_name="fraud", await_registration_for=5)
    assert second.registered_model_version == 2
    assert list(load_model("models:/fraud/1").predict(X)) == [2.0, 3.0]
    assert list(load_model("models:/fraud/latest").predict(X)) == [3.0, 4.0]


def test_requests_can_be_tried(tmp_path: Path):
    info = nbtrack.log_model(plus(1), input_example=X)
    found = nbtrack.models.validate_serving_input(
        info.model_uri, '{"dataframe_split": {"columns": ["x"], "data": [[4]]}}'
    )
    assert list(found) == [5.0]
    with pytest.raises(InvalidValueError, match="lacks 'x'"):
        nbtrack.models.validate_serving_input(info.model_uri, {"dataframe_records": [{"y": 1}]})
    example = nbtrack.models.convert_input_example_to_serving_input(X)
    assert list(nbtrack.models.validate_serving_input(info.model_uri, str(example))) == [2.0, 3.0]


def test_a_signature_can_be_given_later(tmp_path: Path):
    signature = infer_signature(X, [1.0])
    info = nbtrack.log_model(plus(1))
    assert info.signature is None
    nbtrack.models.set_signature(info.model_uri, signature)
    assert nbtrack.models.get_model_info(info.model_uri).signature == signature
    nbtrack.pyfunc.save_model(tmp_path / "m", plus(1))
    nbtrack.models.set_signature(tmp_path / "m", signature)
    assert nbtrack.models.get_model_info(tmp_path / "m").signature == signature


def test_requirements_can_be_had_as_a_file():
    info = nbtrack.log_model(plus(1), pip_requirements=["numpy==2.0.0"])
    assert "numpy==2.0.0" in Path(nbtrack.pyfunc.get_model_dependencies(info.model_uri)).read_text()
    assert nbtrack.pyfunc.get_model_dependencies(info.model_uri, "conda").endswith("conda.yaml")
    with pytest.raises(InvalidValueError, match="'pip' or 'conda'"):
        nbtrack.pyfunc.get_model_dependencies(info.model_uri, "uv")  # type: ignore[arg-type]


def test_a_history_that_others_wrote_is_no_danger(store: Any):
    with nbtrack.start_run() as run:
        for text in ("no JSON", "3", '[1, {"artifact_path": "../x"}]'):
            run.set_tag(logged_models.HISTORY, text)
            info = nbtrack.log_model(plus(1), "model")
            assert list(load_model(f"models:/{info.model_id}").predict(X)) == [2.0, 3.0]


def test_two_models_can_be_logged_from_another_process(store: Any, tmp_path: Path):
    program = "import nbtrack\nprint(nbtrack.log_model(len, 'model').model_id)"
    with nbtrack.start_run() as run:
        environment = {**os.environ, **run.env}
        done = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
        )
        mine = nbtrack.log_model(plus(1), "mine")
    ids = {found.model_id for found in logged_models.models_of(store, run.id)}
    assert ids == {done.stdout.strip(), mine.model_id}


def test_processes_that_log_one_name_at_once_leave_each_model_whole(store: Any, tmp_path: Path):
    program = """
import sys, nbtrack
def plus(n):
    return lambda model_input: model_input["x"] + n
for n in range(3):
    nbtrack.log_model(plus(n), "model", pip_requirements=[])
    print(flush=True)
"""
    with nbtrack.start_run() as run:
        other = subprocess.Popen([sys.executable, "-c", program], env={**os.environ, **run.env}, stdout=subprocess.PIPE)
        with other:
            assert other.stdout
            for _ in other.stdout:  # it is at its next one while this is logged
                nbtrack.log_model(plus(9), "model", pip_requirements=[], code_paths=[__file__])
    assert other.returncode == 0
    found = logged_models.models_of(store, run.id)
    assert sorted(entry["model_id"] for entry in history(run.id)) == sorted(str(model.model_id) for model in found)
    answers = [load_model(f"models:/{model.model_id}").predict(X)[0] for model in found]  # refused with another's files
    assert sorted(answers) == [1.0, 2.0, 3.0, 10.0, 10.0, 10.0]


def test_opening_a_place_reads_nothing(tmp_path: Path):
    info = nbtrack.log_model(plus(1))
    assert model_files.locate(info.model_uri).path == "model"
    assert model_files.locate(tmp_path).local == tmp_path


def test_infos_of_saved_models_have_no_run(tmp_path: Path):
    nbtrack.pyfunc.save_model(tmp_path / "m", plus(1))
    info = nbtrack.models.get_model_info(tmp_path / "m")
    assert (info.run_id, info.model_id, info.signature_dict) == (None, None, None)
    assert isinstance(info, ModelInfo)


def test_what_the_data_does_not_show_is_one_warning():
    with pytest.warns(NbtrackWarning, match="No schema"):
        infer_signature({1, 2})


def test_what_mlflow_3_says_of_a_model_is_kept_with_it(store: Any):
    with nbtrack.start_run() as run:
        info = nbtrack.pyfunc.log_model("model", python_model=plus(1), model_type="adder", step=7)
        data = nbtrack.data.from_pandas(X, name="holdout")
        nbtrack.log_metrics({"rmse": 0.5, "bias": float("nan")}, step=7, model_id=info.model_id, dataset=data)
        nbtrack.set_tag("k", "v", synchronous=True)
    (found,) = logged_models.of_experiments(store, [0])
    assert found.model_type == "adder"
    assert logged_models.links_of(store, [run.id]) == {run.id: [("output", info.model_id, 7)]}
    rmse, bias = found.metrics
    assert (rmse[0], rmse[1], *rmse[3:]) == ("rmse", 0.5, 7, "holdout", data.digest, run.id)
    assert bias[1] == "NaN"
    assert store.get_run(run.id).data.metrics["rmse"] == 0.5
    with pytest.warns(NbtrackWarning) as told, nbtrack.start_run():
        nbtrack.log_metric("rmse", 1.0, model_id="model")
    assert "m-<32 hex digits>" in str(told[0].message)
    with pytest.raises(InvalidValueError, match="model_id is given out"):
        nbtrack.pyfunc.log_model("model", python_model=plus(1), model_id=info.model_id)


def test_a_model_takes_files_of_runs_and_other_models_along(tmp_path: Path):
    class Wrapper(nbtrack.pyfunc.PythonModel):
        def predict(self, context: Any, model_input: Any) -> Any:
            text = Path(context.artifacts["text"]).read_text()
            return [text, Path(context.artifacts["model"], "MLmodel").is_file()]

    with nbtrack.start_run() as run:
        nbtrack.log_text("words", "notes/a.txt")
        inner = nbtrack.log_model(plus(1), "inner", registered_model_name="inner")
        files = {"text": f"runs:/{run.id}/notes/a.txt", "model": "models:/inner/1"}
        info = nbtrack.pyfunc.log_model("outer", python_model=Wrapper(), artifacts=files)
        with pytest.raises(NotFoundError, match=r"b\.txt"):
            nbtrack.pyfunc.log_model("outer", python_model=Wrapper(), artifacts={"text": f"runs:/{run.id}/notes/b.txt"})
    assert load_model(info.model_uri).predict(X) == ["words", True]
    nbtrack.pyfunc.save_model(tmp_path / "saved", Wrapper(), artifacts={**files, "model": inner.model_uri})
    assert load_model(tmp_path / "saved", trust=True).predict(X) == ["words", True]
