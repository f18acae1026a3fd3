"""Registered models in an exported page: to read, without who and where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import nbtrack
from tests.exports.conftest import HOSTILE, read_page

if TYPE_CHECKING:
    from pathlib import Path

    from tests.exports.conftest import Exported

WHO = "mia-at-the-bank"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with three models: fraud of two runs, price of a third, and one whose files are elsewhere."""
    place = tmp_path_factory.mktemp("models")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("LOGNAME", WHO)
        nbtrack.set_tracking_uri(place / "runs.duckdb")
        for auc in (0.8, 0.9, 0.7):
            with nbtrack.start_run(f"auc {auc}", params={"auc": auc}) as run:
                run.log_metric("auc", auc)
                name = "price" if auc == 0.7 else "fraud"
                nbtrack.pyfunc.log_model(
                    name="m",
                    python_model=lambda model_input: model_input,
                    registered_model_name=name,
                    pip_requirements=["numpy", "pandas==2.0"],
                )
        nbtrack.set_registered_model_alias("fraud", "champion", 1, comment="the first")
        nbtrack.update_registered_model("fraud", HOSTILE)
        nbtrack.create_registered_model("elsewhere")
        nbtrack.Client().create_model_version("elsewhere", "s3://secret-folder/m")
    return place


@pytest.fixture(autouse=True)
def _store(place: Path) -> None:
    nbtrack.set_tracking_uri(place / "runs.duckdb")


def exported(place: Path, runs: str | None = None, **options: Any) -> Exported:
    found = read_page(nbtrack.export(place / "x.html", runs, views=["runs", "models"], **options).path)
    assert HOSTILE not in found.text
    return found


def named(found: Exported, what: str) -> list[str]:
    return sorted({question["name"] for question in found.asked(what)})


def test_models_go_in_with_each_version(place: Path) -> None:
    found = exported(place)
    assert named(found, "model") == ["elsewhere", "fraud", "price"]
    assert next((q["name"], q["version"]) for q in found.asked("model-version")) == ("fraud", 1)
    assert len(found.asked("model-version")) == 4
    assert found.facts["views"][1]["view"] == "registry"
    (fraud,) = [content for q, content, _ in found.answers if q == {"what": "model", "name": "fraud"}]
    assert fraud["model"]["aliases"] == {"champion": 1}
    assert "the first" in {event["comment"] for event in fraud["history"]}


def test_nobody_is_named_and_no_place_told_unless_asked(place: Path) -> None:
    answers = str([answer for _, answer, _ in exported(place).answers])
    assert WHO not in answers
    assert str(place) not in answers
    assert "pandas==2.0" in answers
    whole = str([answer for _, answer, _ in exported(place, artifacts="all").answers])
    assert WHO in whole
    assert "secret-folder" in whole


def test_models_of_other_runs_stay_out(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = exported(place, "metrics.auc < 0.75")
    assert named(found, "model") == ["price"]
    assert found.facts["views"][1]["state"]["model"] == "price"
    nbtrack.create_experiment("another")
    monkeypatch.setenv("NBTRACK_EXPERIMENT", "another")
    assert named(exported(place), "model") == []


def test_what_is_open_in_a_panel_comes_along(place: Path) -> None:
    panel = nbtrack.registry("fraud", 2)
    done = nbtrack.export(place / "panel.html", "metrics.auc < 0.75", views=[panel])
    panel.close()
    found = read_page(done.path)
    assert named(found, "model") == ["fraud", "price"]
    assert found.facts["views"][0]["state"]["version"] == 2
    assert any("not made by these runs stay out: 1" in why for why in done.left_out)


def test_a_step_of_a_story_shows_one_model_on_paper_too(place: Path) -> None:
    panel = nbtrack.registry("fraud")
    story = nbtrack.story("Talk").step("Model", "ready", view=panel).step("Its first", view=panel, state={"version": 1})
    panel.close()
    done = story.save(place / "talk.html")
    found = read_page(done.path)
    assert named(found, "model") == ["fraud"]
    assert [step["views"][0]["state"]["version"] for step in found.facts["steps"]] == [0, 1]
    assert WHO not in found.text
    assert "2 versions over time" in found.text


def test_a_page_without_models_says_so(tmp_path: Path) -> None:
    nbtrack.set_tracking_uri(tmp_path / "empty.duckdb")
    found = exported(tmp_path)
    assert [answer for q, answer, _ in found.answers if q == {"what": "models"}] == [{"models": []}]
