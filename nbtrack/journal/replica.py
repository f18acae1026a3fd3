"""Journals of writers on other machines: their lines come in over a network and stand here as if they had been written here.

A record is known by its writer and sequence number, so lines may come twice, and what has been taken is never taken again. A writer
elsewhere holds no lock here; it lives for as long as its lease, which each delivery renews.
"""

from __future__ import annotations

import errno
import os
import re
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from filelock import FileLock

from nbtrack.errors import InvalidValueError
from nbtrack.journal.liveness import MARGIN_S, lease_left
from nbtrack.journal.record import MAX_BYTES, is_whole
from nbtrack.journal.segments import check_lines, lease_path, segment_path, segments_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

MAX_DELIVERY = 4 * MAX_BYTES
"""Bytes of one delivery: at least the largest record."""
SAME_S = 1.0
"""Leases that end so close to one another are the same."""
_WRITER = re.compile(r"[0-9a-f]{32}")
_BEGIN = re.compile(rb'\{"q":(\d{1,18}),"k":"([a-z]{1,20})"')
_HEADER = b"hdr"

Line = tuple[int, bytes, bytes]
"""Sequence number, kind and the whole line without its newline."""


class MissingRecordsError(Exception):
    """Records before those delivered have never come; `last` is the last one that has."""

    def __init__(self, last: int) -> None:
        self.last = last
        super().__init__(f"the last record here is {last}")


@dataclass
class _Place:
    """Where the next line of a writer goes; `size` is how long the file is when nobody else has written to it."""

    last: int
    number: int
    size: int


class Replica:
    """Takes in the journals of other machines, for one store.

    Several processes may take in the same journals: each delivery is written under a lock.

    Parameters
    ----------
    folder : Path
        The ``X.nbtrack`` folder.
    folded : callable
        Returns the last segment and sequence number of a writer that are in the database already, ``(-1, -1)`` when none are.
    is_lasting : bool
        Whether each delivery survives a power cut; False where all of it can be had again.
    """

    def __init__(self, folder: Path, folded: Callable[[str], tuple[int, int]], *, is_lasting: bool = True) -> None:
        self._is_lasting = is_lasting
        self._folder = folder / "w"
        self._folded = folded
        self._places: dict[str, _Place] = {}
        self._lock = threading.Lock()

    def receive(
        self, writer: str, data: bytes, *, after: int, lease_s: float, rewrite: Callable[[Line], bytes] | None = None
    ) -> int:
        """Take in lines of one writer; safe against a power cut when it returns.

        Parameters
        ----------
        writer : str
            32 hexadecimal digits.
        data : bytes
            Whole lines, oldest first.
        after : int
            Sequence number of the record before the first of `data`, -1 when there is none.
        lease_s : float
            For how many seconds the writer counts as alive from now on; 0 when it has come to its end.
        rewrite : callable, optional
            Returns what is kept of a line (whole, with its checksum); metric points are kept as they are. It may refuse by raising: then
            nothing of `data` is taken.

        Returns
        -------
        int
            Sequence number of the last record of this writer that is here.

        Raises
        ------
        MissingRecordsError
            Records before `after` are not here.
        InvalidValueError
            Something is wrong with `writer` or `data`.
        """
        lines = read_lines(check_writer(writer), data)
        with self._alone():
            place = self._place(writer)
            if after > place.last:
                raise MissingRecordsError(place.last)
            new = [each for each in lines if each[0] > place.last]
            if rewrite is not None:
                new = [(q, kind, text if kind == b"m" else rewrite((q, kind, text))) for q, kind, text in new]
            left, wanted = lease_left(lease_path(self._folder, writer)), max(lease_s, MARGIN_S)
            is_open = place.size > 0 and left > MARGIN_S
            if abs(left - wanted) > SAME_S or left <= MARGIN_S:
                self._renew(writer, wanted)  # first: from now on no fold takes the segment that is written to
            self._write(writer, place, new, is_open=is_open)
            if lease_s <= 0:
                self._renew(writer, 0)
            return place.last

    def last(self, writer: str) -> int:
        """Return the sequence number of the last record of a writer that is here, -1 when there is none."""
        with self._alone():
            return self._place(check_writer(writer)).last

    def renew(self, writer: str, lease_s: float) -> None:
        """Let a writer count as alive for so many seconds; 0 ends it."""
        with self._alone():
            self._renew(check_writer(writer), lease_s)

    # -- inside the lock ---------------------------------------------------------------------------------------------

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._lock, FileLock(self._folder.parent / "receive.lock", mode=0o600):
            yield

    def _place(self, writer: str) -> _Place:
        """Return where a writer's lines go on: as remembered while that is true, else as the files and the database say."""
        place = self._places.get(writer)
        if place is None or not self._is_as_left(writer, place):
            place = self._places[writer] = self._look(writer)
        return place

    def _is_as_left(self, writer: str, place: _Place) -> bool:
        try:
            size = segment_path(self._folder, writer, place.number).stat().st_size
        except FileNotFoundError:  # folded away, or never begun
            return False
        return size == place.size and not segment_path(self._folder, writer, place.number + 1).exists()

    def _look(self, writer: str) -> _Place:
        number, last = self._folded(writer)
        place = _Place(last, number, 0)
        for segment in segments_of(self._folder, writer):
            data = segment.path.read_bytes()
            whole = data[: data.rfind(b"\n") + 1]
            os.truncate(segment.path, len(whole))  # a torn end was never acknowledged: it comes again
            place.number, place.size = segment.number, len(whole)
            place.last = max(place.last, check_lines(whole).last_seq)
        return place

    def _write(self, writer: str, place: _Place, lines: Iterable[Line], *, is_open: bool) -> None:
        """Append lines; each header begins a segment, so that the ones before can be folded."""
        for _, part in groupby(lines, key=_Counter()):
            found = [*part]
            if not is_open or found[0][1] == _HEADER:
                place.number, place.size = place.number + 1, 0
            is_open = True
            self._append(writer, place, found)

    def _append(self, writer: str, place: _Place, lines: list[Line]) -> None:
        data = b"".join([text + b"\n" for _, _, text in lines])
        path = segment_path(self._folder, writer, place.number)
        try:
            _write(path, data, is_lasting=self._is_lasting)
        except OSError:
            with suppress(OSError):
                os.truncate(path, place.size)
            del self._places[writer]
            raise
        place.last, place.size = lines[-1][0], place.size + len(data)

    def _renew(self, writer: str, lease_s: float) -> None:
        path = lease_path(self._folder, writer)
        if lease_s <= 0:
            path.unlink(missing_ok=True)
            return
        new = path.with_suffix(f".{os.getpid()}.new")
        new.write_text(f"{time.time() + lease_s:.3f}")
        new.replace(path)


class _Counter:
    """Numbers the parts of a delivery: each header begins one."""

    def __init__(self) -> None:
        self._n = 0

    def __call__(self, line: Line) -> int:
        self._n += line[1] == _HEADER
        return self._n


def _write(path: Path, data: bytes, *, is_lasting: bool) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        if os.write(fd, data) != len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if is_lasting:
            os.fsync(fd)
    finally:
        os.close(fd)


def check_writer(writer: str) -> str:
    """Return the id of a writer, or raise."""
    if not _WRITER.fullmatch(writer):
        message = f"A writer is named by 32 hexadecimal digits; received {writer[:80]!r}."
        raise InvalidValueError(message)
    return writer


def read_lines(writer: str, data: bytes) -> list[Line]:
    """Return the lines of a delivery; raises ``InvalidValueError`` when one is damaged or out of order."""
    if len(data) > MAX_DELIVERY:
        message = (
            f"{len(data):,} bytes are too many for one delivery (limit {MAX_DELIVERY:,}); send fewer lines at once."
        )
        raise InvalidValueError(message)
    *raw, rest = data.split(b"\n")
    if rest:
        message = f"The last line of writer {writer} has no end; send whole lines."
        raise InvalidValueError(message)
    found: list[Line] = []
    for text in raw:
        begin = _BEGIN.match(text)
        if begin is None or not is_whole(text) or (found and int(begin[1]) <= found[-1][0]):
            message = f"Line {len(found) + 1} of writer {writer} is damaged or out of order; nothing of it was taken."
            raise InvalidValueError(message)
        found.append((int(begin[1]), begin[2], text))
    return found
