"""Run numbers and experiment ids: given out by two small files that may be lost."""

from __future__ import annotations

import multiprocessing
from typing import TYPE_CHECKING

import pytest

from nbtrack.errors import AlreadyExistsError
from nbtrack.journal.numbers import Known, Numbers

if TYPE_CHECKING:
    from pathlib import Path


def numbers(folder: Path, largest: int = 0, experiments: Known = ({}, 0)) -> Numbers:
    return Numbers(folder, lambda: largest, lambda: experiments)


def test_runs_are_numbered_from_one(tmp_path: Path) -> None:
    assert [numbers(tmp_path).next_run() for _ in range(3)] == [1, 2, 3]


@pytest.mark.parametrize("content", [None, b"", b"garbage\n", b"\0" * 21])
def test_a_lost_counter_goes_on_after_what_the_store_knows(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "counter").write_bytes(content)
    assert numbers(tmp_path, largest=41).next_run() == 42
    assert numbers(tmp_path, largest=0).next_run() == 43


def test_an_experiment_gets_its_id_once(tmp_path: Path) -> None:
    given = numbers(tmp_path)
    assert given.experiment_id("Default") == (0, False)
    assert given.experiment_id("größe") == (1, True)
    assert numbers(tmp_path).experiment_id("größe") == (1, False)
    assert numbers(tmp_path).experiment_ids() == {"Default": 0, "größe": 1}


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b'{"ids": {}}', b"7"])
def test_lost_names_are_made_anew_from_the_store(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "names.json").write_bytes(content)
    given = numbers(tmp_path, experiments=({"digits": 3}, 7))
    assert given.experiment_id("digits") == (3, False)
    assert given.experiment_id("new") == (8, True)


def test_names_are_changed_whole_or_not_at_all(tmp_path: Path) -> None:
    given = numbers(tmp_path)
    with given.changing() as names:
        assert names.add("a") == 1
        assert names.add("b", 9) == 9
    with pytest.raises(AlreadyExistsError, match="'a' already exists"):
        free_one_and_take_another(given)
    with given.changing() as names:
        names.free("a", 5)  # somebody else's
    assert given.experiment_ids() == {"Default": 0, "a": 1, "b": 9}


def free_one_and_take_another(given: Numbers) -> None:
    with given.changing() as names:
        names.free("b", 9)
        names.add("a")


def take(folder: Path, name: str) -> tuple[list[int], int]:
    given = numbers(folder)
    return [given.next_run() for _ in range(20)], given.experiment_id(name)[0]


def test_processes_never_get_the_same_number(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        found = pool.starmap(take, [(tmp_path, "same")] * 8)
    assert sorted(n for taken, _ in found for n in taken) == list(range(1, 161))
    assert {i for _, i in found} == {1}
