"""What a request touches, for somebody who may not do it to everything: each run, experiment and model that it names must be theirs.

A request that names something twice, or in two ways, must be allowed all of it; one that names nothing is refused.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from nbtrack.server.access.roles import Role

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_DEPTH = 8
_LOGGED = re.compile(r"/logged-models/(?P<id>[^/]+)")
_RUN = re.compile(r"(?P<experiment>\d{1,18})/(?P<id>[0-9a-f]{32})/artifacts(?:/.*)?", re.DOTALL)
_MODEL = re.compile(r"(?P<experiment>\d{1,18})/models/(?P<id>m-[0-9a-f]{32})/artifacts(?:/.*)?", re.DOTALL)
_FILES = re.compile(
    r"/mlflow-artifacts/(?:artifacts|presigned|mpu/(?:create|complete|abort))/(?P<address>.*)", re.DOTALL
)
_SOURCES = (
    re.compile(r"runs:/(?P<run>[0-9a-f]{32})/[^/].*"),
    re.compile(r"models:/(?P<logged>m-[0-9a-f]{32})"),
    re.compile(r"models:/(?P<model>[^/@]+)[/@][^/]+"),
    re.compile(r"mlflow-artifacts:(?://[^/]*)?/+\d{1,18}/(?P<run>[0-9a-f]{32})/artifacts(?:/.*)?"),
    re.compile(r"mlflow-artifacts:(?://[^/]*)?/+\d{1,18}/models/(?P<logged>m-[0-9a-f]{32})/artifacts(?:/.*)?"),
)
_KEYS = {
    "experiment_id": "experiments",
    "experiment_ids": "experiments",
    "experiment_name": "experiment_names",
    "run_id": "runs",
    "run_ids": "runs",
    "run_uuid": "runs",
    "source_run_id": "runs",
    "model_id": "logged",
}


class UnclearError(Exception):
    """It cannot be said what a request touches."""


@dataclass
class Nouns:
    """What a request names: ids of experiments, runs and logged models, names of experiments and registered models."""

    role: Role = Role.READ
    experiments: set[str] = field(default_factory=set)
    experiment_names: set[str] = field(default_factory=set)
    runs: set[str] = field(default_factory=set)
    logged: set[str] = field(default_factory=set)
    models: set[str] = field(default_factory=set)

    def __bool__(self) -> bool:
        """Say whether there is anything."""
        return bool(self.experiments or self.experiment_names or self.runs or self.logged or self.models)


def of_request(path: str, query: str, body: bytes, role: Role) -> list[Nouns]:
    """Return what a request of MLflow's REST names, by the role that is needed for it; raises :class:`UnclearError`."""
    said = [*parse_qsl(query, keep_blank_values=True), *_pairs(strict_object(body) if body else {})]
    found, source = Nouns(role), Nouns(Role.READ)
    is_registry = "/registered-models/" in path or "/model-versions/" in path
    makes_version = path.endswith("/model-versions/create")
    for key, value in said:
        text = str(value)
        if key in ("name", "new_name"):
            if is_registry:
                found.models.add(text)
            elif "/experiments/" in path:
                found.experiment_names.add(text)
        elif key == "source" and makes_version:
            _add_source(source, text)
        elif key in _KEYS and text and not (is_registry and not makes_version):
            getattr(source if is_registry else found, _KEYS[key]).add(text)
    if path.endswith("/runs/create") and not found.experiments:
        found.experiments.add("0")
    if (logged := _LOGGED.search(path)) and logged["id"] != "search":
        found.logged.add(logged["id"])
    return [each for each in (found, source) if each]


def of_file(path: str, query: str, role: Role) -> Nouns:
    """Return what an address of the artifact proxy belongs to."""
    inside = _FILES.search(path)
    addresses = [inside["address"]] if inside else [value for key, value in parse_qsl(query) if key == "path"]
    nouns = Nouns(role)
    for address in addresses:
        if ".." in address:
            raise UnclearError
        run, model = (pattern.fullmatch(address.strip("/")) for pattern in (_RUN, _MODEL))
        if run is None and model is None:
            raise UnclearError
        if run is not None:
            nouns.runs.add(run["id"])
        elif model is not None:
            nouns.logged.add(model["id"])
    return nouns


def of_journal(data: bytes) -> Nouns:
    """Return what lines of a journal write to; runs that begin in them count for their experiment as well."""
    nouns = Nouns(Role.WRITE)
    for line in data.splitlines():
        record = strict_object(line)
        kind, run_id, about = record.get("k"), record.get("r"), record.get("o")
        if kind == "hdr":
            continue
        if not isinstance(run_id, str):
            raise UnclearError
        if kind != "start":
            nouns.runs.add(run_id)
            continue
        if not isinstance(about, dict):
            raise UnclearError
        nouns.runs.add(f"new:{run_id}")
        if about.get("experiment_id") is None:
            nouns.experiment_names.add(str(about.get("experiment") or "Default"))
        else:
            nouns.experiments.add(str(about["experiment_id"]))
    return nouns


def strict_object(text: bytes) -> dict[str, Any]:
    """Return a JSON object in which no key stands twice: two readers could take another one each."""
    try:
        found = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise UnclearError from None
    if not isinstance(found, dict):
        raise UnclearError
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise UnclearError
    return found


def _pairs(value: Any, key: str = "", depth: int = 0) -> Iterable[tuple[str, Any]]:
    if depth > MAX_DEPTH:
        raise UnclearError
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _pairs(inner, name, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _pairs(inner, key, depth + 1)
    elif value is not None:
        yield key, value


def _add_source(nouns: Nouns, source: str) -> None:
    """Note what a version is made of; places that are no run or model of this server are for who may write everything."""
    for pattern in _SOURCES:
        found = pattern.fullmatch(source)
        if found is not None and ".." not in source and "%" not in source:
            for kind, into in (("run", nouns.runs), ("logged", nouns.logged), ("model", nouns.models)):
                if kind in pattern.groupindex:
                    into.add(found[kind])
            return
    raise UnclearError
