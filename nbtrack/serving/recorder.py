"""Requests and predictions, recorded into a run while a model is served: what monitoring builds on."""

from __future__ import annotations

import logging
import tempfile
import threading
import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nbtrack.serving import refusals
from nbtrack.serving.frames import prediction_columns
from nbtrack.serving.predictions import plain
from nbtrack.serving.refusals import Refusals
from nbtrack.store.tabular import Tables

if TYPE_CHECKING:
    import pandas as pd

    from nbtrack.serving.held import Served
    from nbtrack.tracking.run import ActiveRun

log = logging.getLogger("nbtrack.serving")

FLUSH_S = 5.0
MAX_ROWS = 50_000
"""Rows that wait for the next flush; more come in a burst than can be kept, so the oldest go, and the run says how many."""


class Recorder:
    """Keeps what came and went, in the background: a request waits for nothing but a list to grow.

    Every few seconds the run gets one Parquet file ``requests/<n>.parquet`` with the columns ``input.<name>``, ``prediction``, ``time``,
    ``seconds`` and ``model``, and one step of the metrics ``requests``, ``rows``, ``seconds_median``, ``seconds_max``, ``prediction_mean``.
    A model that answers with a table has ``prediction.<name>`` and ``prediction_mean/<name>`` for each of its columns.
    Requests that are refused are counted in the metrics ``refused`` and ``refused/<status>``; ``refused.json`` has the reasons, and the tag
    ``nbtrack.refused`` the most frequent one.

    Parameters
    ----------
    run : ActiveRun
        Where it goes; ended by :meth:`close`.
    flush_s : float
        How often.
    """

    def __init__(self, run: ActiveRun, flush_s: float = FLUSH_S) -> None:
        self._run = run
        self._waiting: deque[tuple[float, float, str, Any, Any, int]] = deque()
        self._n_rows = 0
        self._n_dropped = 0
        self._refusals = Refusals()
        self._lock = threading.Lock()
        self._step = 0
        self._tables = Tables(1)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._go_on, args=(flush_s,), name="nbtrack-recorder", daemon=True)
        self._thread.start()

    def take(self, served: Served, data: Any, predictions: Any, rows: int, seconds: float) -> None:
        """Keep one request."""
        with self._lock:
            self._waiting.append((time.time(), seconds, served.key, data, predictions, rows))
            self._n_rows += rows
            while self._n_rows > MAX_ROWS and len(self._waiting) > 1:
                gone = self._waiting.popleft()[-1]
                self._n_rows -= gone
                self._n_dropped += gone

    def refuse(self, status: int, message: str) -> None:
        """Count a request that was refused, and why."""
        self._refusals.count(status, message)

    def flush(self) -> None:
        """Write down what has come since the last time."""
        refused = self._refusals.take()
        with self._lock:
            requests, self._waiting, self._n_rows = list(self._waiting), deque(), 0
            dropped, self._n_dropped = self._n_dropped, 0
        if not requests and not refused:
            return
        figures = _figures(requests, dropped) if requests else {}
        figures |= {"refused": float(refused.total())} | {
            f"refused/{status}": float(n) for status, n in refused.items()
        }
        self._run.log_metrics(figures, step=self._step)
        if refused:
            self._tell_refusals()
        if requests:
            self._keep(requests)
        self._step += 1

    def _tell_refusals(self) -> None:
        reasons = self._refusals.listed()
        self._run.set_tag("nbtrack.refused", refusals.most(reasons))
        with tempfile.TemporaryDirectory(prefix="nbtrack-") as folder:
            path = Path(folder) / "refused.json"
            path.write_bytes(refusals.as_json(reasons))
            self._run.log_artifact(path)

    def _keep(self, requests: list[tuple[float, float, str, Any, Any, int]]) -> None:
        with tempfile.TemporaryDirectory(prefix="nbtrack-") as folder:
            path = Path(folder) / f"{self._step:06d}.parquet"
            self._tables.write(_table(requests), path, "parquet")
            self._run.log_artifact(path, "requests")

    def close(self) -> None:
        """Write down the rest, and end the run."""
        self._stopping.set()
        self._thread.join(timeout=30)
        self.flush()
        self._tables.close()
        self._run.end()

    def _go_on(self, flush_s: float) -> None:
        while not self._stopping.wait(flush_s):
            try:
                self.flush()
            except Exception:
                log.exception("Requests of the last %g seconds could not be recorded.", flush_s)


def _figures(requests: list[tuple[float, float, str, Any, Any, int]], dropped: int) -> dict[str, float]:
    seconds = np.array([request[1] for request in requests])
    found = {
        "requests": float(len(requests)),
        "rows": float(sum(request[-1] for request in requests)),
        "seconds_median": float(np.median(seconds)),
        "seconds_max": float(seconds.max()),
    }
    numbers: dict[str, list[float]] = {}
    for request in requests:
        for name, values in _named(request[4]).items():
            numbers.setdefault(name, []).extend(value for value in values if isinstance(value, (int, float)))
    found |= {
        f"prediction_mean{name and '/'}{name}": float(np.mean(values)) for name, values in numbers.items() if values
    }
    if dropped:
        found["rows_not_kept"] = float(dropped)
    return found


def _named(found: Any) -> dict[str, list[Any]]:
    """Return predictions by column of the table that the model gave; of anything else as one nameless column."""
    if hasattr(found, "columns") and hasattr(found, "iloc"):
        return {name: plain(values) for name, values in prediction_columns(found).items()}
    listed = plain(found)
    return {"": listed if isinstance(listed, list) else [listed]}


def _table(requests: list[tuple[float, float, str, Any, Any, int]]) -> pd.DataFrame:
    import pandas as pd  # noqa: PLC0415 - only where requests are recorded

    frames: list[pd.DataFrame] = [_unique(_frame(pd, request)) for request in requests]
    return pd.concat(frames, ignore_index=True)


def _unique(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table with one column of each name, the first: requests may repeat names, files may not."""
    return frame if frame.columns.is_unique else frame.loc[:, ~frame.columns.duplicated()]


def _frame(pd: Any, request: tuple[float, float, str, Any, Any, int]) -> Any:
    when, seconds, model, data, predictions, rows = request
    if isinstance(data, pd.DataFrame):
        frame = data.add_prefix("input.").reset_index(drop=True)
    else:
        listed = plain(data)
        listed = listed if isinstance(listed, list) and len(listed) == rows else [listed] * max(rows, 1)
        frame = pd.DataFrame({"input": [repr(each) for each in listed]})
    for name, values in _named(predictions).items():
        column = pd.Series(values if len(values) == len(frame) else [repr(values)] * len(frame))
        is_nested = column.map(lambda value: isinstance(value, (dict, list))).any()
        frame[f"prediction.{name}" if name else "prediction"] = column.map(repr) if is_nested else column
    frame["time"] = pd.Timestamp(when, unit="s", tz="UTC")
    frame["seconds"] = seconds
    frame["model"] = model
    return frame
