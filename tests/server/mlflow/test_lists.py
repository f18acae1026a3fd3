"""Pages of runs that are told from memory are those that the store has."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from nbtrack.server.mlflow import lists
from nbtrack.server.mlflow.desk import Desk
from nbtrack.server.mlflow.lists import Lists, is_plain
from nbtrack.server.mlflow.runs import _found
from nbtrack.server.team import application
from nbtrack.store.local import LocalStore
from nbtrack.store.protocol import RunQuery

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.testclient import TestClient

API = "/api/2.0/mlflow/"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LocalStore]:
    found = LocalStore(tmp_path / "runs.duckdb")
    yield found
    found.close()


@pytest.fixture
def client(store: LocalStore) -> Iterator[TestClient]:
    from starlette.testclient import TestClient

    with TestClient(application(store)) as found:
        yield found


@pytest.fixture
def looks(store: LocalStore, monkeypatch: pytest.MonkeyPatch) -> list[RunQuery]:
    """Note what the store is searched for."""
    asked: list[RunQuery] = []
    search = store.search_runs

    def noted(query: RunQuery) -> Any:
        asked.append(query)
        return search(query)

    monkeypatch.setattr(store, "search_runs", noted)
    return asked


def post(client: TestClient, path: str, **body: Any) -> Any:
    answer = client.post(API + path, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def begin(client: TestClient, start: int) -> str:
    made = post(client, "runs/create", experiment_id="0", start_time=start)
    return str(made["run"]["info"]["run_id"])


def page(client: TestClient, **more: Any) -> Any:
    return post(client, "runs/search", experiment_ids=["0"], **{"max_results": 2, **more})


def true_page(client: TestClient, store: LocalStore, **more: Any) -> Any:
    """Ask somebody who remembers nothing."""
    from starlette.testclient import TestClient

    with TestClient(application(store)) as another:
        return page(another, **more)


def test_a_page_is_told_from_memory_until_other_runs_are_on_it(
    client: TestClient, store: LocalStore, looks: list[RunQuery]
):
    runs = [begin(client, i) for i in range(3)]
    first = page(client)
    assert [r["info"]["run_id"] for r in first["runs"]] == [runs[2], runs[1]]
    assert len(looks) == 1
    second = page(client, page_token=first["next_page_token"])
    assert [r["info"]["run_id"] for r in second["runs"]] == [runs[0]]
    del looks[:]
    # What is logged is on the page at once, without a look at the store.
    post(client, "runs/log-metric", run_id=runs[2], key="m", value=0.5, timestamp=1, step=1)
    post(client, "runs/log-parameter", run_id=runs[1], key="p", value="v")
    post(client, "runs/set-tag", run_id=runs[1], key="t", value="v")
    post(client, "runs/update", run_id=runs[2], status="FINISHED", end_time=9)
    for order in ([], ["attributes.start_time DESC"], ["start_time  desc"]):
        told = page(client, order_by=order)
        assert told["runs"][0]["data"]["metrics"][0]["value"] == 0.5
        assert told["runs"][1]["data"]["params"] == [{"key": "p", "value": "v"}]
        assert told["runs"][0]["info"]["status"] == "FINISHED"
    assert looks == []
    assert _plain(told) == _plain(true_page(client, store))
    # Other runs.
    for path, run in (("runs/delete", runs[2]), ("runs/restore", runs[2])):
        post(client, path, run_id=run)
        assert _plain(page(client)) == _plain(true_page(client, store))
    newest = begin(client, 100)
    assert page(client)["runs"][0]["info"]["run_id"] == newest


def _plain(told: Any) -> Any:
    """Return a page with lists in one order."""
    for run in told["runs"]:
        for name, part in run["data"].items():
            run["data"][name] = sorted(part, key=json.dumps)
    return told


def test_what_another_process_writes_is_seen(client: TestClient, store: LocalStore):
    begin(client, 1)
    page(client)
    program = """if True:
        import sys, nbtrack
        nbtrack.set_tracking_uri(sys.argv[1])
        nbtrack.start_run("theirs", experiment="Default").end()
        nbtrack.start_run("and died", experiment="Default")
        import os
        os._exit(0)
    """
    subprocess.run([sys.executable, "-c", program, str(store.path)], check=True)
    found = page(client, max_results=9)["runs"]
    assert {r["info"]["run_name"]: r["info"]["status"] for r in found}.items() >= {
        "theirs": "FINISHED",
        "and died": "KILLED",
    }.items()


def test_a_run_that_another_process_leads_is_not_remembered(
    client: TestClient, store: LocalStore, looks: list[RunQuery]
):
    program = """if True:
        import sys, nbtrack
        nbtrack.set_tracking_uri(sys.argv[1])
        run = nbtrack.start_run("theirs", experiment="Default")
        print("begun", flush=True)
        sys.stdin.read()
        import os
        os._exit(1)
    """
    other = subprocess.Popen(
        [sys.executable, "-c", program, str(store.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert other.stdout is not None
    assert other.stdin is not None
    other.stdout.readline()
    for _ in range(2):
        assert page(client)["runs"][0]["info"]["status"] == "RUNNING"
    assert len(looks) == 2
    other.stdin.close()
    other.wait()
    assert page(client)["runs"][0]["info"]["status"] == "KILLED"


def test_what_is_written_while_a_page_is_read_is_not_lost(store: LocalStore):
    desk = Desk(store)
    run_id = "a" * 32
    body = {"experiment_id": 0, "experiment": "Default", "name": "r", "number": 1, "user": "u", "parent": None,
            "start_us": 1, "holder": "rest"}  # fmt: skip
    store.append(
        ("start", run_id, None, body),
        ("end", run_id, None, {"status": "FINISHED", "end_us": 2, "duration_us": 1, "lost": 0}),
    )
    for write, is_kept in (
        (lambda: store.append(("tags", run_id, {"a": "b"}, None)), True),
        (lambda: store.append(("state", run_id, None, {"lifecycle_stage": "deleted"})), False),
    ):
        with desk.listing("key", 10) as found:
            found.extend(_found(desk, RunQuery(experiment_ids=("0",))))
            thread = threading.Thread(target=write)
            thread.start()
            thread.join()
        assert (desk._lists.get("key") is not None) == is_kept
        assert desk.listed("key") is None  # the run is not remembered: it was written meanwhile
    desk.close()


def test_which_questions_are_plain():
    assert is_plain("", [])
    assert is_plain(None, None)
    assert is_plain("  ", ["attributes.start_time   DESC"])
    for text, orders in (("metrics.m > 1", []), ("", ["start_time ASC"]), ("", ["start_time DESC", "run_id"])):
        assert not is_plain(text, orders)


def test_only_so_many_pages_are_remembered(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(lists, "MAX_LISTS", 2)
    found = Lists()
    for key in "abc":
        with found.watching() as watch:
            found.keep(key, ["r"], watch, has_more=False)
    assert [found.get(key) is not None for key in "abc"] == [False, True, True]
    with found.watching() as watch:
        found.keep("long", ["r"] * (lists.MAX_LISTED + 1), watch, has_more=False)
    assert found.get("long") is None
