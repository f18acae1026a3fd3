"""Copies runs and models from one store into another: a file, a server, a database, in any direction."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.moving.intake import Intake
from nbtrack.moving.stored import Chosen, Stored

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbtrack.moving.tally import Tally
    from nbtrack.store.protocol import Store


def copy_store(
    source: Store,
    destination: Store,
    chosen: Chosen | None = None,
    *,
    is_dry: bool = False,
    progress: Callable[[str, int, int], None] | None = None,
) -> Tally:
    """Bring what a store has, and another has not, into that one.

    Run ids, times, histories, files, logged and registered models are kept; numbers of runs and experiments are given out by the
    destination. Doing it again brings what is new since then; what was interrupted goes on.

    Parameters
    ----------
    source, destination : Store
    chosen : Chosen, optional
        Which runs; all when not given.
    is_dry : bool
        Only count what would come.
    progress : callable, optional
        Called with a few words, the number of runs done and of all.

    Raises
    ------
    InvalidValueError
        Both are the same store.
    """
    refuse_same(source, destination)
    refuse_missing(source)
    stored = Stored(source, chosen)
    told = progress or (lambda *_: None)
    with Intake(destination, source=source.title, is_dry=is_dry) as intake:
        for experiment in stored.experiments():
            intake.experiment(experiment)
        for done, _ in enumerate(intake.runs(stored.runs(intake.tally)), 1):
            told(f"{intake.tally.points:,} points, {intake.tally.files:,} files", done, len(stored))
        for model in stored.registered():
            intake.registered(model)
        if stored.chosen.is_all and not is_dry:
            _bring_settings(stored, destination)
    return intake.tally


def _bring_settings(stored: Stored, destination: Store) -> None:
    found = stored.settings()
    here = destination.settings() if found else {}
    new = {name: value for name, value in found.items() if name not in here}
    if new:
        destination.append(*(("setting", None, None, {"name": name, "value": value}) for name, value in new.items()))


def refuse_same(source: Store, destination: Store) -> None:
    """Raise when two names lead to one store."""
    ours, theirs = (_place(store) for store in (source, destination))
    if ours == theirs:
        message = f"{source.uri} is both source and destination; name two stores."
        raise InvalidValueError(message)


def _place(store: Store) -> str | Path:
    path = getattr(store, "path", None)
    return Path(os.path.realpath(path)) if path is not None else store.uri


def refuse_missing(store: Store) -> None:
    """Raise ``NotFoundError`` for a store in a file that is not there: looking at it must not make it."""
    path = getattr(store, "path", None)
    if path is not None and not (path.exists() or store.folder.is_dir()):
        raise NotFoundError("Store", str(path), hint="Name a .duckdb file, http://… or postgresql://….")
