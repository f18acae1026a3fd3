"""Writes runs as MLflow's ``mlruns`` folder has them: ids, times, histories, files, models."""

from __future__ import annotations

import hashlib
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np

from nbtrack.entities import LifecycleStage
from nbtrack.errors import InvalidValueError
from nbtrack.models.yaml_text import read_yaml, write_yaml
from nbtrack.moving.mlflow import words
from nbtrack.moving.mlflow.folder import META, TRASH
from nbtrack.moving.mlflow.marks import MARK, digest_of, experiment_id_of, mark_of, sign_of
from nbtrack.moving.mlflow.placing import is_of_mlflow_2, split_files
from nbtrack.wire import number_from_json

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from nbtrack.entities import DatasetInput
    from nbtrack.moving.moved import MovedExperiment, MovedFile, MovedModel, MovedRegistered, MovedRun, Points
    from nbtrack.moving.tally import Tally

LOCAL = 4
STATUS_NUMBERS = {"RUNNING": 1, "FINISHED": 3, "FAILED": 4, "KILLED": 5}
MODEL_NUMBERS = {"PENDING": 1, "READY": 2, "UPLOAD_FAILED": 3}
Text = dict[str, str]


class FolderOut:
    """A ``mlruns`` folder that is written. Each run appears whole or not at all.

    Parameters
    ----------
    root : Path
    tally : Tally
    is_dry : bool
        Only count.
    """

    def __init__(self, root: Path, tally: Tally, *, is_dry: bool = False) -> None:
        self._root = root.resolve()
        self._tally = tally
        self._is_dry = is_dry
        self._work = self._root / ".nbtrack-unfinished"
        self._places: dict[str, Path] = self._known()
        self._logged: dict[tuple[str, str], Path] = {}

    def finish(self) -> None:
        """Do nothing: each run is whole when it has its place."""

    def close(self) -> None:
        """Take away what is unfinished."""
        shutil.rmtree(self._work, ignore_errors=True)

    # -- experiments -------------------------------------------------------------------------------------------------

    def experiment(self, moved: MovedExperiment) -> None:
        """Write an experiment; the one of this name that is there stays as it is."""
        if moved.name in self._places:
            self._tally.experiments.known += 1
            return
        self._tally.experiments.new += 1
        ident = experiment_id_of(moved.name)
        is_gone = moved.stage == LifecycleStage.DELETED
        place = self._root / TRASH / ident if is_gone else self._root / ident
        self._places[moved.name] = place
        if self._is_dry:
            return
        about = {
            "artifact_location": (self._root / ident).as_uri(),
            "creation_time": moved.created,
            "experiment_id": ident,
            "last_update_time": moved.created,
            "lifecycle_stage": str(moved.stage),
            "name": moved.name,
        }
        _write_texts(place / "tags", moved.tags, self._tally, f"experiment {moved.name}")
        _write_meta(place, about)

    def _known(self) -> dict[str, Path]:
        found: dict[str, Path] = {}
        for meta in [*self._root.glob(f"{TRASH}/*/{META}"), *self._root.glob(f"*/{META}")]:
            try:
                said = read_yaml(meta, "experiment")
            except (InvalidValueError, OSError):
                continue
            if "experiment_id" in said:
                found[str(said.get("name"))] = meta.parent
        return found

    # -- runs --------------------------------------------------------------------------------------------------------

    def run(self, run: MovedRun) -> None:
        """Write a run; one that was written before and has not changed since is left alone, as is one of MLflow's own."""
        place = self._places[run.experiment]
        inside, of_models = split_files(run)
        if run.stage == LifecycleStage.CARRIER:
            self._models(run, place, of_models)
            return
        target, sign = place / run.run_id, sign_of(run)
        if target.is_dir():
            mark = mark_of(target)
            if mark in (sign, ""):
                self._tally.runs.known += 1
                if not mark:
                    self._tally.note(f"run {run.run_id} is there, written by MLflow; it is left as it is")
                return
            self._tally.runs.changed += 1
        else:
            self._tally.runs.new += 1
        if self._is_dry:
            self._tally.points += sum((run.counts or {}).values())
            self._tally.files += len(inside)
            return
        self._write_run(run, place.name, inside, sign)
        self._put(run.run_id, target)
        self._models(run, place, of_models)

    def _put(self, name: str, target: Path) -> None:
        """Give a folder that is complete its place; an older one is gone only then."""
        old = self._work / f"{name}.old"
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            target.replace(old)
        (self._work / name).replace(target)
        shutil.rmtree(old, ignore_errors=True)

    def _write_run(self, run: MovedRun, experiment_id: str, files: Iterable[MovedFile], sign: str) -> None:
        folder = self._work / run.run_id
        shutil.rmtree(folder, ignore_errors=True)
        for name in ("metrics", "params", "artifacts"):
            (folder / name).mkdir(parents=True)
        what = f"run {run.run_id}"
        _write_texts(folder / "params", run.params, self._tally, what)
        _write_texts(folder / "tags", run.tags, self._tally, what)
        self._points(folder / "metrics", run)
        self._files(folder / "artifacts", files, what)
        for each in run.inputs:
            self._input(folder, experiment_id, run, each)
        for side, model_id, step in run.links:
            _write_link(folder, run.run_id, side, model_id, step)
        about: dict[str, Any] = {
            "artifact_uri": (self._root / experiment_id / run.run_id / "artifacts").as_uri(),
            "deleted_time": None if run.deleted_us is None else run.deleted_us // words.US,
            "end_time": None if run.end_us is None else run.end_us // words.US,
            "entry_point_name": "",
            "experiment_id": experiment_id,
            "lifecycle_stage": str(run.stage),
            "run_id": run.run_id,
            "run_name": run.name,
            "run_uuid": run.run_id,
            "source_name": "",
            "source_type": LOCAL,
            "source_version": "",
            "start_time": run.start_us // words.US,
            "status": STATUS_NUMBERS[str(run.status)],
            "tags": [],
            "user_id": run.user,
        }
        _write_meta(folder, about)
        (folder / MARK).write_text(sign)

    def _points(self, folder: Path, run: MovedRun) -> None:
        for block in run.metrics():
            try:
                path = _file_of(folder, block.key)
                with path.open("a", encoding="utf-8") as file:
                    file.writelines(_lines(block))
            except (InvalidValueError, OSError) as error:
                self._tally.skip(f"metric {block.key} of run {run.run_id}", error)
                continue
            self._tally.points += len(block.value)

    def _files(self, folder: Path, files: Iterable[MovedFile], what: str) -> None:
        scratch = self._work / "file"
        for each in files:
            target = folder / each.path
            try:
                found = each.fetch(scratch)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(found, target)
            except OSError as error:
                self._tally.skip(f"file {each.path} of {what}", error)
                continue
            self._tally.files += 1
            self._tally.bytes += target.stat().st_size

    def _input(self, folder: Path, experiment_id: str, run: MovedRun, each: DatasetInput) -> None:
        data = each.dataset
        ident = _md5(data.name, data.digest)
        place = self._places[run.experiment] / "datasets" / ident
        if not place.is_dir():
            about = {"name": data.name, "digest": data.digest, "source_type": data.source_type, "source": data.source}
            _write_meta(place, about | {"schema": _or_none(data.schema), "profile": _or_none(data.profile)})
        tags = {**each.tags, **({words.CONTEXT: each.context} if each.context else {})}
        # As MLflow does; its reader wants the source only.
        about_input: dict[str, Any] = {"source_type": "DATASET", "source_id": ident, "destination_type": "RUN"}
        name = _md5(
            ident, run.run_id + (each.context if (folder / "inputs" / _md5(ident, run.run_id)).exists() else "")
        )
        _write_meta(folder / "inputs" / name, about_input | {"destination_id": ident, "tags": tags})
        del experiment_id

    # -- logged models -----------------------------------------------------------------------------------------------

    def _models(self, run: MovedRun, place: Path, files: dict[str, list[MovedFile]]) -> None:
        for model in run.models:
            if is_of_mlflow_2(run, model):
                continue
            target = place / "models" / model.model_id
            self._logged[run.run_id, model.path] = target
            files_of = sorted(each.sha256 or "" for each in files[model.model_id])
            said = [model.status, model.tags, model.params, model.metrics, model.is_deleted]
            sign = digest_of([*said, files_of])
            if self._is_dry or (target.is_dir() and mark_of(target) in (sign, "")):
                continue
            self._write_model(run, model, place.name, files[model.model_id], sign)
            self._put(model.model_id, target)

    def _write_model(
        self, run: MovedRun, model: MovedModel, experiment_id: str, files: Iterable[MovedFile], sign: str
    ) -> None:
        folder, what = self._work / model.model_id, f"logged model {model.model_id}"
        shutil.rmtree(folder, ignore_errors=True)
        for name in ("metrics", "params", "artifacts"):
            (folder / name).mkdir(parents=True)
        _write_texts(folder / "params", model.params, self._tally, what)
        _write_texts(folder / "tags", model.tags, self._tally, what)
        self._files(folder / "artifacts", files, what)
        for key, value, at_ms, step, dataset, digest, run_id in model.metrics:
            rest = f" {dataset} {digest}" if dataset and digest else ""
            try:
                with _file_of(folder / "metrics", key).open("a", encoding="utf-8") as file:
                    file.write(f"{at_ms} {number_from_json(value)!r} {step} {run_id or run.run_id}{rest}\n")
            except (InvalidValueError, OSError) as error:
                self._tally.skip(f"metric {key} of {what}", error)
        place = self._root / experiment_id / "models" / model.model_id / "artifacts"
        about = {
            "artifact_location": place.as_uri(),
            "creation_timestamp": model.created_us // words.US,
            "experiment_id": experiment_id,
            "last_updated_timestamp": model.updated_us // words.US,
            "lifecycle_stage": "deleted" if model.is_deleted else "active",
            "model_id": model.model_id,
            "model_type": model.model_type or None,
            "name": model.name,
            "source_run_id": None if model.is_alone else run.run_id,
            "status": MODEL_NUMBERS.get(model.status, 2),
            "status_message": None,
        }
        _write_meta(folder, about)
        (folder / MARK).write_text(sign)

    # -- registered models -------------------------------------------------------------------------------------------

    def registered(self, moved: MovedRegistered) -> None:
        """Write a registered model; one that was not written here is left as it is."""
        target = self._root / "models" / moved.name
        sign = digest_of(
            [moved.description, moved.updated, moved.tags, moved.aliases, [repr(v) for v in moved.versions]]
        )
        mark = mark_of(target) if target.is_dir() else None
        if mark in (sign, ""):
            self._tally.models.known += 1
            self._tally.versions.known += len(moved.versions)
            if mark == "":
                self._tally.note(f"registered model {moved.name} is there, written by MLflow; it is left as it is")
            return
        if mark is None:
            self._tally.models.new += 1
        else:
            self._tally.models.changed += 1
        self._tally.versions.new += len(moved.versions)
        if self._is_dry:
            return
        folder, what = self._work / "registered", f"registered model {moved.name}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        _write_texts(folder / "tags", moved.tags, self._tally, what)
        aliases = {alias: str(number) for alias, number in moved.aliases.items()}
        _write_texts(folder / "aliases", aliases, self._tally, what)
        for version in moved.versions:
            place = folder / f"version-{version.version}"
            _write_texts(place / "tags", version.tags, self._tally, what)
            about = {
                "creation_timestamp": version.created,
                "current_stage": version.stage,
                "description": version.description or None,
                "last_updated_timestamp": version.updated,
                "name": moved.name,
                "run_id": version.run_id,
                "run_link": version.run_link or None,
                "source": version.source,
                "status": "READY",
                "status_message": None,
                "storage_location": self._storage(version.source, version.run_id, version.model_id),
                "user_id": version.user or None,
                "version": version.version,
            }
            _write_meta(place, about)
        about_model = {
            "aliases": aliases,
            "creation_timestamp": moved.created,
            "description": moved.description or None,
            "last_updated_timestamp": moved.updated,
            "name": moved.name,
        }
        _write_meta(folder, about_model)
        (folder / MARK).write_text(sign)
        self._put("registered", target)

    def _storage(self, source: str, run_id: str | None, model_id: str | None) -> str:
        """Return where the files of a version are in this folder; its source where they are elsewhere."""
        if source.startswith("models:/"):
            found = next((p for p in self._logged.values() if p.name == model_id), None)
            return source if found is None else (found / "artifacts").as_uri()
        if not (run_id and source.startswith("runs:/")):
            return source
        path = source.split("/", 2)[2]
        if (run_id, path) in self._logged:
            return (self._logged[run_id, path] / "artifacts").as_uri()
        inside = (place / run_id / "artifacts" / path for place in {*self._places.values()})
        return next((each.as_uri() for each in inside if each.exists()), source)


def _file_of(folder: Path, key: str) -> Path:
    """Return the file of a key, with the folders above it; raises where a file cannot be called so."""
    parts = key.split("/")
    if any(part in ("", ".", "..") or "\x00" in part for part in parts) or "\\" in key:
        raise InvalidValueError("MLflow keeps it as a file, and this is no name of one")
    path = folder.joinpath(*parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _write_texts(folder: Path, found: Text, tally: Tally, what: str) -> None:
    for key, value in found.items():
        try:
            _file_of(folder, key).write_bytes(value.encode("utf-8", "replace"))
        except (InvalidValueError, OSError) as error:
            tally.skip(f"{folder.name.removesuffix('s')} {key} of {what}", error)


def _write_meta(folder: Path, about: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / META).write_text(write_yaml(about), encoding="utf-8")


def _write_link(folder: Path, run_id: str, side: str, model_id: str, step: int) -> None:
    if side == "output":
        about = {"source_type": "RUN_OUTPUT", "source_id": model_id, "destination_type": "MODEL_OUTPUT", "step": step}
        _write_meta(folder / "outputs" / model_id, about | {"destination_id": model_id, "tags": {}})
        return
    about = {"source_type": "MODEL", "source_id": model_id, "destination_type": "RUN"}
    _write_meta(folder / "inputs" / _md5(model_id, run_id), about | {"destination_id": model_id, "tags": {}})


def _lines(block: Points) -> Iterable[str]:
    times = (block.t_us // words.US).tolist()
    values = block.value.astype(np.float64).tolist()
    for t, value, step in zip(times, values, block.step.tolist(), strict=True):
        yield f"{t} {value!r} {step}\n"


def _md5(*texts: str) -> str:
    return hashlib.md5("".join(texts).encode(), usedforsecurity=False).hexdigest()


def _or_none(text: str) -> str | None:
    return None if text in ("", "{}") else text
