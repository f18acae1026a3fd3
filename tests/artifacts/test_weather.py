"""An object store that fails, is slow, and breaks off: what is put there is neither lost nor half there, and no secret is told."""

from __future__ import annotations

import os
import time
import urllib.request
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from nbtrack.artifacts import bucket
from nbtrack.artifacts import mover as moving
from nbtrack.artifacts.known_places import Places, PlacesFile
from nbtrack.artifacts.placed import MovedBlobs
from nbtrack.errors import RemoteError
from tests.artifacts.clouds import BUCKET, SECRET, s3_environment, use
from tests.artifacts.weather import Weather, weather_before

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.xdist_group("clouds")
LARGE = 20 << 20
"""Three parts."""


@pytest.fixture(scope="module")
def _weather(moto_url: str) -> Iterator[Weather]:
    with weather_before(moto_url) as found:
        yield found


@pytest.fixture
def weather(_weather: Weather, monkeypatch: pytest.MonkeyPatch) -> Iterator[Weather]:
    """S3 behind bad weather, known to the environment; little patience."""
    use(monkeypatch, s3_environment(_weather.url))
    monkeypatch.setattr(bucket, "RETRIES", {"max_retries": 2, "retry_timeout": timedelta(seconds=5)})
    monkeypatch.setattr(moving, "PAUSE_S", 0.05)
    monkeypatch.setattr(moving, "MAX_PAUSE_S", 0.05)
    _weather.asked.clear()
    _weather.clear_up()
    yield _weather
    _weather.clear_up()


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is warned of in the background."""
    found: list[str] = []
    monkeypatch.setattr(moving, "warn", found.append)
    return found


@pytest.fixture
def blobs(weather: Weather, told: list[str], tmp_path: Path) -> Iterator[MovedBlobs]:
    places = Places(PlacesFile(tmp_path / "x.nbtrack"))
    PlacesFile(tmp_path / "x.nbtrack").name(f"s3://{BUCKET}/{uuid4().hex}")
    found = MovedBlobs(tmp_path / "x.nbtrack", places)
    yield found
    weather.clear_up()
    found.close()


def wait_for(what: Callable[[], object]) -> None:
    until = time.monotonic() + 30
    while not what():
        assert time.monotonic() < until
        time.sleep(0.01)


def check_is_discreet(told: list[str]) -> None:
    text = " ".join(told)
    for secret in (SECRET, "AKIAEXAMPLE", "X-Amz", "Signature"):
        assert secret not in text


def uploads(moto_url: str) -> int:
    """Return how many uploads in parts are neither complete nor given up."""
    with urllib.request.urlopen(f"{moto_url}/{BUCKET}?uploads") as answer:
        return int(answer.read().count(b"<Upload>"))


@pytest.mark.parametrize("state", ["503", "reset"])
def test_what_an_object_store_refuses_waits_and_gets_there(
    weather: Weather, blobs: MovedBlobs, told: list[str], state: str
):
    weather.bad = lambda method, _: state if method == "PUT" else ""
    put = [blobs.put_bytes(b"%d" % n).sha256 for n in range(5)]
    wait_for(lambda: told)
    assert {blobs.source(sha256).path for sha256 in put} == {blobs.local_path_of(sha256) for sha256 in put}
    weather.clear_up()
    wait_for(lambda: not blobs.waiting())
    assert len(told) == 1
    assert "s3://nbtrack/" in told[0]
    check_is_discreet(told)


def test_a_single_503_is_nobody_s_business(weather: Weather, blobs: MovedBlobs, told: list[str]):
    failed: list[str] = []

    def once(method: str, path: str) -> str:
        if method == "PUT" and path not in failed:
            failed.append(path)
            return "503"
        return ""

    weather.bad = once
    blobs.put_bytes(b"x")
    wait_for(lambda: blobs.mover._thread is None)
    assert (blobs.waiting(), told) == ([], [])
    assert failed


def test_of_an_upload_that_fails_in_its_middle_nothing_is_left(
    weather: Weather, blobs: MovedBlobs, told: list[str], moto_url: str, tmp_path: Path
):
    (tmp_path / "large").write_bytes(os.urandom(LARGE))
    weather.bad = lambda method, path: "403" if "partNumber=2" in path and method == "PUT" else ""
    kept = blobs.put_file(tmp_path / "large")
    wait_for(lambda: told)
    weather.bad = lambda method, path: "403" if method == "PUT" else ""  # no further attempt gets far
    wait_for(lambda: uploads(moto_url) == 0)
    assert "DELETE" in weather.methods("uploadId=")
    assert [sha256 for sha256, _ in blobs.waiting()] == [kept.sha256]
    weather.clear_up()
    wait_for(lambda: not blobs.waiting())
    check_is_discreet(told)


def test_logging_goes_on_while_the_object_store_is_silent(weather: Weather, blobs: MovedBlobs):
    weather.slow_s = 0.5
    weather.bad = lambda _method, _path: "slow"
    for n in range(10):
        blobs.put_bytes(b"%d" % n)
    assert len(blobs.waiting()) >= 9  # at most the first one is there, after this question, which is slow too
    weather.clear_up()
    wait_for(lambda: not blobs.waiting())


def fetched(blobs: MovedBlobs, data: bytes) -> str:
    """Put a content that is then only there."""
    kept = blobs.put_bytes(data)
    blobs.flush()
    blobs.local_path_of(kept.sha256).unlink()
    return kept.sha256


def test_an_answer_that_breaks_off_is_asked_for_again(weather: Weather, blobs: MovedBlobs):
    sha256 = fetched(blobs, os.urandom(3 << 20))
    states = ["half", "reset", "503"]
    weather.bad = lambda method, _: states.pop() if states and method == "GET" else ""
    with suppress(RemoteError):
        blobs.path_of(sha256)  # obstore mends what it can
    assert blobs.path_of(sha256).stat().st_size == 3 << 20
    assert blobs.check(sha256)


def test_a_damaged_answer_is_not_kept(weather: Weather, blobs: MovedBlobs):
    sha256 = fetched(blobs, b"x" * 1000)
    weather.bad = lambda method, _: "damaged" if method == "GET" else ""
    with pytest.raises(RemoteError, match="sent other content"):
        blobs.path_of(sha256)
    weather.clear_up()
    assert blobs.path_of(sha256).read_bytes() == b"x" * 1000


def test_an_end_of_the_process_does_not_wait_for_a_store_that_is_away(
    weather: Weather, blobs: MovedBlobs, told: list[str], monkeypatch: pytest.MonkeyPatch
):
    weather.bad = lambda _method, _path: "503"
    monkeypatch.setattr("nbtrack.artifacts.placed.GOODBYE_S", 0.2)
    blobs.put_bytes(b"x")
    blobs.close()
    assert "`nbtrack sync --store …`" in told[-1]
    weather.clear_up()
    blobs.flush()
    assert blobs.waiting() == []
