"""Trackio's SQLite files as runs, whatever version wrote them: what a table has not, is not asked for."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.moving.here import file_here
from nbtrack.moving.ids import run_id_of
from nbtrack.moving.moved import MovedExperiment, MovedRun
from nbtrack.moving.series import Book, flat, number_of, shown, sound_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbtrack.moving.moved import MovedFile
    from nbtrack.moving.tally import Tally

_TOLD = {"_Username": "trackio.user", "_Group": "trackio.group"}
_US = 1_000_000


@dataclass(frozen=True, slots=True)
class _Key:
    """How a database names a run: by an id since 2026, by its name before, within a project where one file has several."""

    project: str | None
    name: str
    run_id: str | None


@dataclass(slots=True)
class _Content:
    book: Book = field(default_factory=Book)
    files: dict[str, MovedFile] = field(default_factory=dict)
    first_us: int = 0
    last_us: int = 0
    left_out: dict[str, int] = field(default_factory=dict)


class Trackio:
    """The runs in Trackio's databases.

    Parameters
    ----------
    place : path-like
        A ``.db`` file, or the folder of them (``~/.cache/huggingface/trackio``).
    experiment : str, optional
        Into which experiment they come; named like their projects when not given.
    has_stats : bool
        Whether system metrics come too, as ``system/…``.

    Raises
    ------
    NotFoundError
        There is no such file or folder.
    InvalidValueError
        There is no database of Trackio.
    """

    title = "Trackio"

    def __init__(self, place: str | Path, experiment: str | None = None, *, has_stats: bool = False) -> None:
        self.place = Path(place)
        if not self.place.exists():
            hint = "Trackio keeps its files in ~/.cache/huggingface/trackio, or in $TRACKIO_DIR."
            raise NotFoundError("File or folder", self.place.name, where=str(self.place.absolute().parent), hint=hint)
        self.experiment = experiment
        self._has_stats = has_stats
        files = sorted(self.place.glob("*.db")) if self.place.is_dir() else [self.place]
        self._files = [file for file in files if _is_trackio(file)]
        if not self._files:
            message = f"There is no database of Trackio (with a table `metrics`) at {self.place}."
            raise InvalidValueError(message)

    def __len__(self) -> int:
        """Return the number of runs."""
        return sum(len(self._keys(con)) for file in self._files for con in self._opened(file))

    def experiments(self) -> Iterator[MovedExperiment]:
        """Yield nothing: experiments come with the runs, which name them."""
        yield from ()

    def runs(self, tally: Tally) -> Iterator[MovedRun]:
        """Yield the runs; what is left out is told to `tally`."""
        for file in self._files:
            for con in self._opened(file):
                for key in self._keys(con):
                    try:
                        yield self._run(con, file, key, tally)
                    except (sqlite3.DatabaseError, ValueError) as error:
                        tally.skip(f"{file.name}: {key.name}", error)

    # -- inside ------------------------------------------------------------------------------------------------------

    def _opened(self, file: Path) -> Iterator[sqlite3.Connection]:
        """Yield a connection that can only read, and close it after that."""
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as con:
            yield con

    def _keys(self, con: sqlite3.Connection) -> list[_Key]:
        found: dict[_Key, None] = {}
        for table in ("configs", "metrics", "system_metrics"):
            has = _columns(con, table)
            if "run_name" not in has:
                continue
            project = "project_name" if "project_name" in has else "NULL"
            run_id = "run_id" if "run_id" in has else "NULL"
            query = f"SELECT {project}, run_name, {run_id} FROM {table} GROUP BY 1, 2, 3 ORDER BY min(id)"
            for row in con.execute(query):
                found[_Key(*row)] = None
        return [*found]

    def _run(self, con: sqlite3.Connection, file: Path, key: _Key, tally: Tally) -> MovedRun:
        config, created_us = self._config(con, key)
        content = _Content()
        self._metrics(con, key, content, file.parent)
        if self._has_stats:
            self._system(con, key, content)
        for what, n in content.left_out.items():
            tally.note(f"{what} are not moved ({n} in {key.name})")
        project = key.project or file.stem
        told = {name: config.pop(name, None) for name in [name for name in config if name.startswith("_")]}
        tags = {tag: str(told[name]) for name, tag in _TOLD.items() if told.get(name)}
        start_us = _moment(told.get("_Created")) or content.first_us or created_us
        return MovedRun(
            run_id_of("trackio", f"{project}/{key.run_id or key.name}"),
            self.experiment or project,
            key.name,
            start_us,
            end_us=max(content.last_us, start_us),
            user=str(told.get("_Username") or ""),
            params={sound_key(name): shown(value) for name, value in flat(config)},
            tags=tags,
            metrics=content.book.points,
            counts=content.book.counts(),
            files=content.files.values,
        )

    def _config(self, con: sqlite3.Connection, key: _Key) -> tuple[dict[str, Any], int]:
        for config, created in self._rows(con, "configs", ("config", "created_at"), key):
            found = json.loads(config)
            return (found if isinstance(found, dict) else {}), _moment(created)
        return {}, 0

    def _metrics(self, con: sqlite3.Connection, key: _Key, content: _Content, folder: Path) -> None:
        has_step = "step" in _columns(con, "metrics")
        for i, (text, at, step) in enumerate(
            self._rows(con, "metrics", ("metrics", "timestamp", "step" if has_step else "NULL"), key)
        ):
            t_us = _moment(at)
            content.first_us = content.first_us or t_us
            content.last_us = max(content.last_us, t_us)
            for name, value in flat(json.loads(text)):
                number = number_of(value)
                if number is not None:
                    content.book.add(name, i if step is None else int(step), t_us, number)
                elif not _keep(value, name, t_us, content, folder):
                    what = str(value.get("_type", "objects")) if isinstance(value, dict) else "texts and lists"
                    content.left_out[what] = content.left_out.get(what, 0) + 1

    def _system(self, con: sqlite3.Connection, key: _Key, content: _Content) -> None:
        for i, (text, at) in enumerate(self._rows(con, "system_metrics", ("metrics", "timestamp"), key)):
            for name, value in flat(json.loads(text)):
                if (number := number_of(value)) is not None:
                    content.book.add(f"system/{name}", i, _moment(at), number)

    def _rows(self, con: sqlite3.Connection, table: str, columns: tuple[str, ...], key: _Key) -> Iterator[Any]:
        has = _columns(con, table)
        if "run_name" not in has:
            return
        where = {"run_name": key.name}
        if key.run_id is not None and "run_id" in has:
            where["run_id"] = key.run_id
        if key.project is not None and "project_name" in has:
            where["project_name"] = key.project
        test = " AND ".join(f"{name} = ?" for name in where)
        query = f"SELECT {', '.join(columns)} FROM {table} WHERE {test} ORDER BY id"
        yield from con.execute(query, [*where.values()])


def _keep(value: Any, name: str, t_us: int, content: _Content, folder: Path) -> bool:
    """Take over a picture, sound or video that lies beside the database, and nothing that lies elsewhere."""
    path = value.get("file_path") if isinstance(value, dict) else None
    if not isinstance(path, str):
        return False
    for root in (folder / "media", folder):
        file = (root / path).resolve()
        if file.is_relative_to(folder.resolve()) and file.is_file():
            place = f"media/{sound_key(name).strip('/')}/{Path(path).parent.name}-{file.name}"
            content.files[place] = file_here(place, file, t_us)
            return True
    return False


def _columns(con: sqlite3.Connection, table: str) -> set[str]:
    return {row[1] for row in con.execute(f"PRAGMA table_info({table})")}


def _is_trackio(file: Path) -> bool:
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as con:
            return {"run_name", "metrics", "timestamp"} <= _columns(con, "metrics")
    except sqlite3.DatabaseError:
        return False


def _moment(text: Any) -> int:
    """Return an ISO time in microseconds UTC; one without a zone is UTC. 0 for what is none."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return 0
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    since = found - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * _US + since.microseconds
