"""Writes runs onto a tracking server of MLflow, over its REST: it gives ids of its own, and remembers ours in tags."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.entities import LifecycleStage, RunStatus
from nbtrack.errors import NbtrackError, NotFoundError, UnreachableError
from nbtrack.moving.mlflow import words
from nbtrack.moving.mlflow.marks import sign_of
from nbtrack.moving.mlflow.placing import is_of_mlflow_2, split_files
from nbtrack.moving.mlflow.rest import Rest
from nbtrack.moving.mlflow.server import SCHEME, address_of
from nbtrack.moving.shipment import scratch
from nbtrack.names import PARENT
from nbtrack.wire import number_from_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbtrack.moving.moved import MovedExperiment, MovedFile, MovedModel, MovedRegistered, MovedRun, MovedVersion
    from nbtrack.moving.tally import Tally

OURS, SIGN, REPLACED = "nbtrack.run_id", "nbtrack.moved", "nbtrack.replaced"
"""Tags of what was written here: which run it is, and what it was made of, once all of it is there."""
MAX_METRICS, MAX_TEXTS = 1000, 100


class ServerOut:
    """A tracking server that is written to.

    Parameters
    ----------
    url : str
    tally : Tally
    is_dry : bool
        Only count.
    """

    def __init__(self, url: str, tally: Tally, *, is_dry: bool = False) -> None:
        self._rest = Rest(url)
        self._tally = tally
        self._is_dry = is_dry
        self._scratch = scratch()
        self._ids: dict[str, str] = {}
        self._in_trash: list[str] = []
        self._runs: dict[str, tuple[str, str, str]] = {}
        self._models: dict[str, str] = {}
        asked = {"max_results": 500, "view_type": "ALL"}
        self._there = {
            each["name"]: each for each in self._rest.pages("experiments", "POST", "experiments/search", asked)
        }

    def finish(self) -> None:
        """Put the experiments that were made here, and are in the trash in their store, there too."""
        for experiment_id in self._in_trash:
            self._rest.post("experiments/delete", {"experiment_id": experiment_id})

    def close(self) -> None:
        """Take the scratch folder away."""
        self._scratch.cleanup()

    # -- experiments -------------------------------------------------------------------------------------------------

    def experiment(self, moved: MovedExperiment) -> None:
        """Make an experiment; one of this name that is there stays as it is."""
        known = self._there.get(moved.name)
        if known is not None:
            self._tally.experiments.known += 1
            self._ids[moved.name] = str(known["experiment_id"])
            self._look(str(known["experiment_id"]))
            return
        self._tally.experiments.new += 1
        if not self._is_dry:
            body = {"name": moved.name, "tags": _pairs(moved.tags)}
            made = self._ids[moved.name] = str(self._rest.post("experiments/create", body)["experiment_id"])
            if moved.stage == LifecycleStage.DELETED:
                self._in_trash.append(made)

    def _look(self, experiment_id: str) -> None:
        """Learn which of our runs and models are there already."""
        with suppress(NotFoundError):  # of MLflow 2
            for each in self._rest.pages("models", "POST", "logged-models/search", {"experiment_ids": [experiment_id]}):
                info = each["info"]
                self._models |= {t["value"]: info["model_id"] for t in info.get("tags") or () if t["key"] == OURS}
        asked = {
            "experiment_ids": [experiment_id],
            "run_view_type": "ALL",
            "max_results": 1000,
            "filter": f"tags.`{OURS}` LIKE '%'",
        }
        for each in self._rest.pages("runs", "POST", "runs/search", asked):
            tags = {tag["key"]: tag.get("value") or "" for tag in each["data"].get("tags") or ()}
            info = each["info"]
            if not tags.get(REPLACED):
                self._runs[tags[OURS]] = info["run_id"], tags.get(SIGN, ""), info.get("artifact_uri") or ""

    # -- runs --------------------------------------------------------------------------------------------------------

    def run(self, run: MovedRun) -> None:
        """Write a run; one that was written before and has not changed since is left alone, one that has changed is written anew."""
        inside, of_models = split_files(run)
        if run.stage == LifecycleStage.CARRIER:
            self._alone(run, of_models)
            return
        sign = sign_of(run)
        known = self._runs.get(run.run_id)
        if known is not None and known[1] == sign:
            self._tally.runs.known += 1
            return
        if known is None:
            self._tally.runs.new += 1
        else:
            self._tally.runs.changed += 1
        if self._is_dry:
            self._tally.points += sum((run.counts or {}).values())
            self._tally.files += len(inside)
            return
        if known is not None:
            self._give_up(known[0])
        self._write(run, inside, of_models, sign)

    def _give_up(self, run_id: str) -> None:
        """Put a run that is written anew in the trash; what is there cannot be changed."""
        with suppress(NbtrackError):  # only what is in use takes tags
            self._rest.post("runs/restore", {"run_id": run_id})
        self._rest.post("runs/set-tag", {"run_id": run_id, "key": REPLACED, "value": "true"})
        self._rest.post("runs/delete", {"run_id": run_id})

    def _write(self, run: MovedRun, files: list[MovedFile], of_models: dict[str, list[MovedFile]], sign: str) -> None:
        parent = {PARENT: self._runs[run.parent][0]} if run.parent in self._runs else {}
        tags = {**run.tags, **parent, OURS: run.run_id}
        first, later = dict([*tags.items()][:MAX_TEXTS]), [*tags.items()][MAX_TEXTS:]
        first[OURS] = run.run_id
        body = {
            "experiment_id": self._ids[run.experiment],
            "user_id": run.user,
            "run_name": run.tags.get("mlflow.runName", run.name),
            "start_time": run.start_us // words.US,
            "tags": _pairs(first),
        }
        info = self._rest.post("runs/create", body)["run"]["info"]
        run_id, uri = info["run_id"], info.get("artifact_uri") or ""
        self._runs[run.run_id] = run_id, "", uri
        for part in _parts([*run.params.items()], MAX_TEXTS):
            self._rest.post("runs/log-batch", {"run_id": run_id, "params": _pairs(dict(part))})
        for part in _parts(later, MAX_TEXTS):
            self._rest.post("runs/log-batch", {"run_id": run_id, "tags": _pairs(dict(part))})
        self._points(run, run_id)
        self._inputs(run, run_id)
        self._files(files, uri, f"run {run.run_id}")
        for model in run.models:
            if not is_of_mlflow_2(run, model):
                self._model(model, run, run_id, of_models[model.model_id])
        self._end(run, run_id, sign)

    def _end(self, run: MovedRun, run_id: str, sign: str) -> None:
        outputs = [
            {"model_id": self._models[model], "step": step}
            for side, model, step in run.links
            if side == "output" and model in self._models
        ]
        if outputs:
            self._rest.post("runs/outputs", {"run_id": run_id, "models": outputs})
        if run.status != RunStatus.RUNNING:
            end = None if run.end_us is None else run.end_us // words.US
            self._rest.post("runs/update", {"run_id": run_id, "status": str(run.status), "end_time": end})
        self._rest.post("runs/set-tag", {"run_id": run_id, "key": SIGN, "value": sign})
        if run.stage == LifecycleStage.DELETED:
            self._rest.post("runs/delete", {"run_id": run_id})
        self._runs[run.run_id] = run_id, sign, self._runs[run.run_id][2]

    def _points(self, run: MovedRun, run_id: str) -> None:
        # What was measured of a logged model is a point of its run too: it is sent once, with the model.
        of_models = Counter(
            each for model in run.models for each in _measured(model, run) if not is_of_mlflow_2(run, model)
        )
        for block in run.metrics():
            rows = zip((block.t_us // words.US).tolist(), block.step.tolist(), block.value.tolist(), strict=True)
            points = []
            for t, s, v in rows:
                if of_models[block.key, t, s, v] > 0:
                    of_models[block.key, t, s, v] -= 1
                else:
                    points.append({"key": block.key, "value": _number(v), "timestamp": t, "step": s})
            for part in _parts(points, MAX_METRICS):
                self._rest.post("runs/log-batch", {"run_id": run_id, "metrics": part})
            self._tally.points += len(block.value)

    def _inputs(self, run: MovedRun, run_id: str) -> None:
        datasets = []
        for each in run.inputs:
            data = each.dataset
            about = {"name": data.name, "digest": data.digest, "source_type": data.source_type, "source": data.source}
            about |= {
                key: value
                for key, value in (("schema", data.schema), ("profile", data.profile))
                if value not in ("", "{}")
            }
            tags = {**each.tags, **({words.CONTEXT: each.context} if each.context else {})}
            datasets.append({"dataset": about, "tags": _pairs(tags)})
        models = [{"model_id": self._models[m]} for side, m, _ in run.links if side == "input" and m in self._models]
        if datasets or models:
            self._rest.post("runs/log-inputs", {"run_id": run_id, "datasets": datasets, "models": models})

    def _files(self, files: list[MovedFile], uri: str, what: str) -> None:
        if files and not uri.startswith(SCHEME):
            self._tally.skip(
                f"{len(files)} files of {what}", f"the server keeps them at {uri} and does not take them itself"
            )
            return
        for each in files:
            try:
                path = each.fetch(Path(self._scratch.name) / "file")
                self._rest.upload(f"{address_of(uri)}/{each.path}", path)
            except UnreachableError:
                raise
            except (NbtrackError, OSError) as error:
                self._tally.skip(f"file {each.path} of {what}", error)
                continue
            self._tally.files += 1
            self._tally.bytes += path.stat().st_size

    # -- logged models -----------------------------------------------------------------------------------------------

    def _model(self, model: MovedModel, run: MovedRun, run_id: str | None, files: list[MovedFile]) -> None:
        body = {
            "experiment_id": self._ids[run.experiment],
            "name": model.name,
            "model_type": model.model_type,
            "params": _pairs(model.params),
            "tags": _pairs({**model.tags, OURS: model.model_id}),
            **({"source_run_id": run_id} if run_id else {}),
        }
        try:
            info = self._rest.post("logged-models", body)["model"]["info"]
        except NotFoundError:
            self._tally.skip(f"logged model {model.model_id}", "the server is of MLflow 2, which has none")
            return
        made = info["model_id"]
        self._models[model.model_id] = made
        self._files(files, info.get("artifact_uri") or "", f"logged model {model.model_id}")
        if model.status != "PENDING":
            status = {"model_id": made, "status": f"LOGGED_MODEL_{model.status}"}
            self._rest.post(f"logged-models/{made}", status, "PATCH")
        if model.metrics and run_id:
            points = [
                {
                    "key": key, "value": value, "timestamp": t, "step": step, "model_id": made, "run_id": run_id,
                    **({"dataset_name": name, "dataset_digest": digest} if name else {}),
                }
                for key, value, t, step, name, digest, by in model.metrics
                if by in (None, run.run_id)
            ]  # fmt: skip
            if len(points) < len(model.metrics):
                self._tally.skip(f"some metrics of logged model {model.model_id}", "other runs measured them")
            for part in _parts(points, MAX_METRICS):
                self._rest.post("runs/log-batch", {"run_id": run_id, "metrics": part})
        if model.is_deleted:
            self._rest.post(f"logged-models/{made}", {}, "DELETE")

    def _alone(self, run: MovedRun, of_models: dict[str, list[MovedFile]]) -> None:
        """Write the model that no run made."""
        for model in run.models:
            if model.model_id not in self._models and not self._is_dry:
                self._model(model, run, None, of_models[model.model_id])

    # -- registered models -------------------------------------------------------------------------------------------

    def registered(self, moved: MovedRegistered) -> None:
        """Write a registered model: versions that are not there are made, in their order; the server gives numbers."""
        try:
            known = self._rest.get("registered-models/get", name=moved.name)["registered_model"]
        except NotFoundError:
            known = None
        self._tally.models.new += known is None
        self._tally.models.known += known is not None
        quoted = moved.name.replace("'", "''")
        asked = {"filter": f"name = '{quoted}'", "max_results": 200}
        there = {} if known is None else {
            tag["value"]: each["version"]
            for each in self._rest.pages("model_versions", "GET", "model-versions/search", asked)
            for tag in each.get("tags") or ()
            if tag["key"] == OURS
        }  # fmt: skip
        if known is None and not self._is_dry:
            body = {"name": moved.name, "description": moved.description, "tags": _pairs(moved.tags)}
            self._rest.post("registered-models/create", body)
        numbers: dict[int, str] = {}
        for version in moved.versions:
            ours = f"{version.version}@{version.created}"
            if ours in there:
                numbers[version.version] = str(there[ours])
                self._tally.versions.known += 1
                continue
            if self._is_dry:
                self._tally.versions.new += 1
            else:
                self._version(moved.name, version, ours, numbers)
        aliases = {each["alias"] for each in (known or {}).get("aliases") or ()}
        for alias, number in moved.aliases.items():
            if alias not in aliases and number in numbers:
                body = {"name": moved.name, "alias": alias, "version": numbers[number]}
                self._rest.post("registered-models/alias", body)

    def _version(self, name: str, version: MovedVersion, ours: str, numbers: dict[int, str]) -> None:
        run = self._runs.get(version.run_id or "")
        body = {
            "name": name,
            "source": self._source(version),
            "run_id": run[0] if run else None,
            "model_id": self._models.get(version.model_id or ""),
            "run_link": version.run_link,
            "description": version.description,
            "tags": _pairs({**version.tags, OURS: ours}),
        }
        try:
            made = self._rest.post("model-versions/create", body)["model_version"]
        except UnreachableError:
            raise
        except NbtrackError as error:
            self._tally.skip(f"version {version.version} of {name}", error)
            return
        numbers[version.version] = str(made["version"])
        self._tally.versions.new += 1
        if str(made["version"]) != str(version.version):
            self._tally.note(f"{name}: version {version.version} is {made['version']} there")
        if version.stage != "None":
            stage = {"name": name, "version": str(made["version"]), "stage": version.stage}
            self._rest.post("model-versions/transition-stage", stage)

    def _source(self, version: MovedVersion) -> str:
        """Return where the files of a version are there."""
        if version.model_id in self._models and version.source.startswith("models:/"):
            return f"models:/{self._models[version.model_id]}"
        run = self._runs.get(version.run_id or "")
        if run is not None and version.path:
            # Of the files that were sent; a server looks whether it is the run's own place.
            return f"{run[2].rstrip('/')}/{version.path}"
        return version.source


def _pairs(found: dict[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in found.items()]


def _measured(model: MovedModel, run: MovedRun) -> Iterator[tuple[str, int, int, float]]:
    """Yield key, time, step and value of what a run measured of a model."""
    for key, value, t, step, _, _, by in model.metrics:
        if by in (None, run.run_id):
            yield key, t, step, number_from_json(value)


def _parts(found: list[Any], n: int) -> Iterator[list[Any]]:
    for begin in range(0, len(found), n):
        yield found[begin : begin + n]


def _number(value: float) -> Any:
    """Return a number as MLflow's JSON has it."""
    text = json.dumps(value)
    return value if text not in ("NaN", "Infinity", "-Infinity") else text
