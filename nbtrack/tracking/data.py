"""``nbtrack.data``: describe data once, log it with several runs (``mlflow.data``'s names)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbtrack.tracking.datasets import DescribedDataset, describe_arrays, describe_frame

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["DescribedDataset", "from_numpy", "from_pandas"]


def from_pandas(
    df: pd.DataFrame | pd.Series[Any],
    source: Any = None,
    targets: str | None = None,
    name: str | None = None,
    digest: str | None = None,
) -> DescribedDataset:
    """Describe a DataFrame for ``log_input``.

    Parameters
    ----------
    df : DataFrame or Series
        The data; not held.
    source : path-like or str, optional
        Where they come from: a path or URI. None: the code that ran.
    targets : str, optional
        Name of the column to predict.
    name : str, default "dataset"
        Name to show.
    digest : str, optional
        Identifies the content; computed when not given.

    Raises
    ------
    InvalidValueError
        `df` is no DataFrame, or `targets` none of its columns.
    """
    return describe_frame(df, source=source, targets=targets, name=name, digest=digest)


def from_numpy(
    features: Any,
    source: Any = None,
    targets: Any = None,
    name: str | None = None,
    digest: str | None = None,
) -> DescribedDataset:
    """Describe arrays for ``log_input``.

    Parameters
    ----------
    features, targets : ndarray or dict of ndarray
        The data, the first axis of each counts rows; not held.
    source, name, digest
        As for :func:`from_pandas`.

    Raises
    ------
    InvalidValueError
        `features` or `targets` are no arrays.
    """
    return describe_arrays(features, source=source, targets=targets, name=name, digest=digest)
