"""Follows one run through the journals as they grow: every point once, without a database.

A look at the store says how far it saw (`cut`: the last sequence number of each writer). From there on the journals are read as they grow.
A file stays open until it is read to its end, so a fold that takes it away meanwhile takes nothing from the follower; where a sequence
number is missing all the same, :class:`GapError` says that the store must be looked at anew.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nbtrack.journal.segments import list_segments

if TYPE_CHECKING:
    from pathlib import Path

    from nbtrack.journal.segments import Segment

Points = dict[str, tuple[list[float], list[float], list[float]]]
"""Steps, values and times (milliseconds UTC) by metric, in the order in which they were logged."""

_SEQUENCE = re.compile(rb'\{"q":(\d+),')


class GapError(Exception):
    """Records went by unseen."""


@dataclass
class News:
    """What came since the last look: points, and whether there is anything else."""

    points: Points = field(default_factory=dict)
    has_other: bool = False


class _Open:
    """A segment that is being read."""

    def __init__(self, segment: Segment) -> None:
        self.number = segment.number
        self.fd = os.open(segment.path, os.O_RDONLY)
        self.rest = b""

    def lines(self) -> list[bytes]:
        """Return the whole lines that are new."""
        data = [self.rest]
        while piece := os.read(self.fd, 1 << 20):
            data.append(piece)
        *lines, self.rest = b"".join(data).split(b"\n")
        return lines


class Follower:
    """The records of one run that come after `cut`.

    Parameters
    ----------
    folder : Path
        ``X.nbtrack``.
    run_id : str
    cut : dict
        Last sequence number that is known already, by writer.
    """

    def __init__(self, folder: Path, run_id: str, cut: dict[str, int]) -> None:
        self._folder = folder / "w"
        self._mark = f'"r":"{run_id}"'.encode()
        self._next = {writer: last + 1 for writer, last in cut.items()}
        self._open: dict[str, _Open] = {}

    def news(self) -> News:
        """Return what came since the last look; raises :class:`GapError`."""
        news = News()
        groups = list_segments(self._folder)
        for writer in self._open.keys() - groups.keys():
            groups[writer] = []  # folded away: what is left to read is read from the open file
        for writer, group in groups.items():
            self._read(writer, group, news)
        return news

    @property
    def cut(self) -> dict[str, int]:
        """Return the last sequence number that is known by now, by writer."""
        return {writer: following - 1 for writer, following in self._next.items()}

    def close(self) -> None:
        """Let go of the files."""
        for each in self._open.values():
            os.close(each.fd)
        self._open = {}

    def _read(self, writer: str, group: list[Segment], news: News) -> None:
        present = self._open.get(writer)
        if present is not None:
            self._take(writer, present.lines(), news)
        for segment in group:
            if present is not None and segment.number <= present.number:
                continue
            try:
                following = _Open(segment)
            except FileNotFoundError:
                raise GapError from None  # folded while we looked
            if present is not None:
                self._take(writer, present.lines(), news)  # sealed now: this was its end
                os.close(present.fd)
            self._open[writer] = present = following
            self._take(writer, present.lines(), news)
        if not group and present is not None:
            os.close(self._open.pop(writer).fd)

    def _take(self, writer: str, lines: list[bytes], news: News) -> None:
        following = self._next.get(writer, 0)
        for line in lines:
            found = _SEQUENCE.match(line)
            if found is None:
                raise GapError  # damaged
            number = int(found[1])
            if number < following:
                continue
            if number > following:
                raise GapError
            following += 1
            if self._mark in line:
                _add(line, news)
        self._next[writer] = following


def _add(line: bytes, news: News) -> None:
    try:
        record: dict[str, Any] = json.loads(line)
    except ValueError:
        raise GapError from None
    if record.get("k") != "m":
        news.has_other = True
        return
    step, time = record["s"], record["t"] / 1000
    for key, value in record["m"].items():
        steps, values, times = news.points.setdefault(key, ([], [], []))
        steps.append(step)
        values.append(float(value))
        times.append(time)
