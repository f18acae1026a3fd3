"""Rows with their predictions beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValueError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

PREDICTION = "prediction"


def scored(model: Any, frame: pd.DataFrame, keep: Sequence[str] | None, params: dict[str, Any] | None) -> pd.DataFrame:
    """Return input columns and predictions.

    Parameters
    ----------
    model : PyFuncModel
        Has ``predict(data, params)``.
    frame : DataFrame, shape (n, k)
    keep : sequence of str or None
        Input columns to copy; None for all.
    params : dict or None
        For ``predict``.

    Returns
    -------
    DataFrame, n rows
        The predictions are ``prediction``, or ``prediction_0``, ``prediction_1``, … for several a row, or the model's own column names;
        a name that an input column has already gets ``prediction_`` before it.

    Raises
    ------
    NotFoundError
        A column of `keep` is not there.
    InvalidValueError
        There are not as many predictions as rows.
    """
    kept = kept_of(frame, keep)
    columns = prediction_columns(model.predict(frame, params=params or None))
    for name, values in columns.items():
        if len(values) != len(frame):
            raise InvalidValueError(f"The model gave {len(values)} predictions for {len(frame)} rows.")
        kept[f"{PREDICTION}_{name}" if name in kept.columns else name] = values
    return kept


def kept_of(frame: pd.DataFrame, keep: Sequence[str] | None) -> pd.DataFrame:
    """Return the columns that are copied to the output; raises ``NotFoundError`` for one that is not there."""
    if keep is None:
        return frame.copy(deep=False)
    for name in keep:
        if name not in frame.columns:
            raise NotFoundError("Column", name, map(str, frame.columns), where="the input")
    return frame[list(keep)].copy(deep=False)


def prediction_columns(found: Any) -> dict[str, Any]:
    """Return predictions as columns by name."""
    if hasattr(found, "columns") and hasattr(found, "iloc"):
        return {str(name): found.iloc[:, place].to_numpy() for place, name in enumerate(found.columns)}
    if hasattr(found, "to_numpy"):
        found = found.to_numpy()
    elif hasattr(found, "detach"):
        found = found.detach().cpu().numpy()
    if getattr(found, "ndim", 1) == 1:
        return {PREDICTION: found}
    flat = found.reshape(len(found), -1)
    if flat.shape[1] == 1:
        return {PREDICTION: flat[:, 0]}
    return {f"{PREDICTION}_{place}": flat[:, place] for place in range(flat.shape[1])}
