"""The writer of one process: durable when it returns, patient on a full disk, alone in its files after a fork."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from nbtrack.errors import InvalidValueError, JournalError, NbtrackWarning
from nbtrack.journal import writer as writing
from nbtrack.journal.segments import check_file, is_alive, list_segments, whole_lines
from nbtrack.journal.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RUN = "a" * 32


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    made = Writer(tmp_path, "test")
    yield made
    made.close()


def records(folder: Path) -> list[dict[str, Any]]:
    """Return every record in the folder but the headers, by writer, in order."""
    groups = list_segments(folder / "w")
    found = [json.loads(raw) for group in groups.values() for segment in group for raw in whole_lines(segment.path)]
    return [record for record in found if record["k"] != "hdr"]


class FullDisk:
    """Stands for ``os.write`` while there is no room; counts what it is asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, room: int = 0, error: int = errno.ENOSPC) -> None:
        self.room = room
        self.error = error
        self.write = os.write
        monkeypatch.setattr(os, "write", self)

    def __call__(self, fd: int, data: bytes) -> int:
        if self.room <= 0:
            raise OSError(self.error, os.strerror(self.error))
        written = self.write(fd, data[: self.room])
        self.room -= written
        return written


def test_nothing_is_made_before_the_first_record(tmp_path: Path, writer: Writer) -> None:
    writer.sync()
    writer.rotate()
    writer.events([])
    assert list(tmp_path.iterdir()) == []
    assert not writer.has_segment


def test_a_record_is_on_disk_when_the_call_returns(tmp_path: Path, writer: Writer) -> None:
    writer.metrics(RUN, 3, {"loss": 0.5})
    writer.event("tags", RUN, p={"a": "b"})
    writer.points(RUN, [(1_000 + i, i, {"x": float(i)}) for i in range(2500)])
    found = records(tmp_path)
    assert [r["q"] for r in found] == list(range(1, 2503))
    assert found[0]["m"] == {"loss": 0.5}
    assert found[-1] | {"c": ""} == {"q": 2502, "k": "m", "t": 3499, "r": RUN, "s": 2499, "m": {"x": 2499.0}, "c": ""}


def test_each_segment_begins_with_who_wrote_it(tmp_path: Path, writer: Writer) -> None:
    writer.metrics(RUN, 0, {"x": 1.0})
    writer.rotate()
    writer.rotate()  # nothing but a header: stays
    writer.metrics(RUN, 1, {"x": 1.0})
    (group,) = list_segments(tmp_path / "w").values()
    firsts = [json.loads(whole_lines(segment.path)[0]) for segment in group]
    assert [(r["k"], r["o"]["pid"], r["o"]["fmt"], r["q"]) for r in firsts] == [
        ("hdr", os.getpid(), 1, 0),
        ("hdr", os.getpid(), 1, 2),
    ]
    assert not list((tmp_path / "w").glob("*.new"))


def test_a_large_segment_is_sealed_by_itself(tmp_path: Path, writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "SEGMENT_BYTES", 1000)
    for i in range(100):
        writer.metrics(RUN, i, {"x": 1.0})
    (group,) = list_segments(tmp_path / "w").values()
    assert len(group) > 5
    assert [r["s"] for r in records(tmp_path)] == list(range(100))
    writer.sync()


def test_times_never_go_back_when_the_clock_does(
    tmp_path: Path, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time_ns()
    for clock in (now, now - 3600 * 10**9, now + 1000):
        monkeypatch.setattr(time, "time_ns", lambda clock=clock: clock)
        writer.event("tags", RUN, p={"a": "b"})
    writer.not_before(now // 1000 + 5_000_000)
    writer.event("tags", RUN, p={"a": "b"})
    assert [r["t"] - now // 1000 for r in records(tmp_path)] == [0, 0, 1, 5_000_000]


def test_threads_share_a_writer_without_loss(tmp_path: Path, writer: Writer) -> None:
    def log(name: str) -> None:
        for i in range(2000):
            writer.metrics(RUN, i, {name: 1.0})

    threads = [threading.Thread(target=log, args=(str(n),)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = records(tmp_path)
    assert [r["q"] for r in found] == list(range(1, 16_001))
    for n in range(8):
        assert [r["s"] for r in found if str(n) in r["m"]] == list(range(2000))


def test_a_record_that_is_too_large_is_refused_and_the_next_one_is_not(tmp_path: Path, writer: Writer) -> None:
    for text in ("x" * (9 << 20), "字" * (3 << 20)):
        with pytest.raises(InvalidValueError, match="log it as a file"):
            writer.event("params", RUN, p={"a": text})
        with pytest.raises(InvalidValueError, match="log it as a file"):
            writer.events([("params", RUN, {"a": text}, None), ("tags", RUN, {"b": "c"}, None)])
    writer.events([("params", RUN, {"a": "x" * (5 << 20)}, None)] * 2)
    assert [len(r["p"]["a"]) for r in records(tmp_path)] == [5 << 20] * 2


# -- full disks -----------------------------------------------------------------------------------------------------------


def test_records_wait_in_memory_while_the_disk_is_full(
    tmp_path: Path, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer.metrics(RUN, 0, {"x": 0.0})
    with monkeypatch.context() as patch:
        FullDisk(patch)
        for step in (1, 2):
            with pytest.raises(JournalError, match="wait in memory until there is room: No space left") as told:
                writer.metrics(RUN, step, {"x": 0.0})
            assert (told.value.errno, told.value.lost) == (errno.ENOSPC, 0)
        assert writer.waiting == 2
    writer.metrics(RUN, 3, {"x": 0.0})
    assert writer.waiting == 0
    assert [(r["q"], r["s"]) for r in records(tmp_path)] == [(1, 0), (2, 1), (3, 2), (4, 3)]


def test_half_a_record_is_taken_back(tmp_path: Path, writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    writer.metrics(RUN, 0, {"x": 0.0})
    for room in (1, 40, 80):
        with monkeypatch.context() as patch:
            FullDisk(patch, room=room)
            with pytest.raises(JournalError):
                writer.metrics(RUN, room, {"x": 0.0})
    writer.metrics(RUN, 99, {"x": 0.0})
    (group,) = list_segments(tmp_path / "w").values()
    assert check_file(group[0].path).bad == 0
    assert [r["s"] for r in records(tmp_path)] == [0, 1, 40, 80, 99]


def test_a_segment_that_cannot_be_cut_is_left_behind(
    tmp_path: Path, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer.metrics(RUN, 0, {"x": 0.0})

    def broken(fd: int, size: int) -> None:
        raise OSError(errno.EIO, "broken")

    with monkeypatch.context() as patch:
        patch.setattr(os, "ftruncate", broken)
        FullDisk(patch, room=30, error=errno.EIO)
        for step in (1, 2):
            with pytest.raises(JournalError):
                writer.metrics(RUN, step, {"x": 0.0})
    writer.metrics(RUN, 3, {"x": 0.0})
    assert [r["s"] for r in records(tmp_path)] == [0, 1, 2, 3]
    (group,) = list_segments(tmp_path / "w").values()
    assert [check_file(s.path).bad for s in group] == [0, 0]


def test_the_end_of_a_run_uses_the_room_that_was_kept_for_it(
    tmp_path: Path, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer.event("start", RUN, o={})
    ballast = tmp_path / "tmp" / "ballast"
    assert ballast.stat().st_size == 1 << 20
    disk = FullDisk(monkeypatch)
    unlink = type(ballast).unlink

    def free(path: Path, **more: Any) -> None:
        unlink(path, **more)
        disk.room += 300 if path == ballast else 0

    monkeypatch.setattr(type(ballast), "unlink", free)
    for step in range(100):
        with pytest.raises(JournalError):
            writer.metrics(RUN, step, {"x": 0.0})
    assert ballast.exists(), "metrics leave it alone"
    writer.event("end", RUN, o={"status": "FINISHED"})
    assert not ballast.exists()
    kinds = [r["k"] for r in records(tmp_path)]
    assert kinds[:2] == ["start", "end"]
    assert set(kinds[2:]) == {"m"}, "what room is left goes to those who wait"
    disk.room = 1 << 20
    writer.metrics(RUN, 100, {"x": 0.0})
    assert sorted(r["s"] for r in records(tmp_path) if r["k"] == "m") == list(range(101))


def test_what_does_not_fit_into_memory_is_counted(
    tmp_path: Path, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "MAX_WAITING", 3)
    writer.metrics(RUN, 0, {"x": 0.0})
    with monkeypatch.context() as patch:
        FullDisk(patch)
        lost = []
        for _ in range(2):
            with pytest.raises(JournalError) as told:
                writer.events([("tags", RUN, {"a": "b"}, None)] * 2)
            lost.append(told.value.lost)
    assert lost == [0, 1]
    assert "lost" in str(told.value)
    assert writer.lost == 1
    writer.metrics(RUN, 1, {"x": 0.0})
    assert len(records(tmp_path)) == 5


def test_closing_on_a_full_disk_says_how_much_is_lost(
    tmp_path: Path, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer.metrics(RUN, 0, {"x": 0.0})
    with monkeypatch.context() as patch:
        FullDisk(patch)
        with pytest.raises(JournalError):
            writer.metrics(RUN, 1, {"x": 0.0})
        with pytest.warns(NbtrackWarning, match="1 records are lost"):
            writer.close()
    assert writer.lost == 1
    assert [r["s"] for r in records(tmp_path)] == [0]


def test_closing_writes_what_waited_even_when_nothing_could_be_written_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = Writer(tmp_path, "test")
    with monkeypatch.context() as patch:
        FullDisk(patch)
        with pytest.raises(JournalError):
            writer.metrics(RUN, 0, {"x": 0.0})
    assert not writer.has_segment
    writer.close()
    assert [r["s"] for r in records(tmp_path)] == [0]


def test_a_segment_that_cannot_be_begun_leaves_the_present_one_open(
    tmp_path: Path, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer.metrics(RUN, 0, {"x": 0.0})
    with monkeypatch.context() as patch:
        FullDisk(patch, room=10)
        writer.rotate()
    writer.metrics(RUN, 1, {"x": 0.0})
    (group,) = list_segments(tmp_path / "w").values()
    assert len(group) == 1
    assert [p.suffix for p in (tmp_path / "w").iterdir() if p.suffix not in (".jnl", ".lock")] == []
    assert [r["s"] for r in records(tmp_path)] == [0, 1]


# -- other processes --------------------------------------------------------------------------------------------------------


def test_a_closed_writer_begins_a_new_journal(tmp_path: Path, writer: Writer) -> None:
    writer.metrics(RUN, 0, {"x": 0.0})
    first = writer.id
    writer.close()
    writer.close()
    assert not is_alive(tmp_path / "w", first)
    writer.metrics(RUN, 1, {"x": 0.0})
    assert writer.id != first
    assert is_alive(tmp_path / "w", writer.id)
    assert len(list_segments(tmp_path / "w")) == 2


def test_a_forked_child_writes_a_journal_of_its_own(
    tmp_path: Path, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "SEGMENT_BYTES", 300)
    for step in range(5):
        writer.metrics(RUN, step, {"x": 0.0})
    mine = writer.id
    child = os.fork()
    if child == 0:
        status = 1
        try:
            writer.metrics(RUN, 100, {"x": 0.0})
            status = 0 if writer.id != mine else 2
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    assert is_alive(tmp_path / "w", mine), "the child's end does not end the parent's lock"
    writer.metrics(RUN, 5, {"x": 0.0})
    groups = list_segments(tmp_path / "w")
    assert len(groups) == 2
    assert sorted(r["s"] for r in records(tmp_path)) == [0, 1, 2, 3, 4, 5, 100]
    (theirs,) = groups.keys() - {mine}
    assert not is_alive(tmp_path / "w", theirs)


FORKS = """
import os, sys, threading
from pathlib import Path
from nbtrack.journal.writer import Writer

run, folder = "0" * 32, Path(sys.argv[1])
writer = Writer(folder, "0")
writer.metrics(run, 0, {"x": 0.0})
is_done = threading.Event()

def log():
    while not is_done.is_set():
        writer.metrics(run, 1, {"x": 0.0})

thread = threading.Thread(target=log)
thread.start()
for _ in range(30):
    child = os.fork()
    if child == 0:
        try:
            writer.metrics(run, 2, {"x": 0.0})
        finally:
            os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
is_done.set()
thread.join()
"""


def test_a_fork_while_another_thread_writes_does_not_hang(tmp_path: Path) -> None:
    # In a process of its own: here the coverage tool has a lock that does not survive a fork.
    env = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    subprocess.run([sys.executable, "-c", FORKS, str(tmp_path)], check=True, timeout=120, env=env)
    assert sum(r["s"] == 2 for r in records(tmp_path)) == 30


def test_syncing_does_not_make_writers_wait(tmp_path: Path, writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    writer.metrics(RUN, 0, {"x": 0.0})
    is_syncing, may_end = threading.Event(), threading.Event()

    def slow(fd: int) -> None:
        is_syncing.set()
        assert may_end.wait(30)

    monkeypatch.setattr(writing, "_fdatasync", slow)
    thread = threading.Thread(target=writer.sync)
    thread.start()
    assert is_syncing.wait(30)
    writer.metrics(RUN, 1, {"x": 0.0})  # would hang here
    may_end.set()
    thread.join()
    assert len(records(tmp_path)) == 2
