"""Text, code and Markdown: as much as can be looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from nbtrack.views.previews import text

if TYPE_CHECKING:
    from tests.views.previews.conftest import Look


def test_a_long_text_comes_in_pieces_of_whole_lines(look: Look) -> None:
    whole = "".join(f"line {i} é\n" for i in range(60_000))
    facts = look("train.log", whole)
    shown = facts["text"]
    pieces = 1
    while facts["can_more"]:
        facts = look("train.log", as_="text", from_=facts["end"])
        shown += facts["text"]
        pieces += 1
    assert shown == whole
    assert pieces > 2


def test_a_text_without_lines_is_cut_between_characters_and_says_so(look: Look) -> None:
    facts = look("one.txt", "é" * 300_000)
    assert set(facts["text"]) == {"é", "…"}
    assert len(facts["text"]) == text.MAX_LINE
    assert facts["notes"] == ["Lines are cut at 5,000 characters."]
    assert facts["end"] % 2 == 0


@pytest.mark.parametrize(
    ("content", "shown", "note"),
    [
        (b"\xef\xbb\xbfa", "a", []),
        ("grün".encode("utf-16"), "grün", ["Read as utf-16; it is not valid UTF-8."]),
        (b"gr\xfcn", "grün", ["Read as latin-1; it is not valid UTF-8."]),
    ],
)
def test_other_encodings_are_read_and_named(look: Look, content: bytes, shown: str, note: list[str]) -> None:
    facts = look("a.txt", content)
    assert (facts["text"], facts["notes"]) == (shown, note)


def test_a_page_is_not_filled_with_a_giant_text(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "MAX_SHOWN", 1000)
    monkeypatch.setattr(text, "PIECE", 600)
    facts = look("a.log", "x\n" * 5000)
    assert facts["can_more"]
    last = look("a.log", as_="text", from_=facts["end"])
    assert not last["can_more"]
    assert "first" in last["notes"][0]


@pytest.mark.parametrize(
    ("path", "language"),
    [("a.py", "python"), ("Dockerfile", "sh"), ("x.YAML", "yaml"), ("a.txt", ""), ("q.sql", "sql")],
)
def test_the_language_follows_the_name(path: str, language: str) -> None:
    assert text.language_of(path) == language


def test_markdown_and_html_travel_as_text(look: Look) -> None:
    evil = "<script>alert(1)</script> **b**"
    assert look("a.md", evil)["text"] == evil
    assert look("a.html", evil)["html"] == evil


def test_offsets_that_are_no_numbers_begin_at_the_start(look: Look) -> None:
    look("a.txt", "abc")
    starts: list[Any] = ["7", None, float("nan"), True, [], -5]
    for start in starts:
        assert look("a.txt", as_="text", from_=start)["text"] == "abc"
    assert look("a.txt", as_="text", from_=1e300)["text"] == ""
