from __future__ import annotations

import hashlib
import os
import threading
import time
from typing import TYPE_CHECKING

import pytest

from nbtrack import config
from nbtrack.artifacts import cache as room
from nbtrack.artifacts.cache import Cache
from nbtrack.errors import InvalidValueError, RemoteError

if TYPE_CHECKING:
    from pathlib import Path


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def get(cache: Cache, data: bytes, *, sent: bytes | None = None) -> Path:
    return cache.fetch(sha(data), lambda path: path.write_bytes(data if sent is None else sent), place="s3://b/x")


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "files", 1000)


def make_old(path: Path, hours: float) -> None:
    os.utime(path, (time.time() - hours * 3600,) * 2)


def test_a_content_is_fetched_once_and_only_for_reading(cache: Cache):
    assert cache.find(sha(b"a")) is None
    path = get(cache, b"a")
    assert path.read_bytes() == b"a"
    assert path.stat().st_mode & 0o777 == 0o444
    assert cache.folder.stat().st_mode & 0o077 == 0
    assert get(cache, b"a", sent=b"other") == path


def test_other_content_than_was_asked_for_is_not_kept(cache: Cache):
    with pytest.raises(RemoteError, match="s3://b/x sent other content"):
        get(cache, b"a", sent=b"b")
    assert cache.find(sha(b"a")) is None
    assert [*cache.folder.glob("coming-*")] == []


def test_a_fetch_that_fails_leaves_nothing(cache: Cache):
    def fail(path: Path) -> None:
        path.write_bytes(b"half")
        raise RemoteError("cut")

    with pytest.raises(RemoteError, match="cut"):
        cache.fetch(sha(b"a"), fail, place="")
    assert [path for path in cache.folder.rglob("*") if path.is_file()] == []


def test_those_that_nobody_asked_for_longest_go_first(cache: Cache):
    old, asked, young = (get(cache, letter * 400) for letter in (b"a", b"b", b"c"))
    make_old(old, 3)
    make_old(asked, 4)
    cache.find(asked.name)
    assert cache.make_room() == 400
    assert [path.exists() for path in (old, asked, young)] == [False, True, True]


def test_what_was_asked_for_within_the_hour_stays_even_without_room(cache: Cache):
    paths = [get(cache, bytes([n]) * 400) for n in range(5)]
    assert cache.make_room() == 0
    assert all(path.exists() for path in paths)
    for path in paths[:2]:
        make_old(path, 2)
    get(cache, b"one more" * 50)
    assert [path.exists() for path in paths] == [False, False, True, True, True]


def test_what_killed_processes_left_goes_after_a_day(cache: Cache):
    get(cache, b"a")
    for name, hours in (("coming-old", 30), ("coming-new", 1)):
        (cache.folder / name).write_bytes(b"x")
        make_old(cache.folder / name, hours)
    cache.make_room()
    assert [path.name for path in cache.folder.glob("coming-*")] == ["coming-new"]


def test_threads_that_want_the_same_wait_for_one_fetch(cache: Cache):
    fetched: list[int] = []
    gate = threading.Barrier(8)

    def fetch(path: Path) -> None:
        fetched.append(1)
        time.sleep(0.05)
        path.write_bytes(b"a")

    def ask() -> None:
        gate.wait(10)
        cache.fetch(sha(b"a"), fetch, place="")

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert fetched == [1]


def test_a_copy_can_be_deleted_at_any_time(cache: Cache):
    get(cache, b"a").unlink()
    assert get(cache, b"a").read_bytes() == b"a"
    cache.drop(sha(b"a"))
    cache.drop(sha(b"a"))
    assert cache.find(sha(b"a")) is None


def test_place_and_room_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NBTRACK_CACHE", str(tmp_path / "here"))
    monkeypatch.setenv("NBTRACK_CACHE_GB", "0.5")
    assert (Cache().folder, Cache().most_bytes) == (tmp_path / "here" / room.FOLDER, 500_000_000)
    monkeypatch.setenv("NBTRACK_CACHE_GB", "much")
    with pytest.raises(InvalidValueError, match="NBTRACK_CACHE_GB is 'much'; use a number of gigabytes"):
        config.cache_bytes()
