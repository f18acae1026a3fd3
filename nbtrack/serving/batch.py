"""Scores tables in files: read, predict and write side by side, in bounded memory; what was interrupted goes on where it stopped."""

from __future__ import annotations

import json
import queue
import threading
import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from nbtrack.errors import InvalidValueError
from nbtrack.serving.frames import scored
from nbtrack.serving.parts import Parts, parts_of
from nbtrack.store.tabular import TableFile, Tables, format_of
from nbtrack.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence
    from pathlib import Path

    import pandas as pd

    Progress = Callable[[int, int], None]

T = TypeVar("T")

CHUNK_ROWS = 1 << 17
"""Rows that are predicted at once."""
PIECE_ROWS = 1 << 19
"""Rows of a part: what an interruption costs at most."""
WORDS = {"piece_rows": "rows per part"}
QUEUED = 2
"""Chunks that wait between reading, predicting and writing."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Rows of one file, which become one part of the output."""

    number: int
    file: TableFile
    first: int
    n_rows: int

    def name(self, suffix: str) -> str:
        """Return the name of this part."""
        return f"{self.number:06d}{suffix}"


@dataclass(frozen=True, slots=True)
class Job:
    """Which model scores which files into which one.

    Attributes
    ----------
    model : str
        What the URI stood for when the job began: ``models:/fraud/3``.
    run_id : str or None
        Run that the model is of.
    files : tuple of TableFile
    output : Path or str
        A path, or the URI of an object such as ``s3://bucket/out.parquet``.
    keep : tuple of str or None
        Input columns that are copied to the output; None for all.
    params : dict
        For the model's ``predict``.
    """

    model: str
    run_id: str | None
    files: tuple[TableFile, ...]
    output: Path | str
    keep: tuple[str, ...] | None = None
    params: dict[str, Any] = field(default_factory=dict)
    piece_rows: int = PIECE_ROWS

    @property
    def parts(self) -> Parts:
        """Return where parts wait until all are there."""
        return parts_of(self.output)

    @property
    def kind(self) -> str:
        """Return the format of the output, and of its parts."""
        return format_of(str(self.output))

    @property
    def suffix(self) -> str:
        """Return what the names of parts end with; it says whether tabs are between the columns."""
        return ".tsv" if str(self.output).lower().removesuffix(".gz").endswith(".tsv") else f".{self.kind}"

    @property
    def n_rows(self) -> int:
        """Return the rows of all files."""
        return sum(file.n_rows for file in self.files)

    def pieces(self) -> list[Piece]:
        """Return the parts to make, in order."""
        spans = [
            (file, first, min(self.piece_rows, file.n_rows - first))
            for file in self.files
            for first in range(0, max(file.n_rows, 1), self.piece_rows)
        ]
        return [Piece(number, *span) for number, span in enumerate(spans)]

    def missing(self) -> list[Piece]:
        """Return the parts that are not there yet."""
        there = self.parts.names()
        return [piece for piece in self.pieces() if piece.name(self.suffix) not in there]

    def plan(self) -> dict[str, Any]:
        """Return what must be the same for parts to be of the same job."""
        found, name = asdict(self), str(self.output).replace("\\", "/").rpartition("/")[2]
        return json.loads(json.dumps({**found, "output": name}))  # type: ignore[no-any-return]


def run(
    job: Job,
    engine: Callable[[Job, Sequence[Piece], Callable[[int], None]], None],
    *,
    restart: bool = False,
    progress: Progress | None = None,
) -> int:
    """Make the parts that are missing, join them, and return the number of rows.

    Parameters
    ----------
    job : Job
    engine : callable
        Makes parts: :func:`score_here`, or one of ``nbtrack.serving.spread``.
    restart : bool
        Parts of an earlier, interrupted job are thrown away.
    progress : callable, optional
        Called with the rows done and the rows in all.

    Raises
    ------
    InvalidValueError
        Parts of a different job are in the way.
    StoreError
        Somebody else is at this output.
    """
    parts = job.parts
    with parts.locked():
        _settle(job, parts, restart=restart)
        missing = job.missing()
        done = job.n_rows - sum(piece.n_rows for piece in missing)
        if progress:
            progress(done, job.n_rows)

        def advanced(n_rows: int) -> None:
            nonlocal done
            done += n_rows
            if progress:
                progress(done, job.n_rows)

        engine(job, missing, advanced)
        _join(job, parts)
    parts.remove()
    return job.n_rows


def rows_begun(parts: Parts) -> int | None:
    """Return how many rows a part has in the job that left parts; None when there is none."""
    found = (parts.plan() or {}).get("piece_rows")
    return found if isinstance(found, int) and found > 0 else None


def _settle(job: Job, parts: Parts, *, restart: bool) -> None:
    """Check that parts already there are of this job, and write down which job it is."""
    plan = job.plan()
    if restart:
        parts.clear()
    before = parts.plan()
    differing = [] if before is None else [key for key in plan if plan[key] != before.get(key)]
    if before is not None and differing:
        what = ", ".join(
            f"{WORDS.get(key, key)} was {_short(before.get(key))}, is {_short(plan[key])}" for key in differing
        )
        message = (
            f"An interrupted job of another kind left parts in {parts.where}: {what}. "
            "Run that one to its end, or throw its parts away with restart=True (--restart)."
        )
        raise InvalidValueError(message)
    parts.keep_plan(plan)


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 80 else f"{text[:77]}..."  # noqa: PLR2004


def _join(job: Job, parts: Parts) -> None:
    facts = {
        "nbtrack.model": job.model,
        "nbtrack.run_id": job.run_id or "",
        "nbtrack.version": __version__,
        "nbtrack.scored_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "nbtrack.rows": str(job.n_rows),
    }
    tables = Tables()
    try:
        parts.join(tables, [piece.name(job.suffix) for piece in job.pieces()], job.kind, facts)
    finally:
        tables.close()


# -- in this process -----------------------------------------------------------------------------------------------------


def score_here(model: Any) -> Callable[[Job, Sequence[Piece], Callable[[int], None]], None]:
    """Return an engine that predicts with `model` in this process."""

    def engine(job: Job, pieces: Sequence[Piece], advanced: Callable[[int], None]) -> None:
        tables = Tables()
        try:
            for span in _spans(pieces):
                _score(model, job, span, tables, advanced)
        finally:
            tables.close()

    return engine


def score_piece(model: Any, job: Job, piece: Piece) -> int:
    """Make one part, wherever this runs; returns its rows."""
    tables = Tables(1)
    try:
        _score(model, job, [piece], tables, lambda _: None)
    finally:
        tables.close()
    return piece.n_rows


def _spans(pieces: Sequence[Piece]) -> Iterator[list[Piece]]:
    """Yield pieces that follow each other in one file: they are read in one go."""
    span: list[Piece] = []
    for piece in pieces:
        if span and (span[-1].file != piece.file or span[-1].first + span[-1].n_rows != piece.first):
            yield span
            span = []
        span.append(piece)
    if span:
        yield span


def _score(model: Any, job: Job, span: list[Piece], tables: Tables, advanced: Callable[[int], None]) -> None:
    """Read, predict and write the parts of one stretch of a file, each in a thread of its own."""
    kind, parts = job.kind, job.parts
    first, n_rows = span[0].first, sum(piece.n_rows for piece in span)

    def read() -> Iterator[pd.DataFrame]:
        yield from tables.chunks(span[0].file, first, n_rows, min(CHUNK_ROWS, job.piece_rows))

    def predict(frames: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        for frame in frames:
            found = scored(model, frame, job.keep, job.params)
            advanced(len(frame))
            yield found

    if n_rows == 0:  # nobody asks a model about nothing
        empty = tables.empty(span[0].file)
        empty = empty if job.keep is None else empty[list(job.keep)]
        parts.write(tables, empty.assign(prediction=np.empty(0)), span[0].name(job.suffix), kind)
        return
    rows = _Rows(ahead(predict(ahead(read()))), span[0].file.path)
    for piece in span:
        parts.write(tables, rows.take(piece.n_rows), piece.name(job.suffix), kind)


class _Rows:
    """Cuts a stream of frames into frames of given sizes."""

    def __init__(self, frames: Iterator[pd.DataFrame], path: str) -> None:
        self._frames = frames
        self._path = path
        self._rest: pd.DataFrame | None = None

    def take(self, n_rows: int) -> pd.DataFrame:
        import pandas as pd  # noqa: PLC0415 - a slow import, and who serves needs it as well

        found = [] if self._rest is None else [self._rest]
        n_found = sum(map(len, found))
        while n_found < n_rows:
            frame = next(self._frames, None)
            if frame is None:
                raise InvalidValueError(f"{self._path} has become shorter while it was read; run it again.")
            found.append(frame)
            n_found += len(frame)
        whole = found[0] if len(found) == 1 else pd.concat(found, ignore_index=True)
        self._rest = whole.iloc[n_rows:] if n_found > n_rows else None
        return whole.iloc[:n_rows]


def ahead(items: Iterator[T]) -> Generator[T]:
    """Yield the same items, made in a thread a little ahead of who takes them; an error comes where its item would have."""
    waiting: queue.Queue[tuple[bool, Any]] = queue.Queue(QUEUED)
    stopping = threading.Event()

    def put(entry: tuple[bool, Any]) -> bool:
        while not stopping.is_set():
            try:
                waiting.put(entry, timeout=0.1)
            except queue.Full:
                continue
            return True
        return False

    def make() -> None:
        try:
            for item in items:
                if not put((True, item)):
                    return
            put((False, None))
        except BaseException as error:  # noqa: BLE001 - raised again by who takes
            put((False, error))

    thread = threading.Thread(target=make, name="nbtrack-batch", daemon=True)
    thread.start()
    try:
        while True:
            is_item, found = waiting.get()
            if not is_item:
                if found is not None:
                    raise found
                return
            yield found
    finally:
        stopping.set()
        thread.join()
