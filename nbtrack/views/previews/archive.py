"""Archives: what is in them, by their tables of contents; nothing is unpacked."""

from __future__ import annotations

import struct
import tarfile
import zipfile
from datetime import UTC, datetime
from typing import Any

from nbtrack.views.previews.file import Answer, File, Part, UnreadableError, clip

MAX_LISTED = 1000
MAX_CONTENTS = 20_000_000
ZIP64 = 0xFFFF_FFFF
SUSPICIOUS = 1000
_END = b"PK\x05\x06"


def preview(file: File, _: Part) -> Answer:
    """Return ``{entries: [{path, size, packed, time}, …], n_entries, unpacked}``."""
    return (_zip(file) if file.head(2) == b"PK" else _tar(file)), []


def _zip(file: File) -> dict[str, Any]:
    _check_count(file)
    with zipfile.ZipFile(file.local) as archive:
        infos = archive.infolist()
    entries = [
        {"path": clip(i.filename, 300), "size": i.file_size, "packed": i.compress_size, "time": _zip_time(i)}
        for i in infos[:MAX_LISTED]
    ]
    unpacked, packed = sum(i.file_size for i in infos), sum(i.compress_size for i in infos)
    is_bomb = unpacked > SUSPICIOUS * max(packed, 1)
    notes = [
        f"The first {MAX_LISTED:,} of {len(infos):,} entries." if len(infos) > MAX_LISTED else "",
        f"Unpacked it would be {unpacked // max(packed, 1):,} times as large: be careful." if is_bomb else "",
    ]
    return {"entries": entries, "n_entries": len(infos), "unpacked": unpacked, "notes": notes}


def _check_count(file: File) -> None:
    """Raise when the end of a zip says that it has more entries than a listing should read."""
    tail = file.read(max(0, file.size - 66_000), 66_000)
    at = tail.rfind(_END)
    if at < 0 or at + 20 > len(tail):
        message = "its table of contents is missing; the file may be cut."
        raise UnreadableError(message)
    _, contents = struct.unpack("<HI", tail[at + 10 : at + 16])
    if contents > MAX_CONTENTS and contents != ZIP64:
        message = "its table of contents is too long to be listed here."
        raise UnreadableError(message)


def _zip_time(info: zipfile.ZipInfo) -> str:
    return "{:04d}-{:02d}-{:02d} {:02d}:{:02d}".format(*info.date_time[:5])


def _tar(file: File) -> dict[str, Any]:
    entries: list[dict[str, Any]] = []
    unpacked = 0
    is_cut = False
    with tarfile.open(file.local, "r:") as archive:
        for member in archive:
            if len(entries) == MAX_LISTED:
                is_cut = True
                break
            time = datetime.fromtimestamp(max(0, min(member.mtime, 4e9)), UTC).strftime("%Y-%m-%d %H:%M")
            name = clip(member.name + ("/" if member.isdir() else ""), 300)
            entries.append({"path": name, "size": member.size, "packed": None, "time": time})
            unpacked += member.size
    note = f"The first {MAX_LISTED:,} entries." if is_cut else ""
    return {"entries": entries, "n_entries": None if is_cut else len(entries), "unpacked": unpacked, "notes": [note]}
