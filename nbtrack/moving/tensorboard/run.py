"""One run of TensorBoard: the event files of a folder, read in the order in which they were begun, as if they were one."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from nbtrack.moving.moved import MovedFile
from nbtrack.moving.protobuf import WireError, double, grouped, raw, signed, text
from nbtrack.moving.series import Book
from nbtrack.moving.tensorboard.events import Event, Found, Value, parse, read_events

if TYPE_CHECKING:
    from pathlib import Path

_ENDINGS = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpg", b"GIF8": "gif", b"RIFF": "wav"}
_FAILURE = 2
_NUMBER, _STRING, _BOOL = 2, 3, 4
_FOLDERS = {"images": "images", "text": "texts", "audio": "audio", "image": "images"}
SCALARS = "scalars"


@dataclass(slots=True)
class EventRun:
    """What the event files of a folder say.

    Attributes
    ----------
    first, last : float
        Wall times in seconds; `first` is infinite when there is no event.
    kept : dict of MovedFile
        Images, sounds and texts by path; they are read again when they are fetched.
    left_out : dict of int
        How many values of which plugin are not moved.
    damage : list of (file name, Found)
    """

    first: float = math.inf
    last: float = 0.0
    book: Book = field(default_factory=Book)
    params: dict[str, str] = field(default_factory=dict)
    group: str = ""
    is_failed: bool = False
    kept: dict[str, MovedFile] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    damage: list[tuple[str, Found]] = field(default_factory=list)
    is_torn: bool = False
    _plugins: dict[str, str] = field(default_factory=dict)

    def read(self, path: Path) -> None:
        """Take in an event file; what is wrong with it is noted, never raised."""
        found = Found()
        try:
            for event in read_events(path, found):
                self._take(event, path)
        except OSError as error:
            found.why = f"cannot be read: {error.strerror or error}"
        if found.why:
            self.damage.append((path.name, found))
        self.is_torn = found.is_torn

    # -- inside ------------------------------------------------------------------------------------------------------

    def _take(self, event: Event, path: Path) -> None:
        if event.time > 0:
            self.first, self.last = min(self.first, event.time), max(self.last, event.time)
        if event.is_restart:
            self.book.cut(event.step)
        for i, value in enumerate(event.values):
            plugin = self._plugins.setdefault(value.tag, value.plugin) or value.plugin
            if value.kind == "scalar":
                self._point(value.tag, event, value.number)
            elif plugin == "hparams":
                self._hparams(value.content)
            elif value.kind in ("image", "audio") or (value.tensor is not None and plugin in _FOLDERS):
                self._keep(value, plugin or value.kind, event, i, path)
            elif value.tensor is not None and plugin in (SCALARS, ""):
                self._tensor(value, event, plugin)
            else:
                self._leave(plugin or "histograms")

    def _point(self, key: str, event: Event, value: float) -> None:
        self.book.add(key, event.step, round(event.time * 1e6), value)

    def _tensor(self, value: Value, event: Event, plugin: str) -> None:
        assert value.tensor is not None
        try:
            self._point(value.tag, event, value.tensor.scalar())
        except WireError:
            self._leave(plugin or "tensors")

    def _leave(self, what: str) -> None:
        self.left_out[what] = self.left_out.get(what, 0) + 1

    def _keep(self, value: Value, plugin: str, event: Event, i: int, path: Path) -> None:
        parts = contents(value, plugin)
        for n, data in enumerate(parts):
            ending = "md" if plugin == "text" else _ending(data)
            name = f"{event.step}.{ending}" if len(parts) == 1 else f"{event.step}-{n}.{ending}"
            place = f"{_FOLDERS.get(plugin, plugin)}/{_safe(value.tag)}/{name}"
            fetch = partial(_fetch, path, event.at, event.size, i, n, plugin)
            self.kept[place] = MovedFile(place, fetch, len(data), round(event.time * 1e6))

    def _hparams(self, content: bytes) -> None:
        try:
            found = grouped(content)
            for start in found.get(3, []):
                self._session(grouped(start))
            for end in found.get(4, []):
                self.is_failed = signed(grouped(end).get(1, [0])[0]) == _FAILURE
        except WireError:
            self._leave("hparams")

    def _session(self, start: dict[int, list[int | bytes]]) -> None:
        self.group = text(start.get(4, [b""])[0])
        for entry in start.get(1, []):
            pair = grouped(entry)
            self.params[text(pair.get(1, [b""])[0])] = _hparam(raw(pair.get(2, [b""])[0]))


def contents(value: Value, plugin: str) -> list[bytes]:
    """Return the files that a value holds."""
    if value.tensor is None:
        return [value.data]
    strings = [*value.tensor.strings]
    if plugin == "images":  # width and height come first
        return strings[2:]
    if plugin == "text" and len(strings) > 1:  # a table: its cells are one text
        return [b"\n\n".join(strings)]
    return strings


def _fetch(path: Path, at: int, size: int, i: int, n: int, plugin: str, target: Path) -> Path:
    """Write a file that is a part of an event."""
    with path.open("rb") as file:
        file.seek(at)
        event = parse(file.read(size))
    target.write_bytes(contents(event.values[i], plugin)[n])
    return target


def _ending(data: bytes) -> str:
    return next((name for start, name in _ENDINGS.items() if data.startswith(start)), "bin")


def _safe(tag: str) -> str:
    """Return a tag as the folders of an artifact: nothing leads out of them."""
    parts = [part.strip() for part in tag.replace("\\", "/").split("/")]
    return "/".join(part for part in parts if part not in ("", ".", "..")) or "unnamed"


def _hparam(data: bytes) -> str:
    """Return a google.protobuf.Value as the text of a param."""
    for number, value in grouped(data).items():
        one = value[0]
        if number == _NUMBER:
            found = double(one)
            return str(int(found)) if found.is_integer() and abs(found) < 2**53 else repr(found)
        if number == _STRING:
            return text(one)
        if number == _BOOL:
            return str(bool(one))
        if number > _BOOL:
            return json.dumps(text(one))
    return "None"
