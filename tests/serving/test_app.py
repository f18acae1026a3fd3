"""The scoring protocol over real HTTP."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import socket
import sys
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from nbtrack.errors import InvalidValueError, NbtrackError
from nbtrack.serving.running import Serving, serve
from nbtrack.serving.settings import Settings
from nbtrack.serving.threaded import listen
from nbtrack.version import __version__
from tests.serving.conftest import rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

JSON = {"content-type": "application/json"}


@pytest.fixture
def client(folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[httpx.Client]:
    """A client of a server with tight limits."""
    monkeypatch.chdir(tmp_path)
    with (
        serve(str(folder), trust=True, timeout_s=0.3, max_bytes=10_000) as serving,
        httpx.Client(base_url=serving.url, timeout=30) as found,
    ):
        yield found


def post(client: httpx.Client, body: Any, **headers: str) -> httpx.Response:
    content = body if isinstance(body, (str, bytes)) else json.dumps(body)
    return client.post("/invocations", content=content, headers={**JSON, **headers})


RECORDS = [{"x": 1.5, "city": "Ulm"}]


@pytest.mark.parametrize(
    "body",
    [
        {"dataframe_records": RECORDS},
        {"dataframe_split": {"columns": ["city", "x"], "data": [["Ulm", 1.5]]}},
        {"instances": RECORDS},
        {"inputs": {"x": [1.5], "city": ["Ulm"]}},
        {"inputs": {"x": 1.5, "city": "Ulm"}},
        {"dataframe_records": RECORDS, "params": {}},
        {"dataframe_records": [{**RECORDS[0], "more": 1}]},
    ],
)
def test_each_form_of_json_is_answered(client: httpx.Client, body: Any) -> None:
    reply = post(client, body)
    assert (reply.status_code, reply.json()) == (200, {"predictions": [3.0]})
    assert reply.headers["content-type"] == "application/json"


def test_params_reach_the_model(client: httpx.Client) -> None:
    assert post(client, {"dataframe_records": RECORDS, "params": {"times": 10.0}}).json() == {"predictions": [15.0]}


def test_tables_are_answered(client: httpx.Client) -> None:
    csv = rows(3).to_csv(index=False)
    for kind in ("text/csv", "text/csv; charset=utf-8"):
        assert post(client, csv, **{"content-type": kind}).json() == {"predictions": [0.0, 2.0, 4.0]}
    parquet = rows(3).to_parquet(index=False)
    reply = post(client, parquet, **{"content-type": "application/vnd.apache.parquet"})
    assert reply.json() == {"predictions": [0.0, 2.0, 4.0]}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("{", "is not JSON"),
        ("[1]", "is a JSON array"),
        ({}, "exactly one of"),
        ({"instances": RECORDS, "inputs": {}}, "exactly one of"),
        ({"dataframe_records": [{"x": 1.0}]}, "lacks 'city'"),
        ({"dataframe_records": [{"x": "much", "city": "Ulm"}]}, "x"),
        ({"dataframe_records": RECORDS, "params": {"times": "often"}}, "times"),
        ({"dataframe_records": RECORDS, "params": 3}, "params"),
    ],
)
def test_what_does_not_fit_is_said(client: httpx.Client, body: Any, words: str) -> None:
    reply = post(client, body)
    assert reply.status_code == 400
    assert reply.json()["error_code"] == "BAD_REQUEST"
    assert words in reply.json()["message"]
    assert "Traceback" not in reply.text


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_other_content_types_are_refused_before_the_body_is_read(client: httpx.Client, kind: str) -> None:
    reply = post(client, {"dataframe_records": RECORDS}, **{"content-type": kind})
    assert reply.status_code == 415
    assert "text/csv" in reply.text


def test_what_the_model_cannot_score_is_told_without_its_insides(client: httpx.Client) -> None:
    reply = post(client, {"dataframe_records": [{"x": 1.0, "city": "fail"}]})
    assert reply.status_code == 422
    assert reply.json()["message"] == "The model could not score this input: ValueError: no such city: fail"


def test_a_prediction_that_takes_too_long_is_given_up(client: httpx.Client) -> None:
    reply = post(client, {"dataframe_records": [{"x": 1.0, "city": "slow"}]})
    assert reply.status_code == 504
    assert "longer than 0.3 seconds" in reply.json()["message"]
    assert post(client, {"dataframe_records": RECORDS}).status_code == 200


def test_a_body_that_does_not_come_is_not_waited_for(client: httpx.Client) -> None:
    with socket.create_connection((client.base_url.host, client.base_url.port or 80), timeout=10) as slow:
        head = "POST /invocations HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
        slow.sendall(head.encode())
        assert slow.recv(20).startswith(b"HTTP/1.1 408")


def test_a_body_that_is_too_large_is_refused(client: httpx.Client) -> None:
    reply = post(client, {"dataframe_records": [{"x": 1.0, "city": "U" * 20_000}]})
    assert reply.status_code == 413
    assert "10,000 bytes" in reply.json()["message"]


def test_the_small_routes(client: httpx.Client) -> None:
    assert [client.get(path).text for path in ("/ping", "/health", "/version")] == ["\n", "\n", __version__]
    reply = client.get("/invocations")
    assert (reply.status_code, reply.json()) == (405, {"detail": "Method Not Allowed"})
    reply = client.get("/nothing")
    assert (reply.status_code, reply.json()) == (404, {"detail": "Not Found"})


def test_prometheus_gets_its_figures(client: httpx.Client) -> None:
    post(client, {"dataframe_records": RECORDS * 3})
    post(client, "{")
    text = client.get("/metrics").text
    assert 'nbtrack_requests_total{status="200"} 1.0' in text
    assert 'nbtrack_requests_total{status="400"} 1.0' in text
    assert "nbtrack_rows_total 3.0" in text
    assert "nbtrack_request_seconds_count 2.0" in text
    assert re.search(r'nbtrack_model_info\{uri=".*doubling",version=".*doubling"\}', text)


def test_the_description_has_the_models_columns(client: httpx.Client) -> None:
    found = client.get("/openapi.json").json()
    assert found["openapi"] == "3.1.0"
    record = found["components"]["schemas"]["Record"]
    assert record["properties"] == {"x": {"type": "number", "format": "double"}, "city": {"type": "string"}}
    assert record["required"] == ["x", "city"]
    params = found["components"]["schemas"]["Input"]["oneOf"][0]["properties"]["params"]["properties"]
    assert params == {"times": {"type": "number", "format": "double", "default": 2.0}}
    example = found["paths"]["/invocations"]["post"]["requestBody"]["content"]["application/json"]["example"]
    assert post(client, example).json() == {"predictions": [0.0, 2.0]}


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_the_page_runs_its_own_script_and_nothing_else(client: httpx.Client, path: str) -> None:
    reply = client.get(path)
    (script,) = re.findall(r'<script type="module">(.*?)</script>', reply.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = reply.headers["content-security-policy"]
    assert f"script-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")
    assert "unsafe-inline'" not in policy.replace("style-src 'unsafe-inline'", "")


@pytest.mark.parametrize(
    "host", ["evil.com", "evil.com:5000", "127.0.0.1.evil.com", "localhost@evil.com", "10.0.0.5", "[::2]:80", ""]
)
@pytest.mark.parametrize("path", ["/docs", "/invocations"])
def test_a_page_whose_name_was_bound_to_this_machine_is_refused(client: httpx.Client, host: str, path: str) -> None:
    content = json.dumps({"dataframe_records": RECORDS})
    reply = client.request(
        "POST" if path == "/invocations" else "GET", path, content=content, headers={**JSON, "host": host}
    )
    assert reply.status_code == 421
    assert "asked by the names of this machine" in reply.text
    assert "doubling" not in reply.text


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:9", "127.0.0.1:5000", "127.0.0.2", "[::1]:80", "model.localhost"]
)
def test_this_machine_is_called_by_many_names(client: httpx.Client, host: str) -> None:
    assert client.get("/ping", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(("host", "more", "status"), [("127.0.0.1", ("model.example.com",), 200), ("0.0.0.0", (), 200)])
def test_a_proxy_and_an_open_server_are_asked_by_other_names(
    folder: Path, host: str, more: tuple[str, ...], status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with serve(str(folder), trust=True, host=host, allow_hosts=more) as serving:
        url = serving.url.replace("0.0.0.0", "127.0.0.1")
        assert httpx.get(f"{url}/ping", headers={"host": "Model.example.com"}).status_code == status


def test_a_taken_port_is_said() -> None:
    taken = listen("127.0.0.1", 0)
    try:
        with pytest.raises(NbtrackError, match="cannot be had"):
            listen("127.0.0.1", taken.getsockname()[1])
    finally:
        taken.close()


def test_answers_are_sent_at_once() -> None:
    """Asyncio sets TCP_NODELAY only on sockets that name their protocol; without it each answer waits 40 ms."""
    with listen("127.0.0.1", 0) as found:
        assert found.proto == socket.IPPROTO_TCP


def test_a_host_of_nobody_is_said() -> None:
    with pytest.raises(InvalidValueError, match="no address of this machine"):
        listen("no such host.invalid", 0)


def test_settings_travel_to_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_NBTRACK_SERVING", "")
    settings = Settings("models:/fraud@champion", "x.duckdb", follow_s=1.5, trust=True, allow_hosts=("a.b",))
    settings.to_environment()
    assert Settings.from_environment() == settings


def test_a_missing_package_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(ImportError, match=r'pip install "nbtrack\[serving\]"'):
        Serving(Settings(str(folder), trust=True))
