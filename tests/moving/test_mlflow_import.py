"""What MLflow itself has written comes over as MLflow tells it, run by run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from nbtrack.moving.mlflow.importing import import_mlflow
from tests.moving.mlflow_sources import KINDS, expected, told, unpack
from tests.store.kit import quiet_store

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(params=KINDS)
def source(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, dict[str, Any]]:
    uri, said = unpack(request.param, tmp_path)
    return uri, expected(said, request.param)


def test_everything_comes_over_once(source: tuple[str, dict[str, Any]], tmp_path: Path) -> None:
    uri, wanted = source
    store = quiet_store(tmp_path / "runs.duckdb")
    tally = import_mlflow(uri, store)
    assert tally.skipped == []
    assert tally.runs.new == len(wanted["runs"])
    found = told(store)
    sources = {n: (v.pop("source"), v.pop("model_id")) for n, v in found["models"]["flowers"]["versions"].items()}
    assert found["experiments"] == wanted["experiments"]
    for run_id, run in wanted["runs"].items():
        here = found["runs"][run_id]
        if wanted.get("logged"):
            run["files"] = here["files"]  # those of logged models are files of their runs here
        assert here == run
    assert found["models"] == wanted["models"]
    assert found["logged"].keys() >= wanted["logged"].keys()
    for model_id, model in wanted["logged"].items():
        assert found["logged"][model_id] == model
    assert sources["5"] == ("s3://bucket/elsewhere", None)
    assert all(place.startswith(("runs:/", "models:/m-")) for n, (place, _) in sources.items() if n != "5")
    again = import_mlflow(uri, store)
    assert again.is_nothing_new, again
    assert (again.points, again.files, again.runs.known) == (0, 0, len(wanted["runs"]))
    assert told(store)["runs"] == found["runs"]
