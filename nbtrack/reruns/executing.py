"""Runs the code of a recorded run in a process of its own, which records into a store of its own; what it made is then brought home."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import nbtrack.reruns
from nbtrack.errors import NbtrackError
from nbtrack.moving.copy import copy_store
from nbtrack.moving.stored import Chosen
from nbtrack.projects.interrupts import interrupts_wait
from nbtrack.store.local import LocalStore
from nbtrack.store.protocol import RunQuery

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from nbtrack.entities import Run
    from nbtrack.reruns.recorded import OneCell, Recipe
    from nbtrack.store.protocol import Store

TAIL_CHARACTERS = 4000
RUN_NAME, LONGEST_NAME = "mlflow.runName", 250
_PLACES = (
    "NBTRACK_RUN_ID",
    "MLFLOW_RUN_ID",
    "NBTRACK_EXPERIMENT",
    "MLFLOW_EXPERIMENT_NAME",
    "JPY_SESSION_NAME",
    "PYTHONSTARTUP",
)


@dataclass(frozen=True, slots=True)
class Executed:
    """What a process made: its runs, which of them its own cell began, what failed, and the end of what it printed."""

    runs: tuple[Run, ...]
    of_own_cell: frozenset[str]
    error: str
    output: str


class Bench:
    """A store for the runs that come, and a way to bring one of them home."""

    def __init__(self, folder: Path, experiment: str) -> None:
        self.folder = folder
        self.store = LocalStore(folder / "again.duckdb")
        self.uri = self.store.uri
        self.experiment = experiment

    def run(
        self,
        recipe: Recipe,
        cwd: Path,
        python: str,
        *,
        script: Path,
        tell: Callable[[str], None],
        paths: Sequence[Path] = (),
    ) -> Executed:
        """Run a recipe's cells or its script in `cwd`, with modules from `paths` too, and return what it recorded."""
        if recipe.script:
            words, result = [python, os.fspath(script), *recipe.arguments], None
        else:
            plan, result = self._plan(recipe.cells)
            words = [python, "-m", "nbtrack.reruns.driver", os.fspath(plan)]
        code, output = follow(words, cwd, self._environment(paths), tell)
        told = json.loads(result.read_text(encoding="utf-8")) if result is not None and result.exists() else {}
        error = str(told.get("error", ""))
        if error:
            error = f"cell {told['cell']} of {len(recipe.cells)} failed: {error}"
        elif code:
            last = output.strip().splitlines()[-1:] or [f"exit status {code}"]
            error = f"the process failed (exit status {code}): {last[0][:500]}"
        return Executed(self._runs(), frozenset(told.get("started", ())), error, output)

    def bring(self, runs: Sequence[Run], store: Store) -> None:
        """Copy runs, with their files, into the store where the original is."""
        copy_store(self.store, store, Chosen([run.info.run_id for run in runs]))

    def tag(self, run: Run, tags: dict[str, str]) -> None:
        """Set tags of a run before it is brought home."""
        self.store.append(("tags", run.info.run_id, tags, None))

    def rename(self, run: Run, name: str) -> None:
        """Give a run another name than that of the original, which its code gave it: who names the original means that one."""
        self.tag(run, {RUN_NAME: name[:LONGEST_NAME]})

    def _plan(self, cells: Sequence[OneCell]) -> tuple[Path, Path]:
        plan, result = self.folder / "plan.json", self.folder / "result.json"
        told = {"cells": [asdict(cell) for cell in cells], "result": os.fspath(result)}
        plan.write_text(json.dumps(told), encoding="utf-8")
        return plan, result

    def _environment(self, paths: Sequence[Path]) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name not in _PLACES}
        path = [os.fspath(self._own_package()), *map(os.fspath, paths), *filter(None, [os.environ.get("PYTHONPATH")])]
        return {
            **kept,
            "NBTRACK_TRACKING_URI": self.uri,
            "NBTRACK_EXPERIMENT": self.experiment,
            "NBTRACK_RERUN": "1",
            "NBTRACK_LIVE": "0",
            "PYTHONPATH": os.pathsep.join(path),
            "PYTHONUNBUFFERED": "1",
            "MPLBACKEND": os.environ.get("MPLBACKEND") or "agg",
        }

    def _own_package(self) -> Path:
        """Return a folder with nothing but this very nbtrack, for environments where it is not installed."""
        own = self.folder / "path"
        own.mkdir(exist_ok=True)
        link = own / "nbtrack"
        if not link.is_symlink():
            link.symlink_to(Path(nbtrack.reruns.__file__).resolve().parents[1], target_is_directory=True)
        return own

    def _runs(self) -> tuple[Run, ...]:
        if not (self.store.path.exists() or self.store.folder.is_dir()):
            return ()
        return tuple(self.store.search_runs(RunQuery(order_by=("start_time ASC",))))


@contextmanager
def bench(experiment: str) -> Iterator[Bench]:
    """Give a bench in a temporary folder that goes with its block."""
    with tempfile.TemporaryDirectory(prefix="nbtrack-again-") as folder:
        made = Bench(Path(folder), experiment)
        try:
            yield made
        finally:
            made.store.close()


def follow(
    words: Sequence[str], cwd: Path, environment: dict[str, str], tell: Callable[[str], None]
) -> tuple[int, str]:
    """Run a process, tell each line that it prints, and return its exit status and the end of its output; an interrupt ends it."""
    process: subprocess.Popen[bytes] | None = None
    tail = ""
    try:
        with interrupts_wait():  # until it is known what an interrupt must end
            process = _begin(words, cwd, environment)
        assert process.stdout is not None
        for line in process.stdout:
            text = line.decode("utf-8", errors="replace")
            tail = (tail + text)[-TAIL_CHARACTERS:]
            tell(text.rstrip("\n"))
        return process.wait(), tail
    except BaseException:
        if process is not None:
            _end(process)
        raise
    finally:
        if process is not None and process.stdout is not None:
            process.stdout.close()


def _begin(words: Sequence[str], cwd: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603 - words, never a shell's text
            words, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
    except OSError as error:
        raise NbtrackError(f"{words[0]} cannot be started: {error.strerror}.") from error


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process; a second interrupt does not wait any longer, and leaves none."""
    process.terminate()
    try:
        process.wait(10)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def this_python() -> str:
    """Return the Python that runs here."""
    return sys.executable
