"""Every route and method of the application, without a token, with one to read, and against the table."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from nbtrack.server.access import rules
from nbtrack.server.access.roles import Role
from nbtrack.server.native import verbs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.server.access.conftest import Team

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
OPEN = {"/health", "/ready", "/version", "/sign-in", "/sign-out"}
CATCH_ALL = "{rest:path}"


def routes_of(routes: Any, prefix: str = "") -> Iterator[tuple[str, set[str]]]:
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from routes_of(inner.routes, prefix + route.include_context.prefix)
        elif hasattr(route, "app") and not getattr(route, "methods", None):
            yield from routes_of(route.app.routes, prefix + route.path)
        else:
            yield prefix + route.path, set(route.methods or ())


def all_routes(server: Team) -> list[tuple[str, str]]:
    """Return every method and path of the application, parameters filled in."""
    found = [(path, methods) for path, methods in routes_of(server.http.app.routes) if CATCH_ALL not in path]  # type: ignore[attr-defined]
    return [(method, re.sub(r"\{[^}]*\}", "1", path)) for path, methods in found for method in methods]


def test_the_walk_finds_the_routes(server: Team):
    found = {path for _, path in all_routes(server)}
    assert len(found) > 140
    assert {
        "/",
        "/api/stream",
        "/api/nbtrack/v1/call/1",
        "/ajax-api/2.0/mlflow/runs/search",
        "/api/2.0/mlflow-artifacts/mpu/part/1/1",
    } <= found


def test_every_route_stands_in_the_table(server: Team):
    assert [each for each in all_routes(server) if rules.rule_of(*each) is None] == []


def test_nobody_comes_in_without_a_token(server: Team):
    odd = []
    for path in sorted({path for _, path in all_routes(server)} - OPEN):
        for method in METHODS:
            found = server.ask(None, method, path)
            if found.status_code != 401 or "www-authenticate" not in found.headers:
                odd.append((method, path, found.status_code))
    assert odd == []


def test_a_part_of_a_file_needs_no_token_but_its_address(server: Team):
    """MLflow's client sends parts as to an object store, without a token."""
    files = f"{server.experiments['theirs']}/{server.runs['theirs']}/artifacts"
    said = {"path": "f.bin", "num_parts": 1}
    start = "/api/2.0/mlflow-artifacts/mpu"
    assert server.ask("reader", "POST", f"{start}/create/{files}", json=said).status_code == 403
    made = server.ask("writer", "POST", f"{start}/create/{files}", json=said).json()
    path = made["credentials"][0]["url"].removeprefix("http://ml.example.org")
    for method, other in (("PUT", f"{start}/part/1/1"), ("POST", path), ("GET", path), ("PUT", f"/api/message{path}")):
        assert server.ask(None, method, other, content=b"x").status_code == 401, (method, other)
    assert server.ask(None, "PUT", path, content=b"x", headers={"authorization": "Bearer nbt_x"}).status_code == 401
    assert server.ask(None, "PUT", path, content=b"x", headers={"origin": "http://evil.org"}).status_code == 403
    sent = server.ask(None, "PUT", path, content=b"abc")
    assert sent.status_code == 200
    whole = {**said, "upload_id": made["upload_id"], "parts": [{"part_number": 1, "etag": sent.headers["etag"]}]}
    assert server.ask(None, "POST", f"{start}/complete/{files}", json=whole).status_code == 401
    assert server.ask("writer", "POST", f"{start}/complete/{files}", json=whole).status_code == 200
    assert server.ask(None, "PUT", path, content=b"x").status_code == 401, (
        "once it is complete, its address is worth nothing"
    )


@pytest.mark.parametrize(
    "path", ["/nothing", "/api/3.0/mlflow/traces", "/api/2.0/mlflow/", "/health/", "/api%2Fmessage%00"]
)
def test_what_is_not_there_says_so_only_to_who_is_known(server: Team, path: str):
    assert server.ask(None, "GET", path).status_code == 401
    assert server.ask("boss", "GET", path).status_code in (404, 401)


def test_who_reads_changes_nothing(server: Team):
    before = server.store.signature()
    odd: list[Any] = []
    for method, path in all_routes(server):
        rule = rules.rule_of(method, path)
        if rule is not None and rule.role >= Role.WRITE:
            found = server.ask("reader", method, path, json={})
            odd += [(method, path, found.status_code)] if found.status_code != 403 else []
    for verb in verbs.ALL - verbs.ONLY_LOOKS:
        odd += [] if server.call("reader", verb) == 403 else [verb]
    assert odd == []
    assert server.store.signature() == before


def test_changing_methods_need_more_than_reading():
    """Only searches, verbs and the page's messages are sent with POST by who reads."""
    posts = {
        pattern.pattern
        for methods, pattern, rule in rules._RULES
        if rule.role <= Role.READ and methods & {"POST", "PUT", "PATCH", "DELETE"}
    }
    rest = {each for each in posts if "search" not in each and "latest-versions" not in each}
    assert rest == {"/sign-in", "/sign-out", "/api/message", r"/api/nbtrack/v1/call/[^/]+"}


def test_messages_of_pages_need_what_they_do(server: Team):
    def ask(who: str, **content: Any) -> int:
        return int(server.ask(who, "POST", "/api/message", json={"session": "x", "content": content}).status_code)

    assert (
        ask("reader", kind="ask") == ask("writer", kind="edit", op="tag") == 410
    )  # let through: there is no such page
    assert ask("reader", kind="edit") == ask("reader", kind="order") == ask("reader", kind="x") == 403
    assert ask("writer", kind="edit", op="registry", do="delete") == 403
    assert ask("mine", kind="ask") == 410  # a page of its own shows what may be seen
    twice = '{"session": "x", "content": {"kind": "edit", "kind": "ask"}}'
    found = server.ask("reader", "POST", "/api/message", content=twice, headers={"content-type": "application/json"})
    assert found.status_code == 403
