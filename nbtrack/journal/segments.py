"""Which journal segments are there, which are sealed, and which of their lines are whole."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbtrack.journal.liveness import is_held, lease_left
from nbtrack.journal.record import is_whole, whole_pieces

if TYPE_CHECKING:
    from pathlib import Path

LONGEST_HEADER = 1000
_NAME = re.compile(r"([0-9a-f]{32})-(\d{8})\.jnl")


@dataclass(frozen=True, slots=True)
class Segment:
    """One journal file of one writer."""

    path: Path
    writer: str
    number: int
    size: int


@dataclass(frozen=True, slots=True)
class Check:
    """What a look at every line of a segment found; `last_seq` is -1 when no line is whole."""

    good: int
    bad: int
    last_seq: int
    torn: bool


def segment_path(folder: Path, writer: str, number: int) -> Path:
    """Return where segment `number` of `writer` is kept."""
    return folder / f"{writer}-{number:08d}.jnl"


def lock_path(folder: Path, writer: str) -> Path:
    """Return the file that `writer` holds locked while it lives."""
    return folder / f"{writer}.lock"


def lease_path(folder: Path, writer: str) -> Path:
    """Return the file that says until when `writer`, who is on another machine, counts as alive."""
    return folder / f"{writer}.lease"


def list_segments(folder: Path) -> dict[str, list[Segment]]:
    """Return the segments in `folder`, by writer and in order."""
    found: dict[str, list[Segment]] = {}
    try:
        entries = list(os.scandir(folder))
    except FileNotFoundError:
        return found
    for entry in sorted(entries, key=lambda e: e.name):
        match = _NAME.fullmatch(entry.name)
        if match is None:
            continue
        try:
            size = entry.stat().st_size
        except FileNotFoundError:
            continue  # folded away while we were looking
        segment = Segment(folder / entry.name, match[1], int(match[2]), size)
        found.setdefault(segment.writer, []).append(segment)
    return found


def segments_of(folder: Path, writer: str) -> list[Segment]:
    """Return the segments of one writer in order, without a look at those of the others."""
    found: list[Segment] = []
    for name in sorted(name for name in os.listdir(folder) if name.startswith(writer)):  # noqa: PTH208 - names are enough
        if match := _NAME.fullmatch(name):
            with suppress(FileNotFoundError):  # folded away while we were looking
                found.append(Segment(folder / name, writer, int(match[2]), (folder / name).stat().st_size))
    return found


def is_bare(segment: Segment) -> bool:
    """Say whether a segment has no record yet but its header, as after each fold; raises ``FileNotFoundError`` when it is gone."""
    if segment.size > LONGEST_HEADER:
        return False
    data = segment.path.read_bytes()
    return data.count(b'"q":') <= 1 and data.count(b"\n") <= 1 and b'"k":"hdr"' in data


def is_alive(folder: Path, writer: str, *, grace_s: float = 0.0) -> bool:
    """Say whether the process behind `writer` lives; one of another machine up to `grace_s` seconds after the end of its lease."""
    return lease_left(lease_path(folder, writer)) > -grace_s or is_held(lock_path(folder, writer))


def check_lines(data: bytes, *, keep: list[bytes] | None = None) -> Check:
    """Check every line of `data`; whole records are appended to `keep`.

    A last line without newline counts as torn, not as damaged: its writer may still be writing it.
    """
    lines = data.split(b"\n")
    tail = lines.pop()
    kept = keep if keep is not None else []
    before = len(kept)
    bad = 0
    for raw in lines:
        if is_whole(raw):
            kept.append(raw)
        else:
            bad += 1
            kept += whole_pieces(raw)
    if is_whole(tail):
        kept.append(tail)
    elif pieces := whole_pieces(tail):
        bad += 1  # its newline has become something else
        kept += pieces
    good = len(kept) - before
    return Check(good, bad, _sequence(kept[-1]) if good else -1, torn=tail != b"")


def check_file(path: Path) -> Check:
    """Check every line of the segment at `path`."""
    return check_lines(path.read_bytes())


def whole_lines(path: Path) -> list[bytes]:
    """Return the undamaged lines of the segment at `path`, without newlines."""
    kept: list[bytes] = []
    check_lines(path.read_bytes(), keep=kept)
    return kept


def _sequence(raw: bytes) -> int:
    match = re.match(rb'\{"q":(\d+),', raw)
    return int(match[1]) if match else -1
