"""Contents that are kept elsewhere: nobody waits for it, nothing is lost, and what is kept is no longer here after a while."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nbtrack.artifacts import mover as moving
from nbtrack.artifacts import placed as room
from nbtrack.artifacts.known_places import Places, PlacesFile
from nbtrack.artifacts.placed import MovedBlobs, SentBlobs
from nbtrack.artifacts.places import FolderPlace
from nbtrack.errors import NotFoundError, RemoteError
from tests.store.kit import end, quiet_store, start

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Faulty(FolderPlace):
    """A place that fails as long as it is said to."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.prepare()
        self.is_down, self.puts, self.answers = False, 0, threading.Event()
        self.answers.set()

    def path(self, sha256: str) -> Path | None:
        self._weather()
        return super().path(sha256)

    def put(self, sha256: str, path: Path) -> None:
        self._weather()
        super().put(sha256, path)
        self.puts += 1

    def look(self) -> None:
        self._weather()

    def _weather(self) -> None:
        assert self.answers.wait(30)
        if self.is_down:
            raise RemoteError("the place does not answer")


@pytest.fixture
def place(tmp_path: Path) -> Faulty:
    return Faulty(tmp_path / "files" / "nbtrack-0123456789abcdef")


@pytest.fixture
def open_blobs(tmp_path: Path, place: Faulty, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], MovedBlobs]]:
    """Open the files of one store, as each process does for itself."""
    monkeypatch.setattr(moving, "PAUSE_S", 0.02)
    monkeypatch.setattr(moving, "LOCK_S", 0.02)
    opened: list[MovedBlobs] = []
    PlacesFile(tmp_path / "x.nbtrack").name(place.shown)

    def open_them() -> MovedBlobs:
        places = Places(PlacesFile(tmp_path / "x.nbtrack"))
        places._open[place.shown] = place
        opened.append(MovedBlobs(tmp_path / "x.nbtrack", places))
        return opened[-1]

    yield open_them
    place.is_down = False
    place.answers.set()
    for blobs in opened:
        blobs.close()


@pytest.fixture
def blobs(open_blobs: Callable[[], MovedBlobs]) -> MovedBlobs:
    return open_blobs()


def wait_for(what: Callable[[], object]) -> None:
    until = time.monotonic() + 20
    while not what():
        assert time.monotonic() < until
        time.sleep(0.01)


def is_at(place: Faulty, sha256: str) -> bool:
    return FolderPlace(Path(place.shown)).about(sha256) is not None


def age(path: Path, hours: float) -> None:
    os.utime(path, (time.time() - hours * 3600,) * 2)


def forget(blobs: MovedBlobs, sha256: str) -> None:
    """Let a content be old here, and tidied up."""
    age(blobs.local_path_of(sha256), 2)
    blobs.flush()
    with pytest.raises(NotFoundError):
        blobs.local_path_of(sha256)


def test_what_is_put_here_gets_there_by_itself(blobs: MovedBlobs, place: Faulty, tmp_path: Path):
    (tmp_path / "f").write_bytes(b"file" * 1000)
    small, file = blobs.put_bytes(b"small"), blobs.put_file(tmp_path / "f")
    assert blobs.path_of(small.sha256).read_bytes() == b"small"
    wait_for(lambda: is_at(place, small.sha256) and is_at(place, file.sha256))
    blobs.close()
    assert blobs.waiting() == []
    assert blobs.mover._thread is None


def test_nobody_waits_for_a_slow_place(blobs: MovedBlobs, place: Faulty):
    place.answers.clear()
    put = [blobs.put_bytes(b"%d" % n).sha256 for n in range(20)]
    assert place.puts == 0
    place.answers.set()
    wait_for(lambda: all(is_at(place, sha256) for sha256 in put))


def test_what_fails_is_told_once_and_done_later(blobs: MovedBlobs, place: Faulty, monkeypatch: pytest.MonkeyPatch):
    told: list[str] = []
    monkeypatch.setattr(moving, "warn", told.append)
    place.is_down = True
    put = [blobs.put_bytes(b"%d" % n).sha256 for n in range(30)]
    wait_for(lambda: told)
    time.sleep(0.2)
    assert [text.startswith("the place does not answer Files of runs wait in ") for text in told] == [True]
    assert all(blobs.path_of(sha256) for sha256 in put)
    place.is_down = False
    wait_for(lambda: all(is_at(place, sha256) for sha256 in put))


def test_what_a_killed_process_left_is_brought_by_the_next(open_blobs: Callable[[], MovedBlobs], place: Faulty):
    killed = open_blobs()
    killed.mover.wake = lambda: None  # type: ignore[method-assign]
    left = killed.put_bytes(b"left")
    following = open_blobs()
    assert [sha256 for sha256, _ in following.waiting()] == [left.sha256]
    following.put_bytes(b"mine")
    wait_for(lambda: is_at(place, left.sha256))


def test_sync_says_what_it_did_and_raises_when_it_cannot(open_blobs: Callable[[], MovedBlobs], place: Faulty):
    blobs = open_blobs()
    blobs.mover.wake = lambda: None  # type: ignore[method-assign]
    for n in range(3):
        blobs.put_bytes(b"%d" % n)
    place.is_down = True
    with pytest.raises(RemoteError, match="does not answer"):
        blobs.flush()
    place.is_down = False
    told: list[tuple[int, int]] = []
    assert blobs.flush(lambda done, n: told.append((done, n))) == 3
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert blobs.flush() == 0
    assert open_blobs().flush() == 0


def test_a_process_that_ends_says_what_waits(blobs: MovedBlobs, place: Faulty, monkeypatch: pytest.MonkeyPatch):
    told: list[str] = []
    monkeypatch.setattr(moving, "warn", told.append)
    monkeypatch.setattr(room, "GOODBYE_S", 0.1)
    place.is_down = True
    blobs.put_bytes(b"x")
    wait_for(lambda: told)
    blobs.close()
    assert "`nbtrack sync --store …` brings them there" in told[-1]


def test_what_is_kept_goes_from_here_after_an_hour_and_is_fetched_again(blobs: MovedBlobs):
    kept = blobs.put_bytes(b"kept")
    blobs.flush()
    assert blobs.local_path_of(kept.sha256).exists()
    forget(blobs, kept.sha256)
    source = blobs.source(kept.sha256)
    assert (source.size, b"".join(source.stream(1, 3))) == (4, b"ep")
    assert blobs.path_of(kept.sha256).read_bytes() == b"kept"
    assert blobs.check(kept.sha256)


def test_what_somebody_asks_for_stays(blobs: MovedBlobs):
    kept = blobs.put_bytes(b"kept")
    blobs.flush()
    age(blobs.local_path_of(kept.sha256), 2)
    blobs.path_of(kept.sha256)
    blobs.flush()
    assert blobs.local_path_of(kept.sha256).exists()


def test_nothing_goes_from_here_that_is_not_there(blobs: MovedBlobs, place: Faulty):
    kept = blobs.put_bytes(b"kept")
    blobs.flush()
    place.delete([kept.sha256])
    age(blobs.local_path_of(kept.sha256), 2)
    blobs.flush()
    assert is_at(place, kept.sha256)
    blobs.flush()
    assert blobs.path_of(kept.sha256).read_bytes() == b"kept"


def test_a_purge_deletes_here_and_there_and_what_is_put_again_comes_again(blobs: MovedBlobs, place: Faulty):
    gone, stays = blobs.put_bytes(b"gone!"), blobs.put_bytes(b"stays")
    blobs.flush()
    with blobs.purging():
        assert blobs.drop({gone.sha256}) == 10  # here and there
    assert not is_at(place, gone.sha256)
    with pytest.raises(NotFoundError):
        blobs.path_of(gone.sha256)
    blobs.put_bytes(b"gone!")
    blobs.flush()
    assert is_at(place, gone.sha256)
    assert is_at(place, stays.sha256)


def test_of_many_contents_those_that_are_there_are_deleted(blobs: MovedBlobs, place: Faulty):
    put = {blobs.put_bytes(b"%d" % n).sha256 for n in range(30)}
    blobs.flush()
    keep = put.pop()
    with blobs.purging():
        blobs.drop(put | {"a" * 64})
    assert [kept.sha256 for kept in place.list()] == [keep]


def test_a_sweep_spares_the_young_there_too(blobs: MovedBlobs, place: Faulty):
    old, young = blobs.put_bytes(b"old"), blobs.put_bytes(b"young")
    blobs.flush()
    for path in (blobs.local_path_of(old.sha256), FolderPlace(Path(place.shown)).path(old.sha256)):
        assert path is not None
        age(path, 48)
    assert blobs.sweep(set(), 86400) == 6
    assert [kept.sha256 for kept in place.list()] == [young.sha256]


def test_nothing_is_brought_while_a_purge_decides(blobs: MovedBlobs, place: Faulty):
    with blobs.purging():
        put = blobs.put_bytes(b"x")
        time.sleep(0.2)
        assert not is_at(place, put.sha256)
    wait_for(lambda: is_at(place, put.sha256))


def test_a_purge_does_not_begin_while_the_place_is_away(blobs: MovedBlobs, place: Faulty):
    place.is_down = True
    with pytest.raises(RemoteError), blobs.purging():
        raise AssertionError


def test_without_a_place_all_stays_here_and_no_thread_is_made(tmp_path: Path):
    blobs = MovedBlobs(tmp_path / "x.nbtrack", Places(PlacesFile(tmp_path / "x.nbtrack")))
    kept = blobs.put_bytes(b"x")
    assert blobs.source(kept.sha256).path == blobs.path_of(kept.sha256)
    assert (blobs.link(kept.sha256, 60), blobs.waiting(), blobs.flush(), blobs.keep_at(None)) == (
        None,
        [(kept.sha256, 1)],
        0,
        [],
    )
    assert blobs.mover._thread is None
    with pytest.raises(NotFoundError, match="this store's blobs folder"):
        blobs.path_of("a" * 64)


def test_two_processes_bring_side_by_side(open_blobs: Callable[[], MovedBlobs], place: Faulty):
    first, second = open_blobs(), open_blobs()
    put = [each.put_bytes(b"%d" % n).sha256 for n in range(10) for each in (first, second)]
    wait_for(lambda: all(is_at(place, sha256) for sha256 in put))
    first.close()
    second.close()
    assert place.puts == 10


# -- where several machines write ----------------------------------------------------------------------------------------


@pytest.fixture
def sent(tmp_path: Path, place: Faulty) -> SentBlobs:
    PlacesFile(tmp_path / "y.nbtrack").name(place.shown)
    places = Places(PlacesFile(tmp_path / "y.nbtrack"))
    places._open[place.shown] = place
    return SentBlobs(tmp_path / "y.nbtrack", places)


def test_what_is_put_is_there_when_it_returns_and_else_it_raises(sent: SentBlobs, place: Faulty):
    kept = sent.put_bytes(b"x")
    assert is_at(place, kept.sha256)
    place.is_down = True
    with pytest.raises(RemoteError):
        sent.put_bytes(b"y")
    place.is_down = False
    sent.put_bytes(b"y")
    assert is_at(place, hashlib.sha256(b"y").hexdigest())


def test_what_has_been_there_for_long_becomes_young_again(sent: SentBlobs, place: Faulty):
    kept = sent.put_bytes(b"x")
    sent.put_bytes(b"x")
    assert place.puts == 1
    path = FolderPlace(Path(place.shown)).path(kept.sha256)
    assert path is not None
    age(path, 20)
    sent.put_bytes(b"x")
    about = place.about(kept.sha256)
    assert place.puts == 2
    assert about is not None
    assert about.age_s < 60


def test_copies_here_go_after_an_hour(sent: SentBlobs):
    kept = sent.put_bytes(b"x")
    age(sent.local_path_of(kept.sha256), 2)
    sent._tidied = -1e9
    sent.put_bytes(b"y")
    with pytest.raises(NotFoundError):
        sent.local_path_of(kept.sha256)
    assert sent.path_of(kept.sha256).read_bytes() == b"x"


# -- as a store has it ---------------------------------------------------------------------------------------------------


def test_a_store_in_a_folder_is_read_where_nothing_of_its_files_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with monkeypatch.context() as shell:
        shell.setenv("NBTRACK_ARTIFACTS", str(tmp_path / "files"))
        mine = quiet_store(tmp_path / "runs.duckdb")
        run_id = start(mine)
        mine.add_artifact(run_id, "f", b"hello")
        end(mine, run_id)
        mine.close()  # waits until it is there
    for path in mine.folder.glob("blobs/sha256/*/*"):
        path.unlink()
    theirs = quiet_store(tmp_path / "runs.duckdb")
    assert theirs.artifact_file(run_id, "f").read_bytes() == b"hello"
    assert (mine.folder / "places").read_text() == f"{theirs.blobs.kept_at()[0]}\n"
    theirs.append(("state", run_id, None, {"lifecycle_stage": "deleted"}))
    assert theirs.purge()["artifact_bytes"] == 5
    assert [path for path in (tmp_path / "files").rglob("*") if len(path.name) == 64] == []
    theirs.close()
