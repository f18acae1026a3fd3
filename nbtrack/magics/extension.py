"""``%load_ext nbtrack`` and ``%unload_ext nbtrack``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbtrack.config import is_remote, is_rerun
from nbtrack.magics.line import TrackMagics
from nbtrack.magics.live_cells import give_cells
from nbtrack.magics.track import CellTracker, take_magic_out
from nbtrack.tracking import active
from nbtrack.tracking.surroundings import collect_soon

ATTRIBUTE = "_nbtrack"
MAGICS = (("line", "track"), ("cell", "track"), ("line", "runs"))


def load_ipython_extension(shell: Any) -> None:
    """Register the magics, and say in one line where runs go, what is captured and how to stop; twice is fine."""
    if getattr(shell, ATTRIBUTE, None) is not None:
        unload_ipython_extension(shell)
    tracker = CellTracker(shell)
    setattr(shell, ATTRIBUTE, tracker)
    shell.register_magics(TrackMagics(shell, tracker))
    shell.input_transformers_cleanup.insert(0, take_magic_out)
    give_cells(shell, tracker.live)
    tracker.notes.open()
    shell.events.register("pre_run_cell", tracker.pre_run_cell)
    shell.events.register("post_run_cell", tracker.post_run_cell)
    collect_soon()
    tracker.board().refresh_soon()
    if not is_rerun():
        print(greeting())  # noqa: T201


def unload_ipython_extension(shell: Any) -> None:
    """Take everything out again; an open run stays open."""
    tracker = getattr(shell, ATTRIBUTE, None)
    if tracker is None:
        return
    shell.events.unregister("pre_run_cell", tracker.pre_run_cell)
    shell.events.unregister("post_run_cell", tracker.post_run_cell)
    while take_magic_out in shell.input_transformers_cleanup:
        shell.input_transformers_cleanup.remove(take_magic_out)
    for kind, name in MAGICS:
        shell.magics_manager.magics[kind].pop(name, None)
    give_cells(shell, None)
    tracker.close()
    setattr(shell, ATTRIBUTE, None)


def greeting() -> str:
    """Return the line that is shown at load."""
    place: str | Path = active.get_tracking_uri()
    if not is_remote(place) and (path := Path(place)).is_relative_to(Path.cwd()):
        place = path.relative_to(Path.cwd())
    return (
        f"nbtrack records %%track cells in {place}: params, metrics, source, output, figures, git, packages; "
        "%track captured shows it, %track off stops"
    )
