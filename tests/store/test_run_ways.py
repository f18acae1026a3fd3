"""A run is the same in whichever way it is asked for: alone, among others, as JSON; folded, in the tail, or in both."""

from __future__ import annotations

import json
import math
import os
import time
from typing import TYPE_CHECKING, Any

import pytest

from nbtrack.entities import Run, ViewType
from nbtrack.errors import NotFoundError
from nbtrack.names import new_run_id
from nbtrack.store import connect, parts, run_texts
from nbtrack.store.protocol import RunQuery
from nbtrack.store.schema import readable_version
from nbtrack.wire import number_to_json
from tests.store.kit import crash, end, fold_all, quiet_store, start

if TYPE_CHECKING:
    from pathlib import Path

    from nbtrack.store.local import LocalStore

INPUT = {"name": "iris", "digest": "d", "source_type": "code", "source": "{}", "context": "train", "tags": '{"a": "1"}'}


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return quiet_store(tmp_path / "runs.duckdb")


def log(store: LocalStore, run_id: str, salt: str) -> None:
    store.append(
        ("params", run_id, {"lr": salt, "text": 'a"\\\n\x01é😀</'}, None), ("tags", run_id, {f"tag {salt}": ""}, None)
    )
    for key, value in (("nan", math.nan), ("up", math.inf), ("down", -math.inf), ("small", 5e-324), ("zero", -0.0)):
        store.log_metrics(run_id, 1, {key: value})
    store.append(("input", run_id, None, INPUT))


def filled(store: LocalStore) -> list[str]:
    """Have runs that are folded, changed since, new, empty, running, killed and in the trash; return their ids."""
    folded, changed, killed, gone = (start(store, name) for name in ("folded", "changed", "killed", "gone"))
    for run_id in (folded, changed):
        log(store, run_id, "1")
        end(store, run_id)
    fold_all(store)
    fresh, empty = start(store, "new", holder="rest"), start(store, "empty")
    log(store, changed, "2")
    log(store, fresh, "3")
    store.append(("state", gone, None, {"lifecycle_stage": "deleted"}))
    return [folded, changed, killed, gone, fresh, empty]


def alike(one: Run, other: Run) -> None:
    assert repr(one) == repr(other), "NaN is not equal to itself, but looks so"


def test_one_run_is_what_a_search_says_of_it(store: LocalStore, monkeypatch: pytest.MonkeyPatch):
    ids = filled(store)
    for most in (parts.MOST, 0):
        monkeypatch.setattr(parts, "MOST", most)
        for turn in range(2):
            together = store.search_runs(RunQuery(run_ids=tuple(ids), view=ViewType.ALL))
            assert len(together) == len(ids)
            for run in together:
                alike(store.get_run(run.info.run_id), run)
            if turn == 0:
                store = crash(store)  # what was running has been killed now
        fold_all(store)
    with pytest.raises(NotFoundError):
        store.get_run(new_run_id())


def test_the_texts_of_a_run_say_what_its_entity_says(store: LocalStore):
    query = RunQuery(view=ViewType.ALL, order_by=("params.lr DESC",), run_ids=tuple(filled(store)))
    runs = store.search_runs(query)
    with store.reading() as reader:
        texts = run_texts.texts(reader.con, query)
    assert [each.info for each in texts] == [run.info for run in runs]
    assert [each.inputs for each in texts] == [run.inputs for run in runs]
    for each, run in zip(texts, runs, strict=True):
        points = [
            {"key": key, "value": number_to_json(s.last), "timestamp": s.timestamp, "step": s.step}
            for key, s in run.data.summaries.items()
        ]
        assert json.loads(each.metrics or "[]") == points
        for text, found in ((each.params, run.data.params), (each.tags, run.data.tags)):
            assert json.loads(text or "[]") == [{"key": key, "value": value} for key, value in found.items()]
    assert "" in {each.metrics for each in texts}


def test_only_a_file_that_is_surely_as_it_was_is_not_asked_for_its_version(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
):
    """The clock of files is coarse: two folds within one tick may differ in nothing that can be told without opening the file."""
    run_id = start(store)
    fold_all(store)
    asked: list[object] = []

    def counted(*given: Any) -> Any:
        asked.append(given)
        return readable_version(*given)

    def looks(age_s: int) -> int:
        """Look twice at a file of this age; return how often it was asked."""
        changed = time.time_ns() - age_s * 10**9
        os.utime(store.path, ns=(changed, changed))
        del asked[:]
        for _ in range(2):
            store.get_run(run_id)
        return len(asked)

    monkeypatch.setattr(connect, "readable_version", counted)
    assert looks(-3600) == 2
    assert looks(3600) == 1
    store.append(("params", run_id, {"lr": "1"}, None))
    assert store.get_run(run_id).data.params == {"lr": "1"}
    fold_all(store)
    assert store.get_run(run_id).data.params == {"lr": "1"}
