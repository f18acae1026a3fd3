"""Journals that wait to be sent to another machine: what of them has arrived there, what comes next, and what can go.

One process at a time sends what is in a folder, also for others and for processes that have died.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbtrack.journal.record import MAX_BYTES, is_whole, whole_pieces
from nbtrack.journal.segments import Segment, is_alive, list_segments, lock_path

if TYPE_CHECKING:
    from pathlib import Path

DELIVERY_BYTES = 4 << 20
"""A delivery ends with the record that passes this."""
_SEQUENCE = re.compile(rb'\{"q":(\d+),')
_DIGEST = re.compile(rb'"sha256":"([0-9a-f]{64})"')


@dataclass(frozen=True, slots=True)
class Delivery:
    """What is to be sent next of one writer.

    Attributes
    ----------
    writer : str
    after, last : int
        Sequence numbers of the record before the first and of the last; `last` equals `after` when there is nothing to send but that the
        writer has come to its end.
    data : bytes
        Whole lines.
    digests : tuple of str
        SHA-256 of the files that they name.
    is_end : bool
        Nothing comes after it: the writer's process is gone.
    """

    writer: str
    after: int
    last: int
    data: bytes
    digests: tuple[str, ...]
    is_end: bool


@dataclass(slots=True)
class _Place:
    """How far a writer's journal has arrived, and where the record after that begins."""

    last: int = -1
    number: int = -1
    offset: int = 0


class Outbox:
    """The journals in a folder.

    Parameters
    ----------
    folder : Path
        A ``X.nbtrack`` folder whose journals nobody folds.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "w"
        self._places: dict[str, _Place] = {}

    def writers(self) -> list[str]:
        """Return the writers of which there is a journal."""
        return sorted(list_segments(self._folder))

    def next(self, writer: str, room: int = 0) -> Delivery | None:
        """Return what is to be sent next of a writer, None when all has arrived and more may come; about `room` bytes."""
        room = room or DELIVERY_BYTES
        alive = is_alive(self._folder, writer)
        # Listed after the liveness: a writer that died meanwhile may have opened one more segment first.
        group = list_segments(self._folder).get(writer, [])
        place = self._place(writer, group)
        lines: list[bytes] = []
        size, is_whole_rest = 0, True
        for segment in group:
            if segment.number < place.number:
                continue
            found, is_read = _read(segment, place.offset if segment.number == place.number else 0, room - size)
            lines += found
            size += sum(map(len, found))
            if not is_read or size >= room:
                is_whole_rest = False
                break
        lines = [text for text in lines if _number(text) > place.last]
        is_end = not alive and is_whole_rest
        if not lines and not is_end:
            return None
        last = _number(lines[-1]) if lines else place.last
        digests = tuple(
            dict.fromkeys(d.decode() for text in lines if b'"k":"artifact"' in text for d in _DIGEST.findall(text))
        )
        return Delivery(writer, place.last, last, b"".join(text + b"\n" for text in lines), digests, is_end)

    def arrived(self, delivery: Delivery, last: int) -> None:
        """Note that everything of a writer up to `last` is on the other side; segments that are not needed any more go."""
        group = list_segments(self._folder).get(delivery.writer, [])
        place = self._place(delivery.writer, group)
        if last != place.last:
            place.last = last
            self._advance(place, group)
            self._note(delivery.writer, last)
        if delivery.is_end and last >= delivery.last:
            self._forget(delivery.writer, group)
            return
        for segment in group[:-1]:
            if segment.number < place.number:
                segment.path.unlink(missing_ok=True)

    def waiting(self) -> int:
        """Return how many bytes have not arrived yet, about."""
        total = 0
        for writer, group in list_segments(self._folder).items():
            place = self._place(writer, group)
            total += sum(
                s.size - (place.offset if s.number == place.number else 0) for s in group if s.number >= place.number
            )
        return total

    # -- places ------------------------------------------------------------------------------------------------------

    def _place(self, writer: str, group: list[Segment]) -> _Place:
        if writer not in self._places:
            place = self._places[writer] = _Place(self._noted(writer))
            self._advance(place, group)
        return self._places[writer]

    def _advance(self, place: _Place, group: list[Segment]) -> None:
        """Move to the record after the last one that has arrived."""
        for segment in group:
            if segment.number < place.number:
                continue
            offset = place.offset if segment.number == place.number else 0
            with segment.path.open("rb") as file:
                file.seek(offset)
                for text in file:
                    if not text.endswith(b"\n") or _number(text) > place.last:
                        break
                    offset += len(text)
            place.number, place.offset = segment.number, offset
            if offset < segment.size:
                return

    def _noted(self, writer: str) -> int:
        try:
            return int(self._note_path(writer).read_text())
        except (OSError, ValueError):
            return -1

    def _note(self, writer: str, last: int) -> None:
        path = self._note_path(writer)
        new = path.with_suffix(f".{os.getpid()}.new")
        new.write_text(str(last))
        new.replace(path)

    def _note_path(self, writer: str) -> Path:
        return self._folder / f"{writer}.sent"

    def _forget(self, writer: str, group: list[Segment]) -> None:
        for path in (*(segment.path for segment in group), lock_path(self._folder, writer), self._note_path(writer)):
            with suppress(OSError):
                path.unlink(missing_ok=True)
        self._places.pop(writer, None)


def _read(segment: Segment, offset: int, room: int) -> tuple[list[bytes], bool]:
    """Return the whole lines from `offset` on, as many as there is room for and at least one record; and whether that is all."""
    with segment.path.open("rb") as file:
        file.seek(offset)
        data = file.read(max(room, 1) + MAX_BYTES)
        is_all = not file.read(1)
    *raw, rest = data.split(b"\n")
    lines: list[bytes] = []
    size = 0
    for text in raw:
        found = [text] if is_whole(text) else whole_pieces(text)  # damaged ones are left out: they are lost here
        lines += found
        size += len(text) + 1
        if size >= room:
            return lines, is_all and size == len(data)
    if is_all and is_whole(rest):
        lines.append(rest)  # its process was killed before the newline
    return lines, is_all


def _number(text: bytes) -> int:
    match = _SEQUENCE.match(text)
    return int(match[1]) if match else -1
