"""MLflow's own kind of project, whose code knows of MLflow alone, run by nbtrack: on a file by the plugin, and on a server."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import nbtrack
import nbtrack.projects
from nbtrack.server.serve import TeamServer
from nbtrack.store.opening import open_local, open_store
from nbtrack.tracking import active

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLE = Path(__file__).parents[1] / "projects" / "examples" / "elasticnet_wine"


@pytest.fixture
def project(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """MLflow's example, and a store of a kind in use.

    Each process imports MLflow for five seconds, so that each store has one: what differs in the file is tested with nested runs.
    """
    monkeypatch.setenv("PYTHONPATH", str(Path(nbtrack.__file__).parents[1]))
    monkeypatch.setenv("NBTRACK_OUTBOX", str(tmp_path / "outbox"))
    path = tmp_path / "runs.duckdb"
    server = None
    if request.param == "server":
        server = TeamServer(open_local(path), has_pages=False)
        server.start()
    nbtrack.set_tracking_uri(path if server is None else server.url)
    try:
        yield Path(shutil.copytree(EXAMPLE, tmp_path / "wine"))
    finally:
        nbtrack.set_tracking_uri(None)
        if server is not None:
            open_store(server.url).close()
            server.close()


@pytest.mark.parametrize("project", ["server"], indirect=True)
def test_mlflows_example_runs_unchanged(project: Path) -> None:
    going = nbtrack.projects.run(project, parameters={"alpha": 0.2}, env_manager="local", experiment="wine")
    found = nbtrack.get_run(going.run_id)
    assert found.info.status == "FINISHED"
    assert found.info.experiment_name == "wine"
    assert set(found.data.metrics) == {"rmse", "mae", "r2"}
    assert found.data.params == {"alpha": "0.2", "l1_ratio": "0.1"}
    assert found.data.tags["mlflow.source.type"] == "PROJECT"
    assert active.get_store().artifact_file(going.run_id, "table.csv").read_text() == "alpha,l1_ratio\n"


@pytest.mark.parametrize("project", ["file"], indirect=True)
def test_its_nested_runs_are_children(project: Path) -> None:
    going = nbtrack.projects.run(project, "tuned", parameters={"alphas": "0.1,0.3"}, env_manager="local")
    runs = nbtrack.search_runs()
    children = runs[runs["tags.mlflow.parentRunId"] == going.run_id]
    assert sorted(children["params.alpha"]) == ["0.1", "0.3"]
    found = nbtrack.get_run(going.run_id)
    assert found.info.status == "FINISHED"
    assert found.data.metrics == {"tried": 2.0}
    assert found.data.params == {"alphas": "0.1,0.3"}
    assert active.get_store().artifact_file(going.run_id, "tried.txt").read_text() == "0.1,0.3\n"
