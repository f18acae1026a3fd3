"""Whose model it is: what this user logged loads without asking, whatever else a store says of a model."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

import nbtrack
import nbtrack.models
from nbtrack.errors import UntrustedModelError
from nbtrack.tracking import active, logged_models, seals
from tests.models import kit

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    nbtrack.set_tracking_uri(tmp_path / "runs.duckdb")
    return tmp_path / "home"


def logged() -> str:
    with nbtrack.start_run():
        return nbtrack.log_model(lambda model_input: model_input, "m", pip_requirements=[]).model_uri


def test_the_key_is_made_once_and_for_its_owner_alone(home: Path):
    assert logged()
    key = home / ".nbtrack" / "key"
    before = key.read_bytes()
    assert (key.stat().st_mode & 0o777, len(before)) == (0o600, seals.KEY_BYTES)
    nbtrack.pyfunc.load_model(logged())
    assert key.read_bytes() == before
    assert [path.name for path in key.parent.iterdir()] == ["key"]


def test_a_store_from_elsewhere_cannot_give_its_models_leave(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    uri = logged()
    nbtrack.pyfunc.load_model(uri)
    active.get_store().close()
    (tmp_path / "copy").mkdir()
    for path in tmp_path.glob("runs*"):
        (shutil.copytree if path.is_dir() else shutil.copyfile)(path, tmp_path / "copy" / path.name)
    nbtrack.set_tracking_uri(tmp_path / "copy" / "runs.duckdb")
    nbtrack.pyfunc.load_model(uri)  # it is still one's own
    monkeypatch.setenv("HOME", str(tmp_path / "another"))
    nbtrack.set_tracking_uri(tmp_path / "copy" / "runs.duckdb")
    monkeypatch.setattr("nbtrack.tracking.model_files._SEEN", {})
    with pytest.raises(UntrustedModelError, match="not logged by you"):
        nbtrack.pyfunc.load_model(uri)
    nbtrack.pyfunc.load_model(uri, trust=True)


@pytest.mark.parametrize("seal", [None, "", "0" * 64, 5, ["x"]])
def test_a_record_that_claims_to_be_a_logged_model_is_not_believed(tmp_path: Path, seal: object):
    canary = tmp_path / "canary"
    model = kit.folder(tmp_path / "m", kit.pyfunc_conf(), {"python_model.pkl": kit.trapped(canary)})
    with nbtrack.start_run() as run:
        run.log_artifacts(model, "m")
        body = {"model_id": f"m-{'1' * 32}", "path": "m", "flavors": kit.pyfunc_conf(), "seal": seal}
        run.store.append((logged_models.RECORD, run.id, None, body))
    for uri in (f"runs:/{run.id}/m", f"models:/m-{'1' * 32}"):
        with pytest.raises(UntrustedModelError):
            nbtrack.pyfunc.load_model(uri)
    assert not canary.exists()


def test_a_seal_is_of_one_model_and_its_files(tmp_path: Path):
    canary = tmp_path / "canary"
    run_id = logged().split("/")[1]
    with nbtrack.start_run(run_id) as run:
        run.store.add_artifact(run.id, "m/python_model.pkl", kit.trapped(canary))
    with pytest.raises(UntrustedModelError, match="system"):
        nbtrack.pyfunc.load_model(f"runs:/{run_id}/m")
    assert not canary.exists()


def test_another_signature_and_a_newer_model_of_the_name_keep_the_seal():
    run_id = logged().split("/")[1]
    first = json.loads(nbtrack.get_run(run_id).data.tags[logged_models.HISTORY])[0]["model_id"]
    nbtrack.models.set_signature(f"runs:/{run_id}/m", nbtrack.models.infer_signature({"a": [1.0]}))
    nbtrack.pyfunc.load_model(f"runs:/{run_id}/m")
    with nbtrack.start_run(run_id):
        nbtrack.log_model(lambda model_input: model_input, "m", pip_requirements=[], params={"a": 1}, tags={"t": "x"})
    nbtrack.pyfunc.load_model(f"models:/{first}")
    newest = logged_models.at(active.get_store(), run_id, "m")
    assert newest is not None
    assert (newest.params, newest.tags) == ({"a": "1"}, {"t": "x"})
    nbtrack.pyfunc.load_model(newest.uri)


def test_a_key_that_cannot_be_kept_lasts_for_this_process(home: Path):
    home.write_text("a file where the home should be")
    with pytest.warns(nbtrack.errors.NbtrackWarning, match="cannot be kept"):
        uri = logged()
    nbtrack.pyfunc.load_model(uri)
