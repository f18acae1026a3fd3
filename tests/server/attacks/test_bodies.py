"""Bodies and heads of requests: bombs, depth, numbers that are none, keys that stand twice, and what HTTP itself can be made to mean."""

from __future__ import annotations

import gzip
import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from nbtrack.names import new_run_id
from nbtrack.store.traffic import BINARY, CODEC, LINES
from tests.server.attacks.conftest import FILES, ML, NATIVE

if TYPE_CHECKING:
    from tests.server.attacks.conftest import Target

METRIC = f"{ML}runs/log-metric"
HUGE = "9" * 5000
BODIES = {
    "deep lists": b"[" * 100_000,
    "deep objects": b'{"a":' * 50_000,
    "deep in a field": b'{"run_id": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "a huge integer": f'{{"run_id": "x", "step": {HUGE}}}'.encode(),
    "a huge float": b'{"run_id": "x", "value": 1e99999}',
    "NaN": b'{"run_id": NaN}',
    "Infinity": b'{"value": -Infinity}',
    "UTF-16": '{"run_id": "x"}'.encode("utf-16"),
    "UTF-7": b'+AHs-"run_id": "x"+AH0-',
    "no UTF-8": b'{"run_id": "\xff\xfe"}',
    "half a surrogate": b'{"run_id": "\\ud800", "key": "\\udfff", "value": 1, "timestamp": 1}',
    "NUL": b'{"run_id": "a\\u0000b", "key": "k\\u0000", "value": 1, "timestamp": 1}',
    "a list": b"[]",
    "a text": b'"x"',
    "nothing": b"",
    "two objects": b"{}{}",
    "a BOM": b'\xef\xbb\xbf{"run_id": "x"}',
    "many keys": json.dumps({f"k{i}": i for i in range(20_000)}).encode(),
    "gzip": gzip.compress(b'{"run_id": "x"}' + b" " * (10 << 20)),
    "a proto": b'{"__proto__": {"role": "admin"}, "constructor": 1}',
}


@pytest.mark.parametrize("name", BODIES)
def test_odd_bodies_are_refused_at_once(target: Target, name: str):
    began = time.process_time()
    for path in (
        "runs/log-metric",
        "runs/log-batch",
        "runs/create",
        "runs/search",
        "model-versions/create",
        "experiments/create",
    ):
        # of one who may not do everything, the gate reads the body itself
        for who in ("boss", "mine") if path in ("runs/log-metric", "runs/search") else ("boss",):
            encoding = {"content_encoding": "gzip"} if name == "gzip" else {}
            found = target.ask("POST", ML + path, BODIES[name], who=who, **encoding)
            target.check(found)
            is_empty = path == "runs/create" and name in ("many keys", "a proto", "NaN", "Infinity")
            is_empty |= path in ("runs/search", "runs/create") and name in BODIES and found.status == 200
            assert 400 <= found.status < 500 or is_empty, (path, found.body[:200])
    assert time.process_time() - began < 20


@pytest.mark.parametrize("name", [n for n in BODIES if n != "nothing"])
def test_odd_parcels_and_journals_are_refused(target: Target, name: str):
    for body in (BODIES[name], CODEC.encode([[], {}])[:4] + BODIES[name], b"\xff\xff\xff\x7f" + BODIES[name][:100]):
        for who in ("boss", "mine"):
            found = target.ask("POST", f"{NATIVE}call/get_run", body, who=who, content_type=BINARY)
            target.check(found)
            assert 400 <= found.status < 500
    found = target.ask("POST", f"{NATIVE}journals/{new_run_id()}", BODIES[name], content_type=LINES)
    target.check(found)
    assert 400 <= found.status < 500


@pytest.mark.parametrize(
    "answer",
    [
        b"GET /health HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 300_000,
        b"GET /health HTTP/1.1\r\n" + b"".join(b"X-%d: a\r\n" % i for i in range(20_000)),
        b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost : x\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"POST /api/message HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /api/message HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /api/message HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"CONNECT evil.example:443 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /health HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x00" * 1000,
        b"TRACE / HTTP/1.1\r\nHost: x\r\nCookie: secret=1\r\n\r\n",
    ],
    ids=[
        "a long header",
        "many headers",
        "a long path",
        "a space",
        "two lengths",
        "less than nothing",
        "two framings",
        "a huge chunk",
        "a proxy's",
        "a tunnel",
        "another HTTP",
        "TLS",
        "HTTP/2",
        "zeros",
        "TRACE",
    ],
)
def test_odd_requests_are_refused(target: Target, answer: bytes):
    try:
        said = target.raw(answer + b"\r\n\r\n")
    except ConnectionError:
        said = b""  # hung up on
    assert not said or said.split(b" ", 2)[1] in (b"400", b"401", b"403", b"404", b"405", b"413", b"421", b"431"), said[
        :200
    ]
    assert b"secret=1" not in said
    assert target.ask("GET", "/health", who=None).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"x_http_method_override": "DELETE"},
        {"x_method_override": "DELETE"},
        {"x_original_url": "/health"},
        {"x_rewrite_url": "/health"},
        {"x_forwarded_host": "evil.example"},
        {"x_forwarded_for": "127.0.0.1"},
        {"x_forwarded_prefix": "/.."},
        {"x_remote_user": "boss"},
        {"remote_user": "boss"},
        {"x_mlflow_user": "boss"},
        {"forwarded": "for=127.0.0.1;host=evil.example"},
    ],
)
def test_headers_of_proxies_open_nothing(target: Target, headers: dict[str, str]):
    assert target.ask("GET", f"{ML}experiments/search", who=None, **headers).status == 401
    found = target.ask(
        "POST", f"{ML}experiments/delete", {"experiment_id": target.experiments["theirs"]}, who="reader", **headers
    )
    assert found.status == 403
    shown = target.ask("GET", f"{ML}experiments/get?experiment_id={target.experiments['theirs']}", **headers)
    assert (shown.status, b"evil.example" in shown.body) == (200, False)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("runs/log-batch", {"metrics": [{"key": "a", "value": 1, "timestamp": 1}] * 1001}, 400),
        ("runs/log-batch", {"params": [{"key": f"k{i}", "value": "v"} for i in range(101)]}, 400),
        ("runs/log-parameter", {"key": "p", "value": "x" * 6001}, 200),  # cut, as MLflow does
        ("runs/log-parameter", {"key": "x" * 251, "value": "v"}, 400),
        ("runs/log-metric", {"key": "a", "value": 1, "timestamp": 2**63}, 400),
        ("runs/log-metric", {"key": "a", "value": 1, "timestamp": 1, "step": 2**63}, 400),
        ("runs/log-metric", {"key": "a", "value": 1, "timestamp": 1, "step": 1.5}, 400),
        ("runs/log-metric", {"key": "a", "value": True, "timestamp": 1}, 400),
        ("runs/log-metric", {"key": "a", "value": "1; DROP TABLE runs", "timestamp": 1}, 400),
        ("runs/log-metric", {"key": "../a", "value": 1, "timestamp": 1}, 400),
        ("runs/log-metric", {"key": "a\r\nb", "value": 1, "timestamp": 1}, 400),
        ("runs/set-tag", {"key": "a\u202eb\x00", "value": "v"}, 400),
        ("runs/update", {"status": "DROP"}, 400),
        ("runs/search", {"experiment_ids": ["0"], "max_results": 10**9}, 400),
        ("runs/search", {"experiment_ids": ["0"], "page_token": "Li4vLi4="}, 400),
    ],
)
def test_numbers_and_lengths_have_limits(target: Target, path: str, body: dict[str, Any], status: int):
    found = target.ask("POST", ML + path, {"run_id": target.run, **body} if "search" not in path else body)
    target.check(found)
    assert found.status == status, found.body
    assert len(target.store.get_run(target.run).data.params.get("p", "")) <= 6000


def test_uploads_count_what_comes_and_not_what_is_said(target: Target):
    place = f"{FILES}/{target.experiments['theirs']}/{target.run}/artifacts/chunked.bin"
    head = f"PUT {place} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {target.secrets['boss']}\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert b" 200 " in target.raw(head.encode() + b"3\r\nabc\r\n0\r\n\r\n")
    said = target.raw(
        head.replace("PUT", "POST").replace(place, f"{ML}runs/search").encode()
        + b"2000001\r\n"
        + b" " * 0x2000001
        + b"\r\n0\r\n\r\n"
    )
    assert b" 413 " in said or said == b""
