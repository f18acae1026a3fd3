"""``nbtrack.registry()``: models, versions, where each alias points, and who changed what."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import traitlets

from nbtrack.errors import NotFoundError
from nbtrack.store.registry_protocol import ModelQuery
from nbtrack.tracking import active
from nbtrack.views import registered
from nbtrack.views.model_edits import edit_model
from nbtrack.views.registered_summary import summary_html
from nbtrack.views.watcher import watch
from nbtrack.widgets.panel import Panel

if TYPE_CHECKING:
    import pandas as pd

    from nbtrack.store.protocol import Store
    from nbtrack.views.questions import Answer


class RegistryPanel(Panel):
    """The registered models of a store.

    Attributes
    ----------
    model : str
        The registered model that is open; "" is none. Both ways.
    version : int
        Its version that is open; 0 is none. Both ways.
    registry_height : int
        Pixels; 0 chooses by itself.
    """

    model = traitlets.Unicode("").tag(sync=True)
    version = traitlets.Int(0, min=0).tag(sync=True)
    registry_height = traitlets.Int(0, min=0).tag(sync=True)

    def __init__(self, store: Store, model: str = "", version: int = 0, **traits: Any) -> None:
        self._reading = threading.Lock()
        self._seen: list[dict[str, Any]] = []
        super().__init__(store, **{"_view": "registry", "model": model, "version": version, **traits})

    @property
    def df(self) -> pd.DataFrame:
        """Return the versions of the open model, or the models, as a DataFrame."""
        import pandas as pd  # noqa: PLC0415

        if not self.model:
            return pd.DataFrame(registered.overview(self._store))
        found = registered.detail(self._store, self.model)
        frame = pd.DataFrame(found["versions"])
        for place, metric in enumerate(found["metrics"]):
            frame[f"metrics.{metric['key']}"] = [row["metrics"][place] for row in found["versions"]]
        return frame.drop(columns="metrics", errors="ignore")

    def table(self) -> bytes:
        """Return all models in brief as JSON, and the open one with its versions; watches for changes from now on."""
        watch(self._store).add(self)
        with self._reading:
            self._seen = registered.overview(self._store)
            return self._state(self._seen)

    def _state(self, models: list[dict[str, Any]]) -> bytes:
        is_there = self.model and any(model["name"] == self.model for model in models)
        return registered.state(models, registered.detail(self._store, self.model) if is_there else None)

    def store_changed(self) -> None:
        """Send what is shown when the registry has changed; every change of a model sets the time of its last one."""
        with self._reading:
            models = registered.overview(self._store)
            if models == self._seen:
                return
            state = self._state(models)
            self._seen = models
        with self._sending:
            self.send({"kind": "data"}, [state])

    def edit(self, message: dict[str, Any]) -> Answer:
        """Make a change of the page's; it is shown here and on every other panel of the store."""
        edit_model(self._store, message)
        watch(self._store).look_now()
        return {}, []

    def close(self) -> None:
        """Take the panel away."""
        watch(self._store).remove(self)
        super().close()

    def summary(self) -> tuple[str, str]:
        """Return the models, or the open model's versions, as a picture over time and a table."""
        return summary_html(self._store, self.model), repr(self)

    def __repr__(self) -> str:
        """Say what is shown, the same in every session."""
        which = f"{self.model!r}{f', {self.version}' if self.version else ''}" if self.model else ""
        return f"Registry({which})"


def registry(model: str = "", version: int = 0, *, height: int = 0) -> RegistryPanel:
    """Show the registered models: versions with their metrics, where each alias points, tags, descriptions, history.

    Aliases and stages move after a look at what would change; tags and descriptions are edited in place. Every change is an event
    with who, when and why, and shows at once on every panel of the store.

    Parameters
    ----------
    model : str
        The registered model to open; by default the one that changed last.
    version : int
        Its version to open.
    height : int
        Pixels; 0 chooses by itself.

    Returns
    -------
    RegistryPanel
        Shown when it is the last line of a cell; its state is ``.model``, ``.version`` and ``.df``.

    Raises
    ------
    NotFoundError
        There is no such model or version.
    """
    store = active.get_store()
    if model:
        registered.known(store, model)
        if version:
            store.registry.version(model, version)
    elif version:
        raise NotFoundError("Version", str(version), hint=" Name its model, too: registry('fraud', 3).")
    else:
        newest = store.registry.search(ModelQuery(order_by=("last_updated_timestamp DESC",), max_results=1))
        model = newest[0].name if newest else ""
    return RegistryPanel(store, model, version, registry_height=height)
