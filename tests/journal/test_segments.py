"""Segments on disk: which are there, and what can be read of damaged ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nbtrack.journal.record import event_body, line, metrics_body
from nbtrack.journal.segments import (
    check_file,
    check_lines,
    is_alive,
    is_bare,
    list_segments,
    lock_path,
    segment_path,
    whole_lines,
)
from nbtrack.journal.writer import Writer

if TYPE_CHECKING:
    from pathlib import Path

RUN = "a" * 32


def golden_journal() -> list[bytes]:
    """Return 200 records of every kind, without newlines."""
    bodies = [
        event_body("hdr", 1, None, o={"fmt": 1}),
        event_body("start", 2, RUN, o={"experiment_id": 0, "name": "größe 😀"}),
        event_body("params", 3, RUN, p={'{"q":1,"c":"01234567"}': "tricky", "c": "deadbeef"}),
        event_body("tags", 4, RUN, p={"note": 'line\nbreak "quoted" \\ \u2028'}),
        event_body("untag", 5, RUN, o={"keys": ["a"]}),
        event_body("artifact", 6, RUN, o={"path": "a/b.png", "sha256": None}),
        event_body("setting", 7, None, o={"name": "goal/loss", "value": "min"}),
        event_body("end", 8, RUN, o={"status": "FINISHED"}),
    ]
    bodies += [metrics_body(RUN, 10 + i, i, {"loss": i / 7, "c": float("nan")}) for i in range(200 - len(bodies))]
    return [line(q, body)[:-1] for q, body in enumerate(bodies)]


RECORDS = golden_journal()
DATA = b"".join(record + b"\n" for record in RECORDS)
PLACED = [(sum(len(r) + 1 for r in RECORDS[:n]), record) for n, record in enumerate(RECORDS)]
"""Each record with the place of its first byte."""


def test_a_whole_journal_is_read_whole() -> None:
    kept: list[bytes] = []
    found = check_lines(DATA, keep=kept)
    assert kept == RECORDS
    assert (found.good, found.bad, found.last_seq, found.torn) == (200, 0, 199, False)


def test_after_every_truncation_all_whole_records_are_read() -> None:
    ends = [i for i, byte in enumerate(DATA) if byte == 10]
    for size in range(len(DATA)):
        kept: list[bytes] = []
        found = check_lines(DATA[:size], keep=kept)
        whole = sum(end <= size for end in ends)
        assert kept == RECORDS[:whole], size
        assert found.bad == 0, "a torn end is no damage: its writer may still be writing"
        assert found.torn == (size > 0 and DATA[size - 1] != 10)


@pytest.mark.parametrize("change", [0x01, 0x80, 0xFF])
def test_after_every_byte_flip_all_other_records_are_read(change: int) -> None:
    for number, (begin, record) in enumerate(PLACED):
        for at in range(begin, begin + len(record) + 1):
            # The lines before and after stand for the rest: the whole file is read in the next test.
            low, high = max(0, begin - 600), begin + len(record) + 600
            damaged = bytearray(DATA[low:high])
            damaged[at - low] ^= change
            kept: list[bytes] = []
            check_lines(bytes(damaged), keep=kept)
            inside = [r for b, r in PLACED if b >= low and b + len(r) <= high]
            lost = [] if at == begin + len(record) else [record]
            assert [r for r in inside if r not in kept] == lost, (number, at)
            assert not [r for r in kept if r not in inside]


@pytest.mark.parametrize("change", [0x01, 0x80, 0xFF])
def test_flips_anywhere_leave_the_rest_of_the_file(change: int) -> None:
    for at in range(0, len(DATA), 37):
        damaged = bytearray(DATA)
        damaged[at] ^= change
        kept: list[bytes] = []
        found = check_lines(bytes(damaged), keep=kept)
        assert len([r for r in RECORDS if r not in kept]) <= 1
        assert found.bad >= 1 or found.torn


def test_zeros_after_a_power_cut_are_no_records() -> None:
    kept: list[bytes] = []
    found = check_lines(DATA + bytes(4096), keep=kept)
    assert (kept, found.torn) == (RECORDS, True)


def test_a_last_record_without_its_newline_is_read() -> None:
    found = check_lines(DATA[:-1])
    assert (found.good, found.bad, found.last_seq, found.torn) == (200, 0, 199, True)


def test_an_empty_file_has_no_records(tmp_path: Path) -> None:
    path = segment_path(tmp_path, "b" * 32, 3)
    path.touch()
    assert check_file(path).last_seq == -1
    assert whole_lines(path) == []


def test_only_journals_are_listed_in_order(tmp_path: Path) -> None:
    first, second = "0" * 32, "f" * 32
    for path in (
        segment_path(tmp_path, second, 1),
        segment_path(tmp_path, first, 10),
        segment_path(tmp_path, first, 2),
    ):
        path.write_bytes(b"x")
    lock_path(tmp_path, first).touch()
    (tmp_path / "notes.jnl").touch()
    segment_path(tmp_path, first, 11).with_suffix(".new").touch()
    found = list_segments(tmp_path)
    assert {w: [(s.number, s.size) for s in group] for w, group in found.items()} == {
        first: [(2, 1), (10, 1)],
        second: [(1, 1)],
    }
    assert list_segments(tmp_path / "nowhere") == {}


def test_a_writer_is_alive_until_it_is_closed(tmp_path: Path) -> None:
    writer = Writer(tmp_path, "test")
    writer.metrics(RUN, 0, {"x": 1.0})
    name = writer.id
    assert is_alive(tmp_path / "w", name)
    writer.close()
    assert not is_alive(tmp_path / "w", name)
    assert not is_alive(tmp_path / "w", "c" * 32)


def test_a_segment_with_its_header_alone_is_bare(tmp_path: Path):
    lines = golden_journal()
    path = segment_path(tmp_path, "b" * 32, 0)

    def is_bare_with(data: bytes) -> bool:
        path.write_bytes(data)
        [[segment]] = list_segments(tmp_path).values()
        return is_bare(segment)

    assert is_bare_with(lines[0] + b"\n")
    assert not is_bare_with(b"\n".join(lines[:2]) + b"\n")
    assert not is_bare_with(lines[0] + b" " + lines[1] + b"\n")  # a newline that was damaged
    assert not is_bare_with(lines[1] + b"\n")
    assert not is_bare_with(lines[0].ljust(2000) + b"\n")
