"""How well slices of notebooks with known answers come out; ``corpus/RESULTS.md`` says it notebook by notebook."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.cells.playing import RESULTS, Played, is_same, notebooks, play_all, table, tally

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Played]]:
    home = os.getcwd()  # noqa: PTH109 - it goes back as a text
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MPLBACKEND", "agg")
        yield play_all(tmp_path_factory.mktemp("corpus"))
    os.chdir(home)


def test_the_corpus_is_large_and_not_all_of_it_is_kept() -> None:
    cells = [cell for each in notebooks() for cell in each.cells]
    assert len(notebooks()) >= 60
    assert 0.3 < sum(cell.is_kept for cell in cells) / len(cells) < 0.75


def test_slices_have_the_cells_of_the_known_answers(played: list[Played]) -> None:
    knowing, by_text = tally(played), tally(played, by_text=True)
    wrong = {each.notebook.name: (each.missing, each.extra) for each in played if each.missing or each.extra}
    assert knowing.recall >= 0.99, wrong
    assert knowing.precision >= 0.98, wrong
    assert by_text.recall >= 0.98, wrong
    assert by_text.precision >= 0.98, wrong


def test_scripts_of_slices_run_and_give_the_same_metrics(played: list[Played]) -> None:
    assert {
        each.notebook.name: (each.value, each.value_again, each.error) for each in played if not is_same(each)
    } == {}


def test_the_table_of_results_is_of_this_slicer(played: list[Played]) -> None:
    assert RESULTS.read_text() == table(played), "python -m tests.cells.playing writes it anew"
