"""What a run can say about a dataset without keeping it: name, digest, schema, profile and source."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nbtrack.entities import Dataset, DatasetInput
from nbtrack.errors import InvalidValueError
from nbtrack.names import check_name
from nbtrack.tracking.digests import arrays_digest, frame_digest
from nbtrack.tracking.profiles import arrays_profile, arrays_schema, frame_profile, frame_schema
from nbtrack.tracking.redaction import redact
from nbtrack.wire import dumps

DEFAULT_NAME = "dataset"
MAX_DIGEST = 36

_SCHEMES = {"http": "http", "https": "http", "s3": "s3", "gs": "gs", "abfss": "abfss", "hdfs": "hdfs", "dbfs": "dbfs"}


@dataclass(frozen=True, slots=True)
class DescribedDataset:
    """A dataset as MLflow's ``mlflow.data`` describes it; the data itself is not held."""

    name: str
    digest: str
    source_type: str
    source: dict[str, Any] = field(repr=False)
    schema: dict[str, Any] = field(repr=False)
    profile: dict[str, Any] = field(repr=False)

    def to_dict(self) -> dict[str, str]:
        """Return name, digest, source type, and the others as JSON texts, as MLflow's datasets do."""
        texts = {"name": self.name, "digest": self.digest, "source_type": self.source_type}
        return texts | {key: dumps(getattr(self, key)) for key in ("source", "schema", "profile")}


def describe(
    data: Any,
    *,
    name: str | None = None,
    source: Any = None,
    context: str = "",
    targets: Any = None,
    digest: str | None = None,
) -> DatasetInput:
    """Describe data that a run uses.

    Parameters
    ----------
    data : DataFrame, Series, ndarray, dict of ndarray, or dataset
        A dataset is what ``nbtrack.data.from_pandas`` or ``mlflow.data`` returns.
    name : str, default "dataset"
        Name to show.
    source : path-like or str, optional
        Where the data come from: a path or URI. None: the code that ran.
    context : str
        What the data are used for, such as ``"training"``.
    targets : str, ndarray or dict of ndarray, optional
        Name of the column to predict, or the values beside an array of features.
    digest : str, optional
        Identifies the content, at most 36 characters; computed when not given.

    Raises
    ------
    InvalidValueError
        The data are of another kind, or a name, column or digest is not allowed.
    """
    if isinstance(data, (pd.DataFrame, pd.Series)):
        dataset = describe_frame(data, source=source, targets=targets, name=name, digest=digest).to_dict()
    elif _is_arrays(data):
        dataset = describe_arrays(data, source=source, targets=targets, name=name, digest=digest).to_dict()
    elif isinstance(data, DescribedDataset) or _is_foreign(data):
        dataset = _renamed(data.to_dict(), name, digest, source)
    else:
        message = (
            f"A dataset was expected, not a {type(data).__name__}; give a DataFrame, Series, numpy array, "
            "dict of arrays, or what nbtrack.data.from_pandas returns."
        )
        raise InvalidValueError(message)
    return DatasetInput(Dataset(**dataset), context)


def describe_frame(
    df: pd.DataFrame | pd.Series[Any],
    *,
    source: Any = None,
    targets: str | None = None,
    name: str | None = None,
    digest: str | None = None,
) -> DescribedDataset:
    """Describe a DataFrame or Series."""
    if isinstance(df, pd.Series):
        df = df.to_frame("0" if df.name is None else df.name)
    if not isinstance(df, pd.DataFrame):
        message = f"A DataFrame was expected, not a {type(df).__name__}; use nbtrack.data.from_numpy for arrays."
        raise InvalidValueError(message)
    if targets is not None and targets not in df.columns:
        listed = ", ".join(repr(column) for column in list(df.columns)[:8])
        message = f"Targets {targets!r} is not a column of the DataFrame; it has {listed}."
        raise InvalidValueError(message)
    profile = frame_profile(df)
    if targets is not None:
        profile["targets"] = str(targets)
    if digest is None:
        digest, n_hashed = frame_digest(df)
        profile |= {"digest_rows": n_hashed} if n_hashed < len(df) else {}
    return DescribedDataset(_name(name), _digest(digest), *resolve_source(source), frame_schema(df), profile)


def describe_arrays(
    features: Any,
    *,
    source: Any = None,
    targets: Any = None,
    name: str | None = None,
    digest: str | None = None,
) -> DescribedDataset:
    """Describe an array or a dict of arrays, with the targets beside it."""
    for values in (features, targets):
        if values is not None and not _is_arrays(values):
            message = f"A numpy array or a dict of them was expected, not a {type(values).__name__}."
            raise InvalidValueError(message)
    profile = arrays_profile(features, targets)
    if digest is None:
        digest, is_sampled = arrays_digest(features, targets)
        profile |= {"digest_sampled": True} if is_sampled else {}
    schema = arrays_schema(features, targets)
    return DescribedDataset(_name(name), _digest(digest), *resolve_source(source), schema, profile)


def resolve_source(source: Any) -> tuple[str, dict[str, Any]]:
    """Return the type and description of where data come from, spelled as MLflow does; passwords are taken out."""
    if source is None:
        return "code", {"tags": {"mlflow.source.type": "LOCAL"}}
    if isinstance(source, dict):
        return "code", source
    if not isinstance(source, (str, os.PathLike)):
        return "code", {"uri": redact(str(source)[:1000])}
    text = redact(os.fsdecode(source))
    scheme = text.split("://", maxsplit=1)[0].lower() if "://" in text else ""
    if not scheme:
        return "local", {"uri": Path(text).as_posix()}
    kind = _SCHEMES.get(scheme, "local" if scheme == "file" else scheme)
    return kind, {"url" if kind == "http" else "uri": text}


def _is_arrays(data: Any) -> bool:
    if isinstance(data, dict):
        return bool(data) and all(isinstance(value, np.ndarray) for value in data.values())
    return isinstance(data, np.ndarray)


def _is_foreign(data: Any) -> bool:
    """Say whether `data` is a dataset of mlflow's."""
    return all(hasattr(data, attribute) for attribute in ("to_dict", "name", "digest", "source"))


def _renamed(texts: dict[str, Any], name: str | None, digest: str | None, source: Any) -> dict[str, str]:
    known = {key: texts.get(key) or "{}" for key in ("source", "schema", "profile")}
    known |= {key: str(texts.get(key) or "") for key in ("name", "digest")}
    known["source_type"] = str(texts.get("source_type") or "code")
    if source is not None:
        known["source_type"], described = resolve_source(source)
        known["source"] = json.dumps(described)
    return known | ({"name": _name(name)} if name else {}) | ({"digest": _digest(digest)} if digest else {})


def _name(name: str | None) -> str:
    return DEFAULT_NAME if name is None else check_name(name, "Dataset name")


def _digest(digest: Any) -> str:
    if not isinstance(digest, str) or not 0 < len(digest) <= MAX_DIGEST:
        message = f"Dataset digest {digest!r} is not allowed; use a text of 1 to {MAX_DIGEST} characters."
        raise InvalidValueError(message)
    return digest
