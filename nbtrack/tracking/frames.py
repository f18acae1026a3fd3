"""Runs as a DataFrame, with MLflow's column names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nbtrack.names import EVENT

if TYPE_CHECKING:
    import pandas as pd

    from nbtrack.store.protocol import RunColumns


def runs_frame(found: RunColumns) -> pd.DataFrame:
    """Return one row a run: attributes, then ``metrics.*`` (last value), ``params.*`` and ``tags.*``.

    Events (tags ``nbtrack.event.*``) are left out; ``get_run(…).data.tags`` has them.
    Times are UTC, `duration` is in seconds, a missing metric is NaN, a missing param or tag None.
    """
    import pandas as pd  # noqa: PLC0415 - `import nbtrack` stays light

    attributes = found.attributes
    columns: dict[str, Any] = {
        "run_id": attributes["run_id"],
        "number": _whole(attributes["number"]),
        "run_name": attributes["name"],
        "experiment_id": attributes["experiment_id"].astype(np.int64).astype(str),
        "experiment": attributes["experiment"],
        "status": attributes["status"],
        "start_time": pd.DatetimeIndex(attributes["start_time"]).tz_localize("UTC"),
        "end_time": pd.DatetimeIndex(attributes["end_time"]).tz_localize("UTC"),
        "duration": attributes["duration"],
        "artifact_uri": [f"runs:/{run_id}" for run_id in attributes["run_id"]],
    }
    columns |= {f"metrics.{key}": parts["last"] for key, parts in found.metrics.items()}
    columns |= {f"params.{key}": _texts(values) for key, values in found.params.items()}
    columns |= {f"tags.{key}": _texts(values) for key, values in found.tags.items() if not key.startswith(EVENT)}
    return pd.DataFrame(columns, copy=False)


def _whole(numbers: np.ndarray[Any, Any]) -> Any:
    import pandas as pd  # noqa: PLC0415

    return pd.array(numbers, dtype="Int64") if numbers.dtype.kind == "f" else numbers


def _texts(values: np.ndarray[Any, Any]) -> Any:
    import pandas as pd  # noqa: PLC0415

    # Said here, so that pandas need not look at every value to find out.
    return pd.Series(values, dtype=object, copy=False)
