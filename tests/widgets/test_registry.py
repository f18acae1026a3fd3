"""The registry panel from Python."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

import nbtrack
from nbtrack.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nbtrack.widgets.registry import RegistryPanel
    from tests.stores import Recorded


def two_models() -> None:
    with nbtrack.start_run("<b>one") as run:
        run.log_metric("auc", 0.9)
        nbtrack.pyfunc.log_model(python_model=lambda model_input: model_input, name="m", pip_requirements=[])
    nbtrack.register_model(f"runs:/{run.id}/m", "fraud", tags={"<i>": "<b>"})
    nbtrack.register_model(f"runs:/{run.id}/m", "price")
    nbtrack.set_registered_model_alias("fraud", "champion", 1)


@pytest.fixture
def panel(recorded: Recorded) -> Iterator[RegistryPanel]:
    recorded(two_models)
    made = nbtrack.registry("fraud")
    yield made
    made.close()


def test_the_model_that_changed_last_is_opened(panel: RegistryPanel) -> None:
    shown = nbtrack.registry()
    assert (shown.model, repr(shown)) == ("fraud", "Registry('fraud')")
    shown.close()


def test_versions_come_back_as_a_table(panel: RegistryPanel) -> None:
    assert panel.df[["version", "metrics.auc"]].to_dict("records") == [{"version": 1, "metrics.auc": 0.9}]
    panel.model = ""
    assert sorted(panel.df["name"]) == ["fraud", "price"]


@pytest.mark.parametrize(
    ("words", "said"), [(("fraudd",), "Did you mean 'fraud'"), (("fraud", 7), "7"), (("", 3), "Name its model")]
)
def test_what_is_not_there_is_said(panel: RegistryPanel, words: tuple[Any, ...], said: str) -> None:
    with pytest.raises(NotFoundError, match=said):
        nbtrack.registry(*words)


def test_an_empty_store_has_a_panel_too(tmp_path: Path) -> None:
    nbtrack.set_tracking_uri(tmp_path / "empty.duckdb")
    shown = nbtrack.registry()
    assert json.loads(shown.table()) == {"models": [], "open": None}
    assert "No models" in shown.summary()[0]
    assert isinstance(shown.df, pd.DataFrame)
    shown.close()


def test_the_summary_names_versions_and_nothing_runs_in_it(panel: RegistryPanel) -> None:
    html, text = panel.summary()
    assert "@champion" in html
    assert "0.9" in html
    assert "<b>one" not in html
    assert "&lt;b&gt;" in html
    assert text == "Registry('fraud')"
    assert 'alt="1 version over time; now @champion at 1"' in html
    panel.model = ""
    assert "@champion → 1" in panel.summary()[0]
    assert 'alt="2 versions of 2 models over time"' in panel.summary()[0]
    panel.model = "gone <b>"
    assert panel.summary()[0] == "<p>There is no registered model gone &lt;b&gt;.</p>"


def test_a_change_anywhere_reaches_the_page(panel: RegistryPanel, monkeypatch: pytest.MonkeyPatch) -> None:
    heard, sent = threading.Event(), []

    def hear(_: Any, content: Any, buffers: Any = ()) -> None:
        sent.append((content, json.loads(buffers[0])))
        heard.set()

    monkeypatch.setattr("nbtrack.widgets.registry.RegistryPanel.send", hear)
    panel.table()
    nbtrack.set_registered_model_tag("fraud", "team", "risk")
    assert heard.wait(60)
    content, found = sent[0]
    assert content == {"kind": "data"}
    assert found["open"]["model"]["tags"]["team"] == "risk"


def test_the_page_changes_models_and_hears_what_was_wrong(
    panel: RegistryPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    replies: list[Any] = []
    monkeypatch.setattr(
        "nbtrack.widgets.registry.RegistryPanel.send", lambda _, content, buffers=(): replies.append(content)
    )
    message = {"kind": "edit", "id": 1, "op": "registry", "do": "tag", "name": "fraud", "key": "team", "value": "risk"}
    panel._receive(panel, message, [])
    panel._receive(panel, {**message, "id": 2, "name": "nobody"}, [])
    answers = {reply["id"]: reply for reply in replies if reply.get("kind") == "answer"}
    assert answers[1]["ok"] is True
    assert answers[2]["ok"] is False
    assert "nobody" in answers[2]["error"]
    assert nbtrack.get_registered_model("fraud").tags["team"] == "risk"
