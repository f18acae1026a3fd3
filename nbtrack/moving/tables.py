"""Runs out of CSV and Parquet files: a row a run, or a row a step."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from nbtrack.entities import RunStatus
from nbtrack.errors import InvalidValueError
from nbtrack.moving.here import want_file
from nbtrack.moving.ids import run_id_of
from nbtrack.moving.moved import MovedExperiment, MovedRun
from nbtrack.moving.series import Book, sound_key
from nbtrack.names import is_run_id
from nbtrack.store.rows import open_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nbtrack.moving.tally import Tally
    from nbtrack.store.rows import Kind, RowFile

Form = Literal["csv", "parquet"]
_SAID = {
    "run_id": ("run_id",),
    "name": ("run_name", "name"),
    "experiment": ("experiment", "experiment_name"),
    "status": ("status",),
    "start": ("start_time",),
    "end": ("end_time",),
    "user": ("user_id", "tags.mlflow.user"),
    "parent": ("parent_run_id", "tags.mlflow.parentRunId"),
}
"""What a run is beside params, metrics and tags, and how columns with it are called, as in ``search_runs()``."""
_KINDS: dict[str, Kind] = {"start": "time", "end": "time"}
_RUN, _METRIC = ("run", "run_id", "run_name"), ("metric", "key")
_TIMES = ("timestamp", "time")
_MANY = 40


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns are what; those that are not named are found by their names: ``params.…``, ``metrics.…``, ``tags.…``.

    Attributes
    ----------
    params, metrics, tags : sequence of str
    name : str
        Column with the name of the run.
    """

    params: Sequence[str] = ()
    metrics: Sequence[str] = ()
    tags: Sequence[str] = ()
    name: str = ""


@dataclass(slots=True)
class _Wide:
    """How a row becomes a run."""

    said: dict[str, str]
    params: dict[str, str]
    metrics: dict[str, str]
    tags: dict[str, str]
    is_named: bool
    seen: Counter[str] = field(default_factory=Counter)

    def cells(self) -> list[tuple[str, Kind]]:
        """Return what is asked of a row: what is said of the run, params, tags, and metrics as numbers and as they stand there."""
        found: list[tuple[str, Kind]] = [(column, _KINDS.get(what, "text")) for what, column in self.said.items()]
        found += [(column, "text") for column in (*self.params.values(), *self.tags.values())]
        found += [(column, "number") for column in self.metrics.values()]
        return found + [(column, "text") for column in self.metrics.values()]


class Table:
    """The runs in a file.

    Parameters
    ----------
    path : path-like
    form : {"csv", "parquet"}
    experiment : str, optional
        Into which experiment they come: that of a column ``experiment``, else one named like the file, when not given.
    columns : Columns, optional

    Raises
    ------
    NotFoundError
        There is no such file.
    InvalidValueError
        It is no such table, or it is not clear which columns are what; the message names those there are.
    """

    title = "table"

    def __init__(
        self, path: str | Path, form: Form, experiment: str | None = None, columns: Columns | None = None
    ) -> None:
        self.path = Path(path)
        want_file(self.path, f"Name a {form} file.")
        self._form = form
        self.experiment = experiment
        self._columns = columns or Columns()
        with open_rows(self.path, form) as file:
            names = [name for name, _ in file.columns]
            self.is_long = self._find_run(names) != "" and ("step" in names or _first(names, _METRIC) != "")
            self._n = 0 if self.is_long else len(file)
            if not self.is_long:
                self._wide(file)

    def __len__(self) -> int:
        """Return the number of runs; 0 when that is known only after reading."""
        return self._n

    def experiments(self) -> Iterator[MovedExperiment]:
        """Yield nothing: experiments come with the runs, which name them."""
        yield from ()

    def runs(self, tally: Tally) -> Iterator[MovedRun]:
        """Yield the runs; cells that are no numbers where there should be some are told to `tally`."""
        with open_rows(self.path, self._form) as file:
            yield from self._long_runs(file, tally) if self.is_long else self._wide_runs(file, tally)

    # -- a row a run -------------------------------------------------------------------------------------------------

    def _wide(self, file: RowFile) -> _Wide:
        names = [name for name, _ in file.columns]
        chosen = self._columns
        self._check([*chosen.params, *chosen.metrics, *chosen.tags, *([chosen.name] if chosen.name else [])], names)
        said = {what: found for what, known in _SAID.items() if (found := _first(names, known))}
        if chosen.name:
            said["name"] = chosen.name
        taken = {*said.values()} - {"tags.mlflow.user", "tags.mlflow.parentRunId"}
        parts = {
            kind: _parts(kind, cast("Sequence[str]", getattr(chosen, kind)), names, taken)
            for kind in ("params", "metrics", "tags")
        }
        if not (parts["params"] or parts["metrics"]):
            raise InvalidValueError(
                f"It is not clear which columns of {self.path.name} are params and metrics. Name them, as in --params lr,depth "
                f"--metrics loss, or call them params.lr and metrics.loss. Columns: {_listed(names)}."
            )
        is_named = "name" in said and file.is_unique(said["name"])
        return _Wide(said, parts["params"], parts["metrics"], parts["tags"], is_named)

    def _wide_runs(self, file: RowFile, tally: Tally) -> Iterator[MovedRun]:
        wide = self._wide(file)
        for i, row in enumerate(file.rows(wide.cells())):
            yield self._run(wide, i, row, tally)

    def _run(self, wide: _Wide, i: int, row: tuple[Any, ...], tally: Tally) -> MovedRun:
        cells = iter(row)
        said = {what: next(cells) for what in wide.said}
        params = {sound_key(key): next(cells) for key in wide.params}
        tags = {sound_key(key): next(cells) for key in wide.tags}
        numbers = {key: next(cells) for key in wide.metrics}
        texts = {key: next(cells) for key in wide.metrics}
        start = said.get("start") or self.path.stat().st_mtime_ns // 1000
        end = said.get("end")
        experiment = self.experiment or said.get("experiment") or self.path.stem
        book = Book()
        for key, value in numbers.items():
            if value is not None:
                book.add(key, 0, end or start, value)
            elif texts[key] is not None:
                tally.skip(f"row {i + 1}, column {wide.metrics[key]}", f"{texts[key][:80]!r} is no number")
        return MovedRun(
            self._id(wide, said, row, experiment),
            experiment,
            said.get("name") or f"row {i + 1}",
            start,
            RunStatus(status) if (status := str(said.get("status"))) in RunStatus.__members__ else RunStatus.FINISHED,
            end,
            user=said.get("user") or "",
            params={key: value for key, value in params.items() if value is not None},
            tags={key: value for key, value in tags.items() if value is not None},
            parent=parent if is_run_id(parent := said.get("parent")) else None,
            metrics=book.points,
            counts=book.counts(),
        )

    def _id(self, wide: _Wide, said: dict[str, Any], row: tuple[Any, ...], experiment: str) -> str:
        """Return the id in the row; without one, that of its name where no other row has it, else of all that stands in it."""
        if is_run_id(said.get("run_id")):
            return str(said["run_id"])
        if wide.is_named:
            return run_id_of("table", f"{experiment}\n{said['name']}")
        content = hashlib.sha256(repr(row).encode()).hexdigest()
        wide.seen[content] += 1
        return run_id_of("table", f"{experiment}\n{content}\n{wide.seen[content]}")

    # -- a row a step ------------------------------------------------------------------------------------------------

    def _long_runs(self, file: RowFile, tally: Tally) -> Iterator[MovedRun]:
        names = [name for name, _ in file.columns]
        run, key, time = self._find_run(names), _first(names, _METRIC), _first(names, _TIMES)
        step = "step" if "step" in names else ""
        metrics = [key] if key else self._metrics(names, {run, step, time})
        if key:
            self._check(["value"], names)
        numbers = ["value"] if key else metrics
        kinds: list[tuple[str, Kind]] = [(run, "text"), (step, "whole"), (time, "time"), (key, "text")]
        cells = [each for each in kinds if each[0]] + [(column, "number") for column in numbers]
        n_cells, cells = len(cells), cells + [(column, "odd") for column in numbers]
        book, last, moments, n = Book(), None, [0, 0], 0
        for row in file.rows(cells, order=[run]):
            found = {column: cell for (column, _), cell in zip(cells, row[:n_cells], strict=False)}
            if found[run] is None:
                tally.skip("a row", f"it names no run in column {run}")
                continue
            if found[run] != last:
                if last is not None:
                    yield self._of_steps(last, book, moments, has_times=bool(time))
                book, last, moments, n = Book(), found[run], [0, 0], 0
            t_us = (found[time] if time else None) or self.path.stat().st_mtime_ns // 1000
            moments = [min(moments[0] or t_us, t_us), max(moments[1], t_us)]
            for column, odd in zip(numbers, row[n_cells:], strict=True):
                if odd:
                    tally.skip(f"run {str(last)[:80]}, column {column}", f"{odd[:80]!r} is no number")
                if found[column] is not None:
                    at = found[step] if step and found[step] is not None else n
                    book.add(str(found[key]) if key else column.removeprefix("metrics."), at, t_us, found[column])
            n += 1
        if last is not None:
            yield self._of_steps(last, book, moments, has_times=bool(time))

    def _of_steps(self, run: str, book: Book, moments: list[int], *, has_times: bool) -> MovedRun:
        experiment = self.experiment or self.path.stem
        run_id = run if is_run_id(run) else run_id_of("table", f"{experiment}\n{run}")
        name = f"run {run[:8]}" if is_run_id(run) else run
        return MovedRun(
            run_id,
            experiment,
            name,
            moments[0],
            end_us=moments[1] if has_times else None,
            metrics=book.points,
            counts=book.counts(),
            has_times=has_times,
        )

    def _find_run(self, names: list[str]) -> str:
        return self._columns.name if self._columns.name in names else _first(names, _RUN)

    def _metrics(self, names: list[str], taken: set[str]) -> list[str]:
        self._check(self._columns.metrics, names)
        found = list(self._columns.metrics) or [name for name in names if name.startswith("metrics.")]
        return found or [name for name in names if name not in taken]

    def _check(self, wanted: Sequence[str], names: list[str]) -> None:
        missing = [name for name in wanted if name not in names]
        if missing:
            message = f"{self.path.name} has no column {', '.join(map(repr, missing))}. Columns: {_listed(names)}."
            raise InvalidValueError(message)


def _parts(kind: str, chosen: Sequence[str], names: list[str], taken: set[str]) -> dict[str, str]:
    """Return columns by what params, metrics or tags are called in them."""
    start = f"{kind}."
    if chosen:
        return {column.removeprefix(start): column for column in chosen}
    return {column.removeprefix(start): column for column in names if column.startswith(start) and column not in taken}


def _first(names: Sequence[str], known: Sequence[str]) -> str:
    return next((name for name in known if name in names), "")


def _listed(names: list[str]) -> str:
    return ", ".join(names[:_MANY]) + (f" and {len(names) - _MANY} more" if len(names) > _MANY else "")
