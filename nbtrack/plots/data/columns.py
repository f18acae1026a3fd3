"""What stands on an axis: one value a run, and what kind of values they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from nbtrack.views.log_axis import wants_log

Array = np.ndarray[Any, Any]
Kind = Literal["number", "time", "category"]


@dataclass(frozen=True)
class Column:
    """One value a run.

    Attributes
    ----------
    id : str
        Full name, such as ``"params.lr"`` or ``"metrics.acc.max"``.
    label : str
        What stands on the axis, such as ``"lr"`` or ``"acc (max)"``.
    kind : {"number", "time", "category"}
    data : ndarray, shape (n_runs,)
        float64, NaN = none; datetime64[ms], NaT = none; or object, None = none.
    goal : {"min", "max"} or None
        Which values of a metric are the better ones.
    """

    id: str
    label: str
    kind: Kind
    data: Array
    goal: str | None = None

    @property
    def there(self) -> Array:
        """Runs whose value can be drawn: bool of shape (n_runs,)."""
        if self.kind == "number":
            return np.isfinite(self.data)
        if self.kind == "time":
            return ~np.isnat(self.data)
        return np.array([value is not None for value in self.data], dtype=bool)

    @property
    def is_log(self) -> bool:
        """Whether the values ask for a logarithmic axis."""
        return self.kind == "number" and wants_log(self.data)

    def codes(self) -> tuple[Array, list[str]]:
        """Return the place of each value among the distinct ones (-1 = none), and these in order."""
        texts = [_text(value) if there else None for value, there in zip(self.data, self.there, strict=True)]
        names = sorted({text for text in texts if text is not None}, key=natural)
        place = {name: index for index, name in enumerate(names)}
        return np.array([-1 if text is None else place[text] for text in texts], dtype=np.int64), names


def make_column(name: str, values: Any, *, label: str | None = None, goal: str | None = None) -> Column:
    """Return a column of any sequence of values; texts that all read as numbers are numbers."""
    kind, plain = _typed(pd.Series(values))
    return Column(name, label or name, kind, plain, goal)


def natural(text: str) -> tuple[Any, ...]:
    """Return a key that sorts ``"2"`` before ``"10"``: numbers first, by value."""
    try:
        return (0, float(text), text)
    except ValueError:
        return (1, 0.0, text)


def _text(value: Any) -> str:
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def _typed(values: pd.Series[Any]) -> tuple[Kind, Array]:
    if pd.api.types.is_datetime64_any_dtype(values):
        naive = values.dt.tz_convert(None) if values.dt.tz is not None else values
        return "time", naive.to_numpy(dtype="datetime64[ms]")
    if pd.api.types.is_bool_dtype(values):
        return "category", _texts(values)
    if pd.api.types.is_numeric_dtype(values):
        return "number", values.to_numpy(dtype=np.float64, na_value=np.nan)
    numbers = _as_numbers(values)
    return ("category", _texts(values)) if numbers is None else ("number", numbers)


def _as_numbers(values: pd.Series[Any]) -> Array | None:
    """Return texts as numbers; None when one of them is none, or all are missing."""
    there = values.notna()
    numbers = pd.to_numeric(values.where(there, None), errors="coerce")
    plain: Array = numbers.to_numpy(dtype=np.float64, na_value=np.nan)
    is_nan_text = np.array([isinstance(v, str) and v.strip().lower() == "nan" for v in values], dtype=bool)
    is_number = ~np.isnan(plain) | is_nan_text
    return plain if there.any() and is_number[there.to_numpy()].all() else None


def _texts(values: pd.Series[Any]) -> Array:
    return values.map(str).astype(object).where(values.notna(), None).to_numpy(dtype=object)
