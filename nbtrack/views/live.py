"""One run as it goes on: what it is, how far it is, and its curves.

A blob: ``uint32`` length of the header, JSON header, zero padding to 8 bytes, float64 arrays (offsets count from the end of that padding):

    {"kind": "live", "seq": 1, "mode": "full" | "more", "run": {…}, "series": [{"key": "loss", "rows": 2, "count": 2, "offset": 0}]}

``full`` has seven arrays a series: step, smallest, largest, mean, last value, number of points and time (milliseconds UTC) of each bucket;
with ``"bad": true`` three more: how many points are NaN, infinite, minus infinite. ``more`` has three: step, value and time of each point
that is new. ``count`` is the number of points that the page has then. A page that misses a ``seq`` asks for a full one.
"""

from __future__ import annotations

import json
import struct
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.journal.control import new_order
from nbtrack.names import EVENT, NOTE, is_run_id, next_event

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbtrack.entities import Run
    from nbtrack.journal.follow import Points
    from nbtrack.store.live import Curves
    from nbtrack.store.protocol import TrackingStore

BUCKETS = 2000
STOPPED = "nbtrack.stopped_at"
FULL = ("step", "min", "max", "mean", "last", "count", "time")
BAD = ("nans", "ups", "downs")
STEPS = ("total_steps", "max_steps", "num_steps", "n_steps", "steps", "max_iter", "n_iter", "iterations")
EPOCHS = ("epochs", "num_epochs", "n_epochs", "max_epochs", "num_train_epochs")
ORDERS = ("stop", "checkpoint", "knob", "note", "interrupt")


def answer(store: TrackingStore, question: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
    """Answer ``{what: "live", run: run id}`` with a full blob."""
    run_id = question.get("run")
    if not is_run_id(run_id):
        message = f"The question 'live' names a run by its 32 hexadecimal digits; received {run_id!r}."
        raise InvalidValueError(message)
    run = store.get_run(str(run_id))
    found = store.curves(str(run_id), BUCKETS)
    return {"run": run_id}, [
        full_blob(1, facts(run, store.live_state(str(run_id)), last_steps(found), has_died=found.has_died), found)
    ]


def order(store: TrackingStore, message: dict[str, Any], run: Run) -> None:
    """Pass on ``{do, key, value}`` to the process that leads a run.

    Raises
    ------
    InvalidValueError
        Nothing like that can be asked, or the run has ended.
    """
    do = message.get("do")
    if do not in ORDERS:
        problem = f"A run cannot be asked to {do!r}; it knows {', '.join(ORDERS)}."
        raise InvalidValueError(problem)
    if run.info.status != "RUNNING" and do == "note":
        _note(store, run, str(message.get("value") or ""))
        return
    if run.info.status != "RUNNING":
        problem = f"Run #{run.info.number} {run.info.run_name!r} is {run.info.status.lower()}; only a running one can be asked to {do}."
        raise InvalidValueError(problem)
    if do == "interrupt":
        problem = "The run is in another process: Stop ends it at its next log call; to interrupt at once, go there."
        raise InvalidValueError(problem)
    if do == "knob" and message.get("key") not in {
        knob["name"] for knob in store.live_state(run.info.run_id).get("knobs", [])
    }:
        raise NotFoundError("Knob", str(message.get("key")), where=f"run #{run.info.number}")
    store.post_order(run.info.run_id, order_of(message))


def _note(store: TrackingStore, run: Run, text: str) -> None:
    """Add a line to the note of a run that nobody leads any more."""
    if text.strip():
        t = time.time_ns() // 1_000_000
        event = json.dumps({"t": t, "step": None, "kind": "note", "text": text}, ensure_ascii=False)
        tags = store.get_run(run.info.run_id).data.tags
        note = f"{tags.get(NOTE, '').rstrip()}\n\n{text}".strip()
        store.append(("tags", run.info.run_id, {next_event(tags): event, NOTE: note}, None))


def order_of(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return a page's message as an order."""
    order_id = message.get("order")
    key = message.get("key")
    return new_order(
        str(message["do"]),
        key=None if key is None else str(key),
        value=message.get("value"),
        order_id=None if order_id is None else str(order_id)[:64],
    )


def facts(run: Run, state: Mapping[str, Any], steps: Mapping[str, float], *, has_died: bool = False) -> dict[str, Any]:
    """Return what the head of the view shows.

    Parameters
    ----------
    run : Run
    state : mapping
        What the run says of itself, see ``store.live_state``.
    steps : mapping
        Last step by metric.
    has_died : bool
        Its process is gone without having ended it.
    """
    info, data = run.info, run.data
    is_running = info.status == "RUNNING"
    return {
        "id": info.run_id,
        "number": info.number,
        "name": info.run_name,
        "status": str(info.status),
        "experiment": info.experiment_name,
        "start": info.start_time,
        "end": info.end_time,
        "duration": info.duration,
        "died": has_died,
        "notebook": data.tags.get("mlflow.source.type") == "NOTEBOOK",
        "now": time.time() * 1000,
        "params": dict(data.params),
        "note": data.tags.get(NOTE, ""),
        "error": data.tags.get("nbtrack.error", ""),
        "stopped": data.tags.get(STOPPED),
        "events": events(data.tags),
        "knobs": state.get("knobs", []) if is_running else [],
        "checkpoint": bool(state.get("checkpoint")) and is_running,
        "progress": progress(state.get("progress"), data.params, steps),
    }


def events(tags: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the events of a run, in order."""
    found = []
    for key, text in tags.items():
        if key.startswith(EVENT):
            try:
                event = json.loads(text)
            except ValueError:
                continue
            if isinstance(event, dict):
                found.append(event)
    return sorted(found, key=lambda event: event.get("t") or 0)


def progress(said: Any, params: Mapping[str, str], steps: Mapping[str, float]) -> dict[str, Any] | None:
    """Return how far a run is: what it says itself, else what its params and steps let one guess; None when nothing does.

    Parameters
    ----------
    said : list or None
        Done, total (-1 = not known), and what was done at which second when it first said so.
    params : mapping
        Where ``epochs``, ``total_steps`` and the like are looked for.
    steps : mapping
        Last step by metric.
    """
    if said:
        done, total, first, since = said
        return {"done": done, "total": None if total < 0 else total, "first": first, "since": since * 1000, "unit": ""}
    own = {key: step for key, step in steps.items() if not key.startswith(("system/", "knob/"))}
    if not own:
        return None
    done = max(own.values()) + 1
    for names, unit in ((STEPS, "step"), (EPOCHS, "epoch")):
        for name in names:
            total = _whole(params.get(name))
            if total and done <= total:
                return {"done": done, "total": total, "first": 0, "since": None, "unit": unit}
    return None


def last_steps(found: Curves) -> dict[str, float]:
    """Return the last step by metric; of a bucket, only its first is known."""
    return {key: float(columns["step"][-1]) for key, columns in found.series.items()}


def full_blob(seq: int, run: dict[str, Any], found: Curves) -> bytes:
    """Return all curves as one blob."""
    arrays, series = [], []
    offset = 0
    for key, columns in found.series.items():
        rows = len(columns["step"])
        is_bad = any(columns[name].any() for name in BAD)
        names = (*FULL, *BAD) if is_bad else FULL
        place = {"key": key, "rows": rows, "count": int(columns["count"].sum()), "offset": offset}
        series.append(place | ({"bad": True} if is_bad else {}))
        arrays += [columns[name] for name in names]
        offset += rows * 8 * len(names)
    return _pack({"kind": "live", "seq": seq, "mode": "full", "run": run, "series": series}, arrays)


def more_blob(seq: int, run: dict[str, Any], points: Points, counts: Mapping[str, int]) -> bytes:
    """Return new points as one blob."""
    arrays, series = [], []
    offset = 0
    for key, columns in points.items():
        rows = len(columns[0])
        series.append({"key": key, "rows": rows, "count": counts[key], "offset": offset})
        arrays += [np.asarray(column, dtype="<f8") for column in columns]
        offset += rows * 8 * len(columns)
    return _pack({"kind": "live", "seq": seq, "mode": "more", "run": run, "series": series}, arrays)


def _pack(header: dict[str, Any], arrays: list[np.ndarray[Any, Any]]) -> bytes:
    head = json.dumps(header, ensure_ascii=False, allow_nan=False, default=str).encode("utf-8", "surrogatepass")
    padding = b"\0" * (-(4 + len(head)) % 8)
    return b"".join([struct.pack("<I", len(head)), head, padding, *(a.astype("<f8").tobytes() for a in arrays)])


def _whole(text: str | None) -> int | None:
    try:
        return int(float(text or ""))
    except (ValueError, OverflowError):
        return None
