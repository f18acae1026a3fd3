"""Disks as tests need them: small, or read-only. To be called in a child process, whose own view of the machine is changed."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
from pathlib import Path
from typing import Any

NEW_MOUNTS, NEW_USER = 0x00020000, 0x10000000
READ_ONLY, REMOUNT, BIND, RECURSIVE, PRIVATE = 0x1, 0x20, 0x1000, 0x4000, 0x40000


class Disk:
    """An empty disk of `size` bytes at a folder; where the machine forbids that, writes fail as if there were one."""

    def __init__(self, folder: Path, size: int, *, pretend: bool = False) -> None:
        self.folder = folder
        self.size = size
        self.is_real = not pretend and _own_mounts() and _mount(b"tmpfs", folder, b"tmpfs", 0, f"size={size}".encode())
        self._write = os.write
        if not self.is_real:
            os.write = self._limited

    def _limited(self, fd: int, data: Any, /) -> int:
        if str(self.folder) in str(Path(f"/proc/self/fd/{fd}").readlink()):
            used = sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())
            if used + len(data) > self.size:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return self._write(fd, data)

    def fill(self, leave: int) -> None:
        """Leave so many bytes free."""
        free = shutil.disk_usage(self.folder).free if self.is_real else self.size
        (self.folder / "padding").write_bytes(bytes(max(0, free - leave)))

    def grow(self) -> None:
        """Make room, as an administrator does."""
        (self.folder / "padding").unlink(missing_ok=True)
        self.size = 64 << 20
        if self.is_real:
            assert _mount(b"tmpfs", self.folder, b"tmpfs", REMOUNT, f"size={self.size}".encode())


def read_only(folder: Path) -> None:
    """Make a folder read-only, also for root."""
    place = os.fsencode(folder)
    if _own_mounts() and _mount(place, folder, None, BIND, None):
        assert _mount(place, folder, None, BIND | REMOUNT | READ_ONLY, None)
        return
    for path in (*folder.rglob("*"), folder):
        path.chmod(0o555 if path.is_dir() else 0o444)
    if os.getuid() == 0:
        os.setuid(65534)


def _own_mounts() -> bool:
    libc = ctypes.CDLL(None, use_errno=True)
    user = os.getuid()
    if libc.unshare(NEW_MOUNTS if user == 0 else NEW_MOUNTS | NEW_USER) != 0:
        return False
    if user != 0:
        for name, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {os.getgid()} 1")):
            Path(f"/proc/self/{name}").write_text(text)
    return bool(libc.mount(b"none", b"/", None, RECURSIVE | PRIVATE, None) == 0)


def _mount(source: bytes, folder: Path, kind: bytes | None, flags: int, options: bytes | None) -> bool:
    return bool(ctypes.CDLL(None).mount(source, os.fsencode(folder), kind, flags, options) == 0)
