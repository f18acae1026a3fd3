"""A tracking server of MLflow, or of nbtrack, as a source: asked over its REST."""

from __future__ import annotations

from functools import partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import numpy as np

from nbtrack.artifacts.remote.uri import is_remote
from nbtrack.errors import NbtrackError, NotFoundError, UnreachableError
from nbtrack.moving.mlflow import words
from nbtrack.moving.mlflow.files import Artifacts
from nbtrack.moving.mlflow.models import carrier, described
from nbtrack.moving.mlflow.rest import PROXY, Rest
from nbtrack.moving.moved import MovedExperiment, MovedFile, MovedModel, MovedRegistered, MovedRun, Points
from nbtrack.names import PARENT, RUN_NAME
from nbtrack.wire import number_from_json

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from nbtrack.moving.mlflow.files import Skip

PAGE = 500
HISTORY_PAGE = 25_000
SCHEME = "mlflow-artifacts:"


class Server:
    """A source: experiments, runs and registered models of a server.

    Parameters
    ----------
    url : str
    artifacts : str, optional
        Where artifacts are, when the server neither serves them nor says where they can be reached.
    skip : callable
        Told what is left out, and why.
    """

    def __init__(self, url: str, artifacts: str | None, skip: Skip) -> None:
        self._rest = Rest(url)
        self.title = self._rest.url
        self._skip = skip
        self._given = Artifacts(Path(), artifacts, skip) if artifacts else None
        self._elsewhere = Artifacts(Path(), None, skip)
        self._ids: dict[str, str] = {}

    # -- experiments -------------------------------------------------------------------------------------------------

    def experiments(self) -> Iterator[MovedExperiment]:
        """Yield the experiments."""
        asked = {"max_results": PAGE, "view_type": "ALL"}
        for said in self._rest.pages("experiments", "POST", "experiments/search", asked):
            self._ids[said["name"]] = said["experiment_id"]
            stage = words.stage_of(said.get("lifecycle_stage"))
            yield MovedExperiment(said["name"], _texts(said.get("tags")), int(said.get("creation_time") or 0), stage)

    # -- runs --------------------------------------------------------------------------------------------------------

    def count(self, names: Collection[str]) -> int:
        """Return 0: servers do not say how many runs they have."""
        del names
        return 0

    def runs(self, names: Collection[str]) -> Iterator[MovedRun]:
        """Yield the runs of some experiments, each experiment's by their beginning."""
        models = self._models(names)
        for name in names:
            asked = {
                "experiment_ids": [self._ids[name]],
                "run_view_type": "ALL",
                "max_results": PAGE,
                "order_by": ["attributes.start_time ASC"],
            }
            for said in self._rest.pages("runs", "POST", "runs/search", asked):
                try:
                    run = self._run(name, said, models)
                except (KeyError, ValueError, TypeError) as error:
                    self._skip(f"run {said.get('info', {}).get('run_id')}", error)
                    continue
                yield run
        for left in models.values():
            yield from (carrier(model, experiment) for model, experiment in left)

    def _run(self, experiment: str, said: dict[str, Any], models: dict[str, list[tuple[MovedModel, str]]]) -> MovedRun:
        info, data = said["info"], said.get("data") or {}
        run_id = str(info.get("run_id") or info["run_uuid"])
        tags = _texts(data.get("tags"))
        logged = tuple(model for model, _ in models.pop(run_id, []))
        inputs, outputs = said.get("inputs") or {}, said.get("outputs") or {}
        links = [("input", each["model_id"], 0) for each in inputs.get("model_inputs") or ()]
        links += [
            ("output", each["model_id"], int(each.get("step") or 0)) for each in outputs.get("model_outputs") or ()
        ]
        return MovedRun(
            run_id,
            experiment,
            info.get("run_name") or tags.get(RUN_NAME) or "",
            words.us(info.get("start_time")) or 0,
            words.status_of(info.get("status")),
            words.us(info.get("end_time")),
            user=info.get("user_id") or "",
            params=_texts(data.get("params")),
            tags=tags,
            parent=tags.get(PARENT),
            stage=words.stage_of(info.get("lifecycle_stage")),
            metrics=partial(self._points, run_id, [each["key"] for each in data.get("metrics") or ()]),
            files=partial(
                self._files, run_id, info.get("artifact_uri") or "", f"{info['experiment_id']}/{run_id}/artifacts"
            ),
            inputs=tuple(
                words.dataset_input(each.get("dataset") or {}, _texts(each.get("tags")))
                for each in inputs.get("dataset_inputs") or ()
            ),
            models=(*logged, *words.history_models(tags, {model.model_id for model in logged})),
            links=tuple(links),
        )

    def _points(self, run_id: str, keys: list[str]) -> Iterator[Points]:
        for key in sorted(keys):
            asked = {"run_id": run_id, "metric_key": key, "max_results": HISTORY_PAGE}
            found = self._rest.pages("metrics", "GET", "metrics/get-history", asked)
            for _, block in groupby(enumerate(found), key=lambda each: each[0] // HISTORY_PAGE):
                points = [point for _, point in block]
                yield Points(
                    key,
                    np.array([int(point.get("step") or 0) for point in points], dtype=np.int64),
                    np.array([int(point["timestamp"]) for point in points], dtype=np.int64) * words.US,
                    np.array([_value(point.get("value")) for point in points], dtype=np.float64),
                )

    # -- files -------------------------------------------------------------------------------------------------------

    def _files(self, run_id: str, uri: str, own: str) -> Iterator[MovedFile]:
        if self._given is not None:
            yield from self._given.files(uri, own)
        elif uri.startswith(SCHEME):
            yield from self._of_proxy(address_of(uri))
        elif is_remote(uri):
            yield from self._elsewhere.files(uri, own)
        else:
            yield from self._of_run(run_id, "")

    def _of_proxy(self, address: str, folder: str = "") -> Iterator[MovedFile]:
        at = f"{address}/{folder}".rstrip("/")
        for said in self._rest.listed(at):
            path = f"{folder}{said['path'].rsplit('/', 1)[-1]}"
            if said.get("is_dir"):
                yield from self._of_proxy(address, f"{path}/")
            else:
                fetch = partial(self._rest.download, f"{PROXY}/{quote(f'{address}/{path}')}")
                yield MovedFile(path, fetch, _size(said))

    def _of_run(self, run_id: str, folder: str) -> Iterator[MovedFile]:
        """Yield what the server itself sees of a run's files: one that serves no proxy shows them on its pages."""
        asked = {"run_id": run_id, "path": folder} if folder else {"run_id": run_id}
        for said in self._rest.pages("files", "GET", "artifacts/list", asked):
            if said.get("is_dir"):
                yield from self._of_run(run_id, said["path"])
            else:
                query = urlencode({"path": said["path"], "run_uuid": run_id})
                yield MovedFile(said["path"], partial(self._rest.download, f"/get-artifact?{query}"), _size(said))

    def _of_model(self, model_id: str, folder: str = "") -> Iterator[MovedFile]:
        asked = {"artifact_directory_path": folder} if folder else {}
        base = f"logged-models/{model_id}/artifacts"
        for said in self._rest.pages("files", "GET", f"{base}/directories", asked):
            if said.get("is_dir"):
                yield from self._of_model(model_id, said["path"])
            else:
                query = urlencode({"artifact_file_path": said["path"]})
                fetch = partial(
                    self._rest.download, f"/ajax-api/2.0/mlflow/{base.replace('artifacts', 'artifacts/files')}?{query}"
                )
                yield MovedFile(said["path"], fetch, _size(said))

    # -- logged models -----------------------------------------------------------------------------------------------

    def _models(self, names: Collection[str]) -> dict[str, list[tuple[MovedModel, str]]]:
        """Return the logged models by the run that made them, each with its experiment; servers of MLflow 2 have none."""
        found: dict[str, list[tuple[MovedModel, str]]] = {}
        for name in names:
            asked = {"experiment_ids": [self._ids[name]], "max_results": 50}
            try:
                for said in self._rest.pages("models", "POST", "logged-models/search", asked):
                    run_id, model = self._model(said)
                    found.setdefault(run_id or f"alone {model.model_id}", []).append((model, name))
            except UnreachableError:
                raise
            except NotFoundError:
                return found
            except NbtrackError as error:  # of an experiment in the trash, it tells none
                self._skip(f"logged models of experiment {name}", error)
        return found

    def _model(self, said: dict[str, Any]) -> tuple[str, MovedModel]:
        info, data = said["info"], said.get("data") or {}
        model_id, uri = info["model_id"], info.get("artifact_uri") or ""
        own = f"{info['experiment_id']}/models/{model_id}/artifacts"
        metrics = tuple(
            (
                each["key"], _value(each.get("value")), int(each.get("timestamp") or 0), int(each.get("step") or 0),
                each.get("dataset_name"), each.get("dataset_digest"), each.get("run_id"),
            )
            for each in data.get("metrics") or ()
        )  # fmt: skip
        about = info | {
            "creation_timestamp": info.get("creation_timestamp_ms"),
            "last_updated_timestamp": info.get("last_updated_timestamp_ms"),
        }

        def files() -> Iterator[MovedFile]:
            if self._given is None and not uri.startswith(SCHEME) and not is_remote(uri):
                return self._of_model(model_id)
            return self._files("", uri, own)

        model = described(
            about, params=_texts(data.get("params")), tags=_texts(info.get("tags")), metrics=metrics, files=files
        )
        return str(info.get("source_run_id") or ""), model

    # -- registered models -------------------------------------------------------------------------------------------

    def registered(self) -> Iterator[MovedRegistered]:
        """Yield the registered models; prompts are some too."""
        for said in self._rest.pages("registered_models", "GET", "registered-models/search", {"max_results": 100}):
            quoted = said["name"].replace("'", "''")
            asked = {"filter": f"name = '{quoted}'", "max_results": 200}
            versions = [
                words.version_of(each, _texts(each.get("tags")))
                for each in self._rest.pages("model_versions", "GET", "model-versions/search", asked)
            ]
            aliases = {each["alias"]: int(each["version"]) for each in said.get("aliases") or ()}
            yield MovedRegistered(
                said["name"],
                said.get("description") or "",
                created=int(said.get("creation_timestamp") or 0),
                updated=int(said.get("last_updated_timestamp") or 0),
                tags=_texts(said.get("tags")),
                versions=tuple(sorted(versions, key=lambda version: version.version)),
                aliases=aliases,
            )


def address_of(uri: str) -> str:
    """Return the address within the proxy: ``mlflow-artifacts:/1/x`` and ``mlflow-artifacts://host/1/x`` are ``1/x``."""
    rest = uri.removeprefix(SCHEME)
    return rest[2:].partition("/")[2].strip("/") if rest.startswith("//") else rest.strip("/")


def _texts(said: list[dict[str, Any]] | None) -> dict[str, str]:
    return {each["key"]: each.get("value") or "" for each in said or ()}


def _value(said: Any) -> float:
    return words.value_of(number_from_json(said) if said is not None else None)


def _size(said: dict[str, Any]) -> int | None:
    return None if said.get("file_size") is None else int(said["file_size"])
