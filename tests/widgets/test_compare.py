"""The comparison of runs, seen from Python."""

from __future__ import annotations

import base64
import json
import math
import re
import struct
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from traitlets import TraitError

import nbtrack
from nbtrack.errors import InvalidValueError, NotFoundError, SearchSyntaxError
from nbtrack.tracking.active import get_store
from nbtrack.views.watcher import watch
from nbtrack.widgets.compare import Compare, compare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.stores import Recorded


def three_runs() -> None:
    for index, name in enumerate(["a", "b", "c"]):
        with nbtrack.start_run(name, params={"lr": 10.0**-index, "model": "mlp"}) as run:
            for epoch in range(3):
                run.log_metric("acc", epoch / 10 + index / 100, step=epoch)


@pytest.fixture(autouse=True)
def _three_runs(recorded: Recorded) -> Iterator[None]:
    recorded(three_runs)
    yield
    watch(get_store()).close()


def id_of(name: str) -> str:
    return nbtrack.get_run(name).info.run_id


def values(widget: Compare, section: str, key: str) -> list[Any]:
    return list(widget.df.T[section, key])


def head_of(blob: bytes) -> dict[str, Any]:
    (length,) = struct.unpack_from("<I", blob)
    head: dict[str, Any] = json.loads(blob[4 : 4 + length])
    return head


def sent(widget: Compare, monkeypatch: pytest.MonkeyPatch) -> list[tuple[dict[str, Any], list[bytes]]]:
    messages: list[tuple[dict[str, Any], list[bytes]]] = []
    monkeypatch.setattr(widget, "send", lambda content, buffers=None: messages.append((content, buffers or [])))
    return messages


def test_runs_may_be_named_in_every_way_people_name_them() -> None:
    a, b, c = id_of("a"), id_of("b"), id_of("c")
    assert compare(a, "b", 3).runs == [a, b, c]
    assert compare("#2", nbtrack.get_run("a"), "#2").runs == [b, a]
    assert compare([a, b], c).runs == [a, b, c]
    assert compare(range(1, 3)).runs == compare(np.array([1, 2])).runs == [a, b]
    found = nbtrack.search_runs(search_all_experiments=True)
    assert compare(found).runs == compare(found["run_id"]).runs == [c, b, a]
    with nbtrack.start_run("open") as run:
        assert compare(run, a).runs == [run.id, a]
    assert compare(c[:30], a).runs == [c, a]


def test_a_table_of_runs_stands_for_its_selected_runs_else_for_those_on_view() -> None:
    table = nbtrack.runs("params.lr < 1")
    assert compare(table).runs == [id_of("c"), id_of("b")]
    table.selected = [id_of("a"), id_of("b")]
    assert compare(table).runs == [id_of("a"), id_of("b")]


def test_a_filter_adds_runs_and_none_at_all_means_the_two_newest() -> None:
    assert compare(filter="metrics.acc < 0.22").runs == [id_of("b"), id_of("a")]
    assert compare("c", filter="metrics.acc < 0.22").runs == [id_of("c"), id_of("b"), id_of("a")]
    assert compare().runs == [id_of("b"), id_of("c")]
    with pytest.raises(SearchSyntaxError):
        compare(filter="metrics.acc <")


def test_the_base_is_the_first_run_or_the_one_named() -> None:
    assert compare("a", "b").base == id_of("a")
    widget = compare("a", "b", base="c")
    assert widget.base == id_of("c")
    assert widget.runs == [id_of("c"), id_of("a"), id_of("b")]
    widget.base = 2
    widget.runs = ["b", 3]
    assert str(widget.base) == id_of("b")
    assert widget.runs == [id_of("b"), id_of("c")]


@pytest.mark.parametrize("given", [3.5, True, None, {"run": 1}, b"a"])
def test_what_stands_for_no_run_is_refused_in_words(given: Any) -> None:
    with pytest.raises(InvalidValueError, match="name it by id, number"):
        compare(given)


def test_runs_and_sections_that_are_not_there_are_refused() -> None:
    with pytest.raises(NotFoundError, match="'zzz'"):
        compare("zzz", "a")
    with pytest.raises(NotFoundError, match="0000"):
        compare("0" * 32, "a")
    assert compare("a", "b", sections="params").sections == ["params"]
    with pytest.raises(TraitError, match="compare_height"):
        compare("a", "b", height=-1)
    with pytest.raises(NotFoundError, match=r"'parms'.*'params'"):
        compare("a", "b", sections=["parms"])


def test_the_comparison_is_a_frame_of_keys_by_runs() -> None:
    widget = compare("a", "b")
    assert widget.df.columns.tolist() == ["#1", "#2"]
    assert values(widget, *("params", "lr")) == ["1.0", "0.1"]
    assert values(widget, *("metrics", "acc")) == pytest.approx([0.2, 0.21])
    assert values(widget, *("metrics", "acc.count")) == [3, 3]
    assert ("params", "model") in widget.df.index
    assert ("params", "model") not in widget.differences.index
    assert ("params", "lr") in widget.differences.index


def test_the_sentence_says_what_changed_and_follows_the_base() -> None:
    widget = compare("a", "b")
    assert widget.sentence == "#2 changed lr 1.0 → 0.1 against #1; acc rose by 0.01 to 0.21 (better)."
    widget.base = id_of("b")
    assert widget.sentence.startswith("#1 changed lr 0.1 → 1.0 against #2; acc fell by 0.01 to 0.2 (worse)")
    assert compare("a", "b", "c").sentence == (
        "3 runs: lr differs (1 param the same); acc best in #3 with 0.22 (#1: 0.2)."
    )
    assert compare("a").sentence == "1 run: add another to see what differs."


def test_its_repr_is_the_same_in_every_session() -> None:
    assert repr(compare("a", "c")) == "Compare(#1, #3)"


def test_a_live_run_sends_only_the_sections_that_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    with nbtrack.start_run("live", params={"lr": 1}) as run:
        widget = compare("a", run)
        first = head_of(widget.table())
        assert first["mode"] == "full"
        assert {"params", "metrics", "overview"} <= {section["id"] for section in first["sections"]}
        messages = sent(widget, monkeypatch)
        monkeypatch.setattr(watch(get_store()), "_widgets", set())  # this test looks by itself
        run.log_metric("acc", 0.9, step=0)
        widget.store_changed()
        (content, (blob,)) = messages[-1]
        patch = head_of(blob)
        assert content == {"kind": "data"}
        assert (patch["mode"], patch["version"]) == ("patch", first["version"] + 1)
        assert "metrics" in {section["id"] for section in patch["sections"]}
        assert "params" not in {section["id"] for section in patch["sections"]}
        count = len(messages)
        run.log_metric("acc", 0.9, step=0)
        widget.store_changed()
        widget.store_changed()
        assert len(messages) == count + 1, "the second look found nothing new"
    widget.close()


def test_another_choice_of_runs_in_the_page_brings_their_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    widget = compare("a", "b")
    widget.table()
    messages = sent(widget, monkeypatch)
    widget.runs = [id_of("a"), id_of("b"), id_of("c")]
    head = head_of(messages[-1][1][0])
    assert (head["mode"], [run["name"] for run in head["runs"]]) == ("full", ["a", "b", "c"])
    widget.base = id_of("c")
    assert head_of(messages[-1][1][0])["base"] == id_of("c")
    widget.close()


def test_the_watcher_tells_of_what_another_writer_records(monkeypatch: pytest.MonkeyPatch) -> None:
    widget = compare("a", "b")
    widget.table()
    messages = sent(widget, monkeypatch)
    nbtrack.Client().set_tag(id_of("a"), "team", "x")
    until = time.monotonic() + 20
    while not messages and time.monotonic() < until:
        time.sleep(0.05)
    assert "tags" in {section["id"] for section in head_of(messages[-1][1][0])["sections"]}
    widget.close()


def test_the_summary_shows_sentence_differences_and_a_picture() -> None:
    text, plain = compare("a", "b").summary()
    assert plain == "nbtrack comparison of #1, #2: " + compare("a", "b").sentence
    assert "(better)" in text
    assert re.search(r"<td[^>]*>lr</td>", text)
    assert not re.search(r"<td[^>]*>model</td>", text)
    picture = re.search(r'src="data:image/svg\+xml;base64,([^"]+)"', text)
    assert picture is not None
    assert "acc" in base64.b64decode(picture.group(1)).decode()
    assert not re.search(r"<(style|svg|script|iframe)", text)


def test_the_summary_shows_text_as_text() -> None:
    evil = "<img src=x onerror=alert(1)>"
    for value in ("1", "2"):
        with nbtrack.start_run(evil, params={"<b>": f"<script>{value}"}) as run:
            run.log_metric("<i>acc", float(value))
    text, _ = compare().summary()
    assert "<script>" not in text
    assert "<b>" not in text.replace("<b>base</b>", "")
    assert "onerror=alert(1)>" not in text.replace("&gt;", "")
    assert "&lt;img src=x onerror=" in text


def test_values_that_are_no_numbers_and_empty_comparisons_have_a_summary() -> None:
    for value in (math.nan, math.inf, 0.0):
        with nbtrack.start_run() as run:
            run.log_metric("loss", value)
    assert "loss" in compare(4, 5, 6).summary()[0]
    widget = compare("a")
    widget.runs = []
    assert widget.summary() == ("<p>No runs to compare.</p>", "nbtrack comparison of no runs")
    assert widget.df.empty
