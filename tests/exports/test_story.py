"""Stories: views in steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import nbtrack
from nbtrack.errors import AlreadyExistsError, InvalidValueError, NotFoundError
from tests.exports.conftest import HOSTILE, read_page

if TYPE_CHECKING:
    from pathlib import Path


def test_one_widget_serves_many_steps(store: Path) -> None:
    table = nbtrack.runs()
    story = nbtrack.story("Talk").step("All", view=table)
    table.filter = "params.lr < 0.05"
    table.extents = {"metrics.acc.last": (1, 2)}
    story.step("Some", view=table)
    table.filter = "params.lr > 0.5"
    table.extents["metrics.acc.last"].append([5, 6])
    steps = read_page(story.save(store / "talk.html").path).facts["steps"]
    states = [step["views"][0]["state"] for step in steps]
    assert [state["filter"] for state in states] == ["", "params.lr < 0.05"]
    assert states[1]["extents"] == {"metrics.acc.last": [[1, 2]]}
    assert [step["views"][0]["group"] for step in steps] == ["runs", "runs"]


def test_views_by_name_take_their_state_from_the_step(store: Path) -> None:
    state = {"extents": {"params.lr": [[0.001, 0.1]]}}
    steps: list[dict[str, object]] = [
        {"title": "Words", "text": "- a\n- b"},
        {"title": "Lines", "view": "parallel", "state": state},
        {"title": "Pair", "view": ["compare"], "notes": "slowly"},
        {"title": "Another pair", "view": ["compare"], "state": {"runs": [nbtrack.get_run("a").info.run_id]}},
    ]
    page = read_page(nbtrack.slides(store / "talk.html", steps).path)
    words, lines, pair, other = page.facts["steps"]
    assert words["views"] == []
    assert lines["views"][0]["state"] == state
    assert len(pair["views"][0]["state"]["runs"]) == 2
    assert pair["views"][0]["group"] != other["views"][0]["group"]
    assert page.facts["title"] == "Words"
    assert len(page.asked("compare")) == 2


def test_every_step_stands_in_the_page_as_html(store: Path) -> None:
    story = nbtrack.story("Talk")
    story.step(HOSTILE, HOSTILE, view=nbtrack.runs("params.lr > 0.5"), notes=HOSTILE)
    story.step("Lines", "**why**", view="parallel")
    text = story.save(store / "talk.html").path.read_text(encoding="utf-8")
    sections = text.split("<section ")[1:]
    assert len(sections) == 2
    assert "&lt;/script&gt;" in sections[0]
    assert "<script>alert" not in text
    assert sections[0].count("<td") > 1  # the widget's own summary
    assert "<strong>why</strong>" in sections[1]
    assert "<img" in sections[1].split("</section>")[0]


def test_answers_of_steps_that_differ_in_the_brush_are_stored_once(store: Path) -> None:
    story = nbtrack.story("Talk")
    for high in (0.1, 0.01):
        story.step("Lines", view="curves", state={"extents": {"params.lr": [[0, high]]}})
    page = read_page(story.save(store / "talk.html").path)
    assert [question["x"] for question in page.asked("curves")] == ["step", "time", "relative"]


def test_files_of_a_step_can_be_opened_and_no_others(store: Path) -> None:
    run = nbtrack.get_run("a").info.run_id
    page = read_page(
        nbtrack.slides(store / "a.html", [{"title": "x", "view": "artifacts", "state": {"run_id": run}}]).path
    )
    assert page.asked("preview") == [{"what": "preview", "run": run, "path": "notes.txt"}]


def test_the_still_of_a_comparison_does_not_tell_of_the_machine(store: Path) -> None:
    client = nbtrack.Client()
    for name in ("a", "b"):
        client.set_tag(nbtrack.get_run(name).info.run_id, "nbtrack.host", f"sesame-{name}")
        client.set_tag(nbtrack.get_run(name).info.run_id, "mlflow.source.git.commit", f"c0ffee{name}")
    story = nbtrack.story("Talk").step("x", view=nbtrack.compare("a", "b")).step("y", view="live")
    text = story.save(store / "talk.html").path.read_text(encoding="utf-8")
    assert "model" in text
    assert "sesame" not in text
    assert "c0ffee" not in text


def test_it_shows_itself_as_a_table_of_its_steps(store: Path) -> None:
    assert store.exists()
    story = nbtrack.story("Talk <b>").step("One", "first line\nsecond" + "x" * 200, view="parallel").step("Two")
    assert repr(story) == "Story('Talk <b>', 2 steps)"
    shown = story._repr_html_()
    assert "Talk &lt;b&gt;" in shown
    assert "first line" in shown
    assert "second" not in shown
    assert shown.count("<tr>") == 3


def test_what_is_no_story_says_why(store: Path) -> None:
    with pytest.raises(InvalidValueError, match=r"has no step; add one with story\.step"):
        nbtrack.story("Talk").save(store / "talk.html")
    with pytest.raises(InvalidValueError, match="no step"):
        nbtrack.slides(store / "talk.html", [])
    with pytest.raises(InvalidValueError, match=r"Step 1 has 'titel'; a step is a dict of title, text"):
        nbtrack.slides(store / "talk.html", [{"titel": "x"}])
    with pytest.raises(InvalidValueError, match="Step 1 has no 'title'"):
        nbtrack.slides(store / "talk.html", [{"text": "x"}])
    with pytest.raises(NotFoundError, match=r"paralel.*parallel"):
        nbtrack.story("Talk").step("x", view="paralel")
    with pytest.raises(NotFoundError, match=r"'extent'.*extents"):
        nbtrack.story("Talk").step("x", view="parallel", state={"extent": {}})
    with pytest.raises(InvalidValueError, match="is no brush"):
        nbtrack.story("Talk").step("x", view="parallel", state={"extents": "params.lr"})
    (store / "talk.html").write_text("mine")
    with pytest.raises(AlreadyExistsError, match="overwrite=True"):
        nbtrack.slides(store / "talk.html", nbtrack.story("Talk").step("x"))
    assert nbtrack.slides(store / "talk.html", nbtrack.story("Talk").step("x"), overwrite=True).runs == 4


def test_the_still_of_a_step_shows_the_view_in_its_state(store: Path) -> None:
    story = nbtrack.story("Talk")
    brushed = {"extents": {"params.lr": [0.05, 1]}, "order_by": ["metrics.acc DESC"]}
    for view in ("runs", "parallel", "curves", "compare", "artifacts"):
        story.step(view, view=view, state=brushed)
    story.step("odd", view="runs", state={"filter": "metrics.acc >"})
    text = story.save(store / "talk.html").path.read_text(encoding="utf-8")
    stills = dict(
        zip(
            ["runs", "parallel", "curves", "compare", "artifacts", "odd"],
            text.split('"nbt-step-still">')[1:],
            strict=True,
        )
    )
    for name in ("runs", "parallel", "curves"):
        assert "2 of 4 runs" in stills[name]
        assert "params.lr BETWEEN" in stills[name]
        assert "<img" in stills[name]
    assert stills["runs"].index(">b<") < stills["runs"].index(">a<")
    assert "acc" in stills["compare"]
    assert "notes.txt" in stills["artifacts"]
    assert "environment/" in stills["artifacts"]
    assert "4 of 4 runs" in stills["odd"]
