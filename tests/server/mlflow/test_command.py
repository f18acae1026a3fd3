"""``nbtrack server`` as people start it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from nbtrack.errors import InvalidValueError
from nbtrack.server.serve import TeamServer
from nbtrack.store.local import LocalStore
from tests.server.mlflow.conftest import Rest

if TYPE_CHECKING:
    from pathlib import Path


def test_a_new_store_is_served_until_the_process_is_told_to_end(tmp_path: Path):
    words = ["server", "--store", str(tmp_path / "team.duckdb"), "--port", "0", "--json"]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(
        [sys.executable, "-m", "nbtrack", *words], stdout=subprocess.PIPE, text=True, env=env
    ) as process:
        try:
            assert process.stdout is not None
            line = ""
            while not line.rstrip().endswith("}"):
                line += process.stdout.readline()
            told = json.loads(line)
            rest = Rest(told["url"])
            assert rest.ask("GET", "/health").body == b"OK"
            run = rest.run()
            assert rest.get("runs/get", run_id=run)["run"]["info"]["status"] == "RUNNING"
            assert rest.ask("GET", "/api/nbtrack/v1/about").status == 200
            assert rest.ask("GET", "/", host=rest.url.removeprefix("http://")).status == 403, "pages want their token"
            page = rest.ask("GET", told["pages"].removeprefix(rest.url), host=rest.url.removeprefix("http://"))
            assert (page.status, page.headers["location"]) == (303, "/")
            rest.close()
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0, "Ctrl+C is how it is meant to end"
    again = LocalStore(tmp_path / "team.duckdb")
    assert again.get_run(run).info.status == "RUNNING", "nobody has ended it"
    again.close()


def test_only_this_machine_can_reach_it(tmp_path: Path):
    with pytest.raises(InvalidValueError, match="--auth"):
        TeamServer(LocalStore(tmp_path / "runs.duckdb"), host="0.0.0.0")
