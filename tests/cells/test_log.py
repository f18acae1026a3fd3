"""What runs keep of the cells before them: nothing is lost, and a thousand runs of a long notebook cost little."""

from __future__ import annotations

import json

import pytest

from nbtrack.cells import log
from nbtrack.cells.log import CellLog, ExecutedCell
from nbtrack.cells.pages import Pages
from nbtrack.errors import InvalidValueError
from nbtrack.tracking.redaction import redact


def filled(n: int, source: str = "x = {n}") -> CellLog:
    cells = CellLog()
    for i in range(1, n + 1):
        cells.end(cells.begin(source.format(n=i), count=i, cell_id=f"id{i}"), wrote={"x": "int"})
    return cells


def written(cells: CellLog, run_id: str = "r", pages: Pages | None = None) -> dict[str, bytes]:
    return (pages or Pages(redact)).files(cells.moment(run_id, "a.ipynb"))


def read(files: dict[str, bytes], run_id: str = "r") -> tuple[ExecutedCell, ...]:
    return log.read(files[log.FILE], files.__getitem__, run_id)


@pytest.mark.parametrize("n", [1, 15, 16, 17, 33, 300, 600])
def test_all_cells_come_back_in_executed_order(n: int) -> None:
    cells = filled(n)
    back = read(written(cells))
    assert [cell.n for cell in back] == [*range(1, n + 1)]
    assert list(back) == cells.cells


def test_a_short_notebook_is_one_file_of_plain_json() -> None:
    page = json.loads(written(filled(3))[log.FILE])
    assert page["format"] == 1
    assert page["notebook"] == "a.ipynb"
    assert page["cells"][0]["source"] == "x = 1"
    assert page["cells"][2] == {**page["cells"][2], "n": 3, "count": 3, "id": "id3", "ok": True, "wrote": {"x": "int"}}


def test_runs_know_where_they_began_and_what_logged_their_metrics() -> None:
    cells = filled(2)
    cells.run_opens("r")
    cells.note_logged("r", ["acc"])
    cells.end(cells.begin("nothing"))
    cells.begin("run.log_metric('loss', 1)")
    cells.note_logged("r", ["loss"])
    back = read(written(cells))
    assert [cell.runs for cell in back] == [(), ("r",), (), ()]
    assert [cell.logged for cell in back] == [{}, {"acc": "r"}, {}, {}]
    assert back[3].ok is None
    assert back[3].s is None


def test_runs_of_one_cell_share_every_byte() -> None:
    cells, pages = filled(40), Pages(redact)
    cells.begin("for i in range(1000): ...")
    seen = set()
    for i in range(1000):
        cells.run_opens(f"run{i}")
        seen |= {*written(cells, f"run{i}", pages).values()}
    assert len(seen) == 3


def test_a_thousand_runs_of_three_hundred_cells_are_a_few_megabytes() -> None:
    cells, pages = filled(299, source="# " + "a cell of seven hundred characters " * 20 + "{n}"), Pages(redact)
    kept: dict[bytes, int] = {}
    for i in range(1000):
        n = cells.begin("# a tracked cell\n" * 40 + str(i), count=300 + i)
        cells.run_opens(f"run{i}")
        for _ in range(2):  # when it begins and when it ends
            for data in written(cells, f"run{i}", pages).values():
                kept[data] = len(data)
            if cells.cells[n - 1].s is None:
                cells.end(n)
    alone = sum(len(data) for data in written(cells).values())
    assert sum(kept.values()) < 20_000_000, (
        f"{sum(kept.values()) / 1e6:.1f} MB; without sharing {alone * 1000 / 1e6:.0f} MB"
    )


def test_the_oldest_cells_are_left_out_above_two_megabytes() -> None:
    files = written(filled(60, source="# " + "x y " * 15_000 + "{n}"))
    assert sum(map(len, files.values())) <= 2_000_000
    assert read(files)[-1].n == 60
    assert read(files)[0].n > 1


def test_secrets_are_taken_out_and_private_cells_leave_no_word() -> None:
    cells = CellLog()
    cells.begin("token = 'ghp_" + "a1B2" * 9 + "'")
    cells.end(cells.begin("%%track --no-capture\nsecret()", is_private=True), error="ValueError: secret")
    text = b"".join(written(cells).values()).decode()
    assert "a1B2a1B2" not in text
    assert "secret" not in text
    assert cells.is_private


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"format": 1}', b'{"format": "x", "cells": []}', b"\xff"])
def test_other_files_are_told_apart(data: bytes) -> None:
    with pytest.raises(InvalidValueError, match="no list of executed cells"):
        log.read(data)


def test_a_later_format_asks_for_a_later_nbtrack() -> None:
    with pytest.raises(InvalidValueError, match="pip install -U nbtrack"):
        log.read(b'{"format": 2, "cells": []}')
