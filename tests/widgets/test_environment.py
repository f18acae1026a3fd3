"""Which tier each front end allows."""

from __future__ import annotations

import re
from typing import Any

import pytest

import nbtrack
from nbtrack.widgets.environment import FRONT_ENDS, TIERS, judge
from nbtrack.widgets.surroundings import Facts

NEW = {"ipykernel": "7.4.0", "jupyterlab": "4.6.6", "notebook": "7.6.5", "ipywidgets": "8.1.9", "anywidget": "0.11.0"}


def facts(**known: Any) -> Facts:
    return Facts(**{"shell": "kernel", "has_subshells": True, "versions": NEW, **known})


@pytest.mark.parametrize(
    ("known", "name", "tier"),
    [
        ({"ancestors": ("lab",)}, "JupyterLab", 3),
        ({"ancestors": ("notebook",)}, "Jupyter Notebook", 3),
        ({"settings": {"JPY_SESSION_NAME": "/x.ipynb"}}, "a Jupyter server", 3),
        ({"ancestors": ("papermill", "lab"), "settings": {"JPY_SESSION_NAME": "x"}}, "a Jupyter server", 3),
        ({"has_vscode_path": True, "ancestors": ("lab",)}, "VS Code", 3),
        ({"modules": frozenset({"google.colab"})}, "Google Colab", 3),
        ({"settings": {"KAGGLE_KERNEL_RUN_TYPE": "Interactive"}}, "Kaggle", 3),
        ({"settings": {"KAGGLE_KERNEL_RUN_TYPE": "Batch"}}, "a Kaggle batch", 1),
        ({"settings": {"DATABRICKS_RUNTIME_VERSION": "15.4"}}, "Databricks", 3),
        ({"settings": {"VOILA_KERNEL_ID": "x"}, "allows_input": False}, "Voila", 3),
        ({"ancestors": ("voila",), "allows_input": False}, "Voila", 3),
        ({"shell": "none", "has_marimo": True}, "marimo", 3),
        ({"ancestors": ("papermill",), "allows_input": False}, "papermill", 1),
        ({"ancestors": ("nbconvert", "lab"), "allows_input": False}, "nbconvert", 1),
        ({"ancestors": ("lab",), "allows_input": False}, "nbclient", 1),
        ({"ancestors": ("qtconsole",)}, "Jupyter QtConsole", 0),
        ({"ancestors": ("console",)}, "a Jupyter console", 0),
        ({"settings": {"SPY_HIDE_CMD": "1"}}, "Spyder", 0),
        ({}, "a front end that is not known here", 2),
        ({"shell": "terminal"}, "IPython in a terminal", 0),
        ({"shell": "none"}, "plain Python", 0),
    ],
)
def test_each_front_end_has_its_tier(known: dict[str, Any], name: str, tier: int) -> None:
    found = judge(facts(**known))
    assert (found.front_end, found.tier) == (name, tier)
    assert found.tier == 3 or found.notes, "what is missing comes with how to get it"


@pytest.mark.parametrize(
    ("known", "live", "said"),
    [
        ({}, True, None),
        ({"versions": NEW | {"ipykernel": "6.31.0"}}, False, "ipykernel 6.31.0 hears nothing"),
        ({"has_subshells": False}, False, "no subshells"),
        ({"versions": NEW | {"jupyterlab": "4.3.8"}}, False, "jupyterlab 4.3.8"),
        ({"versions": NEW | {"notebook": "7.3.3"}}, False, "notebook 7.3.3"),
        ({"versions": {name: NEW[name] for name in NEW if name not in ("jupyterlab", "notebook")}}, True, None),
        ({"has_vscode_path": True}, False, "the buttons of nbtrack.live() work, all other clicks wait"),
        ({"has_vscode_path": True}, False, "VS Code does not use subshells"),
        ({"has_vscode_path": True, "versions": NEW | {"ipykernel": "7.3.0"}}, False, "runs, clicks wait for its end"),
    ],
)
def test_views_may_have_to_wait_for_the_cell(known: dict[str, Any], live: bool, said: str | None) -> None:
    found = judge(facts(**{"ancestors": ("lab",), **known}))
    assert found.answers_while_busy is live
    waits = [note for note in found.notes if note.startswith("While a cell runs")]
    assert (said in waits[0]) if said else waits == []


def test_without_the_widget_packages_html_is_what_is_left() -> None:
    found = judge(facts(ancestors=("lab",), versions={"ipykernel": "7.4.0"}))
    assert found.tier == 2
    assert found.notes[0] == "Widgets need anywidget and ipywidgets: pip install anywidget ipywidgets"
    assert found.answers_while_busy is False


def test_it_can_be_read_as_text_and_as_html() -> None:
    found = judge(facts(ancestors=("lab",), versions=NEW | {"notebook": "<b>7</b>"}))
    assert repr(found).startswith("JupyterLab: tier 3 of 3, live widgets\n")
    assert "ipykernel 7.4.0" in repr(found)
    text = found._repr_html_()
    assert "&lt;b&gt;7" in text
    assert not re.search(r"<(style|svg|script)", text)


def test_here_is_plain_python() -> None:
    assert nbtrack.env().front_end == "plain Python"
    assert all(front_end.tier in TIERS for front_end in FRONT_ENDS.values())
