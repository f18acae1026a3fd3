from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from nbtrack.artifacts import blobs as blobs_module
from nbtrack.artifacts.blobs import Blob, Blobs

HELLO = hashlib.sha256(b"hello").hexdigest()
posix = pytest.mark.skipif(os.name != "posix", reason="POSIX modes, pipes and links")


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "x.nbtrack")


@pytest.fixture
def hello(tmp_path: Path) -> Path:
    path = tmp_path / "hello.txt"
    path.write_bytes(b"hello")
    return path


def unfinished(blobs: Blobs) -> list[str]:
    return [p.name for p in blobs._tmp.iterdir()]


# ---------------------------------------------------------------- putting


def test_a_file_is_kept_under_its_sha256(blobs: Blobs, hello: Path, tmp_path: Path):
    assert blobs.put_file(hello) == Blob(HELLO, 5)
    path = blobs.path_of(HELLO)
    assert path == tmp_path / "x.nbtrack" / "blobs" / "sha256" / HELLO[:2] / HELLO
    assert path.read_bytes() == b"hello"
    assert unfinished(blobs) == []


def test_nothing_is_made_before_the_first_put(tmp_path: Path):
    Blobs(tmp_path / "x.nbtrack")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("data", [b"", b"\x00", b"x" * 3_000_000])
def test_bytes_and_file_with_the_same_content_are_one_blob(blobs: Blobs, tmp_path: Path, data: bytes):
    (tmp_path / "a").write_bytes(data)
    assert blobs.put_bytes(data) == blobs.put_file(tmp_path / "a") == Blob(hashlib.sha256(data).hexdigest(), len(data))
    assert len(list(blobs._blobs.glob("*/*"))) == 1
    assert blobs.path_of(hashlib.sha256(data).hexdigest()).read_bytes() == data


@posix
def test_contents_are_read_only_in_private_folders(blobs: Blobs, tmp_path: Path):
    before = os.umask(0)
    try:
        path = blobs.path_of(blobs.put_bytes(b"hello").sha256)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o444
    folders = [p for p in path.parents if p.is_relative_to(tmp_path / "x.nbtrack")] + [blobs._tmp]
    assert [p.stat().st_mode & 0o777 for p in folders] == [0o700] * 5


def test_the_users_file_is_copied_never_hard_linked(blobs: Blobs, hello: Path):
    blobs.put_file(hello)
    assert hello.stat().st_nlink == 1
    hello.write_bytes(b"changed")
    assert blobs.check(HELLO)


def test_a_file_that_changes_while_it_is_copied_is_kept_as_it_was_read(
    blobs: Blobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(blobs_module, "PROGRESS_BYTES", 1 << 20)
    growing = tmp_path / "growing.log"
    growing.write_bytes(b"a" * (3 << 20))

    def append(done: int, total: int) -> None:
        assert done <= total
        if growing.stat().st_size < 5 << 20:
            with growing.open("ab") as file:
                file.write(b"b" * (1 << 20))

    blob = blobs.put_file(growing, progress=append)
    assert blobs.check(blob.sha256)
    assert blobs.path_of(blob.sha256).stat().st_size == blob.size


def test_progress_is_told_for_big_files_only(blobs: Blobs, tmp_path: Path, hello: Path):
    told: list[tuple[int, int]] = []
    blobs.put_file(hello, progress=lambda done, total: told.append((done, total)))
    assert told == []
    size = (32 << 20) + 5
    (tmp_path / "big").write_bytes(bytes(size))
    blobs.put_file(tmp_path / "big", progress=lambda done, total: told.append((done, total)))
    assert told == [(16 << 20, size), (32 << 20, size), (size, size)]


def test_an_interrupt_during_a_big_copy_leaves_nothing(blobs: Blobs, tmp_path: Path):
    (tmp_path / "big").write_bytes(bytes(17 << 20))

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        blobs.put_file(tmp_path / "big", progress=interrupt)
    assert unfinished(blobs) == []
    assert not list(blobs._blobs.glob("*/*"))


def test_a_full_disk_leaves_nothing_and_says_so(blobs: Blobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(fd: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            blobs.put_bytes(b"x" * 5_000_000)
    assert unfinished(blobs) == []
    assert blobs.put_bytes(b"hello").sha256 == HELLO


@posix
def test_a_write_that_the_system_cuts_short_leaves_nothing(tmp_path: Path):
    """A file size limit is what a quota looks like: a short write first, an error then."""
    program = f"""
import resource, signal
from pathlib import Path
from nbtrack.artifacts.blobs import Blobs
blobs = Blobs(Path({str(tmp_path / "x.nbtrack")!r}))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, 1_500_000))
try:
    blobs.put_bytes(b"x" * 2_000_000)
except OSError as error:
    print(error.errno, len(list(blobs._tmp.iterdir())), len(list(blobs._blobs.glob("*/*"))))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(errno.EFBIG), "0", "0"]


def test_a_damaged_content_is_healed_by_putting_it_again(blobs: Blobs):
    path = blobs.path_of(blobs.put_bytes(b"hello").sha256)
    path.chmod(0o644)
    path.write_bytes(b"hel")
    assert not blobs.check(HELLO)
    blobs.put_bytes(b"hello")
    assert blobs.check(HELLO)


@pytest.mark.parametrize("number", [errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK])
def test_without_hard_links_files_are_renamed_into_place(blobs: Blobs, monkeypatch: pytest.MonkeyPatch, number: int):
    def no_link(source: object, target: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "link", no_link)
    blobs.put_bytes(b"hello")
    blobs.put_bytes(b"hello")
    assert blobs.check(HELLO)
    assert unfinished(blobs) == []


def test_other_errors_of_the_disk_are_raised(blobs: Blobs, monkeypatch: pytest.MonkeyPatch):
    def broken(source: object, target: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "link", broken)
    with pytest.raises(OSError, match="Input/output"):
        blobs.put_bytes(b"hello")
    assert unfinished(blobs) == []


PUT_MANY = """
import sys
from pathlib import Path
from nbtrack.artifacts.blobs import Blobs
blobs = Blobs(Path(sys.argv[1]))
sys.stdin.read(1)
for i in range(40):
    blobs.put_bytes(b"shared %d" % i * 1000)
    blobs.put_bytes(b"own %d of %s" % (i, sys.argv[2].encode()))
"""


def test_eight_processes_put_the_same_contents_at_once(blobs: Blobs):
    args = [sys.executable, "-c", PUT_MANY, str(blobs._root)]
    with_pipes = [subprocess.Popen([*args, str(n)], stdin=subprocess.PIPE) for n in range(8)]
    for process in with_pipes:
        assert process.stdin
        process.stdin.write(b"go")
        process.stdin.close()
    assert [process.wait(60) for process in with_pipes] == [0] * 8
    names = [p.name for p in blobs._blobs.glob("*/*")]
    assert len(names) == 40 + 8 * 40
    assert all(blobs.check(name) for name in names)
    assert unfinished(blobs) == []


# ---------------------------------------------------------------- sweeping


def test_a_sweep_frees_what_nothing_refers_to(blobs: Blobs):
    kept, gone = blobs.put_bytes(b"hello"), blobs.put_bytes(b"x" * 1000)
    assert blobs.sweep({kept.sha256}, 0.0) == 1000
    assert blobs.check(kept.sha256)
    assert not blobs.check(gone.sha256)
    assert unfinished(blobs) == []


def test_a_sweep_spares_the_young_and_those_put_again(blobs: Blobs):
    old, again = blobs.put_bytes(b"old"), blobs.put_bytes(b"again")
    for blob in (old, again):
        os.utime(blobs.path_of(blob.sha256), (1, 1))
    blobs.put_bytes(b"again")
    blobs.put_bytes(b"young")
    assert blobs.sweep(set(), 3600) == len(b"old")
    assert len(list(blobs._blobs.glob("*/*"))) == 2


def test_a_content_put_again_in_the_middle_of_a_sweep_stays(blobs: Blobs, monkeypatch: pytest.MonkeyPatch):
    path = blobs.path_of(blobs.put_bytes(b"hello").sha256)
    os.utime(path, (1, 1))
    replace = Path.replace

    def put_first(self: Path, target: Path) -> Path:
        os.utime(self)
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", put_first)
    assert blobs.sweep(set(), 3600) == 0
    assert blobs.check(HELLO)
    assert unfinished(blobs) == []


def test_a_sweep_removes_what_dead_processes_left_and_nothing_else(blobs: Blobs):
    blobs.put_bytes(b"hello")
    for name in ("blob-old", "blob-new", "ballast"):
        (blobs._tmp / name).write_bytes(b"12345")
    os.utime(blobs._tmp / "blob-old", (1, 1))
    (blobs._blobs / HELLO[:2] / "README").write_bytes(b"not ours")
    assert blobs.sweep({HELLO}, 0.0) == 5
    assert sorted(unfinished(blobs)) == ["ballast", "blob-new"]
    assert (blobs._blobs / HELLO[:2] / "README").exists()


def test_putting_and_sweeping_at_once_loses_nothing(blobs: Blobs):
    """Sweeps go on while old contents are put again: what `put` returned is there in the end."""
    stop = threading.Event()

    def sweep() -> None:
        while not stop.is_set():
            blobs.sweep(set(), 60.0)

    for _ in range(30):
        old = [blobs.put_bytes(b"%d" % i) for i in range(20)]
        for blob in old:
            os.utime(blobs.path_of(blob.sha256), (1, 1))
        stop.clear()
        sweeper = threading.Thread(target=sweep)
        sweeper.start()
        put = [blobs.put_bytes(b"%d" % i) for i in range(20)]
        stop.set()
        sweeper.join()
        assert all(blobs.check(blob.sha256) for blob in put)
    assert unfinished(blobs) == []


def test_an_empty_store_has_nothing_to_sweep(blobs: Blobs):
    assert blobs.sweep(set(), 0.0) == 0


def test_a_reflink_is_hashed_and_kept(blobs: Blobs, hello: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Few test machines have btrfs or XFS: this file system "clones" by copying."""

    def ioctl(target: int, request: int, source: int) -> None:
        assert request == 0x40049409
        os.sendfile(target, source, 0, 1 << 20)

    fcntl = pytest.importorskip("fcntl")
    monkeypatch.setattr(fcntl, "ioctl", ioctl)
    monkeypatch.setattr(sys, "platform", "linux")
    assert blobs.put_file(hello) == Blob(HELLO, 5)
    assert blobs.copy_out(HELLO, tmp_path / "out").read_bytes() == b"hello"
    assert blobs.check(HELLO)
