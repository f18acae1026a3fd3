"""URIs and archives from a stranger: nothing is read or written outside, and the error says why."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
import yaml

import nbtrack
from nbtrack.errors import InvalidValueError, NbtrackError, UntrustedModelError
from nbtrack.models.archive import unpack
from nbtrack.models.uri import parse
from tests.models import kit
from tests.models.kit import UNSAFE

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    return tmp_path / "canary"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    nbtrack.set_tracking_uri(tmp_path / "runs.duckdb")
    return tmp_path


# -- URIs ----------------------------------------------------------------------------------------------------------------

RUN = "0" * 32
BAD_URIS = [
    "",
    "  ",
    "a\x00b",
    "x" * 5000,
    "runs:/",
    f"runs:/{RUN}",
    f"runs:/{RUN}/",
    f"runs://{RUN}/m",
    "runs:/short/m",
    *(f"runs:/{RUN}/{path}" for path in UNSAFE if path),
    f"runs:/{RUN}/m?x=1",
    f"runs:/{RUN}/m#x",
    f"runs:/{RUN}/m;x",
    f"runs:/{RUN}/m%3fx",
    "models:/",
    "models:/name",
    "models://name/1",
    "models:/name/1/more",
    "models:/../1",
    "models:/a/../1",
    "models:/%2e%2e/1",
    "models:/name/1?x",
    "models:/name/1#/../x",
    "models:/name/1;x",
    "models:/name\\x/1",
    "models:/name@",
    "models:/@champion",
    "models:/name/-1",
    "models:/name/1.5",
    "models:/name/" + "9" * 30,
    "models:/name/Nowhere",
    "models:/na:me/1",
    "models:/m-" + "0" * 31,
    "file://evil/etc",
    "file:////etc",
    "file:relative",
    "file:///tmp/../etc",
    "file:///tmp/%2e%2e/etc",
    "file:///tmp/%252e%252e/etc",
    "file:///tmp?x",
    "file:///tmp#x",
    "file:///tmp/a\\b",
    "FILE:///tmp/../etc",
    "//host/share",
    "\\\\host\\share",
    "gopher://x/y",
    "javascript:alert(1)",
    "http://host/a/../b",
    "http://host/#/../../etc",
    "s3://bucket/%2e%2e/x",
]


@pytest.mark.parametrize("uri", BAD_URIS)
def test_bad_uris_are_refused(uri: str):
    with pytest.raises(InvalidValueError, match=r"Model URI|not allowed|times"):
        parse(uri)


@pytest.mark.parametrize("uri", ["/etc", "model", "../model", "file:///etc", "//proc/self/root", "C:\\x", "~/m"])
def test_paths_are_refused_where_others_say_them(uri: str):
    with pytest.raises(InvalidValueError):
        parse(uri, allow_local=False)


@pytest.mark.parametrize("uri", [None, 3, b"runs:/x"])
def test_a_uri_is_a_text(uri: Any):
    with pytest.raises(InvalidValueError, match="Model URI"):
        parse(uri)


@pytest.mark.parametrize("uri", [uri for uri in BAD_URIS if uri.strip()])
def test_loading_a_bad_uri_reads_nothing(store: Path, uri: str):
    with pytest.raises(NbtrackError):
        nbtrack.pyfunc.load_model(uri, trust=True)


def test_what_is_on_another_machine_is_not_fetched(store: Path):
    for uri in ("https://host/model", "hdfs://host/model", "sftp://host/model"):
        with pytest.raises(InvalidValueError, match="another machine"):
            nbtrack.pyfunc.load_model(uri, trust=True)


# -- archives ------------------------------------------------------------------------------------------------------------


def zipped(path: Path, name: str, data: bytes = b"x", mode: int = 0) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("MLmodel", "flavors: {}")
        member = zipfile.ZipInfo(name)
        member.external_attr = mode << 16
        member.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(member, data)
    return path


def tarred(path: Path, name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> Path:
    with tarfile.open(path, "w:gz") as archive:
        member = tarfile.TarInfo(name)
        member.type, member.linkname = kind, link
        member.size = 1 if kind == tarfile.REGTYPE else 0
        archive.addfile(member, io.BytesIO(b"x"))
    return path


@pytest.mark.parametrize("name", [name for name in UNSAFE if name and "\x00" not in name])
def test_nothing_in_a_zip_lands_outside(tmp_path: Path, name: str):
    target = tmp_path / "a" / "b"
    target.mkdir(parents=True)
    with pytest.raises(InvalidValueError):
        unpack(zipped(tmp_path / "m.zip", name), target)
    assert not (tmp_path / "secret").exists()
    assert not (tmp_path / "a" / "secret").exists()


@pytest.mark.parametrize("mode", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO])
def test_links_and_devices_in_a_zip_are_refused(tmp_path: Path, mode: int):
    (tmp_path / "t").mkdir()
    with pytest.raises(InvalidValueError, match="link or device"):
        unpack(zipped(tmp_path / "m.zip", "x", b"/etc/passwd", mode | 0o777), tmp_path / "t")


@pytest.mark.parametrize(
    ("name", "kind", "link"),
    [
        ("../x", tarfile.REGTYPE, ""),
        ("/x", tarfile.REGTYPE, ""),
        ("a/../../x", tarfile.REGTYPE, ""),
        ("x", tarfile.SYMTYPE, "/etc/passwd"),
        ("x", tarfile.LNKTYPE, "/etc/passwd"),
        ("x", tarfile.CHRTYPE, ""),
        ("x", tarfile.FIFOTYPE, ""),
        ("../d", tarfile.DIRTYPE, ""),
    ],
)
def test_nothing_in_a_tar_lands_outside(tmp_path: Path, name: str, kind: bytes, link: str):
    (tmp_path / "t").mkdir()
    with pytest.raises(InvalidValueError):
        unpack(tarred(tmp_path / "m.tar.gz", name, kind, link), tmp_path / "t")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.tar.gz", "t"]


def test_a_zip_bomb_is_refused_before_it_fills_the_disk(tmp_path: Path):
    (tmp_path / "t").mkdir()
    bomb = zipped(tmp_path / "m.zip", "zeros", bytes(100 << 20))
    assert bomb.stat().st_size < 1 << 20
    with pytest.raises(InvalidValueError, match="zip bomb"):
        unpack(bomb, tmp_path / "t")


def test_a_zip_with_too_many_files_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("nbtrack.models.archive.MAX_MEMBERS", 1)
    (tmp_path / "t").mkdir()
    with pytest.raises(InvalidValueError, match="more than 1 files"):
        unpack(zipped(tmp_path / "m.zip", "x"), tmp_path / "t")


def test_a_damaged_archive_is_refused(tmp_path: Path):
    (tmp_path / "t").mkdir()
    path = tmp_path / "m.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("MLmodel", "flavors: {hello: {}}")
    path.write_bytes(path.read_bytes().replace(b"hello", b"jello", 1))
    with pytest.raises(InvalidValueError, match=r"m\.zip"):
        unpack(path, tmp_path / "t")


def test_a_packed_model_asks_for_leave(store: Path, canary: Path):
    path = store / "m.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("inner/MLmodel", yaml.safe_dump({"flavors": kit.pyfunc_conf()}))
        archive.writestr("inner/python_model.pkl", kit.trapped(canary))
    with pytest.raises(UntrustedModelError):
        nbtrack.pyfunc.load_model(path)
    assert not canary.exists()
    assert nbtrack.models.get_model_info(path).flavors
