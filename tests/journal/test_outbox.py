"""Journals on their way to another machine: each record arrives, once, whoever is killed or cut off in between."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from nbtrack.journal import outbox as module
from nbtrack.journal.outbox import Outbox
from nbtrack.journal.replica import Replica
from nbtrack.journal.segments import list_segments, whole_lines
from nbtrack.journal.writer import Writer

if TYPE_CHECKING:
    from pathlib import Path

RUN = "a" * 32


class Way:
    """A writer here, a receiver there, and the way between."""

    def __init__(self, tmp_path: Path) -> None:
        self.here, self.there = tmp_path / "here.nbtrack", tmp_path / "there.nbtrack"
        self.writer = Writer(self.here, "1")
        self.outbox = Outbox(self.here)
        self.replica = Replica(self.there, lambda _: (-1, -1))

    def log(self, *steps: int) -> None:
        for step in steps:
            self.writer.metrics(RUN, step, {"x": float(step)}, 1)

    def send(self) -> int:
        """Send once; return the bytes that were sent."""
        sent = 0
        for name in self.outbox.writers():
            delivery = self.outbox.next(name)
            if delivery is None:
                continue
            lease = 0 if delivery.is_end else 60
            last = self.replica.receive(name, delivery.data, after=delivery.after, lease_s=lease)
            self.outbox.arrived(delivery, last)
            sent += len(delivery.data)
        return sent

    def steps(self) -> list[str]:
        """Return the metric points that arrived."""
        group = [s for each in list_segments(self.there / "w").values() for s in each]
        lines = [text for segment in group for text in whole_lines(segment.path)]
        return [text.decode().split('"x":')[1].split(".")[0] for text in lines if b'"x"' in text]


@pytest.fixture
def way(tmp_path: Path) -> Way:
    return Way(tmp_path)


def test_what_is_written_arrives_once(way: Way):
    way.log(0, 1)
    assert way.send() > 0
    assert way.send() == 0
    way.log(2)
    way.send()
    assert way.steps() == ["0", "1", "2"]
    assert way.outbox.waiting() == 0


def test_arrived_segments_go_and_a_dead_writer_leaves_nothing(way: Way):
    way.log(0)
    way.writer.rotate()
    way.log(1)
    way.send()
    assert len(list_segments(way.here / "w")[way.writer.id]) == 1
    way.log(2)
    way.writer.close()
    way.send()
    assert not [*(way.here / "w").iterdir()]
    assert way.steps() == ["0", "1", "2"]
    assert not list((way.there / "w").glob("*.lease")), "the other side hears of the end"


def test_a_writer_that_ends_with_nothing_new_says_so(way: Way):
    way.log(0)
    way.send()
    way.writer.close()
    way.send()
    assert not [*(way.here / "w").iterdir()]
    assert not list((way.there / "w").glob("*.lease"))


def test_an_answer_that_is_lost_costs_nothing(way: Way):
    way.log(0, 1)
    delivery = way.outbox.next(way.writer.id)
    assert delivery is not None
    way.replica.receive(delivery.writer, delivery.data, after=delivery.after, lease_s=60)
    way.log(2)
    way.send()
    assert way.steps() == ["0", "1", "2"]


def test_another_process_goes_on_where_the_first_was_killed(way: Way):
    way.log(0, 1)
    way.send()
    way.log(2)
    way.outbox = Outbox(way.here)
    way.send()
    assert way.steps() == ["0", "1", "2"]


def test_long_journals_go_in_pieces(way: Way, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "DELIVERY_BYTES", 300)
    way.log(*range(40))
    way.writer.rotate()
    way.log(*range(40, 60))
    sizes = []
    while size := way.send():
        sizes.append(size)
    assert len(sizes) > 10
    assert max(sizes) < 500
    assert way.steps() == [str(n) for n in range(60)]


def test_one_record_larger_than_a_delivery_goes_alone(way: Way, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "DELIVERY_BYTES", 300)
    way.writer.event("tags", RUN, p={"note": "x" * 5000})
    way.log(0)
    while way.send():
        pass
    assert way.steps() == ["0"]


def test_damaged_lines_are_left_out_and_the_rest_arrives(way: Way):
    way.log(0, 1, 2)
    path = list_segments(way.here / "w")[way.writer.id][0].path
    path.write_bytes(path.read_bytes().replace(b'"x":1.0', b'"x":7.0'))
    way.send()
    assert way.steps() == ["0", "2"]


def test_files_that_are_named_are_said(way: Way):
    way.writer.event("artifact", RUN, o={"path": "a", "sha256": "f" * 64, "size": 1})
    way.writer.event("tags", RUN, p={"sha256": "e" * 64})
    delivery = way.outbox.next(way.writer.id)
    assert delivery is not None
    assert delivery.digests == ("f" * 64,)


def test_whatever_happens_each_record_arrives_once(way: Way, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "DELIVERY_BYTES", 400)
    dice = random.Random(7)
    written = 0
    for _ in range(150):
        match dice.randrange(6):
            case 0 | 1:
                way.log(*range(written, written + 3))
                written += 3
            case 2:
                way.send()
            case 3:
                way.writer.rotate()
            case 4:
                way.outbox = Outbox(way.here)
                way.replica = Replica(way.there, lambda _: (-1, -1))
            case 5:
                delivery = way.outbox.next(way.writer.id) if written else None
                if delivery:  # the answer is lost
                    way.replica.receive(delivery.writer, delivery.data, after=delivery.after, lease_s=60)
    while way.send():
        pass
    assert way.steps() == [str(n) for n in range(written)]
