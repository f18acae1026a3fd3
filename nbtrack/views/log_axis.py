"""When an axis is logarithmic though nobody has said so; twin of ``guessKind`` in ``js/src/parallel/scale.js``."""

from __future__ import annotations

from typing import Any

import numpy as np

SPAN = 100


def wants_log(values: np.ndarray[Any, Any]) -> bool:
    """Return whether the finite values are positive, span more than a factor of 100, and half of them stand in the lowest tenth.

    1e-5 … 0.1 does; a dropout between 0.0001 and 0.5 spans as much, and is spread evenly.

    Parameters
    ----------
    values : ndarray of float64, any shape
        Each distinct value counts once.
    """
    finite = np.unique(values[np.isfinite(values)])
    if not len(finite) or finite[0] <= 0 or finite[-1] / finite[0] <= SPAN:
        return False
    low = finite <= finite[0] + (finite[-1] - finite[0]) / 10
    return bool(2 * low.sum() >= len(finite))
