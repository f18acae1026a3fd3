"""A view under a cell is as its reader left it when the cell runs again, also in another kernel.

The state is remembered by notebook, cell and place in the cell, as long as the code gives the view the same arguments: who writes another
filter into the cell wants that one.
"""

from __future__ import annotations

import atexit
import hashlib
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from nbtrack.tracking.environment import notebook_path
from nbtrack.views.saved import cell_view, save_cell_view

if TYPE_CHECKING:
    from nbtrack.store.protocol import Store
    from nbtrack.widgets.runs_panel import RunsPanel


class ViewMemory:
    """What readers left in the views of this kernel."""

    def __init__(self) -> None:
        self._states: dict[tuple[str, str], dict[str, Any]] = {}
        self._unsaved: dict[tuple[str, str], Store] = {}
        self._counted: tuple[Any, int] = (None, 0)
        self._listening: Any = None

    def recall(self, panel: RunsPanel, store: Store, shell: Any) -> None:
        """Bring back what was left in the view of this cell, and note what is changed in it from now on."""
        cell = self._place(shell, type(panel).__name__)
        if cell is None:
            return
        self._listen(shell)
        key = (store.uri, cell)
        given = _digest(panel.view_state)
        left = self._states.get(key)
        if left is None:
            with suppress(Exception):  # a view is shown even when its memory cannot be read
                left = cell_view(store, cell)
        if left and left.get("given") == given:
            panel.apply_view(left["now"])

        def note(_: Any) -> None:
            self._states[key] = {"given": given, "now": panel.view_state}
            self._unsaved[key] = store

        panel.observe(note, names=panel.view_traits)

    def save(self, *_: Any) -> None:
        """Write what is not in the stores yet."""
        while self._unsaved:
            key, store = self._unsaved.popitem()
            with suppress(Exception):  # a store that cannot be written keeps nothing; the view goes on
                save_cell_view(store, key[1], self._states[key])

    def _listen(self, shell: Any) -> None:
        if self._listening is shell:
            return
        if self._listening is None:
            atexit.register(self.save)
        self._listening = shell
        shell.events.register("post_run_cell", self.save)

    def _place(self, shell: Any, kind: str) -> str | None:
        """Return the place of a view that is made now: notebook, cell, and which one of the cell; None outside a notebook."""
        cell = _cell_id(shell)
        if cell is None:
            return None
        run, count = self._counted
        now = (cell, shell.execution_count)
        self._counted = (now, count + 1 if run == now else 1)
        return _digest([notebook_path(), cell, self._counted[1], kind])


def _cell_id(shell: Any) -> str | None:
    if not hasattr(shell, "get_parent"):  # a terminal
        return None
    metadata = (shell.get_parent() or {}).get("metadata") or {}
    cell = metadata.get("cellId")
    return str(cell) if cell else None


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


memory = ViewMemory()
