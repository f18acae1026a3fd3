"""The routes for another nbtrack, asked as a program would that we did not write."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from nbtrack.entities import ViewType
from nbtrack.errors import AlreadyExistsError, NbtrackError, NotFoundError, SearchSyntaxError
from nbtrack.journal.record import event_body, line, metrics_body
from nbtrack.names import new_run_id
from nbtrack.server.native import routes as module
from nbtrack.server.native.routes import NativeRoutes
from nbtrack.store.protocol import RunQuery
from nbtrack.store.traffic import BINARY, CODEC, LINES, error_of
from tests.store.kit import end, quiet_store, start

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nbtrack.store.local import LocalStore

WRITER = "b" * 32


class Asker:
    """Another program."""

    def __init__(self, store: LocalStore) -> None:
        self.store = store
        app = FastAPI()
        app.include_router(NativeRoutes(store).router)
        self.http = TestClient(app, base_url="http://127.0.0.1")

    def send(self, data: bytes, **query: Any) -> Any:
        return self.http.post(
            f"/api/nbtrack/v1/journals/{WRITER}", content=data, params=query, headers={"Content-Type": LINES}
        )

    def call(self, verb: str, *arguments: Any, **options: Any) -> Any:
        return self.raw(verb, CODEC.encode([list(arguments), options]))

    def raw(self, verb: str, data: bytes) -> Any:
        answer = self.http.post(f"/api/nbtrack/v1/call/{verb}", content=data, headers={"Content-Type": BINARY})
        if answer.status_code != 200:
            raise error_of(answer.content, otherwise=f"{answer.status_code} {answer.text}")
        return CODEC.decode(answer.content)


@pytest.fixture
def asker(tmp_path: Path) -> Iterator[Asker]:
    found = Asker(quiet_store(tmp_path / "team.duckdb"))
    with found.http:
        yield found


def journal(run_id: str, *steps: int, begin: int = 0) -> bytes:
    body = {"experiment": "vision", "name": "fox", "user": "ada", "start_us": 1_700_000_000_000_000}
    bodies = [event_body("hdr", 1, None, o={"user": "ada"}), event_body("start", 2, run_id, o=body)]
    bodies += [metrics_body(run_id, 3, step, {"loss": 1 / (1 + step)}) for step in steps]
    return b"".join(line(q, each) for q, each in enumerate(bodies) if q >= begin)


def test_a_journal_comes_in_and_is_a_run(asker: Asker):
    run_id = new_run_id()
    assert asker.send(journal(run_id, 0, 1)).json() == {"last": 3}
    assert asker.send(journal(run_id, 0, 1)).json() == {"last": 3}
    missing = asker.send(journal(run_id, 0, 1, 2, 3, begin=5), after=4)
    assert (missing.status_code, missing.json()) == (409, {"last": 3})
    assert asker.http.get(f"/api/nbtrack/v1/journals/{WRITER}").json() == {"last": 3}
    run = asker.call("get_run", run_id)
    assert (run.info.run_name, run.info.experiment_name, run.info.number) == ("fox", "vision", 1)
    assert run.data.summaries["loss"].count == 2


@pytest.mark.parametrize(
    ("data", "query", "headers", "status"),
    [
        (b"x", {}, {"Content-Type": LINES}, 400),
        (journal("a" * 32), {}, {"Content-Type": "text/plain"}, 415),
        (journal("a" * 32), {}, {}, 415),
        (journal("a" * 32), {"lease": -1}, {"Content-Type": LINES}, 422),
        (journal("a" * 32), {"lease": 1e9}, {"Content-Type": LINES}, 422),
        (journal("a" * 32), {"after": "x"}, {"Content-Type": LINES}, 422),
        (b"0" * 200, {}, {"Content-Type": LINES}, 413),
    ],
)
def test_odd_deliveries_are_refused(
    asker: Asker,
    monkeypatch: pytest.MonkeyPatch,
    data: bytes,
    query: dict[str, Any],
    headers: dict[str, str],
    status: int,
):
    if status == 413:
        monkeypatch.setattr(module, "MAX_DELIVERY", 100)
    answer = asker.http.post(f"/api/nbtrack/v1/journals/{WRITER}", content=data, params=query, headers=headers)
    assert answer.status_code == status
    assert asker.call("search_runs", RunQuery()) == []


def test_files_travel_by_their_digest(asker: Asker):
    digest = hashlib.sha256(b"weights").hexdigest()
    url = f"/api/nbtrack/v1/blobs/{digest}"
    assert asker.http.head(url).status_code == 404
    assert asker.http.put(url, content=b"weighty").status_code == 400
    assert asker.http.head(url).status_code == 404
    assert asker.http.put(url, content=b"weights").status_code == 204
    got = asker.http.get(url)
    assert (got.content, got.headers["x-content-type-options"]) == (b"weights", "nosniff")
    assert not list((asker.store.folder / "tmp").glob("upload-*"))
    for odd in ("..%2f..%2fetc%2fpasswd", "x" * 64, digest.upper(), "%00"):
        answer = asker.http.get(f"/api/nbtrack/v1/blobs/{odd}")
        assert answer.status_code in (400, 404), odd
        assert str(asker.store.folder) not in answer.text


def test_verbs_answer_as_they_would_here(asker: Asker):
    run_id = start(asker.store, "owl")
    for step in range(50):
        asker.store.log_metrics(run_id, step, {"loss": 1 / (1 + step)})
    end(asker.store, run_id)
    assert asker.call("get_run", run_id) == asker.store.get_run(run_id)
    assert asker.call("resolve_run", "owl") == run_id
    found, here = (
        look(RunQuery(order_by=("metrics.loss",)))
        for look in (lambda q: asker.call("run_columns", q), asker.store.run_columns)
    )
    np.testing.assert_array_equal(found.attributes["start_time"], here.attributes["start_time"])
    np.testing.assert_array_equal(found.metrics["loss"]["last"], here.metrics["loss"]["last"])
    for ours, theirs in zip(
        asker.store.metric_history(run_id, "loss"), asker.call("metric_history", run_id, "loss"), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)
    assert asker.call("curves", run_id, 10).series.keys() == {"loss"}
    assert asker.call("sparks", [run_id], "loss", 8).shape == (1, 8)
    assert asker.call("search_experiments", "", view=ViewType.ALL)[0].name == "Default"
    assert asker.call("sql", "SELECT name, status FROM runs").to_dict("records") == [
        {"name": "owl", "status": "FINISHED"}
    ]
    made = asker.call("create_experiment", "a")
    asker.call("set_experiment_tags", made, {"team": "x"})
    assert asker.call("get_experiment", made).tags == {"team": "x"}
    assert asker.call("next_run_number") == 2
    before = asker.call("signature")
    asker.call("post_order", run_id, {"do": "stop"})
    start(asker.store)
    assert asker.call("signature") != before


def test_the_registry_answers_with_its_rules(asker: Asker):
    made = asker.call("registry.create", "fraud", {"a": "b"})
    assert made == asker.store.registry.get("fraud")
    with pytest.raises(AlreadyExistsError, match="fraud"):
        asker.call("registry.create", "fraud")
    assert [event.op for event in asker.call("registry.history", "fraud")] == ["create"]


def test_errors_come_home_as_what_they_are(asker: Asker):
    with pytest.raises(NotFoundError) as lost:
        asker.call("get_run", "0" * 32)
    assert (lost.value.what, lost.value.name) == ("Run", "0" * 32)
    with pytest.raises(SearchSyntaxError, match=r"\^"):
        asker.call("search_runs", RunQuery("metrics.x >"))


@pytest.mark.parametrize(
    "verb",
    [
        "append",
        "purge",
        "close",
        "reading",
        "registry._tell",
        "registry.store",
        "registry.",
        "__class__",
        "write_parquet",
        "fold",
        "uri",
    ],
)
def test_other_verbs_are_not_there(asker: Asker, verb: str):
    with pytest.raises(NbtrackError, match="not known here"):
        asker.call(verb)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x" * 9,
        json.dumps([[], {}]).encode(),
        CODEC.encode(7),
        CODEC.encode([7, {}]),
        CODEC.encode([[], {"x": 1}]),
    ],
)
def test_odd_questions_are_refused(asker: Asker, data: bytes):
    with pytest.raises(NbtrackError, match="cannot be read"):
        asker.raw("get_run", data)


SECRETS = [
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM '/etc/passwd'",
    "COPY (SELECT 1) TO '{folder}/out.csv'",
    "ATTACH '{folder}/other.duckdb'",
    "SET enable_external_access = true",
    "INSTALL httpfs",
    "SELECT * FROM found",
    "SELECT * FROM read_text('{folder}/team.nbtrack/w/x')",
    "EXPORT DATABASE '{folder}/all'",
    "UPDATE d.runs SET name = 'mine'",
    "DELETE FROM runs",
]


@pytest.mark.parametrize("query", SECRETS)
def test_queries_see_the_store_and_nothing_else(asker: Asker, tmp_path: Path, query: str):
    run_id = start(asker.store, "owl")
    asker.store.fold()
    with pytest.raises(NbtrackError):
        asker.call("sql", query.format(folder=tmp_path))
    assert asker.store.get_run(run_id).info.run_name == "owl"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["team.duckdb", "team.nbtrack"]
    assert len(asker.store.sql("SELECT * FROM runs")) == 1


def test_queries_end(asker: Asker, monkeypatch: pytest.MonkeyPatch):
    from nbtrack.store import guarded

    monkeypatch.setattr(guarded, "MAX_SECONDS", 0.2)
    with pytest.raises(NbtrackError, match="takes longer"):
        asker.call("sql", "SELECT sum(a.range * b.range) FROM range(1000000) a, range(1000000) b")
    monkeypatch.setattr(guarded, "MAX_VECTORS", 2)
    with pytest.raises(NbtrackError, match="LIMIT"):
        asker.call("sql", "SELECT * FROM range(10000)")
