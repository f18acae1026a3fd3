"""Whatever is sent, the answer is one of MLflow's errors or a success: never a 500, a stack trace, SQL or a path of the server."""

from __future__ import annotations

import json
from http.client import HTTPException
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.server.mlflow.conftest import API, FILES

if TYPE_CHECKING:
    from tests.server.mlflow.conftest import Rest

HUGE = 10**30
ODD: list[Any] = [
    None, True, 0, -1, 1.5, 1e308, HUGE, "", " ", "x", "0", "NaN", "\x00", "\ud800", "é" * 300, "x" * 10_000,
    "../..", "'; DROP TABLE runs; --", "%00", [], [None], [1], ["x"], [[]], {}, {"key": 1}, [{"key": None}],
    [{"key": "a", "value": {}}], [{"key": "k", "value": "v"}] * 3,
]  # fmt: skip


@pytest.fixture(scope="module")
def routes(rest: Rest) -> list[tuple[str, str, list[str], list[str]]]:
    """Each route of the OpenAPI with the names of its fields and of its query."""
    schema = rest.ask("GET", "/openapi.json").json
    found = []
    for path, methods in schema["paths"].items():
        for method, about in methods.items():
            content = about.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
            reference = content.get("$ref") or next((a.get("$ref", "") for a in content.get("anyOf", [])), "")
            model = schema["components"]["schemas"].get(reference.rpartition("/")[2], {})
            query = [p["name"] for p in about.get("parameters", []) if p["in"] == "query"]
            if "mlflow" not in path:
                continue
            found.append((method.upper(), path, sorted(model.get("properties", {})), query))
    assert len(found) > 70
    return found


def check(found: Any, server_path: str) -> None:
    """Fail when an answer says too much, or that the server is at fault."""
    assert found.status < 500, (found.status, found.body[:500])
    text = found.body.decode()
    assert "Traceback" not in text
    assert server_path not in text
    if found.status >= 400:
        assert {"error_code", "message"} == found.json.keys(), text
        assert "SELECT" not in text


def test_odd_values_in_every_field_of_every_route(rest, routes, store):
    run = rest.run()
    fine = {"run_id": run, "experiment_id": "0", "key": "k", "value": "1", "timestamp": 1, "experiment_ids": ["0"], "name": "m",
            "version": "1", "url": "https://example.com", "events": [{"entity": "MODEL_VERSION", "action": "CREATED"}], "path": "f",
            "status": "FINISHED", "new_name": "n", "models": [], "source": "s3://b/m", "upload_id": "u", "parts": [], "alias": "a",
            "stage": "None", "model_json": "{}"}  # fmt: skip
    here = str(store.path.parent)
    for method, path, fields, query in routes:
        address = path.format(
            model_id="m-" + "0" * 32, webhook_id="w", key="k", address="0/x", upload_id="u", number="1"
        )
        for place, name in enumerate(fields):
            for value in ODD[place % 6 :: 6]:  # each field a sixth of them, the next field the next sixth
                body = {field: fine[field] for field in fields if field in fine} | {name: value}
                check(rest.ask(method, address, body), here)
        for name in query:
            for value in ("", "-1", str(HUGE), "%00", "%ff", "x" * 2000):
                others = "&".join(
                    f"{field}={fine[field]}" for field in query if field != name and isinstance(fine.get(field), str)
                )
                check(rest.ask(method, f"{address}?{name}={value}&{others}"), here)


BODIES = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"1",
    b'"x"',
    b"\xff\xfe",
    b'{"a":' * 2000,
    b"{}" * 3,
    b'{"run_id": NaN}',
    b'{"key": Infinity}',
]


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/x-www-form-urlencoded", ""])
def test_bodies_that_are_no_json_object(rest, routes, store, kind):
    for method, path, fields, _ in routes:
        if fields:
            for body in BODIES if kind == "application/json" else BODIES[-1:]:
                headers = {"content-type": kind} if kind else {}
                found = rest.ask(
                    method, path.format(model_id="m", webhook_id="w", key="k", address="a"), body, **headers
                )
                check(found, str(store.path.parent))
                has_fields = kind == "application/json" and body.startswith(b'{"')
                assert found.status >= 400 or "/test" in path or has_fields, (path, body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(data=st.data())
def test_any_json_is_answered(rest, routes, store, data):
    method, path, fields, _ = data.draw(st.sampled_from([each for each in routes if each[2]]))
    body = data.draw(st.fixed_dictionaries({}, optional=dict.fromkeys(fields, JSON)))
    address = path.format(model_id="m-" + "0" * 32, webhook_id="w", key="k", address="0/x", upload_id="u", number="1")
    check(rest.ask(method, address, json.dumps(body).encode(), content_type="application/json"), str(store.path.parent))


FILTERS = [
    "1=1", "metrics.a > ", "'", "a" * 20_000, "(" * 500, "metrics.`a", "params.a = 'x' OR 1=1 --", "attributes.run_id IN ()",
    "tags.x LIKE '%'; DROP TABLE runs", "\x00", "metrics.a = 1e999", "start_time > 99999999999999999999", "NOT " * 300 + "a",
]  # fmt: skip


@pytest.mark.parametrize("path", ["runs/search", "experiments/search", "logged-models/search"])
@pytest.mark.parametrize("text", FILTERS, ids=range(len(FILTERS)))
def test_filters_that_cannot_be_read(rest, store, path, text):
    for body in ({"filter": text}, {"order_by": [text if "logged" not in path else {"field_name": text}]}):
        check(rest.ask("POST", API + path, {"experiment_ids": ["0"], **body}), str(store.path.parent))


def test_tokens_of_no_page(rest):
    for token in ("x", "eyJvZmZzZXQiOiAtMX0=", "eyJvZmZzZXQiOiB0cnVlfQ==", "bnVsbA==", "\u20ac", "e30="):
        found = rest.ask("POST", API + "runs/search", {"experiment_ids": ["0"], "page_token": token})
        assert found.error == (400, "INVALID_PARAMETER_VALUE"), token


ADDRESSES = [
    "../secret", "0/../../etc/passwd", "/etc/passwd", "//etc/passwd", "..%2f..%2fetc/passwd", "%2e%2e/%2e%2e/x",
    "%252e%252e%252fx", "{run}/artifacts/../../../x", "0/{run}/artifacts/..", "0/{run}/artifacts/%2e%2e/x",
    "0/{run}/artifacts/a%00b", "0/{run}/artifacts/a%5c..%5cb", "0/{run}/artifacts/C:/x", "0/{run}/artifacts//x",
    "0/{run}/artifacts/CON", "0/{run}/artifacts/a%0ab", "0/models/m-x/artifacts/f", "0/{run}/artifacts", "0/{run}", "",
    "0/{run}/artifacts/%25252e%25252e/x", "9/{run}/artifacts/f", "file:///etc/passwd", "0/{run}/artifacts/" + "a/" * 600 + "f",
]  # fmt: skip


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("method", ["PUT", "GET", "DELETE"])
def test_an_address_never_leads_out(rest, store, method, address):
    place = FILES + address.replace("{run}", rest.run())
    before = sorted(path for path in store.path.parent.rglob("*") if "w" not in path.parts[-2:])
    try:
        found = rest.ask(method, place, b"evil" if method == "PUT" else None)
    except HTTPException:
        return  # no such request can be sent
    check(found, str(store.path.parent)) if found.status >= 400 else None
    assert found.status >= 400 or method == "DELETE" or found.json in ({}, {"files": []})
    assert b"evil" not in found.body
    after = sorted(path for path in store.path.parent.rglob("*") if "w" not in path.parts[-2:])
    assert [
        p for p in after if p not in before and p.suffix not in (".jnl", ".lock", ".duckdb", ".parquet", ".json")
    ] == []


def test_lists_of_addresses_never_lead_out(rest):
    run = rest.run()
    for path in ("../..", "/etc", "0/../..", "..%2f..", f"0/{run}/artifacts/../..", f"0/{run}/artifacts/%2e%2e"):
        found = rest.ask("GET", FILES[:-1] + "?path=" + path.replace("%", "%25"))
        assert found.error == (400, "INVALID_PARAMETER_VALUE"), path
        listed = rest.ask("GET", f"{API}artifacts/list?run_id={run}&path={path}")
        assert listed.error == (400, "INVALID_PARAMETER_VALUE") or "artifacts" in path, path
