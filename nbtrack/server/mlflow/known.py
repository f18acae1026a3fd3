"""What a server remembers of a run: all that ``runs/get`` says, kept up to date by the records that this process writes."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nbtrack.entities import LifecycleStage, RunStatus
from nbtrack.names import RUN_NAME
from nbtrack.wire import number_to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nbtrack.entities import Run, RunInfo, RunInputs

Last = tuple[int, int, float]
"""Step, time in milliseconds UTC, value."""
Link = tuple[str, str, int]
"""``input`` or ``output``, model id, step."""


@dataclass(slots=True)
class KnownFile:
    """A file of a run."""

    sha256: str
    size: int
    mime: str


@dataclass(slots=True)
class KnownRun:
    """The state of one run. `files` and `model_paths`, where its models are among them, are not looked up before somebody asks."""

    run_id: str
    experiment_id: str
    name: str
    user_id: str = ""
    status: str = RunStatus.RUNNING
    start_ms: int = 0
    end_ms: int | None = None
    stage: str = LifecycleStage.ACTIVE
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, Last] = field(default_factory=dict)
    inputs: dict[tuple[str, str, str], dict[str, Any]] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    files: dict[str, KnownFile] | None = None
    model_paths: set[str] | None = None

    @classmethod
    def of(cls, run: Run, links: Sequence[Link] = ()) -> KnownRun:
        """Return what the store says of a run."""
        found = cls.without_data(run.info, run.inputs, links)
        found.params, found.tags = dict(run.data.params), dict(run.data.tags)
        found.metrics = {key: (s.step, s.timestamp, s.last) for key, s in run.data.summaries.items()}
        return found

    @classmethod
    def without_data(cls, info: RunInfo, inputs: RunInputs, links: Sequence[Link] = ()) -> KnownRun:
        """Return a run but for its metrics, params and tags."""
        used = {}
        for found in inputs.dataset_inputs:
            about = {"name": found.dataset.name, "digest": found.dataset.digest, "context": found.context}
            more = {key: getattr(found.dataset, key) for key in ("source_type", "source", "schema", "profile")}
            used[about["name"], about["digest"], found.context] = {**about, **more, "tags": found.tags}
        return cls(
            info.run_id,
            info.experiment_id,
            info.run_name,
            info.user_id,
            str(info.status),
            info.start_time,
            info.end_time,
            str(info.lifecycle_stage),
            inputs=used,
            links=list(links),
        )

    # -- following ---------------------------------------------------------------------------------------------------

    def take(self, kind: str, texts: dict[str, str] | None, body: Any) -> None:
        """Do what a record does to the run; the rules are those of ``store/apply.py``."""
        match kind:
            case "params":
                for key, value in (texts or {}).items():
                    self.params.setdefault(key, value)
            case "tags":
                self.tags.update(texts or {})
                self.name = (texts or {}).get(RUN_NAME, self.name)
            case "untag":
                for key in body["keys"]:
                    self.tags.pop(key, None)
            case "end":
                self.status, self.end_ms = body["status"], body["end_us"] // 1000
            case "resume":
                self.status, self.end_ms = RunStatus.RUNNING, None
            case "state":
                self.stage = body["lifecycle_stage"]
            case "input":
                tags = json.loads(body.get("tags") or "{}")
                self.inputs.setdefault(
                    (body["name"], body["digest"], body.get("context") or ""), {**body, "tags": tags}
                )
            case "artifact":
                self._take_file(body)
            case "model":
                self._take_model(body)

    def take_points(self, points: Iterable[tuple[int, int, dict[str, float]]]) -> None:
        """Take metric points: the last one is that of the largest step, then time, then value, NaN above all."""
        for t_us, step, values in points:
            for key, value in values.items():
                new, old = (step, t_us // 1000, value), self.metrics.get(key)
                if old is None or _rank(new) > _rank(old):
                    self.metrics[key] = new

    def _take_file(self, body: dict[str, Any]) -> None:
        if self.files is None:
            return
        if body["sha256"] is None:
            self.files.pop(body["path"], None)
        else:
            self.files[body["path"]] = KnownFile(body["sha256"], body["size"], body["mime"])

    def _take_model(self, body: dict[str, Any]) -> None:
        if "path" in body:
            self.model_paths = None
        link = (body.get("used", ""), body.get("model_id", ""), body.get("step", 0))
        if link[0] and link not in self.links:
            self.links.append(link)

    # -- telling -----------------------------------------------------------------------------------------------------

    def info(self, artifact_root: str) -> dict[str, Any]:
        """Return the part of a run that says who, when and how."""
        found = {
            "run_id": self.run_id,
            "run_uuid": self.run_id,
            "run_name": self.name,
            "experiment_id": self.experiment_id,
            "user_id": self.user_id,
            "status": self.status,
            "start_time": self.start_ms,
            "artifact_uri": f"{artifact_root}/{self.run_id}/artifacts",
            "lifecycle_stage": self.stage,
        }
        if self.end_ms is not None:
            found["end_time"] = self.end_ms
        return found

    def told(self, artifact_root: str) -> dict[str, Any]:
        """Return the run as MLflow tells it."""
        metrics = [
            {"key": key, "value": number_to_json(value), "timestamp": time, "step": step}
            for key, (step, time, value) in self.metrics.items()
        ]
        data = {"metrics": metrics, "params": pairs(self.params), "tags": pairs(self.tags)}
        return {
            "info": self.info(artifact_root),
            "data": {name: part for name, part in data.items() if part},
            **self.flow(),
        }

    def flow(self) -> dict[str, Any]:
        """Return the parts of a run that say which data sets and models it used and made."""
        found: dict[str, Any] = {"inputs": {}}
        if self.inputs:
            found["inputs"]["dataset_inputs"] = [_input(body) for body in self.inputs.values()]
        used = [{"model_id": model} for kind, model, _ in self.links if kind == "input"]
        made = [{"model_id": model, "step": step} for kind, model, step in self.links if kind == "output"]
        if used:
            found["inputs"]["model_inputs"] = used
        if made:
            found["outputs"] = {"model_outputs": made}
        return found


def pairs(texts: dict[str, str]) -> list[dict[str, str]]:
    """Return texts by key as MLflow's lists have them."""
    return [{"key": key, "value": value} for key, value in texts.items()]


def _rank(last: Last) -> tuple[int, int, float, bool]:
    is_nan = math.isnan(last[2])
    return last[0], last[1], math.inf if is_nan else last[2], is_nan


def _input(body: dict[str, Any]) -> dict[str, Any]:
    tags = dict(body.get("tags") or {})
    if body.get("context"):
        tags = {"mlflow.data.context": body["context"], **tags}
    texts = {key: body[key] for key in ("name", "digest", "source_type", "source") if body.get(key)}
    texts |= {key: body[key] for key in ("schema", "profile") if body.get(key) not in (None, "", "{}")}
    return {"dataset": texts, **({"tags": pairs(tags)} if tags else {})}
