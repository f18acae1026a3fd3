"""``nbtrack.models.predict`` and ``nbtrack models predict``: tables, files, clusters."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import nbtrack
from nbtrack.cli.main import app
from nbtrack.errors import InvalidValueError, NotFoundError
from tests.serving.conftest import rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

N = 5000


@pytest.fixture
def desk(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a store, and tables to score."""
    monkeypatch.chdir(tmp_path)
    nbtrack.set_tracking_uri(tmp_path / "runs.duckdb")
    for k in range(2):
        rows(N).assign(id=np.arange(N) + k * N).to_parquet(tmp_path / f"in-{k}.parquet", index=False)
    return tmp_path


def test_a_table_in_memory_is_predicted_as_the_model_does(desk: Path, folder: Path) -> None:
    assert nbtrack.models.predict(folder, rows(3), trust=True) == [0.0, 2.0, 4.0]
    assert nbtrack.models.predict(folder, rows(2), params={"times": 3.0}, trust=True) == [0.0, 3.0]


def test_mlflows_form_takes_tables_and_requests(desk: Path, folder: Path) -> None:
    predict = nbtrack.models.predict
    assert predict(model_uri=folder, input_data=rows(3), trust=True) == [0.0, 2.0, 4.0]
    body = json.dumps({"dataframe_records": rows(2).to_dict("records"), "params": {"times": 3.0}})
    assert predict(model_uri=folder, input_data=body, content_type="json", trust=True) == [0.0, 3.0]
    rows(2).to_csv("in.csv", index=False)
    assert predict(folder, input_path="in.csv", content_type="csv", env_manager="local", trust=True) == [0.0, 2.0]
    assert predict(folder, input_path="in.csv", content_type="csv", output_path="out.json", trust=True) is None
    assert json.loads((desk / "out.json").read_text()) == {"predictions": [0.0, 2.0]}
    for wrong in ({}, {"data": rows(), "input_data": rows()}, {"input_data": "x", "content_type": "xml"}):
        with pytest.raises(InvalidValueError, match="one of"):
            predict(folder, trust=True, **wrong)
    with pytest.raises(NotFoundError):
        predict(folder, input_path="nowhere.csv", content_type="csv", trust=True)


def test_files_without_an_output_come_back_as_a_table(desk: Path, folder: Path) -> None:
    found = nbtrack.models.predict(folder, "in-*.parquet", keep=["id"], trust=True)
    assert list(found.columns) == ["id", "prediction"]
    assert len(found) == 2 * N


def test_a_file_that_lacks_a_column_is_refused_before_anything_is_scored(desk: Path, folder: Path) -> None:
    rows(2).drop(columns="city").to_csv("bad.csv", index=False)
    with pytest.raises(InvalidValueError, match=r"bad.csv lacks 'city'.*it has x"):
        nbtrack.models.predict(folder, "bad.csv", "out.csv", trust=True)
    assert not (desk / "out.csv.parts").exists()


def test_an_output_among_the_inputs_is_refused_and_so_is_a_column_to_keep_that_is_not_there(
    desk: Path, folder: Path
) -> None:
    before = (desk / "in-0.parquet").read_bytes()
    with pytest.raises(InvalidValueError, match="one of the inputs"):
        nbtrack.models.predict(folder, "in-*.parquet", desk / "in-0.parquet", keep=(), trust=True)
    with pytest.raises(NotFoundError, match=r"'ids' is not in the input"):
        nbtrack.models.predict(folder, "in-*.parquet", "out.csv", keep=["ids"], trust=True)
    assert (desk / "in-0.parquet").read_bytes() == before
    assert not (desk / "out.csv.parts").exists()


def test_no_web_server_is_needed(desk: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("starlette", "nbtrack.serving.app", "nbtrack.serving.worker"):
        monkeypatch.setitem(sys.modules, name, None)
    assert nbtrack.models.predict(folder, rows(1), trust=True) == [0.0]


def test_an_engine_of_nobody_is_refused(desk: Path, folder: Path) -> None:
    with pytest.raises(InvalidValueError, match="local, dask"):
        nbtrack.models.predict(folder, "in-*.parquet", "out.csv", engine="spark", trust=True)


def test_the_run_and_version_are_in_the_output(desk: Path) -> None:
    from sklearn.linear_model import LinearRegression

    frame = pd.DataFrame({"x": [0.0, 1.0]})
    info = nbtrack.sklearn.log_model(
        LinearRegression().fit(frame, [0, 2]), "model", registered_model_name="price", pip_requirements=["scikit-learn"]
    )
    nbtrack.set_registered_model_alias("price", "champion", 1)
    frame.to_csv("in.csv", index=False)
    found = nbtrack.models.predict("models:/price@champion", "in.csv", "out.csv")
    assert (found.n_rows, found.model, found.run_id) == (2, "models:/price/1", info.run_id)
    facts = json.loads((desk / "out.csv.meta.json").read_text())
    assert (facts["nbtrack.model"], facts["nbtrack.run_id"]) == ("models:/price/1", info.run_id)
    assert np.allclose(pd.read_csv("out.csv")["prediction"], [0, 2])


class TestCommandLine:
    """The same from a terminal."""

    def call(self, *words: str) -> Any:
        return CliRunner().invoke(app, ["models", "predict", *words])

    def test_files_are_scored(self, desk: Path, folder: Path) -> None:
        words = ["-m", str(folder), "-i", "in-*.parquet", "-o", "out.jsonl", "--keep", "id", "--trust", "--json"]
        done = self.call(*words, "--params", '{"times": 4.0}', "--store", str(desk / "runs.duckdb"))
        assert done.exit_code == 0, done.output
        assert json.loads(done.stdout)["rows"] == 2 * N
        first = (desk / "out.jsonl").read_text().splitlines()[1]
        assert json.loads(first) == {"id": 1, "prediction": 4.0}

    def test_a_job_goes_on_with_its_own_rows_per_part(self, desk: Path, folder: Path) -> None:
        words = ["-m", str(folder), "-i", "in.csv", "-o", "out.csv", "--trust", "--store", str(desk / "runs.duckdb")]
        rows(6).assign(city=["Ulm"] * 4 + ["fail"] * 2).to_csv(desk / "in.csv", index=False)
        before = (desk / "in.csv").stat()
        assert self.call(*words, "--rows-per-part", "2").exit_code == 1
        text = (desk / "in.csv").read_text()
        (desk / "in.csv").write_text(text.replace("fail", "Bonn"))
        os.utime(desk / "in.csv", ns=(before.st_atime_ns, before.st_mtime_ns))
        other = self.call(*words, "--rows-per-part", "3")
        assert other.exit_code == 1
        assert "rows per part was 2, is 3" in " ".join(other.stderr.split())
        done = self.call(*words)
        assert done.exit_code == 0, done.output
        assert list(pd.read_csv("out.csv")["prediction"]) == [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]

    @pytest.mark.parametrize(("params", "words"), [("{", "is not JSON"), ("[1]", "a JSON object is expected")])
    def test_params_that_are_no_object_are_refused(self, desk: Path, folder: Path, params: str, words: str) -> None:
        done = self.call("-m", str(folder), "-i", "in-*.parquet", "-o", "out.csv", "--trust", "--params", params)
        assert done.exit_code == 1
        assert words in done.stderr


class TestDask:
    """A cluster on this machine: a worker in a process of its own, which does two pieces at a time."""

    @pytest.fixture
    def address(self) -> Iterator[str]:
        import dask
        import distributed

        # On a busy machine a process needs time to begin; Dask's patience ends after thirty seconds.
        patience = {"distributed.comm.timeouts.connect": "120s", "distributed.comm.timeouts.tcp": "120s"}
        with (
            dask.config.set(patience),
            distributed.LocalCluster(
                n_workers=1, threads_per_worker=2, dashboard_address=None, host="127.0.0.1"
            ) as cluster,
        ):
            yield cluster.scheduler_address

    def test_pieces_are_scored_by_the_workers_and_joined_in_order(self, desk: Path, address: str) -> None:
        from sklearn.linear_model import LinearRegression

        model = LinearRegression().fit(pd.DataFrame({"x": [0.0, 1.0]}), [0, 2])
        example = pd.DataFrame({"x": [0.5]})
        nbtrack.sklearn.log_model(
            model, "model", input_example=example, registered_model_name="price", pip_requirements=["scikit-learn"]
        )
        seen: list[tuple[int, int]] = []
        found = nbtrack.models.predict(
            "models:/price/1",
            str(desk / "in-*.parquet"),
            desk / "out.parquet",
            keep=["id", "x"],
            engine="dask",
            scheduler=address,
            piece_rows=1000,
            progress=lambda done, total: seen.append((done, total)),
        )
        assert found.n_rows == 2 * N
        table = pd.read_parquet(desk / "out.parquet")
        assert list(table["id"]) == list(range(2 * N))
        assert np.allclose(table["prediction"], 2 * table["x"])
        assert [done for done, _ in seen] == [1000 * k for k in range(11)]
