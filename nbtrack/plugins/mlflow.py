"""MLflow on a store of nbtrack in a file: ``mlflow.set_tracking_uri("nbtrack:///abs/runs.duckdb")``, ``mlflow ui --backend-store-uri …``.

Each store here is MLflow's own client of a server, and that server is a thread of this process, reached by nobody else. So a run in a file
is what a run on a team server is, and there is one way in which MLflow's calls become records.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from mlflow.store.model_registry.rest_store import RestStore as RegistryRestStore
from mlflow.store.tracking.rest_store import RestStore

from nbtrack.plugins.addresses import PROXY, SCHEME, inner, outer, store_of
from nbtrack.plugins.mlflow_artifacts import credentials

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

PLACES = ("artifact_uri", "artifact_location", "source", "root_uri")
"""Fields of messages that say where files are."""
WITHOUT_PLACES = ("data", "inputs", "outputs", "tags", "params", "metrics")
DESTINATION = "_MLFLOW_SERVER_ARTIFACT_DESTINATION"
"""Where a server of MLflow keeps the files that it takes for its clients."""


class Placed:
    """A client that tells where files are in a way that needs no server to be running.

    Behind ``mlflow server --artifacts-destination nbtrack:///…`` places stay ``mlflow-artifacts:``, which clients ask that server for.
    """

    _path: Path

    def _call_endpoint(self, api: Any, json_body: Any = None, *rest: Any, **options: Any) -> Any:
        found = super()._call_endpoint(api, self._inward(json_body), *rest, **options)  # type: ignore[misc]
        if not os.environ.get(DESTINATION, "").startswith(f"{SCHEME}:"):
            _replace(found, lambda uri: outer(uri, self._path))
        return found

    def _inward(self, body: Any) -> Any:
        if not isinstance(body, str) or f'"{SCHEME}:' not in body:
            return body
        said = json.loads(body)
        return json.dumps({key: inner(value, self._path) if key in PLACES else value for key, value in said.items()})


def _replace(message: Any, change: Callable[[str], str]) -> None:
    for field, value in message.ListFields():
        if field.name in PLACES and isinstance(value, str):
            if value.startswith(PROXY):
                setattr(message, field.name, change(value))
        elif field.message_type is not None and field.name not in WITHOUT_PLACES:
            # One message has fields; of several, or of a map, each has.
            for each in (
                [value] if hasattr(value, "ListFields") else value.values() if hasattr(value, "values") else value
            ):
                if hasattr(each, "ListFields"):
                    _replace(each, change)


class TrackingStore(Placed, RestStore):  # type: ignore[misc]
    """Runs, experiments and logged models of a file.

    Parameters
    ----------
    store_uri : str
        ``nbtrack:///abs/runs.duckdb`` or ``nbtrack:runs.duckdb``.
    artifact_uri : str, optional
        MLflow's servers say it; files are kept in the store.
    """

    def __init__(self, store_uri: str, artifact_uri: str | None = None) -> None:  # noqa: ARG002 - MLflow's order
        self._path = store_of(store_uri)
        # At the end of a run MLflow prints links to the server, which this one shows to nobody else.
        os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
        super().__init__(lambda: credentials(self._path))

    def search_traces(self, *_: Any, **__: Any) -> tuple[list[Any], None]:
        """Return none: there are no traces in a store of nbtrack, and pages of MLflow ask for them."""
        return [], None

    def _search_datasets(self, experiment_ids: Sequence[str]) -> list[Any]:
        """Return the datasets that runs used, for the page of an experiment."""
        from mlflow.entities import _DatasetSummary  # noqa: PLC0415 - MLflow 2 has it elsewhere

        found = {}
        for run in self.search_runs(list(experiment_ids), "", 1, max_results=1000):
            for used in run.inputs.dataset_inputs:
                context = {tag.key: tag.value for tag in used.tags}.get("mlflow.data.context")
                key = run.info.experiment_id, used.dataset.name, used.dataset.digest, context
                found[key] = _DatasetSummary(*key)
        return [*found.values()]


class RegistryStore(Placed, RegistryRestStore):  # type: ignore[misc]
    """Registered models of a file.

    Parameters
    ----------
    store_uri : str
        As that of :class:`TrackingStore`.
    tracking_uri : str, optional
        MLflow says it; files of models are found through the store.
    """

    def __init__(self, store_uri: str, tracking_uri: str | None = None) -> None:  # noqa: ARG002
        self._path = store_of(store_uri)
        super().__init__(lambda: credentials(self._path))
