"""Journals that come in from other machines: once each record, whatever is sent again, cut off or damaged."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from nbtrack.errors import InvalidValueError
from nbtrack.journal import replica as module
from nbtrack.journal.record import event_body, line, metrics_body
from nbtrack.journal.replica import MissingRecordsError, Replica
from nbtrack.journal.segments import is_alive, lease_path, list_segments, whole_lines

if TYPE_CHECKING:
    from pathlib import Path

WRITER = "b" * 32
RUN = "a" * 32


def lines(*numbers: int, headers: tuple[int, ...] = (0,)) -> bytes:
    """Return records with these sequence numbers."""
    return b"".join(
        line(q, event_body("hdr", q, None, o={"fmt": 1}) if q in headers else metrics_body(RUN, q, q, {"x": 1.0}))
        for q in numbers
    )


class Side:
    """The receiving side; `folded` is what its database would say."""

    def __init__(self, tmp_path: Path) -> None:
        self.folder = tmp_path / "runs.nbtrack"
        self.folded = (-1, -1)
        self.replica = self.restarted()

    def restarted(self) -> Replica:
        self.replica = Replica(self.folder, lambda _: self.folded)
        return self.replica

    def take(self, data: bytes, after: int = -1, lease_s: float = 60.0) -> int:
        return self.replica.receive(WRITER, data, after=after, lease_s=lease_s)

    @property
    def kept(self) -> bytes:
        group = list_segments(self.folder / "w").get(WRITER, [])
        return b"".join(text + b"\n" for segment in group for text in whole_lines(segment.path))

    @property
    def numbers(self) -> list[int]:
        return [segment.number for segment in list_segments(self.folder / "w").get(WRITER, [])]


@pytest.fixture
def side(tmp_path: Path) -> Side:
    return Side(tmp_path)


def test_lines_stand_here_as_they_were_written_there(side: Side):
    assert side.take(lines(0, 1, 2)) == 2
    assert side.take(lines(3, 4), after=2) == 4
    assert side.kept == lines(0, 1, 2, 3, 4)
    assert side.numbers == [0]


def test_a_header_begins_a_segment_so_that_those_before_can_be_folded(side: Side):
    side.take(lines(0, 1, 2, 3, 4, 5, headers=(0, 2, 4)))
    side.take(lines(6, 7, headers=(6,)), after=5)
    assert side.numbers == [0, 1, 2, 3]


@pytest.mark.parametrize("restarts", [False, True])
def test_what_comes_again_is_not_taken_again(side: Side, restarts: bool):
    side.take(lines(0, 1, 2))
    if restarts:
        side.restarted()
    assert side.take(lines(0, 1, 2)) == 2
    assert side.take(lines(1, 2, 3), after=0) == 3
    assert side.kept == lines(0, 1, 2, 3)


def test_records_that_never_came_are_asked_for(side: Side):
    side.take(lines(0, 1))
    with pytest.raises(MissingRecordsError) as told:
        side.take(lines(5), after=4)
    assert told.value.last == 1
    assert side.take(lines(5), after=1) == 5, "the sender says that there is nothing between: it was lost there"


def test_what_is_folded_is_known_without_its_journal(side: Side):
    side.folded = (7, 41)
    assert side.take(lines(40, 41, 42, headers=()), after=39) == 42
    assert side.kept == lines(42)
    assert side.numbers == [8], "a number that was folded would be taken for folded"


def test_a_fold_between_two_deliveries_takes_nothing_away(side: Side):
    side.take(lines(0, 1))
    for segment in list_segments(side.folder / "w")[WRITER]:
        segment.path.unlink()
    side.folded = (0, 1)
    assert side.take(lines(2, 3), after=1) == 3
    assert (side.kept, side.numbers) == (lines(2, 3), [1])


def test_a_torn_end_of_a_killed_receiver_is_cut_off_and_comes_again(side: Side):
    side.take(lines(0, 1))
    path = list_segments(side.folder / "w")[WRITER][0].path
    with path.open("ab") as file:
        file.write(lines(2)[:-9])
    side.restarted()
    assert side.take(lines(2, 3), after=1) == 3
    assert side.kept == lines(0, 1, 2, 3)


def test_two_receivers_of_one_folder_agree(side: Side):
    other = Replica(side.folder, lambda _: (-1, -1))
    side.take(lines(0, 1))
    assert other.receive(WRITER, lines(0, 1, 2), after=-1, lease_s=60) == 2
    assert side.take(lines(1, 2, 3), after=0) == 3
    assert side.kept == lines(0, 1, 2, 3)


def test_a_writer_elsewhere_lives_as_long_as_its_lease(side: Side, monkeypatch: pytest.MonkeyPatch):
    folder = side.folder / "w"
    assert not is_alive(folder, WRITER)
    side.take(lines(0, 1), lease_s=60)
    assert is_alive(folder, WRITER)
    lease_path(folder, WRITER).write_text("1000.0")  # long ago
    assert not is_alive(folder, WRITER)
    side.take(lines(2), after=1)
    assert is_alive(folder, WRITER)
    assert side.numbers == [0, 1], "a fold may be taking the segment of a writer whose lease had ended"
    side.take(lines(3), after=2, lease_s=0)
    assert not is_alive(folder, WRITER, grace_s=1e9)


def test_a_refusal_leaves_nothing_behind(side: Side):
    def refuse(_: object) -> bytes:
        raise InvalidValueError("no headers today")

    with pytest.raises(InvalidValueError, match="no headers"):
        side.replica.receive(WRITER, lines(0, 1), after=-1, lease_s=60, rewrite=refuse)
    assert (side.kept, side.replica.last(WRITER)) == (b"", -1)


def test_a_full_disk_takes_nothing_and_goes_on_later(side: Side, monkeypatch: pytest.MonkeyPatch):
    side.take(lines(0, 1))
    real = os.write

    def short(fd: int, data: bytes) -> int:
        return real(fd, data[: len(data) // 2])

    monkeypatch.setattr(os, "write", short)
    with pytest.raises(OSError, match="No space left"):
        side.take(lines(2, 3), after=1)
    monkeypatch.undo()
    assert side.kept == lines(0, 1)
    assert side.take(lines(2, 3), after=1) == 3
    assert side.kept == lines(0, 1, 2, 3)


DAMAGED = {
    "no end": lines(0)[:-1],
    "flipped bit": lines(0, 1).replace(b'"x":1.0', b'"x":2.0'),
    "out of order": lines(0, 2, 1),
    "twice": lines(0, 1, 1),
    "no record": b"{}\n",
    "empty line": b"\n",
    "no utf-8": b"\xff\xfe\n",
    "negative": lines(0).replace(b'"q":0', b'"q":-1'),
    "huge number": line(10**19, metrics_body(RUN, 1, 1, {"x": 1.0})),
}


@pytest.mark.parametrize("data", DAMAGED.values(), ids=DAMAGED.keys())
def test_damaged_lines_are_refused_whole(side: Side, data: bytes):
    with pytest.raises(InvalidValueError):
        side.take(lines(0) + data if data[:1] != b"{" else data)
    assert side.kept == b""


@pytest.mark.parametrize("writer", ["", "../" + "a" * 29, "A" * 32, "a" * 31, "a" * 33, "a" * 31 + "\n"])
def test_a_writer_is_no_path(side: Side, writer: str):
    with pytest.raises(InvalidValueError, match="32 hexadecimal"):
        side.replica.receive(writer, lines(0), after=-1, lease_s=60)
    with pytest.raises(InvalidValueError, match="32 hexadecimal"):
        side.replica.last(writer)


def test_too_much_at_once_is_refused(side: Side, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "MAX_DELIVERY", 10)
    with pytest.raises(InvalidValueError, match="too many for one delivery"):
        side.take(lines(0))
