"""What others ask of the runs of this process, fetched from the server; and what the runs say of themselves, brought there."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from nbtrack.journal import control

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from nbtrack.store.protocol import Record
    from nbtrack.store.remote.way import Way

LOOK_S = 1.0
BEGINS = {"start", "resume"}


class Exchange:
    """Orders come, states go; see :mod:`nbtrack.journal.control`, whose files the run itself uses as with any store.

    Parameters
    ----------
    folder : Path
        The outbox.
    connection : Way
    """

    def __init__(self, folder: Path, connection: Way) -> None:
        self._folder = folder
        self._connection = connection
        self._open: dict[str, int] = {}
        self._ended: set[str] = set()
        self._said: dict[str, int] = {}
        self._looked = 0.0

    @property
    def is_busy(self) -> bool:
        """Say whether there are open runs, of which somebody may ask something."""
        return bool(self._open or self._ended)

    def hear(self, records: Sequence[Record]) -> None:
        """Learn from what is written which runs are open here."""
        for kind, run_id, *_ in records:
            if run_id is not None and kind in BEGINS:
                self._open.setdefault(run_id, -1)
            elif run_id is not None and kind == "end" and self._open.pop(run_id, None) is not None:
                self._ended.add(run_id)

    def round(self) -> None:
        """Fetch and bring, at most once a second."""
        if not self.is_busy or time.monotonic() - self._looked < LOOK_S:
            return
        self._looked = time.monotonic()
        self._fetch()
        for run_id in list(self._open):
            self._bring(run_id)
        for run_id in list(self._ended):
            self._connection.call("put_state", run_id, None)
            self._ended.discard(run_id)
            self._said.pop(run_id, None)

    def _fetch(self) -> None:
        found = self._connection.call("orders", dict(self._open))
        for run_id, (orders, offset) in found.items():
            if run_id in self._open:
                for order in orders:
                    control.post(self._folder, run_id, order)
                self._open[run_id] = offset

    def _bring(self, run_id: str) -> None:
        path = self._folder / "control" / f"{run_id}.json"
        with suppress(OSError, ValueError):
            changed = path.stat().st_mtime_ns
            if changed != self._said.get(run_id):
                self._connection.call("put_state", run_id, json.loads(path.read_bytes()))
                self._said[run_id] = changed
