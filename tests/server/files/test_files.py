"""Files of a server that keeps them in S3: streamed, in ranges, by signed URLs, and when S3 is away; nobody is told a secret."""

from __future__ import annotations

import hashlib
import http.client
import logging
import os
import time
import urllib.request
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from nbtrack.artifacts import bucket
from nbtrack.errors import NotFoundError, UnreachableError
from nbtrack.server.serve import TeamServer
from nbtrack.store.local import LocalStore
from nbtrack.store.remote.connection import Connection
from tests.artifacts.clouds import BUCKET, SECRET, s3_environment, use
from tests.artifacts.weather import Weather, weather_before
from tests.server.mlflow.conftest import FILES, Rest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.xdist_group("clouds")
BLOBS = "/api/nbtrack/v1/blobs/"
PRESIGNED = "/api/2.0/mlflow-artifacts/presigned/"
NEWER_INFO = "/api/3.0/mlflow/server-info"
LARGE = bytes(range(256)) * 20_000  # two of them are more than a part of an upload
SMALL = b"<script>alert(1)</script>"


@dataclass
class Site:
    """A server over a bucket in bad weather, and one that sends its clients to the bucket."""

    store: LocalStore
    weather: Weather
    rest: Rest
    direct: Rest
    run: str

    def put(self, name: str, data: bytes) -> str:
        """Log a file, wait until it is in the bucket, and take it from this machine; return its digest."""
        assert self.rest.put(f"0/{self.run}/artifacts/{name}", data).status == 200
        self.store.blobs.flush()
        digest = hashlib.sha256(data).hexdigest()
        self.store.blobs.local_path_of(digest).unlink()
        self.store.blobs.cache.drop(digest)
        return digest

    def address(self, name: str) -> str:
        return f"{FILES}0/{self.run}/artifacts/{name}"


@pytest.fixture(scope="module")
def _site(moto_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    with pytest.MonkeyPatch.context() as patch, weather_before(moto_url) as weather:
        use(patch, s3_environment(weather.url))
        patch.setenv("NBTRACK_CACHE", str(folder / "cache"))
        patch.setattr(bucket, "RETRIES", {"max_retries": 1, "retry_timeout": timedelta(seconds=2)})
        store = LocalStore(folder / "team.duckdb")
        store.blobs.keep_at(f"s3://{BUCKET}/{uuid4().hex}")
        store.blobs.mover.wake = lambda: None  # type: ignore[attr-defined]
        servers = [TeamServer(store, has_pages=False, redirects=redirects) for redirects in (False, True)]
        for server in servers:
            server.start()
        rest, direct = (Rest(server.url) for server in servers)
        yield Site(store, weather, rest, direct, rest.run())
        weather.clear_up()
        for client in (rest, direct):
            client.close()
        for server in servers:
            server.close()
        store.close()


@pytest.fixture
def site(_site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    use(monkeypatch, s3_environment(_site.weather.url))
    _site.weather.asked.clear()
    yield _site
    _site.weather.clear_up()


def test_a_file_is_streamed_from_where_it_is_kept_and_is_nothing_to_show(site: Site):
    digest = site.put("a/large.bin", LARGE)
    got = site.rest.ask("GET", site.address("a/large.bin"))
    assert (got.status, got.body == LARGE) == (200, True)
    assert got.headers["content-length"] == str(len(LARGE))
    assert got.headers["content-disposition"] == "attachment; filename=large.bin"
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["etag"] == f'"{digest}"'
    assert site.store.blobs.cache.find(digest) is None, "nothing of it was kept on the way"
    assert site.rest.ask("GET", site.address("a/large.bin"), if_none_match=f'"{digest}"').status == 304
    native = site.rest.ask("GET", BLOBS + digest)
    assert (native.body == LARGE, native.headers["content-disposition"]) == (True, "attachment")
    head = site.rest.ask("HEAD", BLOBS + digest)
    assert (head.status, head.headers["content-length"], head.body) == (200, str(len(LARGE)), b"")
    assert site.rest.ask("HEAD", BLOBS + "0" * 64).status == 404


@pytest.mark.parametrize("is_here", [True, False])
def test_ranges(site: Site, is_here: bool):
    name = f"ranges-{is_here}"
    digest = site.put(name, LARGE + name.encode())
    data = LARGE + name.encode()
    if is_here:
        site.store.blobs.path_of(digest)
    for text, start, end in (
        ("0-9", 0, 10),
        ("5000-", 5000, None),
        ("-7", -7, None),
        (f"{len(data) - 3}-{len(data) + 9}", -3, None),
    ):
        got = site.rest.ask("GET", site.address(name), range=f"bytes={text}")
        assert (got.status, got.body == data[start:end]) == (206, True), text
        first = len(data) + start if start < 0 else start
        assert got.headers["content-range"] == f"bytes {first}-{first + len(got.body) - 1}/{len(data)}"
    beyond = site.rest.ask("GET", site.address(name), range=f"bytes={len(data)}-")
    assert (beyond.status, beyond.headers["content-range"].split("/")[1]) == (416, str(len(data)))
    changed = site.rest.ask("GET", site.address(name), range="bytes=0-3", if_range='"other"')
    assert (changed.status, len(changed.body)) == (200, len(data))
    for odd in ("bytes=-", "lines=0-3", "bytes=a-b"):
        assert site.rest.ask("GET", site.address(name), range=odd).status in (200, 400)


def test_a_program_is_sent_to_the_bucket_when_the_server_does_so(site: Site):
    digest = site.put("page.html", SMALL)
    for path in (site.address("page.html"), BLOBS + digest):
        there = site.direct.ask("GET", path)
        assert (there.status, there.body) == (307, b"")
        assert there.headers["cache-control"] == "no-store"
        assert there.headers["referrer-policy"] == "no-referrer"
        url = there.headers["location"]
        assert "X-Amz-Expires=300" in url
        assert SECRET not in url
        with urllib.request.urlopen(url) as answer:
            assert (answer.read(), answer.headers["content-disposition"]) == (SMALL, "attachment")
        assert site.direct.ask("GET", f"{path}?proxied=1").body == SMALL
        in_a_browser = site.direct.ask("GET", path, sec_fetch_mode="navigate")
        assert (in_a_browser.status, in_a_browser.body) == (200, SMALL)
    assert site.direct.ask("GET", site.address("nothing.html")).status == 404
    assert site.direct.ask("GET", BLOBS + "0" * 64).status == 404


def test_what_is_not_in_the_bucket_yet_comes_from_the_server(site: Site):
    assert site.rest.put(f"0/{site.run}/artifacts/new", b"new").status == 200
    assert site.direct.ask("GET", site.address("new")).body == b"new"
    assert site.direct.ask("GET", f"{PRESIGNED}0/{site.run}/artifacts/new").json == {"url": "", "headers": {}}
    site.store.blobs.flush()


def test_mlflow_s_client_is_told_where_to_fetch_in_parts(site: Site):
    site.put("parts.bin", LARGE + b"parts")
    assert site.rest.ask("GET", NEWER_INFO).json["multipart_downloads_enabled"] is False
    assert site.direct.ask("GET", NEWER_INFO).json["multipart_downloads_enabled"] is True
    told = site.direct.ask("GET", f"{PRESIGNED}0/{site.run}/artifacts/parts.bin").json
    assert told["file_size"] == len(LARGE) + 5
    with urllib.request.urlopen(urllib.request.Request(told["url"], headers={"Range": "bytes=2-5"})) as answer:
        assert answer.read() == LARGE[2:6]
    assert site.direct.ask("GET", f"{PRESIGNED}0/{site.run}/artifacts/none").status == 404
    assert site.rest.ask("GET", f"{PRESIGNED}0/{site.run}/artifacts/parts.bin").error == (501, "NOT_IMPLEMENTED")


def test_nbtrack_s_client_follows_and_comes_back_when_it_cannot_reach_the_bucket(
    site: Site, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO)
    digest = site.put("f", b"for nbtrack")
    connection = Connection(site.direct.url, token="t0ken")
    for state in ("", "reset", "403"):  # of what the client asks there; the server reaches it
        site.weather.bad = _signed(state)
        site.weather.asked.clear()
        connection.get_blob(digest, tmp_path / "f")
        assert (tmp_path / "f").read_bytes() == b"for nbtrack"
        assert "GET" in site.weather.methods("X-Amz")
    with pytest.raises(NotFoundError):
        connection.get_blob("0" * 64, tmp_path / "f")
    connection.close()
    assert "X-Amz" not in _logged(caplog)
    assert "t0ken" not in str(site.weather.asked)


def test_parts_that_a_killed_server_left_go(site: Site):
    for name, hours in (("mpu-old", 72), ("mpu-young", 1)):
        folder = site.store.folder / "tmp" / name
        folder.mkdir(parents=True)
        (folder / "1").write_bytes(b"part")
        os.utime(folder, (time.time() - hours * 3600,) * 2)
    body = {"path": "/home/ada/big.bin", "num_parts": 2}
    made = site.rest.ask("POST", f"/api/2.0/mlflow-artifacts/mpu/create/0/{site.run}/artifacts", body).json
    for credential in made["credentials"]:
        assert site.rest.ask("PUT", credential["url"].removeprefix(site.rest.url), LARGE).status == 200
    parts = [{"part_number": n, "etag": ""} for n in (1, 2)]
    body = {"path": "/home/ada/big.bin", "upload_id": made["upload_id"], "parts": parts}
    assert site.rest.ask("POST", f"/api/2.0/mlflow-artifacts/mpu/complete/0/{site.run}/artifacts", body).status == 200
    site.store.blobs.flush()
    assert site.weather.methods("partNumber=2") == ["PUT"], "in parts to the bucket, too"
    assert site.rest.ask("GET", site.address("big.bin")).body == LARGE * 2
    assert [path.name for path in (site.store.folder / "tmp").glob("mpu-*")] == ["mpu-young"]


def _signed(state: str) -> Callable[[str, str], str]:
    return lambda _method, path: state if "X-Amz" in path else ""


def _logged(caplog: pytest.LogCaptureFixture) -> str:
    """Return what was logged by others than the object store itself."""
    return " ".join(record.getMessage() for record in caplog.records if record.name != "werkzeug")


def test_a_bucket_that_is_away_is_told_as_busy_and_not_by_name(
    site: Site, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    digest = site.put("away", b"away")
    site.weather.bad = lambda _method, _path: "503"
    for rest in (site.rest, site.direct):
        answers = [rest.ask("GET", path) for path in (site.address("away"), BLOBS + digest)]
        assert [answer.status for answer in answers] == [503, 503]
        for answer in answers:
            assert not any(word in answer.body for word in (b"s3://", b"127.0.0.1", BUCKET.encode() + b"/", b"X-Amz"))
    put = site.rest.put(f"0/{site.run}/artifacts/meanwhile", b"meanwhile")
    assert put.status == 200, "what is logged is on the server's disk, as the runs are"
    assert site.rest.ask("GET", site.address("meanwhile")).body == b"meanwhile"
    connection = Connection(site.rest.url)
    with pytest.raises(UnreachableError, match="503"):
        connection.get_blob(digest, tmp_path / "f")
    connection.close()
    site.weather.clear_up()
    assert site.rest.ask("GET", site.address("away")).body == b"away"
    for secret in (SECRET, "AKIAEXAMPLE", "X-Amz"):
        assert secret not in _logged(caplog)


def test_a_damaged_object_is_an_answer_that_breaks_off(site: Site):
    site.put("damaged", os.urandom(100_000))
    site.weather.bad = lambda method, path: "damaged" if method == "GET" else ""
    with pytest.raises((http.client.HTTPException, OSError)):
        site.rest.ask("GET", site.address("damaged"))
    site.rest.close()
