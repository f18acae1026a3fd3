"""MLflow's ``mlruns`` folder, as MLflow 1 to 3 write it."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nbtrack.errors import InvalidValueError
from nbtrack.models.yaml_text import read_yaml
from nbtrack.moving.mlflow import words
from nbtrack.moving.mlflow.files import Artifacts
from nbtrack.moving.mlflow.models import carrier, described
from nbtrack.moving.moved import MovedExperiment, MovedModel, MovedRegistered, MovedRun, Points
from nbtrack.names import PARENT, RUN_NAME, is_run_id

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from nbtrack.entities import DatasetInput
    from nbtrack.moving.mlflow.files import Skip
    from nbtrack.moving.moved import MovedVersion

META = "meta.yaml"
TRASH = ".trash"
BLOCK = 8 << 20
FIELDS = 3
_START = re.compile(rb"^start_time:\s*(\d+)", re.MULTILINE)


class Folder:
    """A source: experiments, runs and registered models in a folder.

    Parameters
    ----------
    root : Path
        The ``mlruns`` folder.
    artifacts : str, optional
        Where artifacts are, when they are neither in it nor where it says.
    skip : callable
        Told what is left out, and why.
    """

    def __init__(self, root: Path, artifacts: str | None, skip: Skip) -> None:
        self.title = f"mlruns {root}"
        self._root = root
        self._skip = skip
        self._artifacts = Artifacts(root, artifacts, skip)
        self._places: dict[str, list[Path]] = {}
        if not any(self._experiment_folders()):
            message = f"{root} is no mlruns folder: no folder in it has a {META} of an experiment."
            raise InvalidValueError(message)

    # -- experiments -------------------------------------------------------------------------------------------------

    def experiments(self) -> Iterator[MovedExperiment]:
        """Yield the experiments."""
        for folder in self._experiment_folders():
            try:
                meta = read_yaml(folder / META, "experiment")
            except (InvalidValueError, OSError) as error:
                self._skip(f"experiment {folder.name}", error)
                continue
            name = str(meta.get("name") or f"experiment {folder.name}")
            self._places.setdefault(name, []).append(folder)
            stage = words.stage_of("deleted" if folder.parent.name == TRASH else meta.get("lifecycle_stage"))
            yield MovedExperiment(name, _texts(folder / "tags"), int(meta.get("creation_time") or 0), stage)

    def _experiment_folders(self) -> Iterator[Path]:
        for place in (self._root, self._root / TRASH):
            for folder in sorted(place.iterdir()) if place.is_dir() else ():
                if folder.name not in ("models", TRASH) and (folder / META).is_file():
                    yield folder

    # -- runs --------------------------------------------------------------------------------------------------------

    def count(self, names: Collection[str]) -> int:
        """Return about how many runs there are in some experiments."""
        return sum(1 for name in names for place in self._places.get(name, ()) for _ in _run_folders(place))

    def runs(self, names: Collection[str]) -> Iterator[MovedRun]:
        """Yield the runs of some experiments, each experiment's by their beginning."""
        models = self._models(names)
        for name in names:
            for place in self._places.get(name, ()):
                for folder in sorted(_run_folders(place), key=_start):
                    try:
                        run = self._run(name, place, folder, models.pop(folder.name, []))
                    except (InvalidValueError, OSError, ValueError, TypeError, KeyError) as error:
                        self._skip(f"run {folder.name}", error)
                        continue
                    yield run
        for left in models.values():
            yield from (carrier(model, experiment) for model, experiment in left)

    def _run(self, experiment: str, place: Path, folder: Path, models: list[tuple[MovedModel, str]]) -> MovedRun:
        meta = read_yaml(folder / META, "run")
        run_id = str(meta.get("run_id") or meta.get("run_uuid") or "")
        if run_id != folder.name:
            message = f"its {META} is of another run, {run_id!r}"
            raise InvalidValueError(message)
        tags = _texts(folder / "tags")
        logged = tuple(model for model, _ in models)
        uri = str(meta.get("artifact_uri") or "")
        return MovedRun(
            run_id,
            experiment,
            str(meta.get("run_name") or tags.get(RUN_NAME) or meta.get("name") or ""),
            words.us(meta.get("start_time")) or 0,
            words.status_of(meta.get("status")),
            words.us(meta.get("end_time")),
            user=str(meta.get("user_id") or ""),
            params=_texts(folder / "params"),
            tags=tags,
            parent=tags.get(PARENT),
            stage=words.stage_of(meta.get("lifecycle_stage")),
            deleted_us=words.us(meta.get("deleted_time")),
            metrics=partial(self._points, folder / "metrics", run_id),
            files=partial(self._files, folder, uri, f"{place.name}/{run_id}/artifacts"),
            inputs=tuple(self._inputs(place, folder)),
            models=(*logged, *words.history_models(tags, {model.model_id for model in logged})),
            links=tuple(_links(folder)),
        )

    def _files(self, folder: Path, uri: str, own: str) -> Iterator[Any]:
        inside = folder / "artifacts"
        # A run in the trash is where its experiment is now.
        return self._artifacts.files(uri, own) if not inside.is_dir() else self._artifacts.of_folder(inside)

    def _points(self, folder: Path, run_id: str) -> Iterator[Points]:
        for path in _files_below(folder):
            key = path.relative_to(folder).as_posix()
            with path.open("rb") as file:
                while lines := file.readlines(BLOCK):
                    found, bad = _parsed(lines)
                    if bad:
                        self._skip(f"{bad} lines of metric {key} of run {run_id}", "they are no points")
                    yield Points(key, *found)

    def _inputs(self, place: Path, folder: Path) -> Iterator[DatasetInput]:
        for meta in sorted(folder.glob(f"inputs/*/{META}")):
            said = read_yaml(meta, "input")
            if said.get("source_type") != "DATASET":
                continue
            path = place / "datasets" / str(said.get("source_id")) / META
            if Path(str(said.get("source_id"))).name != said.get("source_id") or not path.is_file():
                self._skip(f"data set of run {folder.name}", f"{path} is not there")
                continue
            tags = {str(key): str(value) for key, value in (said.get("tags") or {}).items()}
            yield words.dataset_input(read_yaml(path, "data set"), tags)

    # -- logged models -----------------------------------------------------------------------------------------------

    def _models(self, names: Collection[str]) -> dict[str, list[tuple[MovedModel, str]]]:
        """Return the logged models by the run that made them, each with its experiment."""
        found: dict[str, list[tuple[MovedModel, str]]] = {}
        for name in names:
            for place in self._places.get(name, ()):
                for meta in sorted(place.glob(f"models/m-*/{META}")):
                    try:
                        run_id, model = self._model(place, meta)
                    except (InvalidValueError, OSError, ValueError, TypeError) as error:
                        self._skip(f"logged model {meta.parent.name}", error)
                        continue
                    found.setdefault(run_id or f"alone {model.model_id}", []).append((model, name))
        return found

    def _model(self, place: Path, meta: Path) -> tuple[str, MovedModel]:
        said, folder = read_yaml(meta, "logged model"), meta.parent
        inside = folder / "artifacts"
        files = partial(
            self._files,
            folder,
            str(said.get("artifact_location") or ""),
            f"{place.name}/models/{folder.name}/artifacts",
        )
        metrics = tuple(sorted(self._model_points(folder / "metrics"), key=lambda point: point[2:4]))
        model = described(
            said | {"model_id": folder.name, "deleted": said.get("lifecycle_stage") == "deleted"},
            params=_texts(folder / "params"),
            tags=_texts(folder / "tags"),
            metrics=metrics,
            files=files,
            mlmodel=inside / "MLmodel",
        )
        return str(said.get("source_run_id") or ""), model

    def _model_points(self, folder: Path) -> Iterator[tuple[Any, ...]]:
        for path in _files_below(folder):
            key = path.relative_to(folder).as_posix()
            for line in path.read_text(encoding="utf-8").splitlines():
                t, value, step, run_id, *dataset = line.split(" ")
                name, digest = (" ".join(dataset[:-1]), dataset[-1]) if dataset else (None, None)
                yield key, float(value), int(t), int(step), name, digest, run_id

    # -- registered models -------------------------------------------------------------------------------------------

    def registered(self) -> Iterator[MovedRegistered]:
        """Yield the registered models."""
        for meta in sorted((self._root / "models").glob(f"*/{META}")):
            try:
                yield self._registered(meta)
            except (InvalidValueError, OSError, ValueError, TypeError) as error:
                self._skip(f"registered model {meta.parent.name}", error)

    def _registered(self, meta: Path) -> MovedRegistered:
        said, folder = read_yaml(meta, "registered model"), meta.parent
        aliases = {alias: int(number) for alias, number in _texts(folder / "aliases").items()}
        versions = [self._version(path) for path in sorted(folder.glob(f"version-*/{META}"))]
        return MovedRegistered(
            str(said.get("name") or folder.name),
            str(said.get("description") or ""),
            created=int(said.get("creation_timestamp") or 0),
            updated=int(said.get("last_updated_timestamp") or 0),
            tags=_texts(folder / "tags"),
            versions=tuple(version for version in versions if version is not None),
            aliases=aliases,
        )

    def _version(self, meta: Path) -> MovedVersion | None:
        said = read_yaml(meta, "version")
        if said.get("current_stage") == words.GONE:
            return None
        return words.version_of(said, _texts(meta.parent / "tags"))


def _run_folders(place: Path) -> Iterator[Path]:
    return (folder for folder in place.iterdir() if is_run_id(folder.name) and folder.is_dir())


def _start(folder: Path) -> tuple[int, str]:
    try:
        found = _START.search((folder / META).read_bytes())
    except OSError:
        found = None
    return (int(found[1]) if found else 0), folder.name


def _links(folder: Path) -> Iterator[tuple[str, str, int]]:
    for meta in sorted(folder.glob(f"inputs/*/{META}")):
        said = read_yaml(meta, "input")
        if said.get("source_type") == "MODEL":
            yield "input", str(said["source_id"]), 0
    for meta in sorted(folder.glob(f"outputs/*/{META}")):
        yield "output", meta.parent.name, int(read_yaml(meta, "output").get("step") or 0)


def _texts(folder: Path) -> dict[str, str]:
    """Return the files below a folder as texts by name."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes().decode("utf-8", "replace")
        for path in _files_below(folder)
    }


def _files_below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []


def _parsed(lines: list[bytes]) -> tuple[tuple[np.ndarray[Any, Any], ...], int]:
    """Return steps, times in microseconds and values of lines ``<ms> <value> <step>``, and how many lines are none."""
    words_of = b"".join(lines).split()
    if len(words_of) == FIELDS * len(lines):
        try:
            return _columns(words_of[2::3], words_of[0::3], words_of[1::3]), 0
        except ValueError:
            pass
    kept = [line.split() for line in lines if _is_point(line)]
    steps = [parts[2] if len(parts) >= FIELDS else b"0" for parts in kept]
    return _columns(steps, [parts[0] for parts in kept], [parts[1] for parts in kept]), len(lines) - len(kept)


def _columns(steps: list[bytes], times: list[bytes], values: list[bytes]) -> tuple[np.ndarray[Any, Any], ...]:
    step, t = (np.array([int(text) for text in column], dtype=np.int64) for column in (steps, times))
    return step, t * words.US, np.array([float(text) for text in values], dtype=np.float64)


def _is_point(line: bytes) -> bool:
    parts = line.split()
    try:
        int(parts[0]), float(parts[1]), int(parts[2] if len(parts) >= FIELDS else 0)
    except (ValueError, IndexError):
        return False
    return line.endswith(b"\n") or len(parts) >= FIELDS
