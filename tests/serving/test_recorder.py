"""Requests and predictions that are recorded into a run."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pandas as pd

import nbtrack
from nbtrack.serving import recorder, refusals
from nbtrack.serving.held import Served
from nbtrack.serving.recorder import Recorder
from nbtrack.serving.running import serve
from nbtrack.tracking import active
from tests.serving.conftest import rows

if TYPE_CHECKING:
    import pytest


def recorded(run: Any) -> pd.DataFrame:
    folder = Path(nbtrack.Client().download_artifacts(run.info.run_id, "requests"))
    return pd.concat([pd.read_parquet(path) for path in sorted(folder.iterdir())])


def test_requests_and_predictions_of_a_server_are_a_run(folder: Path, tmp_path: Path) -> None:
    nbtrack.set_tracking_uri(tmp_path / "runs.duckdb")
    with serve(str(folder), trust=True, experiment="serving") as serving, httpx.Client(base_url=serving.url) as client:
        for n in (2, 3):
            body = {"dataframe_records": rows(n).to_dict("records")}
            assert client.post("/invocations", json=body).status_code == 200
        assert client.post("/invocations", json={"dataframe_records": []}).status_code == 400
        assert serving.model == str(folder)
        for _ in range(2):
            assert client.post("/invocations", json={"dataframe_records": [{"x": 1.0}]}).status_code == 400
        fails = {"dataframe_records": [{"x": 1.0, "city": "fail"}]}
        assert client.post("/invocations", json=fails).status_code == 422
        assert client.post("/invocations", content="x", headers={"content-type": "text/plain"}).status_code == 415
    (run,) = nbtrack.search_runs(experiment_names=["serving"], output_format="list")
    assert run.info.status == "FINISHED"
    assert run.data.tags["nbtrack.model_uri"] == str(folder)
    table = recorded(run)
    assert list(table["input.x"])[:5] == [0.0, 1.0, 0.0, 1.0, 2.0]
    assert list(table["prediction"])[:5] == [0.0, 2.0, 0.0, 2.0, 4.0]
    assert set(table["model"]) == {str(folder)}
    assert table["time"].notna().all()
    assert run.data.metrics["rows"] >= 5
    assert {key: run.data.metrics[key] for key in ("refused", "refused/400", "refused/415", "refused/422")} == {
        "refused": 5.0,
        "refused/400": 3.0,
        "refused/415": 1.0,
        "refused/422": 1.0,
    }
    assert run.data.tags["nbtrack.refused"].startswith("400 · 2 requests · The input lacks 'city'")
    reasons = json.loads(Path(nbtrack.Client().download_artifacts(run.info.run_id, "refused.json")).read_text())
    assert [(found["status"], found["requests"]) for found in reasons] == [(400, 2), (400, 1), (422, 1), (415, 1)]


def test_the_run_of_a_server_is_nobody_elses(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nbtrack.set_tracking_uri(tmp_path / "runs.duckdb")
    monkeypatch.setattr(active, "on_open", [lambda run: run.on_look.append(print)])  # as a notebook shows its runs
    with nbtrack.start_run("training") as training, serve(str(folder), trust=True, experiment="serving"):
        assert nbtrack.active_run() is training
        assert [bool(run.on_look) for run in active.open_runs()] == [True, False]
    with serve(str(folder), trust=True, experiment="serving"):
        assert nbtrack.active_run() is None
        with nbtrack.start_run("the next training"):
            nbtrack.log_metric("loss", 1)
    runs = nbtrack.search_runs(experiment_names=["serving"], output_format="list")
    assert [(run.info.status, run.data.metrics, run.info.parent_run_id) for run in runs] == [("FINISHED", {}, None)] * 2


def test_each_column_of_a_table_of_predictions_is_one(tmp_path: Path) -> None:
    nbtrack.set_tracking_uri(tmp_path / "runs.duckdb")
    made = Recorder(nbtrack.start_run("serving"), flush_s=3600)
    served = Served(None, "models:/m@a", "models:/m/1")
    for score in (0.25, 0.75):
        answer = pd.DataFrame({"score": [score], "stop": [score > 0.5], "reason": ["why"], "parts": [[1, 2]]})
        made.take(served, pd.DataFrame({"x": [1]}), answer, 1, 0.001)
    made.close()
    run = nbtrack.get_run(made._run.id)
    assert run.data.metrics["prediction_mean/score"] == run.data.metrics["prediction_mean/stop"] == 0.5
    table = recorded(run)
    assert list(table["prediction.score"]) == [0.25, 0.75]
    assert list(table["prediction.reason"]) == ["why", "why"]
    assert list(table["prediction.parts"]) == ["[1, 2]"] * 2


def test_flushes_follow_each_other_and_bursts_drop_the_oldest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nbtrack.set_tracking_uri(tmp_path / "runs.duckdb")
    monkeypatch.setattr(recorder, "MAX_ROWS", 10)
    made = Recorder(nbtrack.start_run("serving"), flush_s=3600)
    served = Served(None, "models:/m@a", "models:/m/1")
    for n in range(4):
        made.take(served, np.full((4, 2), n), np.full(4, n), 4, 0.001)
    made.flush()
    made.flush()
    made.take(served, {"text": "hello"}, "a text", 1, 0.5)
    made.take(served, ["a", "b"], [{"label": "x"}, {"label": "y"}], 2, 0.5)
    made.close()
    run = nbtrack.get_run(made._run.id)
    assert nbtrack.metric_history(made._run.id, "rows_not_kept")["value"].to_list() == [8.0]
    assert nbtrack.metric_history(made._run.id, "requests")["value"].to_list() == [2.0, 2.0]
    table = recorded(run)
    assert list(table["prediction"].astype(str))[:8] == ["2"] * 4 + ["3"] * 4
    assert table["input"].iloc[-1] == "'b'"
    assert time.time() - table["time"].iloc[0].timestamp() < 3600


def test_a_request_that_cannot_be_a_table_does_not_end_the_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nbtrack.set_tracking_uri(tmp_path / "runs.duckdb")
    made = Recorder(nbtrack.start_run("serving"), flush_s=0.01)
    served = Served(None, "models:/m@a", "models:/m/1")
    failed = threading.Event()
    monkeypatch.setattr(recorder.log, "exception", lambda *_: failed.set())
    made.take(served, pd.DataFrame([[1, 2]], columns=["x", "x"]), [1], 1, 0.001)
    with monkeypatch.context() as patch:
        patch.setattr(recorder, "_table", lambda _: 1 / 0)
        made.take(served, pd.DataFrame({"x": [5]}), [1], 1, 0.001)
        assert failed.wait(30)
    made.take(served, pd.DataFrame({"x": [7]}), [1], 1, 0.001)
    made.close()
    assert list(recorded(nbtrack.get_run(made._run.id))["input.x"])[-1] == 7


def test_reasons_that_name_values_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "MAX_REASONS", 2)
    counts = refusals.Refusals()
    for n in range(5):
        counts.count(400, f"'{n}' is no number")
    listed = counts.listed()
    assert [(found["reason"], found["requests"]) for found in listed] == [
        ("(other reasons)", 3),
        ("'0' is no number", 1),
        ("'1' is no number", 1),
    ]
    assert counts.take() == {400: 5}
    assert not counts.take()
