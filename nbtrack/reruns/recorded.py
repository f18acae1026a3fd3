"""How a run came about, as far as the store knows: its code, its repository, its packages, and what was not recorded."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nbtrack.cells.log import FILE, read
from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.tracking.environment import SCRIPT

if TYPE_CHECKING:
    from nbtrack.cells.log import ExecutedCell
    from nbtrack.entities import Run
    from nbtrack.store.protocol import TrackingStore

CELL = "source/cell.py"
PACKAGES, DIFF, NEW_FILES = "environment/packages.txt", "environment/git.diff", "environment/new_files.txt"
MARK = "…redacted"
MOST_NAMED = 5
_LOADS = re.compile(r"(?:load|reload)_ext\s+nbtrack|set_experiment\(")
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@dataclass(frozen=True, slots=True)
class OneCell:
    """A cell to run: its text as typed, whether it failed when it was recorded, and whether the run began in it."""

    source: str
    fails: bool = False
    is_own: bool = False


@dataclass(frozen=True, slots=True)
class Recipe:
    """What it takes to make a run again.

    Attributes
    ----------
    run : Run
        The run.
    carrier : Run
        The run whose files these are: the run itself, or the one that it is nested in.
    cells : tuple of OneCell
        In executed order, the run's own last; empty for a script.
    script, script_path, arguments : str, str, tuple of str
        Of a script: its text, its path from the top of its repository, the words after it.
    commit, remote, diff, folder : str
        Of the repository: the commit, the URL of origin, what was changed since, the working folder from the top (``"src/"``).
    python, packages : str, tuple of str
        Version, and lines such as ``numpy==2.1.0``; empty when they were not recorded.
    missing : tuple of str
        What was not recorded, one sentence each.
    """

    run: Run
    carrier: Run
    cells: tuple[OneCell, ...] = ()
    script: str = ""
    script_path: str = ""
    arguments: tuple[str, ...] = ()
    commit: str = ""
    remote: str = ""
    diff: str = ""
    folder: str = ""
    python: str = ""
    packages: tuple[str, ...] = ()
    missing: tuple[str, ...] = field(default=())


def recipe_of(store: TrackingStore, run: Run, *, is_sliced: bool = False) -> Recipe:
    """Return what it takes to make a run again.

    Parameters
    ----------
    is_sliced : bool
        Only the cells that produced the run's metrics, where that can be told, besides those in which it began.

    Raises
    ------
    InvalidValueError
        No code of the run was recorded.
    """
    carrier = _carrier(store, run)
    tags = carrier.data.tags
    told: list[str] = []
    wanted = tuple(key for key in run.data.metrics if not key.startswith("system/"))
    cells = _cells(store, carrier, told, wanted if is_sliced else ())
    script = "" if cells else _text(store, carrier, SCRIPT)
    if not cells and not script:
        raise InvalidValueError(
            f"No code of run #{run.info.number} {run.info.run_name!r} was recorded: neither cells of a notebook nor a script. "
            "Runs of %%track cells, of notebooks with %load_ext nbtrack, and of scripts (python train.py) can be made again."
        )
    if any(
        MARK in text for text in (script, tags.get("nbtrack.source.arguments", ""), *(cell.source for cell in cells))
    ):
        told.append("secrets in the code were not recorded: where they stood, the text says …redacted")
    commit = tags.get("mlflow.source.git.commit", "")
    packages = _text(store, carrier, PACKAGES).splitlines()
    new = _text(store, carrier, NEW_FILES).splitlines()
    told += _gaps(commit, packages, new, _script_name(tags))
    return Recipe(
        run=run,
        carrier=carrier,
        cells=cells,
        script=script,
        script_path=tags.get("nbtrack.source.path", "script.py"),
        arguments=_words(tags.get("nbtrack.source.arguments", "")),
        commit=commit if _COMMIT.fullmatch(commit) else "",
        remote=tags.get("mlflow.source.git.repoURL", ""),
        diff=_text(store, carrier, DIFF),
        folder=tags.get("nbtrack.source.folder", ""),
        python=next((line[8:] for line in packages if line.startswith("python==")), tags.get("nbtrack.python", "")),
        packages=tuple(line for line in packages if not line.startswith(("python==", "nbtrack=="))),
        missing=tuple(told),
    )


def _carrier(store: TrackingStore, run: Run) -> Run:
    """Return the run that has the files: a nested run's code is that of the run around it."""
    for _ in range(20):
        names = {file.path for file in store.list_artifacts(run.info.run_id, "source")}
        if names & {FILE, CELL, SCRIPT} or run.info.parent_run_id is None:
            break
        try:
            run = store.get_run(run.info.parent_run_id)
        except NotFoundError:
            break
    return run


def _cells(store: TrackingStore, carrier: Run, told: list[str], metrics: tuple[str, ...] = ()) -> tuple[OneCell, ...]:
    run_id = carrier.info.run_id
    data = _bytes(store, carrier, FILE)
    if data:
        found = read(data, lambda path: store.artifact_file(run_id, path).read_bytes(), run_id)
        left_out = sum(not cell.source for cell in found)
        if left_out:
            told.append(
                f"{left_out} cells were not recorded, because they were kept private or are longer than code is"
            )
        needed = _needed(found, metrics, run_id)
        return tuple(
            OneCell(cell.source, bool(cell.error) or cell.ok is False, run_id in cell.runs)
            for cell in found
            if cell.source and (needed is None or cell.n in needed)
        )
    own = _text(store, carrier, CELL)
    if not own:
        return ()
    told.append("only the run's own cell was recorded, not the cells that ran before it")
    return (OneCell("%load_ext nbtrack"), OneCell(own, carrier.info.status == "FAILED", is_own=True))


def _needed(cells: tuple[ExecutedCell, ...], metrics: tuple[str, ...], run_id: str) -> set[int] | None:
    """Return which cells produced metrics, with those in which the run began and that load nbtrack; None for all."""
    if not metrics:
        return None
    from nbtrack.cells.slicing import slice_cells  # noqa: PLC0415 - only for cells

    try:
        found = {number for metric in metrics for number in slice_cells(cells, metric).numbers}
    except Exception:  # noqa: BLE001 - code that cannot be followed is run as a whole
        return None
    own = {cell.n for cell in cells if run_id in cell.runs or _LOADS.search(cell.source)}
    return found | own | {cells[-1].n}


def _gaps(commit: str, packages: list[str], new: list[str], script: str) -> list[str]:
    told = []
    if not commit:
        told.append("there was no git repository with a commit: other files than the run's own code were not recorded")
    others = [name for name in new if name != script and not name.endswith((".ipynb", ".duckdb", ".nbtrack/"))]
    if others:
        more = f" and {len(others) - MOST_NAMED} more" if len(others) > MOST_NAMED else ""
        told.append(f"new files were in no commit and are not recorded: {', '.join(others[:MOST_NAMED])}{more}")
    if not packages:
        told.append("the installed packages were not recorded")
    return told


def _script_name(tags: dict[str, str]) -> str:
    return tags.get("nbtrack.source.path", "")


def _words(text: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(text))
    except ValueError:
        return ()


def _text(store: TrackingStore, run: Run, path: str) -> str:
    return _bytes(store, run, path).decode("utf-8", "surrogateescape")


def _bytes(store: TrackingStore, run: Run, path: str) -> bytes:
    try:
        return store.artifact_file(run.info.run_id, path).read_bytes()
    except (NotFoundError, OSError):
        return b""
