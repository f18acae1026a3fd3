"""Who lives: a lock that the kernel frees however a process dies."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from nbtrack.journal.liveness import LifeLock, is_held

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

HOLDER = """
import sys
from pathlib import Path
from nbtrack.journal.liveness import LifeLock
lock = LifeLock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_lock_is_held_until_it_is_released(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    assert not is_held(path)
    lock = LifeLock(path)
    assert is_held(path)
    assert is_held(path), "looking changes nothing"
    lock.release()
    assert not is_held(path)


def test_a_stopped_process_lives_and_a_killed_one_does_not(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == b"held\n"
            assert is_held(path)
            holder.send_signal(signal.SIGSTOP)
            assert is_held(path)
        finally:
            holder.kill()
            holder.wait()
    assert not is_held(path)


def test_a_lock_that_was_cleaned_away_before_it_was_held_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.lock"
    flock = fcntl.flock
    calls: list[int] = []

    def slow(fd: int, kind: int) -> None:
        if not calls:
            path.unlink()
        calls.append(kind)
        flock(fd, kind)

    monkeypatch.setattr(fcntl, "flock", slow)
    lock = LifeLock(path)
    assert is_held(path)
    lock.release()


def test_a_moment_of_looking_does_not_keep_the_owner_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.lock"
    looker = os.open(path, os.O_RDWR | os.O_CREAT)
    fcntl.flock(looker, fcntl.LOCK_SH)
    flock = fcntl.flock
    tries: list[int] = []

    def counted(fd: int, kind: int) -> None:
        tries.append(kind)
        if len(tries) == 3:
            os.close(looker)
        flock(fd, kind)

    monkeypatch.setattr(fcntl, "flock", counted)
    LifeLock(path).release()
    assert len(tries) == 3


def test_where_the_file_system_knows_no_locks_a_writer_goes_on_and_counts_as_alive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(fd: int, kind: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", none)
    lock = LifeLock(tmp_path / "a.lock")
    assert is_held(lock.path), "nobody may fold what may still be written"
    lock.forget_in_child()
