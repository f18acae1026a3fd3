"""The runs table, seen from Python."""

from __future__ import annotations

import gzip
import re
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import nbtrack
from nbtrack.errors import NotFoundError, SearchSyntaxError
from nbtrack.tracking import surroundings
from nbtrack.views.watcher import watch
from nbtrack.widgets.board import runs
from tests.widgets.blob import unpack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nbtrack.widgets.run_table import RunTable
    from tests.stores import Recorded


def three_runs() -> None:
    for index, name in enumerate(["a", "b", "c"]):
        with nbtrack.start_run(name, params={"lr": 10.0**-index, "model": "mlp"}) as run:
            for epoch in range(5):
                run.log_metric("acc", epoch / 10 + index, step=epoch)
    surroundings.settle()  # what is still being found out about the runs would arrive between two looks


@pytest.fixture
def table(recorded: Recorded) -> Iterator[RunTable]:
    recorded(three_runs)
    shown = runs()
    yield shown
    shown.close()
    watch(shown._store).close()


def sent(table: RunTable, monkeypatch: pytest.MonkeyPatch) -> list[tuple[dict[str, Any], list[bytes]]]:
    messages: list[tuple[dict[str, Any], list[bytes]]] = []
    monkeypatch.setattr(table, "send", lambda content, buffers=None: messages.append((content, buffers or [])))
    return messages


def ask(
    table: RunTable, message: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> tuple[dict[str, Any], list[bytes]]:
    messages = sent(table, monkeypatch)
    table._receive(table, {"id": 7, **message}, [])
    return messages[-1]


def edit(table: RunTable, monkeypatch: pytest.MonkeyPatch, **message: Any) -> dict[str, Any]:
    return ask(table, {"kind": "edit", **message}, monkeypatch)[0]


def id_of(name: str) -> str:
    return nbtrack.get_run(name).info.run_id


def test_the_rows_on_view_follow_filter_and_order(table: RunTable) -> None:
    assert table.df["run_name"].tolist() == ["c", "b", "a"]
    table.filter = "params.lr < 0.5"
    table.order_by = ["metrics.acc.max ASC"]
    assert table.df["run_name"].tolist() == ["b", "c"]


def test_the_query_on_view_runs_as_sql(table: RunTable) -> None:
    table.filter = "metrics.acc > 1 and params.model = 'mlp'"
    table.order_by = ["metrics.acc DESC"]
    assert nbtrack.sql(table.sql)["name"].tolist() == ["c", "b"]


def test_a_filter_that_cannot_be_read_is_refused_before_anything_is_shown(table: RunTable) -> None:
    with pytest.raises(SearchSyntaxError, match="did you mean"):
        runs("stats = 'FINISHED'")
    with pytest.raises(NotFoundError, match=r"'Defalt'.*'Default'"):
        runs(experiment="Defalt")


def test_the_page_gets_all_rows_and_then_only_those_that_changed(
    table: RunTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    header, columns = unpack(table.table())
    assert header["mode"] == "full"
    assert columns["name"] == ["c", "b", "a"]
    messages = sent(table, monkeypatch)
    table.store_changed()
    assert messages == []

    nbtrack.Client().set_tag(id_of("b"), "note", "x")
    table.store_changed()
    (content, (blob,)), *_ = messages
    patch, columns = unpack(blob)
    assert content == {"kind": "data"}
    assert (patch["mode"], patch["version"], columns["name"]) == ("patch", header["version"] + 1, ["b"])


def test_the_watcher_sends_what_another_writer_records(table: RunTable, monkeypatch: pytest.MonkeyPatch) -> None:
    table.table()
    messages = sent(table, monkeypatch)
    with nbtrack.start_run("late"):
        pass
    until = time.monotonic() + 20
    while not messages and time.monotonic() < until:
        time.sleep(0.05)
    assert "late" in unpack(messages[-1][1][0])[1]["name"]


def test_a_page_that_lost_its_data_asks_for_it(table: RunTable, monkeypatch: pytest.MonkeyPatch) -> None:
    messages = sent(table, monkeypatch)
    table._receive(table, {"kind": "need", "bundle": True, "data": True}, [])
    (bundle, (code,)), (data, (blob,)) = messages
    assert bundle == {"kind": "bundle"}
    assert b"export" in gzip.decompress(code)
    assert data == {"kind": "data"}
    assert unpack(blob)[0]["rows"] == 3


def test_outlines_of_a_metric_come_as_one_matrix(table: RunTable, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [id_of("a"), id_of("c"), "0" * 32]
    content, (matrix,) = ask(
        table, {"kind": "ask", "what": "sparks", "runs": ids, "key": "acc", "points": 9}, monkeypatch
    )
    values = np.frombuffer(matrix, "<f4").reshape(3, 9)
    assert content["ok"]
    assert values[0] == pytest.approx(np.linspace(0, 0.4, 9), abs=1e-6)
    assert values[1, -1] == pytest.approx(2.4)
    assert np.isnan(values[2]).all()


def test_edits_reach_the_store(table: RunTable, monkeypatch: pytest.MonkeyPatch) -> None:
    table.table()
    a, b = id_of("a"), id_of("b")
    assert edit(table, monkeypatch, op="rename", runs=[a], value="best")["ok"]
    assert edit(table, monkeypatch, op="tag", runs=[a, b], key="team", value="x")["ok"]
    assert edit(table, monkeypatch, op="untag", runs=[b], key="team")["ok"]
    assert edit(table, monkeypatch, op="note", runs=[b], value="**look**")["ok"]
    assert edit(table, monkeypatch, op="goal", runs=[], key="acc", value="max")["ok"]
    assert edit(table, monkeypatch, op="delete", runs=[b])["ok"]

    best, gone = nbtrack.get_run(a), nbtrack.get_run(b)
    assert best.info.run_name == "best"
    assert best.data.tags["team"] == "x"
    assert "team" not in gone.data.tags
    assert gone.data.tags["mlflow.note.content"] == "**look**"
    assert gone.info.lifecycle_stage == "deleted"
    assert nbtrack.search_runs("metrics.acc.best > 2")["run_name"].tolist() == ["c"]
    assert edit(table, monkeypatch, op="restore", runs=[b])["ok"]
    assert nbtrack.get_run(b).info.lifecycle_stage == "active"


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ({"op": "rename", "runs": ["0" * 32], "value": "x"}, "not in this store"),
        ({"op": "rename", "runs": "known", "value": " "}, "Run name"),
        ({"op": "explode", "runs": "known"}, "Edit 'explode' is not known; use rename"),
        ({"op": "goal", "runs": [], "key": "acc", "value": "up"}, "use 'min' or 'max'"),
        ({"op": "tag", "runs": "known", "key": "", "value": "x"}, "Tag key"),
    ],
)
def test_an_edit_that_is_not_allowed_says_why(
    table: RunTable, monkeypatch: pytest.MonkeyPatch, message: dict[str, Any], said: str
) -> None:
    table.table()
    if message["runs"] == "known":
        message = {**message, "runs": [id_of("a")]}
    reply = edit(table, monkeypatch, **message)
    assert reply["ok"] is False
    assert said in reply["error"]


def test_garbage_from_the_page_is_answered_not_raised(table: RunTable, monkeypatch: pytest.MonkeyPatch) -> None:
    for message in (
        {"kind": "ask"},
        {"kind": "ask", "what": "sparks"},
        {"kind": "edit"},
        {"kind": "shell", "code": "1"},
    ):
        assert ask(table, message, monkeypatch)[0]["ok"] is False
    table._receive(table, "nonsense", [])


def test_the_summary_shows_text_as_text(table: RunTable) -> None:
    with nbtrack.start_run("<img src=x onerror=alert(1)>", params={"<b>": "<script>"}):
        pass
    text, plain = runs().summary()
    assert "<img src=x" not in text
    assert "<script" not in text
    assert "&lt;img src=x onerror=alert(1)&gt;" in text
    assert plain == "nbtrack runs: runs.duckdb, 4 runs"
    assert not re.search(r"<(style|svg|iframe)", text)


def test_the_summary_follows_filter_and_trash(table: RunTable) -> None:
    table.filter = "params.lr < 0.5"
    nbtrack.delete_run(id_of("b"))
    text, plain = table.summary()
    assert plain.endswith("1 runs")
    assert ">c<" in text


def test_an_empty_store_says_how_to_record_a_run(tmp_path: Path) -> None:
    nbtrack.set_tracking_uri(tmp_path / "new.duckdb")
    text, _ = runs().summary()
    assert "with nbtrack.start_run():" in text


def test_its_repr_is_the_same_in_every_session(table: RunTable) -> None:
    assert repr(table) == "Board('runs.duckdb')"
