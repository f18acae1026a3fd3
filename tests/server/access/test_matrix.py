"""Who gets in where: every route and every verb, asked about something of somebody else, in one table (`matrix.txt`).

`401` and `403` are refusals, `in` is an answer of the route itself, whichever: what it tells to who may work elsewhere only has nothing of
others in it. A new route, or another answer, is a line that differs. Who means it sets WRITE_MATRIX=1 for this test.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.server.access import calls, rules
from nbtrack.server.native import verbs
from nbtrack.store.protocol import CurveQuery, RunQuery
from nbtrack.store.registry_protocol import ModelQuery, NewVersion
from nbtrack.store.traffic import BINARY, CODEC, LINES
from tests.server.access.test_walk import routes_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from tests.server.access.conftest import Team

TABLE = Path(__file__).with_name("matrix.txt")
HEAD = "# who asks about an experiment, run or model of somebody else: nobody, who may read everything, who may write elsewhere\n"
WHO = (None, "reader", "mine")
CALL = "/api/nbtrack/v1/call/"


def asked(server: Team) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield method, address as it stands in the table, and what is sent."""
    seen = set()
    for path, methods in routes_of(server.http.app.routes):  # type: ignore[attr-defined]
        if (
            path.startswith(("/ajax-api", CALL))
            or "{rest:path}" in path
            or (path.startswith("/page-") or (path.count("/") == 1 and path.endswith(".js")))
        ):
            continue  # the same under another name (below), verbs (below), scripts whose names have a digest
        for method in sorted(methods - {"HEAD", "OPTIONS"}):
            if (method, path) not in seen:
                seen.add((method, path))
                yield method, path, request_of(server, method, path)
    for path in ("/sign-in", "/sign-in/sso", "/sign-in/back"):
        yield "GET", path, {}


def request_of(server: Team, method: str, path: str) -> dict[str, Any]:
    """Return what names somebody else's things in every way that there is."""
    run, experiment = server.runs["theirs"], server.experiments["theirs"]
    said = {
        "run_id": run,
        "experiment_id": experiment,
        "name": "theirs",
        "key": "k",
        "value": "v",
        "model_id": "m-" + "0" * 32,
    }
    if "/experiments/search" in path or "registered-models/search" in path or "model-versions/search" in path:
        return {"json": {"max_results": 5}} if method == "POST" else {}
    if path.endswith("/search"):
        return {"json": {"experiment_ids": [experiment], "max_results": 5}}
    if "get-by-name" in path:
        return {"params": {"experiment_name": "theirs"}}
    if path.endswith("/mlflow-artifacts/artifacts"):
        return {"params": {"path": f"{experiment}/{run}/artifacts"}}
    if "/journals/" in path:
        return (
            {"params": {"after": -1}, "content": b"{}\n", "headers": {"Content-Type": LINES}}
            if method == "POST"
            else {}
        )
    return {"params": said} if method == "GET" else {"json": said}


def filled(server: Team, path: str) -> str:
    """Return an address with somebody else's things in the place of its parameters."""
    file = f"{server.experiments['theirs']}/{server.runs['theirs']}/artifacts/notes.txt"
    for name, value in {
        "{artifact_path:path}": file, "{path:path}": file, "{sha256}": "a" * 64, "{writer}": "b" * 32, "{model_id}": "m-" + "0" * 32,
    }.items():  # fmt: skip
        path = path.replace(name, value)
    while "{" in path:
        path = path[: path.index("{")] + "1" + path[path.index("}") + 1 :]
    return path


def arguments(server: Team, verb: str) -> list[Any]:
    """Return what a verb is asked about."""
    run, experiment = server.runs["theirs"], server.experiments["theirs"]
    if verb in calls.OF_RUN:
        return [run, "k", 1]
    if verb in calls.OF_RUNS:
        return [{run: 0}] if verb == "orders" else [[run], "k", 1]
    if verb in calls.OF_EXPERIMENT:
        return [experiment, {"k": "v"}]
    given: dict[str, list[Any]] = {
        "metric_curves": [CurveQuery(((run, "k"),))],
        "search_runs": [RunQuery(experiment_ids=(experiment,))],
        "run_columns": [RunQuery(experiment_ids=(experiment,))],
        "registry.search": [ModelQuery()],
        "registry.search_versions": [ModelQuery()],
        "registry.add_version": ["theirs", NewVersion("s3://b/c")],
        "search_experiments": [],
        "settings": [],
        "signature": [],
        "next_run_number": [],
    }
    return given.get(verb, ["theirs"])


def answer(found: Any) -> str:
    return str(found.status_code) if found.status_code in (401, 403) else "in"


def table(server: Team) -> list[str]:
    rows = []
    told = []
    for method, path, options in asked(server):
        found = [server.ask(who, method, filled(server, path), **options) for who in WHO]
        if path.startswith("/api/2.0/"):
            assert rules.rule_of(method, path) is rules.rule_of(method, f"/ajax-{path[1:]}")
        rows.append((f"{method} {path}", *map(answer, found)))
        told.append((path, found[2]))
    for verb in [*sorted(verbs.ALL), "no-such-verb"]:
        data, kind = CODEC.encode([arguments(server, verb), {}]), {"Content-Type": BINARY}
        found = [server.ask(who, "POST", CALL + verb, content=data, headers=kind) for who in WHO]
        rows.append((f"call {verb}", *map(answer, found)))
        told.append((verb, found[2]))
    for path, reply in told:
        if answer(reply) == "in":
            for secret in (b"theirs", server.runs["theirs"].encode()):
                assert secret not in reply.content.replace(str(reply.request.url).encode(), b""), path
    return [f"{name:<78} {nobody:<4} {reader:<4} {other}" for name, nobody, reader, other in sorted(set(rows))]


def test_who_gets_in_where_is_as_written(server: Team, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("nbtrack.server.session.MAX_SESSIONS", 0)  # a stream that opens would not end
    server.ask("boss", "POST", "/api/2.0/mlflow/registered-models/create", json={"name": "theirs"})
    before = server.store.signature()
    found = table(server)
    assert server.store.signature() == before  # nobody of these changed anything
    if "WRITE_MATRIX" in os.environ:
        TABLE.write_text(HEAD + "".join(f"{row}\n" for row in found))
    assert found == TABLE.read_text().splitlines()[1:]
    assert len(found) >= 140
