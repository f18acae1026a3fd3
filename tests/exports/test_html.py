"""Exported pages hold what was asked for, and nothing that was not."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import struct
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import nbtrack
from nbtrack.errors import AlreadyExistsError, InvalidValueError, NotFoundError, SearchSyntaxError
from nbtrack.exports import telling
from nbtrack.exports.chosen import CAPTURED_TAGS
from nbtrack.tracking import surroundings
from tests.exports.conftest import HOSTILE, read_page

if TYPE_CHECKING:
    from pathlib import Path


class Tags(HTMLParser):
    """Every element of a page as a browser would find it, with its attributes and text."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def test_all_runs_go_in_and_the_page_says_how_large_it_is(store: Path) -> None:
    done = nbtrack.export(store / "demo.html", title="Demo")
    found = read_page(done.path)
    assert found.runs["name"] == [HOSTILE, "c", "b", "a"]
    assert (done.runs, done.bytes) == (4, done.path.stat().st_size)
    assert set(done.sizes) == {"script", "runs", "answers"}
    assert "demo.html" in repr(done)
    assert f'<a href="{done.path}"' in done._repr_html_()
    assert done.path.stat().st_mode & 0o777 == 0o644
    assert list(store.glob(".demo*")) == []


def test_runs_are_chosen_by_filter_name_number_id_frame_and_widget(store: Path) -> None:
    def names(runs: object) -> list[str]:
        return read_page(nbtrack.export(store / "demo.html", runs, views=["runs"]).path).runs["name"]

    widget = nbtrack.runs("params.lr < 0.05")
    assert names("params.lr > 0.5") == ["a"]
    assert names(["b", 1]) == ["b", "a"]
    assert names([nbtrack.get_run("c").info.run_id]) == ["c"]
    assert names(nbtrack.search_runs("metrics.acc > 1.5")) == [HOSTILE, "c"]
    assert names(widget) == [HOSTILE, "c"]


def test_a_widget_among_the_views_brings_its_state_and_all_its_runs(store: Path) -> None:
    widget = nbtrack.runs("params.lr < 0.05", order_by="metrics.acc DESC")
    widget.selected = [nbtrack.get_run("c").info.run_id]
    found = read_page(nbtrack.export(store / "demo.html", views=[widget]).path)
    (view,) = found.facts["views"]
    assert view["view"] == widget._view
    assert view["state"]["filter"] == "params.lr < 0.05"
    assert view["state"]["order_by"] == ["metrics.acc DESC"]
    assert view["state"]["selected"] == widget.selected
    assert len(found.runs["name"]) == 4


def test_views_of_runs_share_a_model_and_views_of_single_runs_do_not(store: Path) -> None:
    views = ["parallel", "runs", "compare", "artifacts"]
    found = read_page(nbtrack.export(store / "demo.html", views=views).path)
    groups = {view["view"]: view["group"] for view in found.facts["views"]}
    assert groups["parallel"] == groups["run-table"] == "runs"
    assert len({*groups.values()}) == 3
    boards = read_page(nbtrack.export(store / "demo.html").path).facts["views"]
    assert [view["view"] for view in boards] == ["board"]


def test_questions_of_the_page_are_answered_beforehand(store: Path) -> None:
    found = read_page(nbtrack.export(store / "demo.html").path)
    ids = found.runs["run_id"]
    (spark,) = [(q, b) for q, _, b in found.answers if q["what"] == "sparks"]
    assert spark[0] == {"what": "sparks", "runs": ids, "key": "acc", "points": 40}
    outline = np.frombuffer(spark[1][0], "<f4").reshape(4, 40)
    assert outline[3, [0, -1]] == pytest.approx([0, 0.19], abs=1e-3)
    curves = {q["x"]: (content, buffers) for q, content, buffers in found.answers if q["what"] == "curves"}
    assert set(curves) == {"step", "time", "relative"}
    content, buffers = curves["step"]
    assert content["series"] == [[run, "acc"] for run in ids]
    assert np.frombuffer(buffers[1], "<f8")[-20:] == pytest.approx([step / 100 for step in range(20)])


def test_curves_stop_where_the_page_would_grow_too_large(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nbtrack.exports.curve_answers.MAX_POINTS", 50)
    monkeypatch.setattr("nbtrack.exports.curve_answers.MAX_POINTS_OF_TIMES", 10)
    done = nbtrack.export(store / "demo.html", views=["curves"])
    ((question, content, _),) = read_page(done.path).answers
    assert (question["x"], len(content["series"])) == ("step", 2)
    assert "newest 2 runs" in done.left_out[0]


def test_short_studies_keep_more_points_of_a_curve_than_long_ones(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with nbtrack.start_run("long") as run:
        for step in range(12_000):
            run.log_metric("acc", step, step=step)

    def points(**options: Any) -> int:
        page = read_page(nbtrack.export(store / "demo.html", views=["curves"], **options).path)
        return next(content["starts"][1] for question, content, _ in page.answers if question.get("x") == "step")

    assert points() == 4000
    assert points(history_points=50) == 50
    monkeypatch.setattr("nbtrack.exports.curve_answers.MAX_POINTS_OF_TIMES", 2100)
    assert points() == 2000


def test_any_runs_of_a_page_can_be_compared(store: Path) -> None:
    page = read_page(nbtrack.export(store / "demo.html").path)
    ((question, _, (blob,)),) = [each for each in page.answers if each[0]["what"] == "compare"]
    (length,) = struct.unpack_from("<I", blob)
    head = json.loads(blob[4 : 4 + length])
    assert question == {"what": "compare", "pool": 0}
    assert len(head["runs"]) == 4
    assert {section["id"] for section in head["sections"]} == {"artifacts"}


def test_saved_views_go_along(store: Path) -> None:
    assert read_page(nbtrack.export(store / "demo.html", views=["runs"]).path).asked("saved-views") == []
    nbtrack.runs(filter="metrics.acc > 1").save_view("good ones")
    page = read_page(nbtrack.export(store / "demo.html", views=["runs"]).path)
    ((_, content, _),) = [each for each in page.answers if each[0]["what"] == "saved-views"]
    assert content["views"]["good ones"]["filter"] == "metrics.acc > 1"
    assert "filter" in page.facts["views"][0]["state"]["_view_traits"]


def test_a_run_of_its_own_goes_in_with_its_curves(store: Path) -> None:
    page = read_page(nbtrack.export(store / "demo.html", views=[nbtrack.live("a")]).path)
    ((question, _, (blob,)),) = page.answers
    assert question == {"what": "live", "run": nbtrack.get_run("a").info.run_id}
    assert b'"acc"' in blob
    page = read_page(nbtrack.export(store / "demo.html", views=["live"]).path)
    assert page.asked("live") == [{"what": "live", "run": page.runs["run_id"][0]}]


def test_tables_of_compared_runs_are_compared_beforehand(store: Path) -> None:
    for index in range(2):
        with nbtrack.start_run(f"table {index}") as run:
            run.log_text(f"id,value\n1,{index}\n", "predictions.csv")
    page = read_page(nbtrack.export(store / "demo.html", views=["compare"]).path)
    (question,) = page.asked("compare_table")
    assert (question["path"], len(question["runs"])) == ("predictions.csv", 2)


def test_files_are_looked_for_once_however_many_runs_there_are(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("nbtrack.store.local.LocalStore.list_artifacts", lambda *_: asked.append("once for each run"))
    page = read_page(nbtrack.export(store / "demo.html", views=["artifacts"]).path)
    assert page.facts["views"][0]["state"]["run_id"] == nbtrack.get_run("b").info.run_id
    assert asked == []


def test_files_go_in_up_to_a_size_and_secrets_only_when_asked(store: Path) -> None:
    def files(artifacts: object) -> list[str]:
        done = nbtrack.export(store / "demo.html", views=["artifacts"], artifacts=artifacts)  # type: ignore[arg-type]
        return sorted({question["path"] for question in read_page(done.path).asked("preview")})

    assert files(True) == ["notes.txt"]
    assert files("all") == ["environment/packages.txt", "notes.txt"]
    assert files(False) == files(3) == []
    done = nbtrack.export(store / "demo.html", views=["artifacts"])
    assert any("environment" in line for line in done.left_out)


def test_where_a_run_was_made_stays_out_unless_asked(store: Path) -> None:
    nbtrack.Client().set_tag(nbtrack.get_run("c").info.run_id, "nbtrack.host", "sesame-host")
    surroundings.settle()

    def told(artifacts: Any) -> tuple[bool, set[str]]:
        page = read_page(
            nbtrack.export(store / "a.html", views=["runs", "compare"], artifacts=artifacts, overwrite=True).path
        )
        blobs = b"".join(b"".join(buffers) for _, _, buffers in page.answers)
        return b"sesame-host" in blobs, {
            name for name in page.runs if name.startswith(("tags.nbtrack.host", "tags.mlflow.source."))
        }

    assert told(True) == (False, set())
    user = nbtrack.get_run("c").info.user_id
    assert user
    assert set(read_page(store / "a.html").runs["user_id"]) == {None}
    was_compared, tags = told("all")
    assert was_compared
    assert "tags.nbtrack.host" in tags


def test_no_name_breaks_out_of_the_page(store: Path) -> None:
    done = nbtrack.export(
        store / "demo.html", title=HOSTILE, notes=f"# {HOSTILE}\n[x](javascript:alert(1))\n\n`{HOSTILE}`"
    )
    text = done.path.read_text(encoding="utf-8")
    tags = Tags(text)
    assert all((attributes["src"] or "").startswith("data:image/svg+xml;base64,") for attributes in tags.named("img"))
    kinds = [attributes.get("type") for attributes in tags.named("script")]
    assert kinds.count("module") == 1
    assert kinds.count("application/json") == 1
    assert set(kinds) == {"module", "application/json", "text/plain"}
    assert [name for _, attributes in tags.found for name in attributes if name.startswith("on")] == []
    assert [attributes for attributes in tags.named("a") if "javascript" in (attributes.get("href") or "")] == []


def test_the_policy_lets_in_this_script_alone_and_no_address(store: Path) -> None:
    text = nbtrack.export(store / "demo.html").path.read_text(encoding="utf-8")
    (policy,) = [tag["content"] for tag in Tags(text).named("meta") if tag.get("http-equiv")]
    script = text.rsplit('<script type="module">', 1)[1].split("</script>")[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy is not None
    assert policy.startswith(f"default-src 'none'; script-src 'sha256-{digest}';")
    assert not re.search(r"https?:|unsafe-eval|\*", policy)
    assert not re.search(r'(src|href)="https?:', text.split("<script")[0])


def test_a_page_may_be_exported_again_but_other_files_are_safe(store: Path) -> None:
    target = store / "demo.html"
    nbtrack.export(target)
    nbtrack.export(target)
    target.write_text("my thesis")
    with pytest.raises(AlreadyExistsError, match="no page of nbtrack; overwrite=True"):
        nbtrack.export(target)
    assert target.read_text() == "my thesis"
    nbtrack.export(target, overwrite=True)
    assert "nbt-stage" in target.read_text()


def test_an_export_that_fails_leaves_what_was_there(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = nbtrack.export(store / "demo.html").path
    before = target.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fdopen", full)
    with pytest.raises(OSError, match="No space"):
        nbtrack.export(target)
    assert target.read_bytes() == before
    assert list(store.glob(".demo*")) == []


@pytest.mark.parametrize(
    ("options", "kind", "said"),
    [
        ({"views": ["runz"]}, NotFoundError, "'runz'.*'runs'"),
        ({"runs": "metrics.acc >"}, SearchSyntaxError, "acc"),
        ({"runs": ["nobody"]}, NotFoundError, "nobody"),
        ({"runs": 3.5}, InvalidValueError, "use a filter such as"),
        ({"views": [3]}, InvalidValueError, "int is no view"),
        ({"views": 3}, InvalidValueError, "use names"),
        ({"views": []}, InvalidValueError, "No view is named"),
        ({"path": "file.txt", "folder": True}, AlreadyExistsError, "writes a folder"),
        ({"history_points": 1}, InvalidValueError, "from 2"),
        ({"artifacts": -1}, InvalidValueError, "a number of bytes"),
        ({"path": "no/where.html"}, NotFoundError, "Make it first"),
        ({"path": "."}, AlreadyExistsError, r"Name a file in it"),
    ],
)
def test_what_cannot_be_exported_says_why(
    store: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, object], kind: type[Exception], said: str
) -> None:
    monkeypatch.chdir(store)
    (store / "file.txt").write_text("of somebody")
    with pytest.raises(kind, match=said):
        nbtrack.export(**{"path": "demo.html", **options})  # type: ignore[arg-type]
    assert list(store.glob("*.html")) == []


def test_a_folder_has_its_data_in_scripts_beside_the_page(store: Path) -> None:
    done = nbtrack.export(store / "site", views=["runs"], folder=True)
    again = nbtrack.export(store / "site", views=["runs"], folder=True)
    files = sorted(path.name for path in (store / "site" / "data").glob("*.js"))
    text = done.path.read_text(encoding="utf-8")
    assert done.path == again.path == store / "site" / "index.html"
    assert len(files) == 2
    assert all(f'src="data/{name}"' in text for name in files)
    assert 'id="nbt-runs" ></script>' in text
    assert again.bytes == again.path.stat().st_size + sum(p.stat().st_size for p in (store / "site" / "data").iterdir())


def test_a_folder_has_the_runs_as_parquet_for_others(store: Path) -> None:
    done = nbtrack.export(store / "site", runs="name != 'c'", views=["runs"], folder=True)
    data = store / "site" / "data"
    tables = {path.stem: nbtrack.sql(f"SELECT * FROM '{path}'") for path in data.glob("*.parquet")}
    assert set(tables) == {"runs", "params", "tags", "metrics"}
    readme = (data / "README.md").read_text(encoding="utf-8")
    text = done.path.read_text(encoding="utf-8")
    for name, table in tables.items():
        assert f'href="data/{name}.parquet"' in text
        assert all(f"`{column}`" in readme for column in table.columns)
    assert sorted(tables["runs"]["name"]) == sorted([HOSTILE, "a", "b"])
    assert len(tables["metrics"]) == 60
    assert not any(key.startswith(CAPTURED_TAGS) for key in tables["tags"]["key"])
    assert "team" in set(tables["tags"]["key"])
    nbtrack.export(store / "site", views=["runs"], folder=True, artifacts="all")
    assert "mlflow.user" in set(nbtrack.sql(f"SELECT key FROM '{data / 'tags.parquet'}'")["key"])


def test_progress_is_told(store: Path) -> None:
    told: list[str] = []
    nbtrack.export(store / "demo.html", progress=told.append)
    assert told[0] == "reading runs"
    assert told[-1] == "writing"


def test_a_long_export_says_what_it_does_where_somebody_reads(
    store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(telling, "PATIENCE_S", 0.0)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    nbtrack.export(store / "demo.html", views=["runs"])
    said = capsys.readouterr().err
    assert "exporting: answers for run-table" in said
    assert said.endswith(" \r")


def test_without_scripts_the_page_shows_the_runs(store: Path) -> None:
    text = nbtrack.export(store / "demo.html").path.read_text(encoding="utf-8")
    still = text.split("<noscript>")[1].split("</noscript>")[0]
    assert "<td" in still
    assert "&lt;/script&gt;" in still


def test_a_store_without_runs_is_a_page_too(tmp_path: Path) -> None:
    nbtrack.set_tracking_uri(tmp_path / "new.duckdb")
    done = nbtrack.export(tmp_path / "demo.html", views=["runs", "parallel", "curves", "compare", "artifacts"])
    assert done.runs == 0


def test_a_page_carries_the_code_of_its_views_alone(store: Path) -> None:
    table = nbtrack.export(store / "table.html", views=["runs"])
    board = nbtrack.export(store / "board.html")
    alone = nbtrack.runs(panes=())
    assert "nbt-gutter" in table.path.read_text(encoding="utf-8")
    assert "nbt-par-title" not in table.path.read_text(encoding="utf-8")
    assert "nbt-par-title" in board.path.read_text(encoding="utf-8")
    assert "nbt-cmp-note" not in board.path.read_text(encoding="utf-8")
    assert nbtrack.export(store / "alone.html", views=[alone]).sizes["script"] < 0.65 * board.sizes["script"]
