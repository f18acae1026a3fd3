"""MLflow's verbs for logged models: found, searched, used and made by runs."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

import nbtrack
from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.tracking import active, logged_models

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def plus_one(model_input: Any) -> Any:
    return model_input["x"] + 1


@pytest.fixture
def infos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Three models of two runs, with what was measured of them."""
    monkeypatch.chdir(tmp_path)
    nbtrack.set_tracking_uri(tmp_path / "runs.duckdb")
    nbtrack.set_experiment("fraud")
    found = []
    for depth in (1, 2, 3):
        with nbtrack.start_run():
            info = nbtrack.log_model(
                plus_one, f"m{depth}", pip_requirements=[], params={"depth": depth}, tags={"a": "b"}
            )
            nbtrack.log_metric("auc", 0.5 + depth / 10, step=2, model_id=info.model_id)
            found.append(info)
    return found


def test_a_model_is_found_with_what_was_said_of_it(infos: list[Any]) -> None:
    for get in (nbtrack.get_logged_model, nbtrack.Client().get_logged_model):
        model = get(infos[1].model_id)
        assert (model.model_id, model.name, model.status) == (infos[1].model_id, "m2", "READY")
        assert (model.params, model.tags, model.source_run_id) == ({"depth": "2"}, {"a": "b"}, infos[1].run_id)
        assert [(m.key, m.value, m.step) for m in model.metrics] == [("auc", 0.7, 2)]
        assert list(nbtrack.pyfunc.load_model(model.model_uri).predict(pd.DataFrame({"x": [1]}))) == [2]
    with pytest.raises(NotFoundError):
        nbtrack.get_logged_model("m-" + "0" * 32)


def test_models_are_searched_and_ordered_by_what_was_measured(infos: list[Any]) -> None:
    ids = [info.model_id for info in infos]
    order = [{"field_name": "metrics.auc", "ascending": False}]
    table = nbtrack.search_logged_models(filter_string="metrics.auc > 0.65", order_by=order)
    assert list(table["model_id"]) == ids[:0:-1]
    assert nbtrack.search_logged_models(datasets=[{"dataset_name": "other"}], filter_string="metrics.auc > 0").empty
    found = nbtrack.search_logged_models(filter_string="params.depth = '1'", output_format="list")
    assert [model.model_id for model in found] == ids[:1]
    assert list(nbtrack.search_logged_models(experiment_ids=["0"]).columns)[:2] == ["experiment_id", "model_id"]
    with pytest.raises(InvalidValueError, match="field_name"):
        nbtrack.search_logged_models(order_by=["metrics.auc"])  # type: ignore[list-item]


def test_results_of_the_client_come_in_pages(infos: list[Any]) -> None:
    client = nbtrack.Client()
    experiment = nbtrack.get_run(infos[0].run_id).info.experiment_id
    asked: dict[str, Callable[[str | None], Any]] = {
        "runs": lambda token: client.search_runs([experiment], max_results=2, page_token=token),
        "models": lambda token: client.search_logged_models([experiment], max_results=2, page_token=token),
        "experiments": lambda token: client.search_experiments(max_results=1, page_token=token),
    }
    for ask in asked.values():
        first = ask(None)
        second = ask(first.token)
        assert len(first) > 0
        assert len(second) == 1
        assert second.token is None
        assert not {str(each) for each in first} & {str(each) for each in second}


def test_runs_say_which_models_they_used_and_made(infos: list[Any]) -> None:
    data = pd.DataFrame({"x": [1, 2]})
    client = nbtrack.Client()
    with nbtrack.start_run() as run:
        nbtrack.log_input(data, "training", model=infos[0])
        nbtrack.log_inputs([data, data], ["a", "b"], [{"k": "v"}, None], models=[infos[1]])
        nbtrack.log_outputs([SimpleNamespace(model_id=infos[2].model_id, step=7)])
        with pytest.raises(InvalidValueError, match="contexts has 1 entries for 2"):
            nbtrack.log_inputs([data, data], ["a"])
        with pytest.raises(InvalidValueError, match="a dataset, a model, or both"):
            nbtrack.log_input()
        with pytest.raises(NotFoundError):
            nbtrack.log_outputs(["m-" + "0" * 32])
        with nbtrack.start_run(nested=True) as child:
            pass
    client.log_outputs(child.id, [infos[0].model_id])
    client.log_inputs(child.id, nbtrack.get_run(run.id).inputs.dataset_inputs[:1], [infos[1]])
    links = logged_models.links_of(active.get_store(), [run.id, child.id])
    ids = [info.model_id for info in infos]
    assert links[run.id] == [("input", ids[0], 0), ("input", ids[1], 0), ("output", ids[2], 7)]
    assert links[child.id] == [("output", ids[0], 0), ("input", ids[1], 0)]
    assert sorted(found.context for found in nbtrack.get_run(run.id).inputs.dataset_inputs) == ["a", "b", "training"]
    assert len(nbtrack.get_run(child.id).inputs.dataset_inputs) == 1
    parent = client.get_parent_run(child.id)
    assert parent is not None
    assert parent.info.run_id == run.id
    assert client.get_parent_run(run.id) is None


def test_experiments_are_searched_with_mlflows_positions(infos: list[Any]) -> None:
    found = nbtrack.search_experiments(nbtrack.ViewType.ALL, 5, "name = 'fraud'", ["name"])
    assert [each.name for each in found] == ["fraud"]
    assert [each.name for each in nbtrack.search_experiments("name LIKE 'fr%'")] == ["fraud"]
