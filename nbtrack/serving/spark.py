"""A model as a function of Spark's: its files go to the executors, each of whose processes loads it once."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import zipfile
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.deps import require
from nbtrack.errors import InvalidValueError, StoreError, warn
from nbtrack.models import loading
from nbtrack.models.archive import unpack
from nbtrack.models.config import read_config
from nbtrack.models.folder import files_of
from nbtrack.models.trust import Trust

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from nbtrack.models.pyfunc import PyFuncModel
    from nbtrack.models.schema import Schema

HERE = (None, "local")


def spark_udf(
    spark: Any,
    model_uri: str | os.PathLike[str],
    result_type: Any = None,
    *,
    env_manager: str | None = None,
    params: Mapping[str, Any] | None = None,
    model_config: Mapping[str, Any] | str | os.PathLike[str] | None = None,
    trust: bool | Iterable[str] = False,
) -> Callable[..., Any]:
    """Return a function of columns that predicts with a model on Spark's executors.

    Parameters
    ----------
    spark : SparkSession
        Classic, not Spark Connect. The executors have nbtrack and what the model requires.
    model_uri : str or path
        ``models:/<name>@champion``, ``runs:/<run id>/<name>``, a folder, or ``s3://bucket/folder``.
    result_type : str or Spark type, optional
        Such as ``"double"``, ``"array<double>"`` or ``"label string, score double"``; that of the signature by default, else ``double``.
        Of several predictions a row, a plain type takes the leftmost that fits, an array all that fit, a struct those of its names.
    env_manager : {None, "local"}
        Predictions are made with the executors' own packages.
    params : mapping, optional
        For the model's ``predict``.
    model_config : mapping or path, optional
        Settings that overrule the saved ones.
    trust : bool or names of types
        Load a model although you did not log it; see :func:`nbtrack.pyfunc.load_model`. Asked here, before anything is sent.

    Returns
    -------
    callable
        ``df.withColumn("prediction", predict(struct("x", "y")))``; with columns, in the signature's order; or with nothing: those of the
        signature by their names.

    Raises
    ------
    UntrustedModelError, NotFoundError, InvalidValueError, MissingPackageError
    """
    from nbtrack.serving.spark_types import read_type, type_of  # noqa: PLC0415
    from nbtrack.tracking.model_files import fetch  # noqa: PLC0415

    functions = require("pyspark.sql.functions", "to predict on Spark", package="pyspark")
    require("pyarrow", "to predict on Spark")
    if env_manager not in HERE:
        raise InvalidValueError(
            f"env_manager is {env_manager!r}; executors predict with their own packages: use 'local'."
        )
    if not hasattr(spark, "_jsc") and not hasattr(spark, "_sc"):
        raise InvalidValueError(
            "This session is Spark Connect's, which takes no files from here; use a classic session."
        )
    config = read_config(model_config)
    found = fetch(model_uri, trust=trust)
    try:
        model = loading.load_pyfunc(found.folder, found.trust, config)  # refuses here what executors should not meet
        sent = _send(spark, found.folder)
    finally:
        found.close()
    signature = model.metadata.get_signature()
    if result_type is not None:
        wanted = read_type(spark, result_type)
    elif signature is not None and signature.outputs is not None:
        wanted = type_of(signature.outputs)
    else:
        warn(
            "The model's signature does not say what comes out: its predictions are taken as 'double'. Give result_type."
        )
        wanted = read_type(spark, "double")
    schema = None if signature is None else signature.inputs
    load = (sent, tuple(sorted(found.trust.types)), found.trust.everything, _frozen(config))
    predict = functions.pandas_udf(_predictor(load, schema, dict(params or {}), wanted), returnType=wanted)

    def predicting(*columns: Any) -> Any:
        return predict(*(columns or _columns_of(schema)))

    predicting.__doc__ = f"Predict with {model_uri}, as {wanted.simpleString()}."
    return predicting


def _predictor(load: tuple[Any, ...], schema: Schema | None, params: dict[str, Any], wanted: Any) -> Callable[..., Any]:
    """Return what each executor does with its batches."""
    import typing  # noqa: PLC0415 - Spark reads the hints, and knows these alone

    import pandas as pd  # noqa: PLC0415

    def predict(batches):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202 - below
        yield from predictions(batches, load, schema, params, wanted)

    one = typing.Union[pd.Series, pd.DataFrame]  # noqa: UP007
    # A struct comes back as a frame; Spark asks for the hint of the one or the other.
    back = pd.DataFrame if wanted.typeName() == "struct" else pd.Series
    predict.__annotations__ = {
        "batches": typing.Iterator[typing.Tuple[one, ...]],  # noqa: UP006
        "return": typing.Iterator[back],  # type: ignore[valid-type]
    }
    return predict


def predictions(
    batches: Iterator[Any], load: tuple[Any, ...], schema: Schema | None, params: dict[str, Any], wanted: Any
) -> Iterator[Any]:
    """Yield the predictions for batches of columns; the model is there from an earlier task, or is loaded."""
    from nbtrack.serving.spark_types import as_columns  # noqa: PLC0415

    model = _loaded(*load)
    for batch in batches:
        columns = batch if isinstance(batch, tuple) else (batch,)  # Spark gives one column as it is
        if len(columns[0]):
            yield as_columns(model.predict(_frame(columns, schema), params or None), wanted)


def _frame(columns: Sequence[Any], schema: Schema | None) -> Any:
    """Return columns as a table: a struct alone is one, others have the names of the signature, in its order."""
    import pandas as pd  # noqa: PLC0415

    if len(columns) == 1 and isinstance(columns[0], pd.DataFrame):
        return columns[0]
    names = [str(place) for place in range(len(columns))]
    if schema is not None:
        names = [str(name) for name in schema.input_names()]
        n_required = len(schema.required_input_names())
        if len(columns) < n_required:
            raise InvalidValueError(
                f"The model takes {n_required} columns ({', '.join(names)}) and was given {len(columns)}; "
                "give all in this order, or a struct with their names."
            )
    plain = [
        column.apply(lambda row: row.to_dict(), axis=1) if isinstance(column, pd.DataFrame) else column
        for column in columns
    ]
    return pd.DataFrame(dict(zip(names, plain, strict=False)))


def _columns_of(schema: Schema | None) -> list[str]:
    names = [] if schema is None or not schema.has_input_names() else list(map(str, schema.input_names()))
    if schema is None or not names or schema.optional_input_names():
        raise InvalidValueError(
            "The signature does not say which columns to take; name them: predict(struct('x', 'y'))."
        )
    return names


# -- the way of the files ------------------------------------------------------------------------------------------------


def _send(spark: Any, folder: Path) -> str:
    """Give a model's files to all executors, and return their name there, which has their checksum in it."""
    work = Path(tempfile.mkdtemp(prefix="nbtrack-spark-"))
    packed = work / "model.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for file in sorted(files_of(folder)):
            # without its time: the same files are the same archive
            member = zipfile.ZipInfo(file.relative_to(folder).as_posix())
            with archive.open(member, "w", force_zip64=True) as out, file.open("rb") as source:
                shutil.copyfileobj(source, out, 1 << 20)
    name = f"nbtrack-{_sha256(packed)}.zip"
    spark.sparkContext.addFile(str(packed.rename(work / name)))
    _leave_at_exit(work)
    return name


def _leave_at_exit(folder: Path) -> None:
    import atexit  # noqa: PLC0415 - executors that join late ask for it as long as the driver lives

    atexit.register(shutil.rmtree, folder, ignore_errors=True)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _frozen(config: Mapping[str, Any] | None) -> str:
    import json  # noqa: PLC0415

    return json.dumps(config or {}, sort_keys=True)


@lru_cache(maxsize=4)
def _loaded(name: str, types: tuple[str, ...], everything: bool, config: str) -> PyFuncModel:  # noqa: FBT001 - a key of the cache
    """Return the model of a process of an executor's; what it may run was asked where it was sent from."""
    import json  # noqa: PLC0415

    from pyspark import SparkFiles  # noqa: PLC0415

    packed = Path(SparkFiles.get(name))
    if name != f"nbtrack-{_sha256(packed)}.zip":
        raise StoreError(f"The model {name} has changed on its way to this executor; nothing of it was loaded.")
    folder = Path(tempfile.mkdtemp(prefix="nbtrack-model-"))
    _leave_at_exit(folder)
    trust = Trust(everything=everything, types=frozenset(types), where=f"Model {name}")
    return loading.load_pyfunc(unpack(packed, folder), trust, json.loads(config) or None)
