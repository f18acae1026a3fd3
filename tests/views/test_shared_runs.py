"""Pages that show the same runs of one store have them once; each sees what changes."""

from __future__ import annotations

import gc
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from nbtrack.store.local import LocalStore
from nbtrack.store.protocol import RunQuery
from nbtrack.views import shared_runs
from nbtrack.views.live_runs import LiveRuns
from tests.store.kit import quiet_store, start

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return quiet_store(tmp_path / "runs.duckdb")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[RunQuery]:
    found: list[RunQuery] = []
    ask = LocalStore.run_columns

    def counted(self: LocalStore, query: RunQuery) -> Any:
        found.append(query)
        return ask(self, query)

    monkeypatch.setattr(LocalStore, "run_columns", counted)
    return found


def test_pages_share_what_they_show_and_each_sees_a_change(store: LocalStore, asked: list[RunQuery]):
    run_id = start(store)
    pages = [LiveRuns(store, RunQuery(), "s") for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(LiveRuns.whole, pages))
    assert len({id(page.found) for page in pages}) == len(asked) == 1
    assert [page.changes() for page in pages] == [None] * 4
    assert len(asked) == 1
    store.append(("params", run_id, {"lr": "1"}, None))
    assert all(b'"params.lr"' in (page.changes() or b"") for page in pages)
    assert len({id(page.found) for page in pages}) == 1
    assert len(asked) == 2


def test_other_runs_other_stores_and_what_a_clock_decides_are_not_shared(
    store: LocalStore, asked: list[RunQuery], tmp_path: Path
):
    start(store)
    other = quiet_store(tmp_path / "other.duckdb")
    queries = [
        RunQuery(),
        RunQuery("params.lr = '1'"),
        RunQuery("start_time > now - 1h"),
        RunQuery("start_time > now - 1h"),
    ]
    pages = [LiveRuns(store, query, "s") for query in queries] + [LiveRuns(other, RunQuery(), "o")]
    for page in pages:
        page.whole()
    assert len(asked) == len(pages)


def test_nothing_is_kept_for_pages_that_are_gone(store: LocalStore):
    page = LiveRuns(store, RunQuery(), "s")
    page.whole()
    assert len(shared_runs._stores[store].seen) == 1
    del page
    gc.collect()
    assert len(shared_runs._stores[store].seen) == 0
