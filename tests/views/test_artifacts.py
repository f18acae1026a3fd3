"""The files of a run as a page lists them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from nbtrack.errors import InvalidValueError
from nbtrack.views import questions
from nbtrack.views.artifacts import stored_questions
from tests.store.kit import quiet_store, start

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nbtrack.store.local import LocalStore

FILES = {
    "images/x/step_10_1.png": b"12345",
    "images/x/step_2_1.png": b"123",
    "images/y.png": b"1",
    "data.feather": b"12",
    "<b>.txt": b"1",
    "step_10.txt": b"1",
    "step_9.txt": b"1",
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LocalStore]:
    made = quiet_store(tmp_path / "runs.duckdb")
    yield made
    made.close()


def filled(store: LocalStore) -> str:
    run = start(store)
    for path, content in FILES.items():
        store.add_artifact(run, path, content)
    return run


def ask(store: LocalStore, run: str, path: str = "", **more: Any) -> dict[str, Any]:
    facts, buffers = questions.answer(
        store,
        {"what": "artifacts", "run": run, "path": path, **{name.rstrip("_"): value for name, value in more.items()}},
    )
    assert buffers == []
    return facts


def test_folders_come_first_and_count_what_is_in_them(store: LocalStore) -> None:
    facts = ask(store, filled(store))
    assert [entry["name"] for entry in facts["entries"]] == [
        "images",
        "<b>.txt",
        "data.feather",
        "step_9.txt",
        "step_10.txt",
    ]
    folder = facts["entries"][0]
    assert (folder["dir"], folder["size"], folder["files"]) == (True, 9, 3)
    assert facts["entries"][2]["kind"] == "table"
    assert (facts["total"], facts["files"], facts["size"]) == (5, 7, 14)
    assert folder["time"] > 1.7e12


def test_a_folder_lists_what_is_directly_in_it_in_the_order_of_its_numbers(store: LocalStore) -> None:
    run = filled(store)
    assert [entry["path"] for entry in ask(store, run, "images")["entries"]] == ["images/x", "images/y.png"]
    steps = [entry["name"] for entry in ask(store, run, "images/x")["entries"]]
    assert steps == ["step_2_1.png", "step_10_1.png"]
    assert ask(store, run, "imag")["entries"] == []


def test_a_search_finds_files_in_every_folder_by_all_its_words(store: LocalStore) -> None:
    run = filled(store)
    found = [entry["path"] for entry in ask(store, run, search="PNG step")["entries"]]
    assert found == ["images/x/step_10_1.png", "images/x/step_2_1.png"]
    assert ask(store, run, search="%")["total"] == 0


def test_long_folders_come_in_pieces(store: LocalStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nbtrack.views.artifacts.MAX_LISTED", 2)
    run = filled(store)
    first, rest = ask(store, run), ask(store, run, from_=2)
    assert len(first["entries"]) == 2
    assert first["total"] == 5
    assert rest["entries"][0]["name"] == "data.feather"


@pytest.mark.parametrize("path", ["..", "/etc", "a/../..", "a\\b"])
def test_no_folder_outside_a_run_is_listed(store: LocalStore, path: str) -> None:
    with pytest.raises(InvalidValueError, match="Artifact path"):
        ask(store, filled(store), path)


def test_ten_thousand_files_are_listed_from_one_query(store: LocalStore, monkeypatch: pytest.MonkeyPatch) -> None:
    run = start(store)
    store.append(
        *(
            ("artifact", run, None, {"path": f"f/{i:05}.txt", "sha256": "0" * 64, "size": 1, "mime": "text/plain"})
            for i in range(10_000)
        )
    )
    queries = []
    query = store.sql

    def counted(*given: Any) -> Any:
        queries.append(given)
        return query(*given)

    monkeypatch.setattr(store, "sql", counted)
    assert ask(store, run)["entries"][0]["files"] == 10_000
    folder = ask(store, run, "f")
    assert (len(folder["entries"]), folder["total"]) == (2000, 10_000)
    assert len(queries) == 2


def test_an_exported_page_asks_for_every_folder_and_the_small_files(store: LocalStore) -> None:
    run = filled(store)
    asked = list(stored_questions(store, run, max_bytes=2))
    assert [each["path"] for each in asked if each["what"] == "artifacts"] == ["", "images", "images/x"]
    assert {each["path"] for each in asked if each["what"] == "preview"} == {
        path for path, content in FILES.items() if len(content) <= 2
    }
    for question in asked:
        questions.answer(store, question)
