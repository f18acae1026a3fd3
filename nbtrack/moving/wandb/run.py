"""One run as W&B's logs tell it: config, history, summary, files, and how it ended."""

from __future__ import annotations

import json
from collections.abc import Callable  # noqa: TC003 - a dataclass looks at it
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.entities import RunStatus
from nbtrack.moving.here import file_here
from nbtrack.moving.protobuf import WireError, fields, grouped, raw, signed, text
from nbtrack.moving.series import Book, flat, number_of, shown, sound_key
from nbtrack.moving.wandb.log import Found, read_log
from nbtrack.names import NOTE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbtrack.moving.moved import MovedFile

# Numbers of fields in wandb_internal.proto, which have been the same since 2020.
HISTORY, SUMMARY, CONFIG, STATS, ARTIFACT, RUN, EXIT, ENVIRONMENT = 2, 3, 5, 7, 8, 17, 18, 26
US = 1_000_000
_OWN = ("_step", "_timestamp", "_runtime", "_wandb")
MAX_SHOWN = 5000

Message = dict[int, list["int | bytes"]]


@dataclass(slots=True)
class WandbRun:
    """What the logs of a run say; more than one when it was resumed.

    Attributes
    ----------
    may_read : callable
        Says whether a file that a link or a log names may be read: the folder may come from somebody else.
    missing : list of (path, why)
        Files that are not moved.
    """

    may_read: Callable[[Path], bool] = Path.is_file
    run_id: str = ""
    project: str = ""
    entity: str = ""
    name: str = ""
    user: str = ""
    start_us: int = 0
    last_us: int = 0
    exit_code: int | None = None
    config: dict[str, Any] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    book: Book = field(default_factory=Book)
    files: dict[str, MovedFile] = field(default_factory=dict)
    missing: list[tuple[str, str]] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)
    has_stats: bool = False
    _n_stats: int = 0

    def read(self, log: Path) -> Found:
        """Take in a log and the files beside it; raises ``InvalidValueError`` when it is none."""
        found = Found()
        takes: dict[int, Callable[[Message], None]] = {
            RUN: self._run,
            CONFIG: partial(_update, self.config),
            SUMMARY: partial(_update, self.summary),
            HISTORY: self._history,
            STATS: self._stats,
            ARTIFACT: self._artifact,
            ENVIRONMENT: self._environment,
            EXIT: self._exit,
        }
        self.exit_code = None  # a run that was resumed has not ended with what came before
        for data in read_log(log, found):
            try:
                for number, value in fields(data):
                    if number in takes:
                        takes[number](grouped(value))
            except WireError:
                found.damaged += 1
        self.last_us = max(self.last_us, self.start_us)
        self._beside(log.parent / "files")
        return found

    def params(self) -> dict[str, str]:
        """Return the config as params: nested names joined by dots, lists as JSON."""
        own = {key: value for key, value in self.config.items() if key != "_wandb"}
        return {sound_key(key): shown(value) for key, value in flat(own)}

    def close(self) -> None:
        """Take over what the summary has and the history has not: numbers as a last point, texts as tags."""
        step = self.book.last_step()
        for key, value in flat({k: v for k, v in self.summary.items() if k not in _OWN}):
            number = number_of(value)
            if number is not None:
                if key not in self.book:
                    self.book.add(key, step, self.last_us, number)
            elif isinstance(value, str):
                self.tags[f"wandb.summary.{sound_key(key)}"[:250]] = value[:MAX_SHOWN]

    def status(self, *, is_fresh: bool) -> RunStatus:
        """Return how it ended; one without an end goes on while its log is `is_fresh`."""
        if self.exit_code is None:
            return RunStatus.RUNNING if is_fresh else RunStatus.KILLED
        return RunStatus.FAILED if self.exit_code else RunStatus.FINISHED

    # -- records -----------------------------------------------------------------------------------------------------

    def _run(self, found: Message) -> None:
        self.run_id, self.entity, self.project = (_text(found, number) for number in (1, 2, 3))
        self.name = _text(found, 8)
        for config in found.get(4, []):
            _update(self.config, grouped(config))
        for summary in found.get(5, []):
            _update(self.summary, grouped(summary))
        said = {"wandb.run_id": 1, "wandb.group": 6, "wandb.job_type": 7, NOTE: 9, "wandb.sweep": 12, "wandb.host": 13}
        self.tags |= {key: _text(found, number) for key, number in said.items() if _text(found, number)}
        if labels := [text(label) for label in found.get(10, [])]:
            self.tags["wandb.tags"] = ", ".join(labels)
        for git in found.get(21, []):
            self._git(grouped(git))
        started = _moment(found.get(17))
        self.start_us = min(self.start_us or started, started or self.start_us)

    def _git(self, found: Message) -> None:
        said = {"mlflow.source.git.repoURL": _text(found, 1), "mlflow.source.git.commit": _text(found, 2)}
        self.tags |= {key: value for key, value in said.items() if value}

    def _environment(self, found: Message) -> None:
        self.user = _text(found, 13) or self.user
        said = {"mlflow.source.name": _text(found, 6), "wandb.python": _text(found, 2), "wandb.os": _text(found, 1)}
        self.tags |= {key: value for key, value in said.items() if value}
        for git in found.get(9, []):
            self._git(grouped(git))

    def _history(self, found: Message) -> None:
        values = dict(_items(found, 1))
        steps = [signed(grouped(step).get(1, [0])[0]) for step in found.get(2, [])]
        step = steps[0] if steps else int(number_of(values.get("_step")) or 0)
        seconds = number_of(values.get("_timestamp"))
        t_us = round(seconds * US) if seconds else self.start_us + round((number_of(values.get("_runtime")) or 0) * US)
        self.last_us = max(self.last_us, t_us)
        own = {key: value for key, value in values.items() if key not in _OWN}
        typed = {key.removesuffix("._type"): own[key] for key in own if key.endswith("._type")}
        for key, kind in typed.items():  # a picture or a histogram, told part by part
            own = {name: value for name, value in own.items() if not name.startswith(f"{key}.")}
            self._leave(f"values of type {kind}")
        for key, value in flat(own):
            number = number_of(value)
            if number is not None:
                self.book.add(key, step, t_us, number)
            else:
                self._leave(_kind(value))

    def _stats(self, found: Message) -> None:
        t_us = _moment(found.get(2))
        self.last_us = max(self.last_us, t_us)
        if self.has_stats:
            for key, value in _items(found, 3, number_of_key=1):
                if (number := number_of(value)) is not None:
                    self.book.add(f"system/{key}", self._n_stats, t_us, number)
            self._n_stats += 1

    def _exit(self, found: Message) -> None:
        self.exit_code = signed(found.get(1, [0])[0])
        runtime = signed(found.get(2, [0])[0])
        self.last_us = max(self.last_us, self.start_us + runtime * US)

    def _artifact(self, found: Message) -> None:
        """Take over the files of an artifact as far as W&B has kept copies of them."""
        name = _text(found, 5)
        for manifest in found.get(12, []):
            for entry in grouped(manifest).get(4, []):
                content = grouped(entry)
                path, local = _text(content, 1), _text(content, 6)
                if local:
                    self._link(f"artifacts/{name}/{path}", Path(local))
                elif not _text(content, 3):
                    self.missing.append((f"artifacts/{name}/{path}", "W&B has no copy of it on this machine"))

    def _beside(self, folder: Path) -> None:
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder).as_posix()
            if path.is_symlink():
                self._link(name, path)
            elif path.is_file():
                self._keep(name, path)

    def _link(self, name: str, path: Path) -> None:
        if not path.is_file():
            self.missing.append((name, f"{path.resolve()} is not there any more"))
        elif self.may_read(path):
            self._keep(name, path)
        else:
            self.missing.append(
                (name, f"it is a link to {path.resolve()}, elsewhere on this machine; --follow-links takes it")
            )

    def _keep(self, name: str, path: Path) -> None:
        self.files[name] = file_here(name, path)

    def _leave(self, what: str) -> None:
        self.left_out[what] = self.left_out.get(what, 0) + 1


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        return f"values of type {value.get('_type', 'object')}"
    return "texts" if isinstance(value, str) else "lists and empty values"


def _update(into: dict[str, Any], found: Message) -> None:
    """Apply a record of changes: what is updated, and what is removed."""
    for update in found.get(1, []):
        item = grouped(update)
        place, *inner = _names(item, 1)
        target = into
        for name in inner:
            kept = target.get(place)
            target[place] = kept if isinstance(kept, dict) else {}
            target, place = target[place], name
        target[place] = _loaded(_text(item, 16))
    for remove in found.get(2, []):
        into.pop(_names(grouped(remove), 1)[0], None)


def _items(found: Message, number: int, *, number_of_key: int = 1) -> Iterator[tuple[str, Any]]:
    for item in found.get(number, []):
        content = grouped(item)
        yield ".".join(_names(content, number_of_key)), _loaded(_text(content, 16))


def _names(item: Message, number: int) -> list[str]:
    """Return the name of an item, or the names from the outside in."""
    nested = [text(name) for name in item.get(2, [])]
    return [_text(item, number)] if _text(item, number) or not nested else nested


def _loaded(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


def _text(found: Message, number: int) -> str:
    return text(found[number][-1]) if number in found else ""


def _moment(found: list[int | bytes] | None) -> int:
    """Return a google.protobuf.Timestamp in microseconds UTC, 0 without one."""
    if not found:
        return 0
    parts = grouped(raw(found[0]))
    return signed(parts.get(1, [0])[0]) * US + signed(parts.get(2, [0])[0]) // 1000
