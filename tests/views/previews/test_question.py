"""What a page may ask about a file, and what it hears when the file is not what it seems."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.views import questions

if TYPE_CHECKING:
    from tests.views.previews.conftest import Look


@pytest.mark.parametrize(
    "path",
    ["../runs.duckdb", "/etc/passwd", "a/../../b", "a\\..\\b", "C:/x", "", "a//b", "./a", "con", "a\x00b", 7, None],
)
def test_no_path_leaves_the_run(look: Look, path: object) -> None:
    look("a", "x")
    with pytest.raises(InvalidValueError, match="Artifact path"):
        questions.answer(look.store, {"what": "preview", "run": look.run, "path": path})


@pytest.mark.parametrize("run", ["", "x", "../..", None, "0" * 31, "' OR 1=1 --"])
def test_a_run_is_named_by_its_id_only(look: Look, run: object) -> None:
    with pytest.raises(InvalidValueError, match="not a run id"):
        questions.answer(look.store, {"what": "preview", "run": run, "path": "a"})


def test_a_file_that_the_run_lacks_is_named_with_its_neighbours(look: Look) -> None:
    look("notes.txt", "x")
    with pytest.raises(NotFoundError, match=r"'note.txt'.*'notes.txt'"):
        look("note.txt")


@pytest.mark.parametrize(
    ("path", "content", "view"),
    [
        ("a.json", "{nope", "text"),
        ("a.npy", b"\x93NUMPY\x01\x00\xff\xffgarbage", "binary"),
        ("a.parquet", b"PAR1\x00\x01PAR1", "binary"),
        ("a.zip", b"PK\x03\x04 and no more", "text"),
        ("a.pdf", "no pdf at all", "text"),
        ("a.ipynb", "[]", "text"),
        ("a.geojson", '{"type": "Nothing"}', "text"),
        ("a.plotly.json", "[1, 2]", "text"),
        ("MLmodel", "flavors: [", "text"),
        ("a.pkl", b"\xff\xfe\x00", "text"),
        ("a.safetensors", b"\xff" * 9, "binary"),
        ("a.arrow", "ARROW1 no", "text"),
        ("a.tar", b"\x00\x01\x02" * 300, "binary"),
    ],
)
def test_a_malformed_file_is_shown_as_what_it_is_with_a_reason(
    look: Look, path: str, content: str | bytes, view: str
) -> None:
    facts = look(path, content)
    assert facts["view"] == view
    assert facts["notes"][0].startswith("This cannot be shown as ")
    assert facts["notes"][0].endswith((".", "…"))


def test_an_empty_file_says_so(look: Look) -> None:
    assert look("empty.parquet", b"")["view"] == "empty"


def test_small_files_can_be_saved_and_large_ones_name_the_code(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    assert look("a.bin", b"\x00\x01", bytes=True)["buffers"] == [b"\x00\x01"]
    monkeypatch.setattr("nbtrack.views.previews.question.MAX_SAVED", 1)
    assert look("a.bin")["can_save"] is False
    with pytest.raises(InvalidValueError, match=r"nbtrack.Client\(\).download_artifacts"):
        look("a.bin", bytes=True)


def test_the_code_that_is_copied_runs(look: Look) -> None:
    facts = look('it\'s a "table".csv', "a,b\n1,2\n")
    compile(facts["code"], "copied", "exec")
    assert f"nbtrack.Client().download_artifacts('{look.run}', " in facts["code"]
    assert "pd.read_csv(path)" in facts["code"]
    assert "pickle" not in look("m.pkl", b"\x80\x04N.")["code"]


def test_a_part_must_be_an_object(look: Look) -> None:
    look("a.txt", "x")
    with pytest.raises(InvalidValueError, match="no object"):
        questions.answer(look.store, {"what": "preview", "run": look.run, "path": "a.txt", "part": [1]})
