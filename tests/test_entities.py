"""The nouns of tracking keep MLflow's names and values."""

from __future__ import annotations

import dataclasses
import json

import pytest

from nbtrack.entities import (
    Dataset,
    DatasetInput,
    Experiment,
    LifecycleStage,
    Metric,
    ModelVersion,
    RegisteredModel,
    Run,
    RunData,
    RunInfo,
    RunInputs,
    RunStatus,
    ViewType,
)


def test_statuses_and_stages_are_the_texts_that_are_stored():
    assert [*RunStatus] == ["RUNNING", "FINISHED", "FAILED", "KILLED"]
    assert [*LifecycleStage] == ["active", "deleted", "carrier"]
    assert f"{RunStatus.FAILED}" == "FAILED"


def test_view_types_have_mlflows_numbers():
    assert [(view.name, int(view)) for view in ViewType] == [("ACTIVE_ONLY", 1), ("DELETED_ONLY", 2), ("ALL", 3)]


def test_entities_do_not_change():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Metric("loss", 0.5).value = 1.0  # type: ignore[misc]


def test_two_points_with_the_same_content_are_equal():
    assert Metric("loss", 0.5, 7, 1) == Metric("loss", 0.5, 7, 1)
    assert hash(Metric("loss", 0.5)) != hash(Metric("loss", 0.25))


def test_default_maps_are_not_shared():
    RunData().params["a"] = "1"
    assert RunData().params == {}


def test_a_run_becomes_plain_dictionaries():
    info = RunInfo("0" * 32, "brave fox", 3, "0", "Default", RunStatus.FINISHED, 1000, 2000, 1.0)
    run = Run(
        info, RunData({"loss": 0.5}, {"lr": "0.1"}), RunInputs((DatasetInput(Dataset("iris", "abc"), "training"),))
    )
    plain = json.loads(json.dumps(run.to_dictionary()))
    assert plain["info"]["status"] == "FINISHED"
    assert plain["data"]["metrics"] == {"loss": 0.5}
    assert plain["inputs"]["dataset_inputs"][0]["dataset"]["digest"] == "abc"
    assert info.artifact_uri == f"runs:/{'0' * 32}"


def test_a_run_is_one_short_line():
    info = RunInfo("a" * 32, "calm-otter", 3, "1", "digits", "FINISHED", 0)
    data = RunData({"acc": 0.91234, "system/cpu": 3.0}, {f"p{i}": str(i) for i in range(6)}, {}, {})
    assert repr(Run(info, data)) == "<Run #3 'calm-otter' FINISHED · acc 0.9123 · p0=0, p1=1, p2=2, p3=3, …>"
    assert repr(Run(info, RunData({}, {}, {}, {}))) == "<Run #3 'calm-otter' FINISHED>"


def test_an_experiment_is_one_short_line():
    assert repr(Experiment("1", "digits")) == "<Experiment 1 'digits'>"
    assert repr(Experiment("2", "old", "deleted", tags={"team": "x"})) == "<Experiment 2 'old' in the trash · team=x>"


def test_a_registered_model_and_its_versions_are_one_short_line_each():
    version = ModelVersion("fraud", 3, 0, 0, current_stage="Production", aliases=["champion", "best"])
    assert repr(version) == "<ModelVersion fraud 3 · @champion · @best · Production>"
    assert (repr(ModelVersion("fraud", 1, 0, 0)), version.uri) == ("<ModelVersion fraud 1>", "models:/fraud/3")
    model = RegisteredModel("fraud", 0, 0, aliases={"champion": 3}, n_versions=3)
    assert repr(model) == "<RegisteredModel 'fraud' · 3 versions · @champion → 3>"
    assert repr(RegisteredModel("new", 0, 0, n_versions=1)) == "<RegisteredModel 'new' · 1 version>"
