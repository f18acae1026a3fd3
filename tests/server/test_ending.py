"""SIGTERM with fifty open pages: they are told, the process says that all went well, and the port is free."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from nbtrack.store.local import LocalStore

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

PAGES = 50


def test_a_server_with_open_pages_ends_when_it_is_told_to(tmp_path: Path):
    words = ["server", "--store", str(tmp_path / "team.duckdb"), "--port", "0", "--json"]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(
        [sys.executable, "-m", "nbtrack", *words], stdout=subprocess.PIPE, text=True, env=env
    ) as process:
        try:
            assert process.stdout is not None
            told = first_json(process.stdout)
            where = urlsplit(told["url"])
            streams = [stream(told) for _ in range(PAGES)]
            client = http.client.HTTPConnection(where.hostname or "", where.port, timeout=30)
            client.request(
                "POST", "/api/2.0/mlflow/runs/create", '{"experiment_id": "0"}', {"content-type": "application/json"}
            )
            run = json.loads(client.getresponse().read())["run"]["info"]["run_id"]
        finally:
            process.terminate()
        for each in streams:
            each.read()  # to its proper end: IncompleteRead when it was cut
        assert process.wait(30) == 0
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind((where.hostname, where.port))
    store = LocalStore(tmp_path / "team.duckdb")
    assert store.get_run(run).info.status == "RUNNING"
    store.close()


def first_json(lines: Iterable[str]) -> dict[str, str]:
    """Return the document that a server says of itself."""
    text = ""
    for line in lines:
        text += line
        if line.startswith("}"):
            break
    found: dict[str, str] = json.loads(text)
    return found


def stream(told: dict[str, str]) -> http.client.HTTPResponse:
    """Open a page's stream, and hear its greeting."""
    where = urlsplit(told["pages"])
    client = http.client.HTTPConnection(where.hostname or "", where.port, timeout=30)
    client.request("GET", "/api/stream", headers={"authorization": f"Bearer {where.query.partition('=')[2]}"})
    found = client.getresponse()
    assert found.status == 200
    assert found.read1(4)
    return found
