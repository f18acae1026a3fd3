"""A store written record by record, so that every id, number and duration in it is known; and the command line on it."""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner, Result

from nbtrack.cli.main import app
from nbtrack.store.local import LocalStore

if TYPE_CHECKING:
    from pathlib import Path

HOUR_S = 3600
EVIL = "[bold red]evil[/] \x1b[31mred\u202etxt"


@dataclass
class Desk:
    """A store, and the command line in front of it."""

    store: LocalStore
    now_us: int = field(default_factory=lambda: time.time_ns() // 1000)

    def run(
        self,
        number: int,
        name: str,
        *,
        experiment: str = "digits",
        params: dict[str, str] | None = None,
        metrics: list[dict[str, float]] | None = None,
        tags: dict[str, str] | None = None,
        status: str | None = "FINISHED",
        hours_ago: float = 2.5,
        duration_s: float = 12.3,
        parent: str | None = None,
    ) -> str:
        """Record a run; its id ends in its number."""
        run_id = f"{number:032x}"
        start_us = self.now_us - int(hours_ago * HOUR_S * 1e6)
        body = {
            "experiment_id": self.store.experiment_id(experiment),
            "experiment": experiment,
            "name": name,
            "number": number,
            "user": "mia",
            "parent": parent,
            "start_us": start_us,
        }
        self.store.append(
            ("start", run_id, None, body), ("tags", run_id, {"mlflow.runName": name, **(tags or {})}, None)
        )
        if params:
            self.store.append(("params", run_id, params, None))
        for step, values in enumerate(metrics or []):
            self.store.log_metrics(run_id, step, values)
        if status:
            span_us = int(duration_s * 1e6)
            end = {"status": status, "end_us": start_us + span_us, "duration_us": span_us, "lost": 0}
            self.store.append(("end", run_id, None, end))
        return run_id

    def call(self, *words: str, width: int = 80, stdin: str | None = None) -> Result:
        """Run a command on this store."""
        env = {"COLUMNS": str(width), "NBTRACK_TRACKING_URI": self.store.uri, "TERM": "dumb", "NO_COLOR": "1"}
        return CliRunner(env=env).invoke(app, list(words), input=stdin)

    def lines(self, *words: str, width: int = 80) -> list[str]:
        """Return the lines that a command prints, without spaces at their ends; it must succeed."""
        done = self.call(*words, width=width)
        assert done.exit_code == 0, done.output
        return [line.rstrip() for line in done.stdout.splitlines()]

    def json(self, *words: str, exit_code: int = 0) -> Any:
        """Return the one strict JSON document that a command prints."""
        done = self.call(*words, "--json")
        assert done.exit_code == exit_code, done.output
        return strict_json(done.stdout)


def strict_json(text: str) -> Any:
    """Read JSON that has no NaN or Infinity and nothing around it."""

    def refuse(word: str) -> None:
        raise ValueError(word)

    return json.loads(text, parse_constant=refuse)


@pytest.fixture
def empty(tmp_path: Path) -> Desk:
    """A store that nothing was recorded in."""
    return Desk(LocalStore(tmp_path / "runs.duckdb"))


@pytest.fixture
def desk(four_runs: Path, tmp_path: Path) -> Desk:
    """A copy of the store with four runs, for this test alone."""
    shutil.copytree(four_runs, tmp_path, dirs_exist_ok=True)
    return Desk(LocalStore(tmp_path / "runs.duckdb"))


@pytest.fixture(scope="session")
def four_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four runs of two experiments, one nested, one failed and hostile, one with files and a dataset."""
    folder = tmp_path_factory.mktemp("four-runs")
    empty = Desk(LocalStore(folder / "runs.duckdb"))
    grid = {"epochs": "10", "optimizer": "adam"}
    parent = empty.run(1, "study", params=grid, metrics=[{"accuracy": 0.9, "loss": 0.5}], hours_ago=5.5)
    empty.run(
        2,
        "mlp 32",
        params={**grid, "lr": "0.01"},
        metrics=[{"accuracy": 0.8, "loss": 0.9}, {"accuracy": 0.95, "loss": 0.25}],
        parent=parent,
        hours_ago=4.5,
    )
    files = empty.run(
        3,
        "mlp 64",
        params={**grid, "lr": "0.1"},
        metrics=[{"accuracy": 0.97, "loss": 0.125}],
        tags={"owner": "mia", "mlflow.note.content": "The one\nof the paper"},
        hours_ago=3.5,
        duration_s=250,
    )
    empty.store.add_artifact(files, "plots/loss.png", b"x" * 1500)
    empty.store.add_artifact(files, "model.txt", b"hi")
    used = {"name": "digits", "digest": "abcd1234", "context": "training"}
    empty.store.append(("input", files, None, used))
    empty.run(
        4,
        EVIL,
        experiment="wine",
        params={"C": "[/]\x07\n1"},
        metrics=[{"accuracy": float("nan")}],
        tags={"nbtrack.error": "ValueError: \x1b[2Jboom"},
        status="FAILED",
    )
    empty.store.close()
    return folder
