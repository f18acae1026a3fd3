"""What other trackers have written (see ``make_other_sources.py``), and a store to take it into."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.moving.importing import take_in
from nbtrack.store.protocol import RunQuery
from tests.store.kit import quiet_store

if TYPE_CHECKING:
    from nbtrack.entities import Run
    from nbtrack.moving.importing import Source
    from nbtrack.moving.tally import Tally
    from nbtrack.store.local import LocalStore

ZIP = Path(__file__).parents[1] / "data" / "other_sources.zip"


def unpack(kind: str, into: Path) -> Path:
    """Unpack what one of them has written; return its folder."""
    with zipfile.ZipFile(ZIP) as found:
        found.extractall(into, [name for name in found.namelist() if name.startswith(f"{kind}/")])
    return into / kind


def taken(source: Source, folder: Path) -> tuple[LocalStore, Tally]:
    """Take a source into a new store."""
    store = quiet_store(folder / "runs.duckdb")
    return store, take_in(source, store)


def runs(store: LocalStore) -> dict[str, Run]:
    """Return the runs of a store by name."""
    return {run.info.run_name: run for run in store.search_runs(RunQuery())}


def history(store: LocalStore, run: Run, key: str) -> list[tuple[int, Any]]:
    """Return step and value of each point, NaN as text."""
    step, _, value = store.metric_history(run.info.run_id, key)
    return [(s, v if v == v else "NaN") for s, v in zip(step.tolist(), value.tolist(), strict=True)]  # noqa: PLR0124


def nothing_new(tally: Tally) -> bool:
    """Say whether nothing came."""
    return tally.is_nothing_new and tally.points == tally.files == 0
