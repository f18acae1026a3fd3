"""What others ask of a run that is open somewhere, and what the run says of itself meanwhile: two small files a run.

``control/<run id>.jsonl``  orders, one JSON object a line, appended by whoever has the store
``control/<run id>.json``   knobs, progress and the like, rewritten by the run's own process

Both are gone when the run has ended: what came of them is in the journal.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from nbtrack.names import is_run_id, new_run_id

if TYPE_CHECKING:
    from pathlib import Path

Order = dict[str, Any]
"""``{"id", "t" (ms), "do": "stop" | "checkpoint" | "knob" | "note" | "interrupt", "key", "value"}``"""

MAX_ORDER_BYTES = 64_000


def new_order(do: str, *, key: str | None = None, value: Any = None, order_id: str | None = None) -> Order:
    """Return an order with an id and the time of now."""
    return {"id": order_id or new_run_id(), "t": time.time_ns() // 1_000_000, "do": do, "key": key, "value": value}


def post(folder: Path, run_id: str, order: Order) -> None:
    """Append an order for a run; one ``os.write``, so that several may do it at once."""
    path = _path(folder, run_id, "jsonl")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(fd, json.dumps(order, separators=(",", ":")).encode() + b"\n")
    finally:
        os.close(fd)


class Inbox:
    """The orders for one run, each handed out once; a look at an unchanged file is one ``stat``.

    Orders that were there before are not taken: they were meant for an earlier life of the run.
    """

    def __init__(self, folder: Path, run_id: str) -> None:
        self._path = str(_path(folder, run_id, "jsonl"))
        self._done = self._size()

    def new(self) -> list[Order]:
        """Return the orders that came since the last look."""
        if self._size() <= self._done:
            return []
        orders, self._done = _orders(self._path, self._done)
        return orders

    def _size(self) -> int:
        try:
            return os.stat(self._path).st_size  # noqa: PTH116
        except OSError:
            return 0


def orders_since(folder: Path, run_id: str, offset: int) -> tuple[list[Order], int]:
    """Return the orders for a run after `offset`, and the offset after them; below 0 there are none, and it says where the next begins."""
    path = _path(folder, run_id, "jsonl")
    try:
        return ([], path.stat().st_size) if offset < 0 else _orders(str(path), offset)
    except OSError:
        return [], max(0, offset)


def _orders(path: str, offset: int) -> tuple[list[Order], int]:
    with open(path, "rb") as file:  # noqa: PTH123 - a str is quicker to look at
        file.seek(offset)
        data = file.read(MAX_ORDER_BYTES)
    whole = data[: data.rfind(b"\n") + 1]
    orders = []
    for line in whole.splitlines():
        with suppress(ValueError):
            order = json.loads(line)
            if isinstance(order, dict):
                orders.append(order)
    return orders, offset + len(whole)


def write_state(folder: Path, run_id: str, state: dict[str, Any]) -> None:
    """Put what a run says of itself in the place of what it said before."""
    path = _path(folder, run_id, "json")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_suffix(f".{os.getpid()}.new")
    new.write_text(json.dumps(state, separators=(",", ":")))
    new.replace(path)


def read_state(folder: Path, run_id: str) -> dict[str, Any]:
    """Return what a run says of itself; {} when it says nothing."""
    try:
        state = json.loads(_path(folder, run_id, "json").read_bytes())
    except (OSError, ValueError):
        return {}
    return state if isinstance(state, dict) else {}


def clear(folder: Path, run_id: str) -> None:
    """Take both files of a run away."""
    for kind in ("jsonl", "json"):
        with suppress(OSError):
            _path(folder, run_id, kind).unlink()


def _path(folder: Path, run_id: str, kind: str) -> Path:
    if not is_run_id(run_id):
        message = f"run id {run_id!r}"
        raise ValueError(message)
    return folder / "control" / f"{run_id}.{kind}"
