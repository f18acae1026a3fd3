"""``nbtrack.models.predict``: a table, or files of any size, through a model named by its URI."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.artifacts.remote.uri import is_remote
from nbtrack.errors import InvalidValueError
from nbtrack.serving import batch
from nbtrack.serving.frames import kept_of, scored
from nbtrack.serving.mlflow_form import as_mlflow
from nbtrack.serving.parts import parts_of
from nbtrack.store.remote_tables import check_is_writable
from nbtrack.store.tabular import TableFile, Tables, format_of

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from nbtrack.models.pyfunc import PyFuncModel

ENGINES = ("local", "dask")


@dataclass(frozen=True, slots=True)
class Written:
    """What was scored into a file: its path or URI, the number of rows, and the model that it came from."""

    path: Path | str
    n_rows: int
    model: str
    run_id: str | None


def predict(  # noqa: PLR0913 - all but two by keyword
    model_uri: str | os.PathLike[str],
    data: Any = None,
    output: str | os.PathLike[str] | None = None,
    *,
    input_data: Any = None,
    input_path: str | os.PathLike[str] | None = None,
    content_type: str = "json",
    output_path: str | os.PathLike[str] | None = None,
    env_manager: str | None = None,
    params: Mapping[str, Any] | None = None,
    keep: Sequence[str] | None = None,
    engine: str = "local",
    scheduler: str | None = None,
    piece_rows: int | None = None,
    restart: bool = False,
    trust: bool = False,
    progress: batch.Progress | None = None,
) -> Any:
    """Predict with a model: a table in memory, or CSV, Parquet and JSON lines files of any size.

    Parameters
    ----------
    model_uri : str
        ``models:/fraud@champion``, ``runs:/<run id>/model``, or a folder.
    data : DataFrame, ndarray, … or str or path
        A text or a path names a file or several: ``"in/*.parquet"``, ``"s3://bucket/day=*/in.csv"`` (or ``gs://``, ``az://``, ``abfss://``).
    output : path or URI, optional
        File or object to write rows and predictions to; its suffix says the kind. Files without an output come back as one DataFrame.
    input_data, input_path, content_type, output_path, env_manager
        MLflow's form: a table, or the body of a request as a text (``"json"`` or ``"csv"``), or a file with one. Predictions are returned,
        or written as JSON. The model runs here, whatever `env_manager` says; ``nbtrack models env`` makes an environment of its own.
    params : mapping, optional
        For the model's ``predict``.
    keep : sequence of str, optional
        Input columns to copy to the output; all by default.
    engine : {"local", "dask"}
        Where the work is done; with the latter, input and output must be in an object store, or on a disk that all workers see.
    scheduler : str, optional
        Address of the Dask scheduler; the client of this process, or a cluster on this machine, when not given.
    piece_rows : int, optional
        Rows of a part: what an interruption costs at most. An interrupted job goes on with its own; 524,288 by default.
    restart : bool
        Throw away the parts of an interrupted job instead of going on with it.
    trust : bool
        Load a model although you did not log it.
    progress : callable, optional
        Called with the rows done and the rows in all.

    Returns
    -------
    what the model gives, DataFrame, or Written
        For a table; for files without an output; for files with one.

    Raises
    ------
    InvalidValueError
        The model does not take these columns; parts of another job are in the way.
    NotFoundError
        There is no such model or file.
    """
    del env_manager
    from nbtrack.serving.key import key_of  # noqa: PLC0415
    from nbtrack.tracking import active, models  # noqa: PLC0415

    if piece_rows is not None and piece_rows < 1:
        raise InvalidValueError(f"A part has at least one row; piece_rows (--rows-per-part) is {piece_rows}.")
    if engine not in ENGINES:
        raise InvalidValueError(f"Engine {engine!r} is not known; there are {', '.join(ENGINES)}.")
    _check_one(data=data, input_data=input_data, input_path=input_path)
    key = key_of(model_uri)
    model = models.load_pyfunc(key, trust=trust)
    settings = dict(params or {})
    if data is None:
        return as_mlflow(model, input_data, input_path, content_type, output_path, settings)
    if not isinstance(data, (str, Path)):
        return model.predict(data, settings or None)
    if output is None:
        return _in_memory(model, data, keep, settings)
    path = _place(output)
    files = _checked(model, data, path, keep)
    kept = None if keep is None else tuple(keep)
    begun = None if restart else batch.rows_begun(parts_of(path))
    part = piece_rows or begun or batch.PIECE_ROWS
    job = batch.Job(key, model.metadata.run_id, tuple(files), path, kept, settings, part)
    if engine == "local":
        work = batch.score_here(model)
    else:
        from nbtrack.serving.spread import over_dask  # noqa: PLC0415 - not everybody has a cluster

        # It was loaded here, so there is leave; workers on other machines do not have this user's key.
        work = over_dask(active.get_store().uri, scheduler, trust=True)
    n_rows = batch.run(job, work, restart=restart, progress=progress)
    return Written(path, n_rows, key, model.metadata.run_id)


def _check_one(**given: Any) -> None:
    names = [name for name, found in given.items() if found is not None]
    if len(names) != 1:
        raise InvalidValueError(f"Give {', '.join(given)}: one of them; got {' and '.join(names) or 'none'}.")


def _checked(model: PyFuncModel, data: Any, path: Path | str, keep: Sequence[str] | None) -> list[TableFile]:
    """Return the files to score, after a look at the columns of each."""
    tables = Tables()
    try:
        files = tables.files(data)
        check_is_apart(path, [file.path for file in files])
        for file in files:
            empty = tables.empty(file)
            check_columns(model, list(map(str, empty.columns)), file.path)
            kept_of(empty, keep)
    finally:
        tables.close()
    return files


def _place(output: str | os.PathLike[str]) -> Path | str:
    """Return an output as a path, or as the URI of an object."""
    format_of(str(output))
    if not is_remote(output):
        return Path(output)
    check_is_writable(str(output))
    return str(output)


def check_is_apart(output: Path | str, inputs: Sequence[str]) -> None:
    """Refuse an output that is one of the inputs: its rows would be replaced by what was kept of them."""
    if isinstance(output, str):
        same = output in inputs
    else:
        same = any(not is_remote(each) and Path(each).resolve() == output.resolve() for each in inputs)
    if same:
        raise InvalidValueError(f"The output {output} is one of the inputs; choose another name, or another folder.")


def check_columns(model: PyFuncModel, columns: Sequence[str], where: str) -> None:
    """Refuse a file that lacks columns of the model's signature, before hours are spent on it."""
    schema = model.input_schema
    if schema is None or not schema.has_input_names():
        return
    missing = [name for name in schema.required_input_names() if name not in columns]
    if missing:
        raise InvalidValueError(
            f"{where} lacks {', '.join(map(repr, missing))}, which the model's signature requires; it has {', '.join(columns)}."
        )


def _in_memory(model: PyFuncModel, data: Any, keep: Sequence[str] | None, params: dict[str, Any]) -> pd.DataFrame:
    import pandas as pd  # noqa: PLC0415

    tables = Tables()
    try:
        files = tables.files(data)
        for file in files:
            check_columns(model, list(map(str, tables.empty(file).columns)), file.path)
        frames = [
            scored(model, frame, keep, params)
            for file in files
            for frame in tables.chunks(file, 0, file.n_rows, batch.CHUNK_ROWS)
        ]
    finally:
        tables.close()
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
