"""Files of a run: a tree, and a look into each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import traitlets

from nbtrack.errors import InvalidValueError
from nbtrack.names import check_artifact_path
from nbtrack.tracking import active
from nbtrack.views.artifacts import rows
from nbtrack.views.artifacts_summary import summary_html
from nbtrack.views.watcher import watch
from nbtrack.widgets.panel import Panel

if TYPE_CHECKING:
    from nbtrack.store.protocol import Store
    from nbtrack.views.artifacts import Row


class Artifacts(Panel):
    """The files of one run.

    Attributes
    ----------
    run_id : str
        Whose files; setting it shows those of another run.
    path : str
        The file or folder that is selected; "" is none. Both ways.
    artifacts_height : int
        Pixels; 0 chooses by itself.
    """

    run_id = traitlets.Unicode("").tag(sync=True)
    path = traitlets.Unicode("").tag(sync=True)
    artifacts_height = traitlets.Int(0, min=0).tag(sync=True)
    _run_title = traitlets.Unicode("").tag(sync=True)
    _artifacts_version = traitlets.Int(0).tag(sync=True)

    def __init__(self, store: Store, run_id: str, path: str = "", **traits: Any) -> None:
        super().__init__(store, **{"_view": "artifacts", **traits})
        self._seen: list[Row] = []
        self.run_id = run_id
        self.path = path

    @traitlets.validate("run_id")
    def _check_run(self, proposal: Any) -> str:
        """Take whatever names a run: an id, a number, a name."""
        store: Store = self._store
        run_id = store.resolve_run(proposal["value"])
        info = store.get_run(run_id).info
        self._run_title = f"#{info.number} {info.run_name}" if info.number else info.run_name
        return run_id

    @traitlets.validate("path")
    def _check_path(self, proposal: Any) -> str:
        path: str = proposal["value"]
        return check_artifact_path(path) if path else ""

    @traitlets.observe("run_id")
    def _show_other_run(self, change: Any) -> None:
        self._seen = list(rows(self._store, self.run_id))
        if change["old"]:
            self.path = ""
            self._artifacts_version += 1

    def table(self) -> bytes:
        """Watch for files that come; the page asks for what it shows."""
        watch(self._store).add(self)
        return b""

    def store_changed(self) -> None:
        """Tell the page when the run has other files than before."""
        found = list(rows(self._store, self.run_id))
        if found != self._seen:
            self._seen = found
            self._artifacts_version += 1

    def close(self) -> None:
        """Take the widget away."""
        watch(self._store).remove(self)
        super().close()

    def summary(self) -> tuple[str, str]:
        """Return a table of the files and the first picture."""
        return summary_html(self._store, self.run_id, self._run_title), repr(self)

    def __repr__(self) -> str:
        """Say what is shown, the same in every session."""
        return f"Artifacts({self._run_title!r}{f', {self.path!r}' if self.path else ''})"


def artifacts(run: Any = None, path: str = "", *, height: int = 0) -> Artifacts:
    """Show the files of a run: a tree, and a look into images, tables, text, arrays, models and more.

    Parameters
    ----------
    run : ActiveRun, Run, str or int, optional
        A run, its id, number or name; by default the active run, else the last one.
    path : str
        The file or folder to show first.
    height : int
        Pixels; 0 chooses by itself.

    Returns
    -------
    Artifacts
        Shown when it is the last line of a cell; its state is ``.run_id`` and ``.path``.

    Raises
    ------
    InvalidValueError
        No run was named and none was started here.
    NotFoundError
        There is no such run.
    """
    name = getattr(run, "id", None) or getattr(getattr(run, "info", None), "run_id", None) or run
    store = getattr(run, "store", None) or active.get_store()
    if name is None:
        current = active.current_run()
        name = current.id if current else active.last_run_id()
        store = current.store if current else active.last_store()
    if name is None:
        message = (
            "No run was started here, so there is none to show; use artifacts(run) with a run, its id, number or name."
        )
        raise InvalidValueError(message)
    return Artifacts(store, str(name), path, artifacts_height=height)
