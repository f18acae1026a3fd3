"""Changes that a page may make: names, notes, tags, the trash, the better direction of a metric, saved views."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbtrack.entities import LifecycleStage
from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.names import NOTE, RUN_NAME, check_key, check_name
from nbtrack.views.saved import drop_view, save_view

if TYPE_CHECKING:
    from collections.abc import Container

    from nbtrack.store.protocol import Record, TrackingStore

EDITS = ("rename", "note", "tag", "untag", "delete", "restore")


def edit(store: TrackingStore, message: dict[str, Any], known: Container[str]) -> None:
    """Write one edit ``{op, runs: [run id, …], key, value}``.

    Raises
    ------
    InvalidValueError
        There is no such edit, or a key or value that is not allowed.
    NotFoundError
        A run that is not among `known`.
    """
    op, key, value = str(message.get("op")), message.get("key"), message.get("value")
    if op == "goal":
        if value not in ("min", "max", None):
            problem = f"Goal {value!r} is not allowed; use 'min' or 'max'."
            raise InvalidValueError(problem)
        store.append(("setting", None, None, {"name": f"goal/{check_key(str(key), 'Metric key')}", "value": value}))
        return
    if op == "save-view":
        save_view(store, str(key), value)
        return
    if op == "drop-view":
        drop_view(store, str(key))
        return
    if op not in EDITS:
        problem = f"Edit {op!r} is not known; use {', '.join(EDITS)}, goal, save-view or drop-view."
        raise InvalidValueError(problem)
    for run_id in [str(run) for run in message.get("runs", [])]:
        if run_id not in known:
            raise NotFoundError("Run", run_id)
        store.append(_record(op, run_id, key, value))


def _record(op: str, run_id: str, key: Any, value: Any) -> Record:
    if op == "rename":
        return "tags", run_id, {RUN_NAME: check_name(str(value), "Run name")}, None
    if op == "note":
        return ("tags", run_id, {NOTE: str(value)}, None) if value else ("untag", run_id, None, {"keys": [NOTE]})
    if op == "tag":
        return "tags", run_id, {check_key(str(key), "Tag key"): str(value if value is not None else "")}, None
    if op == "untag":
        return "untag", run_id, None, {"keys": [check_key(str(key), "Tag key")]}
    stage = LifecycleStage.DELETED if op == "delete" else LifecycleStage.ACTIVE
    return "state", run_id, None, {"lifecycle_stage": str(stage)}
