"""``nbtrack import mlflow`` and ``nbtrack export mlflow`` as they are typed."""

from __future__ import annotations

import base64
import http.server
import json
import threading
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from nbtrack.cli.main import app
from nbtrack.errors import RemoteError, UnreachableError
from nbtrack.moving.mlflow.rest import Rest
from tests.moving.mlflow_sources import unpack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def call(*words: str, exit_code: int = 0) -> str:
    done = CliRunner(env={"COLUMNS": "200", "TERM": "dumb"}).invoke(app, list(words))
    assert done.exit_code == exit_code, done.output
    return done.output


def test_what_would_come_comes_and_goes_out_again(tmp_path: Path) -> None:
    uri, said = unpack("v3/folder", tmp_path)
    store, out = ("--store", str(tmp_path / "runs.duckdb")), str(tmp_path / "out")
    would = json.loads(call("import", "mlflow", uri, "--dry-run", "--json", *store))
    assert would["dry_run"]
    assert would["runs"]["new"] == len(said["runs"])
    assert not (tmp_path / "runs.duckdb").exists()
    came = json.loads(call("import", "mlflow", uri, "--json", *store))
    same = ("runs", "points", "files", "bytes", "models", "versions")
    assert {name: came[name] for name in same} == {name: would[name] for name in same}
    assert "Nothing new: 7 runs and 4 model versions" in call("import", "mlflow", uri, *store)
    assert "Would come: 7 new runs" in call("export", "mlflow", out, "--dry-run", *store)
    assert not (tmp_path / "out").exists()
    assert "Wrote: 1 new run" in call("export", "mlflow", out, "--run", "parent", *store)
    assert "mlflow server" in call("export", "mlflow", "sqlite:///x.db", *store, exit_code=1)


def test_something_left_out_shows_in_the_exit_code(tmp_path: Path) -> None:
    uri, _ = unpack("v2/folder", tmp_path)
    broken = next(
        path for path in (tmp_path / "v2" / "folder" / "mlruns").glob("*/*/meta.yaml") if len(path.parent.name) == 32
    )
    broken.write_text("]")
    store = ("--store", str(tmp_path / "runs.duckdb"))
    told = call("import", "mlflow", uri, *store, exit_code=3)
    assert f"Left out: run {broken.parent.name}:" in told


@pytest.fixture
def odd_server() -> Iterator[tuple[str, list[Any]]]:
    """A server that is busy at first, and then answers whatever it is told to."""
    seen: list[Any] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append((self.path, self.headers.get("Authorization")))
            status, body = (503, b"{}") if len(seen) == 1 else ANSWERS[self.path.split("?")[0].rsplit("/", 1)[-1]]
            self.send_response(status)
            self.send_header("Location", "http://127.0.0.1:9/elsewhere")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"127.0.0.1:{server.server_port}", seen
    server.shutdown()
    server.server_close()
    thread.join()


ANSWERS = {
    "fine": (200, b'{"a": 1}'),
    "html": (200, b"<html>"),
    "away": (302, b""),
    "no": (403, b"secret-of-the-server"),
    "bad": (400, b'{"error_code": "X", "message": "that is no filter"}'),
}


def test_a_server_is_asked_with_a_login_that_nobody_sees(
    odd_server: tuple[str, list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nbtrack.moving.mlflow.rest.time.sleep", lambda _: None)
    place, seen = odd_server
    rest = Rest(f"http://ada:pa%24%24@{place}/mlflow")
    assert rest.url == f"http://{place}/mlflow"
    assert rest.get("fine") == {"a": 1}  # the second time
    assert seen[-1] == ("/mlflow/api/2.0/mlflow/fine?", "Basic " + base64.b64encode(b"ada:pa$$").decode())
    for path, words in {
        "html": "JSON",
        "away": "302",
        "no": "MLFLOW_TRACKING_TOKEN",
        "bad": "that is no filter",
    }.items():
        with pytest.raises(RemoteError, match=words) as told:
            rest.get(path)
        assert "pa$$" not in str(told.value)
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "t0ken")
    Rest(f"http://{place}").get("fine")
    assert seen[-1][1] == "Bearer t0ken"
    with pytest.raises(UnreachableError, match="run it again"):
        Rest("http://127.0.0.1:9").get("fine")
