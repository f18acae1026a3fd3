"""What travels to a page: the parts of the front end that it shows, each once, and no heavier than agreed."""

from __future__ import annotations

import gzip

import pytest

from nbtrack.errors import NotFoundError
from nbtrack.views.bundle import LOADER, bundle, bundle_hash, ids_of, packed_bundle, page_script

TRACES = {
    "run-table": "nbt-gutter",
    "parallel": "nbt-par-title",
    "curves": "nbt-curve-legend",
    "compare": "nbt-cmp-note",
    "artifacts": "nbt-look-button",
    "live": "nbt-live-",
    "uPlot": ".u-wrap",
}
"""Something that only the code of one room has in it."""
CARRIED = {
    "run-table": {"run-table"},
    "board": {"run-table"},
    "parallel": {"parallel"},
    "curves": {"curves", "uPlot"},
    "compare": {"compare"},
    "artifacts": {"artifacts"},
    "live": {"live", "uPlot"},
}


@pytest.mark.parametrize(
    ("names", "kilobytes", "zipped"),
    [
        (("run-table",), 170, 58),
        (("parallel",), 150, 55),
        (("curves",), 160, 64),
        (("compare",), 100, 35),
        (("artifacts",), 100, 37),
        (("live",), 120, 49),
        (("board",), 176, 60),
        (("board", "parallel", "curves"), 355, 125),
        (("board", "parallel", "curves", "compare", "artifacts", "live"), 535, 190),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, tuple) else None,
)
def test_a_page_weighs_no_more_than_agreed(names: tuple[str, ...], kilobytes: int, zipped: int) -> None:
    sizes = len(bundle("widget", *names)) / 1000, len(packed_bundle("widget", *names)) / 1000
    assert sizes[0] < kilobytes, f"{names} grew to {sizes[0]:.1f} kB minified"
    assert sizes[1] < zipped, f"{names} grew to {sizes[1]:.1f} kB gzipped"


def test_what_is_saved_with_every_widget_is_tiny() -> None:
    assert len(LOADER.read_bytes()) < 750


@pytest.mark.parametrize("view", CARRIED)
def test_a_view_carries_no_other(view: str) -> None:
    script = bundle("widget", view).decode()
    assert {name for name, trace in TRACES.items() if trace in script} == CARRIED[view]


def test_parts_stand_once_and_after_those_that_they_import() -> None:
    ids = ids_of("widget", "board", "parallel", "curves", "compare")
    assert len(set(ids)) == len(ids)
    script = bundle("widget", "board", "parallel", "curves", "compare").decode()
    assert all(script.count(f'"{each}":__use=>') == 1 for each in ids)
    assert ids.index(ids_of("run-table")[0]) < ids.index(ids_of("board")[-1])


def test_a_part_that_is_needed_later_brings_only_what_is_not_there() -> None:
    later = bundle("compare", without=("widget", "board"))
    assert len(later) < 0.9 * len(bundle("compare"))
    assert not [each for each in ids_of("board") if f'"{each}":__use'.encode() in later]


def test_pages_keep_one_bundle_a_hash() -> None:
    assert bundle_hash("widget", "curves") == bundle_hash("widget", "curves") != bundle_hash("widget", "live")
    assert gzip.decompress(packed_bundle("widget", "curves")) == bundle("widget", "curves")


def test_a_part_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(NotFoundError, match=r"hologram.*curves"):
        bundle("hologram")


def test_the_script_of_a_page_starts_by_itself() -> None:
    script = page_script("export", "run-table")
    assert script.endswith('use("page").start(use)')
    assert not [name for name in ("parallel", "curves", "compare", "artifacts", "live") if TRACES[name] in script]
