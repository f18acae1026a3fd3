"""One contract for a folder, S3, Google Cloud Storage and Azure; and how places are named and remembered."""

from __future__ import annotations

import hashlib
import re
import threading
import urllib.request
from pathlib import Path

import pytest

from nbtrack.artifacts.known_places import Places, PlacesFile
from nbtrack.artifacts.naming import full_uri, place_at
from nbtrack.artifacts.places import NOTE, Place
from nbtrack.artifacts.remote import store as remote
from nbtrack.errors import InvalidValueError, NotFoundError, RemoteError

OWN = "nbtrack-0123456789abcdef"
clouds = pytest.mark.xdist_group("clouds")


def put(place: Place, data: bytes, folder: Path) -> str:
    path = folder / "coming"
    path.write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    place.put(digest, path)
    return digest


# -- the contract --------------------------------------------------------------------------------------------------------


@pytest.fixture(params=["folder", *(pytest.param(name, marks=clouds) for name in ("s3", "gcs", "azure"))])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    uri = str(tmp_path / OWN) if request.param == "folder" else request.getfixturevalue(request.param).folder()
    found = place_at(uri)
    found.prepare()
    found.prepare()
    return found


def test_contents_are_kept_found_streamed_listed_and_deleted(place: Place, tmp_path: Path):
    large = bytes(range(256)) * (remote.CHUNK_BYTES // 256 + 4096)  # two parts
    small, two_parts = put(place, b"small", tmp_path), put(place, large, tmp_path)
    put(place, b"small", tmp_path)
    place.look()
    assert place.about("0" * 64) is None
    kept = place.about(two_parts)
    assert kept is not None
    assert (kept.sha256, kept.size) == (two_parts, len(large))
    assert kept.age_s < 3600
    assert {(each.sha256, each.size) for each in place.list()} == {(small, 5), (two_parts, len(large))}
    place.get(two_parts, tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == large
    assert b"".join(place.stream(two_parts)) == large
    assert b"".join(place.stream(two_parts, 5, remote.CHUNK_BYTES + 9)) == large[5 : remote.CHUNK_BYTES + 9]
    assert b"".join(place.stream(small, 2)) == b"all"
    place.delete([small, "1" * 64])
    place.delete([small])
    assert {each.sha256 for each in place.list()} == {two_parts}
    with pytest.raises(NotFoundError):
        place.get(small, tmp_path / "out")


def test_only_digests_lead_to_contents(place: Place, tmp_path: Path):
    for odd in ("../" + "a" * 61, "A" * 64, "", "a" * 63):
        for verb in (place.about, lambda odd: place.get(odd, tmp_path / "out"), lambda odd: place.link(odd, 60)):
            try:
                assert verb(odd) is None
            except InvalidValueError as error:
                assert "64 lower-case" in str(error)  # noqa: PT017 - a folder has no links at all


@clouds
@pytest.mark.parametrize("name", ["s3", "azure"])
def test_a_link_gives_one_content_to_anybody_as_a_file_to_keep(
    name: str, request: pytest.FixtureRequest, tmp_path: Path
):
    place = place_at(request.getfixturevalue(name).folder())
    url = place.link(put(place, b"<script>", tmp_path), 60)
    assert url is not None
    with urllib.request.urlopen(url) as answer:
        assert answer.read() == b"<script>"
        assert (answer.headers["Content-Type"], answer.headers["Content-Disposition"]) == (
            "application/octet-stream",
            "attachment",
        )


@clouds
def test_an_emulator_of_google_has_no_links(request: pytest.FixtureRequest, tmp_path: Path):
    place = place_at(request.getfixturevalue("gcs").folder())
    assert place.link(put(place, b"x", tmp_path), 60) is None


@clouds
def test_a_bucket_that_is_not_there_is_told(request: pytest.FixtureRequest):
    request.getfixturevalue("s3")
    place = place_at("s3://nobodys-bucket/x")
    for verb in (place.prepare, place.look):
        with pytest.raises(NotFoundError, match="Bucket 'nobodys-bucket'"):
            verb()


def test_a_folder_whose_disk_is_not_mounted_is_not_made_anew(tmp_path: Path):
    place = place_at(str(tmp_path / "disk" / OWN))
    for verb in (
        place.look,
        lambda: put(place, b"x", tmp_path),
        lambda: place.about("a" * 64),
        lambda: [*place.list()],
    ):
        with pytest.raises(RemoteError, match="is its disk mounted"):
            verb()
    assert not (tmp_path / "disk").exists()


def test_a_folder_keeps_only_what_has_the_digest(tmp_path: Path):
    place = place_at(str(tmp_path / OWN))
    place.prepare()
    (tmp_path / "x").write_bytes(b"x")
    with pytest.raises(InvalidValueError, match="does not have the content"):
        place.put("a" * 64, tmp_path / "x")
    assert [*place.list()] == []


# -- names ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "base"),
    [
        ("s3://bucket/team/", "s3://bucket/team"),
        ("s3a://bucket", "s3://bucket"),
        ("gs://bucket/a/b", "gs://bucket/a/b"),
        (" az://box/x ", "az://box/x"),
        ("abfss://box@team.dfs.core.windows.net/x", "abfss://box@team.dfs.core.windows.net/x"),
        ("file:///data/files", "/data/files"),
        ("/data/files/", "/data/files"),
    ],
)
def test_each_store_has_a_folder_of_its_own_in_what_is_named(text: str, base: str):
    first, second = full_uri(text), full_uri(text)
    assert re.fullmatch(re.escape(base) + "/nbtrack-[0-9a-f]{16}", first)
    assert first != second
    assert full_uri(text, [first]) == first
    assert full_uri(first) == first
    assert full_uri(f"{base}/{OWN}") == f"{base}/{OWN}"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("s3://key:secret@bucket/x", "carries a user"),
        ("ftp://host/x", "ftp://…; use a folder"),
        ("https://user:pass@host/x", "https://…; use a folder"),
        ("", "nowhere"),
        ("s3://bucket/../x", "not allowed"),
    ],
)
def test_what_is_no_place_is_refused_without_repeating_secrets(text: str, why: str):
    with pytest.raises(InvalidValueError, match=why) as caught:
        full_uri(text)
    assert "secret" not in str(caught.value)
    assert "pass@" not in str(caught.value)


def test_a_relative_folder_is_remembered_as_an_absolute_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert full_uri("files").startswith(f"{tmp_path}/files/nbtrack-")
    assert full_uri("~/x").startswith(str(Path.home()))


# -- memory --------------------------------------------------------------------------------------------------------------


def test_a_store_remembers_its_places_the_newest_first(tmp_path: Path):
    mine, theirs = Places(PlacesFile(tmp_path / "x.nbtrack")), Places(PlacesFile(tmp_path / "x.nbtrack"))
    assert (mine.all(), mine.first(), mine.named()) == ([], None, False)
    first = mine.name(str(tmp_path / "a"))
    assert theirs.first() is not None
    assert theirs.first().shown == first.shown  # type: ignore[union-attr]
    second = theirs.name(str(tmp_path / "b"))
    assert [place.shown for place in mine.all()] == [second.shown, first.shown]
    mine.name(str(tmp_path / "a"))
    assert [place.shown for place in theirs.all()] == [first.shown, second.shown]
    assert (tmp_path / "a" / Path(first.shown).name / NOTE).exists()


def test_a_place_that_cannot_be_written_is_not_remembered(tmp_path: Path):
    (tmp_path / "file").write_bytes(b"")
    places = Places(PlacesFile(tmp_path / "x.nbtrack"))
    with pytest.raises(RemoteError, match="cannot be written"):
        places.name(str(tmp_path / "file"))
    assert places.all() == []


def test_the_place_of_the_environment_is_for_stores_that_have_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    has = Places(PlacesFile(tmp_path / "has.nbtrack"))
    known = has.name(str(tmp_path / "known"))
    monkeypatch.setenv("NBTRACK_ARTIFACTS", str(tmp_path / "env"))
    has_none = Places(PlacesFile(tmp_path / "none.nbtrack"))
    assert has_none.all() == []  # nothing is remembered by looking
    assert has_none.first() is not None
    monkeypatch.delenv("NBTRACK_ARTIFACTS")
    assert has_none.all()[0].shown.startswith(str(tmp_path / "env"))
    assert has.first() is known


def test_processes_that_name_a_place_at_once_agree(tmp_path: Path):
    found: list[str] = []

    def name() -> None:
        found.append(PlacesFile(tmp_path / "x.nbtrack").name(str(tmp_path / "files")))

    threads = [threading.Thread(target=name) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({*found}) == 1


def test_what_is_not_at_the_first_place_is_looked_for_at_the_others(tmp_path: Path):
    places = Places(PlacesFile(tmp_path / "x.nbtrack"))
    first = places.name(str(tmp_path / "a"))
    digest = put(first, b"x", tmp_path)
    second = places.name(str(tmp_path / "b"))
    assert places.find(digest)[0] is first
    with pytest.raises(NotFoundError, match=re.escape(second.shown)):
        places.find("b" * 64)
    (tmp_path / "b").rename(tmp_path / "away")
    assert places.find(digest)[0] is first
    with pytest.raises(RemoteError, match="mounted"):
        places.find("b" * 64)  # it may be there
