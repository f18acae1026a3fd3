"""The part of an open run that stores files: artifacts, texts, figures, images, tables, datasets."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.wire import plain

if TYPE_CHECKING:
    import os

    import pandas as pd

    from nbtrack.cells.found import MetricSlice
    from nbtrack.entities import DatasetInput
    from nbtrack.models.info import ModelInfo
    from nbtrack.store.protocol import Store
    from nbtrack.tracking.files import File


class RunFiles:
    """Stores files of a run; mixed into :class:`~nbtrack.tracking.run.ActiveRun`."""

    id: str
    store: Store

    def trouble(self, error: Exception) -> None:
        """Count something that could not be recorded."""
        raise error

    def log_bytes(self, data: bytes, path: str, mime: str | None = None) -> None:
        """Store `data` as the file `path` of the run."""
        try:
            self.store.add_artifact(self.id, path, data, mime=mime)
        except Exception as error:  # noqa: BLE001 - logging never stops the training
            self.trouble(error)

    def log_artifact(self, local_path: str | os.PathLike[str], artifact_path: str | None = None) -> None:
        """Store a local file (or a whole folder) of yours in the run, under the folder `artifact_path`."""
        try:
            source = _existing(local_path)
            if source.is_dir():
                self.log_artifacts(source, f"{artifact_path}/{source.name}" if artifact_path else source.name)
                return
            self.store.add_artifact(self.id, _under(artifact_path, source.name), source)
        except Exception as error:  # noqa: BLE001
            self.trouble(error)

    def log_artifacts(self, local_dir: str | os.PathLike[str], artifact_path: str | None = None) -> None:
        """Store every file under a local folder; links that lead out of it are left out."""
        try:
            root = _existing(local_dir)
            inside = root.resolve()
            _check_folder(root)
            for file in sorted(p for p in root.rglob("*") if p.is_file()):
                if file.resolve().is_relative_to(inside):
                    self.store.add_artifact(self.id, _under(artifact_path, file.relative_to(root).as_posix()), file)
        except Exception as error:  # noqa: BLE001
            self.trouble(error)

    def log_text(self, text: str, artifact_file: str) -> None:
        """Store a text as a file of the run."""
        try:
            self.store.add_artifact(self.id, artifact_file, str(text).encode("utf-8", "surrogatepass"))
        except Exception as error:  # noqa: BLE001
            self.trouble(error)

    def log_dict(self, dictionary: Any, artifact_file: str) -> None:
        """Store a dict or list as JSON, or as YAML when the file name ends in .yaml or .yml (needs pyyaml)."""
        try:
            self.store.add_artifact(self.id, artifact_file, _dict_bytes(dictionary, artifact_file))
        except Exception as error:  # noqa: BLE001
            self.trouble(error)

    def log_figure(self, figure: Any, artifact_file: str, *, save_kwargs: dict[str, Any] | None = None) -> None:
        """Store a matplotlib or plotly figure; the extension chooses the format (.png, .svg, .pdf; .html, .json)."""
        try:
            from nbtrack.tracking.figures import figure_files  # noqa: PLC0415 - only for those who log figures

            self._store(figure_files(figure, artifact_file, save_kwargs))
        except Exception as error:  # noqa: BLE001
            self.trouble(error)

    def log_image(
        self,
        image: Any,
        artifact_file: str | None = None,
        *,
        key: str | None = None,
        step: int | None = None,
        timestamp: int | None = None,
    ) -> None:
        """Store an image under a file name, or under a `key` with a `step` as one of a series.

        Parameters
        ----------
        image : ndarray, PIL image or tensor
            Shape (height, width) or (height, width, 1, 3 or 4); uint8 in 0..255, bool, or float in 0..1.
        """
        try:
            from nbtrack.tracking.images import image_files  # noqa: PLC0415

            self._store(image_files(image, artifact_file, key=key, step=step, timestamp=timestamp))
        except Exception as error:  # noqa: BLE001
            self.trouble(error)

    def log_table(self, data: Any, artifact_file: str) -> None:
        """Store a dict of columns or a DataFrame as .json or .parquet; rows are added when the file is there already."""
        try:
            from nbtrack.tracking.tables import table_file  # noqa: PLC0415

            self._store([table_file(self._stored(artifact_file), data, artifact_file)])
        except Exception as error:  # noqa: BLE001
            self.trouble(error)

    def load_table(self, artifact_file: str) -> pd.DataFrame:
        """Return a table that was stored with :meth:`log_table`."""
        from nbtrack.tracking.tables import read_table  # noqa: PLC0415

        return read_table(self.store.artifact_file(self.id, artifact_file).read_bytes(), artifact_file)

    def log_input(
        self,
        dataset: Any,
        context: str | None = None,
        tags: dict[str, str] | None = None,
        *,
        name: str | None = None,
        source: Any = None,
    ) -> None:
        """Record a dataset: name, digest, schema, profile and source, not the data itself.

        Parameters
        ----------
        dataset : DataFrame, Series, ndarray, dict of ndarray, or a dataset made by ``nbtrack.data.from_pandas``
        context : str, optional
            What it is used for, such as ``"training"``.
        """
        try:
            from nbtrack.tracking.datasets import describe  # noqa: PLC0415

            self._log_input(describe(dataset, name=name, source=source, context=context or ""), tags or {})
        except Exception as error:  # noqa: BLE001
            self.trouble(error)

    def log_model(self, model: Any, name: str | None = None, **options: Any) -> ModelInfo:
        """Save a model into the run; see :func:`nbtrack.log_model` for parameters, and errors: this verb raises them."""
        log_model = import_module("nbtrack.tracking.models").log_model  # which knows of runs itself
        found: ModelInfo = log_model(model, name, run_id=self.id, **options)
        return found

    def slice(self, metric: str) -> MetricSlice:
        """Return the cells that produced a metric of the run, in executed order, as a script that runs by itself.

        For notebooks that begin with ``%load_ext nbtrack``; raises ``NotFoundError`` for a run without such a metric, or without cells.
        """
        slice_run = import_module("nbtrack.tracking.cells").slice_run  # which knows of runs itself
        found: MetricSlice = slice_run(self, metric)
        return found

    def _log_input(self, found: DatasetInput, tags: dict[str, str]) -> None:
        dataset = found.dataset
        body = {
            "name": dataset.name,
            "digest": dataset.digest,
            "source_type": dataset.source_type,
            "source": dataset.source,
            "schema": dataset.schema,
            "profile": dataset.profile,
            "context": found.context,
            "tags": json.dumps({**found.tags, **tags}) if found.tags or tags else None,
        }
        self.store.append(("input", self.id, None, body))

    def _store(self, files: list[File]) -> None:
        for file in files:
            self.store.add_artifact(self.id, file.path, file.data, mime=file.mime)

    def _stored(self, path: str) -> bytes | None:
        try:
            return self.store.artifact_file(self.id, path).read_bytes()
        except NotFoundError:
            return None


def _under(folder: str | None, name: str) -> str:
    return f"{folder.rstrip('/')}/{name}" if folder else name


def _check_folder(path: Path) -> None:
    if not path.is_dir():
        raise InvalidValueError(f"{path} is a file; log_artifact stores one file, log_artifacts a folder.")


def _existing(path: str | os.PathLike[str]) -> Path:
    found = Path(path)
    if not found.exists():
        raise InvalidValueError(
            f"{found} is not here (working folder {Path.cwd()}); give the path of a file or folder."
        )
    return found


def _dict_bytes(dictionary: Any, path: str) -> bytes:
    if path.lower().endswith((".yaml", ".yml")):
        from nbtrack.deps import require  # noqa: PLC0415

        yaml = require("yaml", "to write YAML", package="pyyaml")
        return bytes(yaml.safe_dump(plain(dictionary), allow_unicode=True, sort_keys=False).encode())
    return json.dumps(plain(dictionary), ensure_ascii=False, indent=2).encode("utf-8", "surrogatepass")
