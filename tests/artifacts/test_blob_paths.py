from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from nbtrack.artifacts.blobs import Blobs
from nbtrack.errors import InvalidValueError, NotFoundError, StoreError

HELLO = hashlib.sha256(b"hello").hexdigest()
posix = pytest.mark.skipif(os.name != "posix", reason="POSIX modes, pipes and links")


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "x.nbtrack")


# ---------------------------------------------------------------- no way to another file


@pytest.mark.parametrize(
    "name",
    [
        "",
        "../../../../etc/passwd",
        "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "/etc/passwd",
        "//proc/self/root/etc/passwd",
        "file:///etc/passwd",
        "..\\..\\windows\\win.ini",
        "C:\\windows\\win.ini",
        HELLO.upper(),
        HELLO[:-1],
        HELLO + "0",
        HELLO + "\n",
        HELLO[:-3] + "/..",
        "\x00" * 64,
        "\u0661" * 64,
    ],
)
def test_only_64_lower_case_hex_digits_name_a_content(blobs: Blobs, tmp_path: Path, name: str):
    blobs.put_bytes(b"hello")
    for act in (blobs.path_of, blobs.check, lambda n: blobs.copy_out(n, tmp_path / "out")):
        with pytest.raises(InvalidValueError, match="64 lower-case hexadecimal digits"):
            act(name)


def test_a_content_that_is_not_here_is_said_to_be_missing(blobs: Blobs, tmp_path: Path):
    with pytest.raises(NotFoundError, match=f"Content '{HELLO}' is not in this store's blobs folder"):
        blobs.path_of(HELLO)
    with pytest.raises(NotFoundError):
        blobs.copy_out(HELLO, tmp_path / "out")
    assert not blobs.check(HELLO)


@posix
def test_a_link_planted_in_the_store_is_not_followed(blobs: Blobs, tmp_path: Path):
    canary = tmp_path / "secret"
    canary.write_bytes(b"hello")
    blobs.put_bytes(b"hello")
    path = blobs.path_of(HELLO)
    path.unlink()
    path.symlink_to(canary)
    with pytest.raises(NotFoundError):
        blobs.path_of(HELLO)
    assert not blobs.check(HELLO)
    blobs.put_bytes(b"hello")
    assert not path.is_symlink()
    assert canary.read_bytes() == b"hello"


@posix
@pytest.mark.timeout(10)
def test_pipes_and_devices_are_refused_without_waiting(blobs: Blobs, tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(InvalidValueError, match="pipe, socket or device"):
            blobs.put_file(path)
    with pytest.raises(InvalidValueError, match="it is a folder"):
        blobs.put_file(tmp_path)
    with pytest.raises(FileNotFoundError):
        blobs.put_file(tmp_path / "nothing")


# ---------------------------------------------------------------- copying out


def test_a_copy_is_the_users_own(blobs: Blobs, tmp_path: Path):
    blobs.put_bytes(b"hello")
    out = blobs.copy_out(HELLO, tmp_path / "new" / "folder" / "a.txt")
    assert out.stat().st_nlink == 1
    out.write_bytes(b"edited")
    assert blobs.check(HELLO)
    assert [p.name for p in out.parent.iterdir()] == ["a.txt"]
    assert blobs.copy_out(HELLO, out).read_bytes() == b"hello"


@posix
def test_a_copy_has_the_mode_of_any_new_file(blobs: Blobs, tmp_path: Path):
    blobs.put_bytes(b"hello")
    (tmp_path / "usual").touch()
    out = blobs.copy_out(HELLO, tmp_path / "out")
    assert out.stat().st_mode == (tmp_path / "usual").stat().st_mode


@posix
def test_a_link_in_the_place_of_the_copy_is_replaced_not_followed(blobs: Blobs, tmp_path: Path):
    blobs.put_bytes(b"hello")
    canary = tmp_path / "canary"
    canary.write_bytes(b"mine")
    (tmp_path / "out").symlink_to(canary)
    out = blobs.copy_out(HELLO, tmp_path / "out")
    assert canary.read_bytes() == b"mine"
    assert not out.is_symlink()


@posix
def test_a_link_on_the_way_does_not_lead_out_of_the_root(blobs: Blobs, tmp_path: Path):
    """An archive's trick: first a link, then a file through it."""
    blobs.put_bytes(b"hello")
    root, outside = tmp_path / "data", tmp_path / "data-secret"
    root.mkdir()
    outside.mkdir()
    (root / "link").symlink_to(outside)
    (root / "dangling").symlink_to(tmp_path / "nowhere")
    for way in ("link/a", "link/b/c", "../data-secret/a", "link/../../x", "dangling/a", str(outside / "a")):
        with pytest.raises(InvalidValueError, match="it is outside"):
            blobs.copy_out(HELLO, root / way, root=root)
    assert not list(outside.iterdir())
    assert not (tmp_path / "nowhere").exists()
    assert blobs.copy_out(HELLO, root / "sub" / "a", root=root).read_bytes() == b"hello"


def test_a_folder_in_the_place_of_the_copy_is_said(blobs: Blobs, tmp_path: Path):
    blobs.put_bytes(b"hello")
    with pytest.raises(InvalidValueError, match="it is a folder; name a file in it"):
        blobs.copy_out(HELLO, tmp_path)


def test_a_damaged_content_is_not_given_out(blobs: Blobs, tmp_path: Path):
    path = blobs.path_of(blobs.put_bytes(b"hello").sha256)
    path.chmod(0o644)
    path.write_bytes(b"jello")
    (tmp_path / "out").write_bytes(b"before")
    with pytest.raises(StoreError, match="is damaged"):
        blobs.copy_out(HELLO, tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == b"before"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out", "x.nbtrack"]
