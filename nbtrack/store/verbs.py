"""The verbs of a store that another process may ask for by name; those that change the registry are a floor above."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValueError
from nbtrack.journal import control
from nbtrack.journal.follow import GapError
from nbtrack.names import check_artifact_path
from nbtrack.store.files import digest_of
from nbtrack.store.guarded import guarded_sql
from nbtrack.store.traffic import CHANGES, READS, REGISTRY_MOVES, REGISTRY_READS

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbtrack.store.local import LocalStore
    from nbtrack.store.served import ServedStore

REGISTRY = "registry."
MAX_STATE = 1 << 20
ONLY_LOOKS = (
    READS
    | {REGISTRY + verb for verb in REGISTRY_READS}
    | {"artifact_digest", "is_writer_alive", "news", "orders", "parquet", "signature", "sql"}
)
ALL = ONLY_LOOKS | {"put_state"} | CHANGES | {REGISTRY + verb for verb in REGISTRY_MOVES}


def find(store: LocalStore, verb: str) -> Callable[..., Any]:
    """Return what answers a verb; raises ``InvalidValueError`` for one that is not on the list."""
    own: dict[str, Callable[..., Any]] = {
        "sql": lambda query, values=(): guarded_sql(store.path, store.folder, query, values),
        "orders": lambda run_ids: _orders(store, run_ids),
        "put_state": lambda run_id, state: _put_state(store, run_id, state),
    }
    return own.get(verb) or find_common(store, verb)


def find_common(store: ServedStore, verb: str) -> Callable[..., Any]:
    """Return what answers a verb that every store answers alike; raises ``InvalidValueError`` for one that is not on the list."""
    if verb not in ALL:
        message = f"The verb {verb[:80]!r} is not known here; this server may be older than what asks it."
        raise InvalidValueError(message)
    if verb.startswith(REGISTRY):
        found: Callable[..., Any] = getattr(store.registry, verb.removeprefix(REGISTRY))
        return found
    own: dict[str, Callable[..., Any]] = {
        "signature": lambda: repr(store.signature()),
        "news": lambda run_id, cut: _news(store, run_id, cut),
        "artifact_digest": lambda run_id, path: _digest(store, run_id, path),
        "parquet": lambda runs, hidden_tags: _parquet(store, runs, hidden_tags),
        "post_order": lambda run_id, order: _post(store, run_id, order),
    }
    return own.get(verb) or getattr(store, verb)


def _digest(store: ServedStore, run_id: str, path: str) -> str:
    name = check_artifact_path(path)
    with store.reading() as reader:
        return digest_of(reader.con, run_id, name)


def _parquet(store: ServedStore, runs: list[str], hidden_tags: list[str]) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory(prefix="nbtrack-") as folder:
        return {
            name: (Path(folder) / name).read_bytes() for name in store.write_parquet(runs, Path(folder), hidden_tags)
        }


def _news(store: ServedStore, run_id: str, cut: dict[str, int]) -> tuple[dict[str, int], Any, bool] | None:
    """Return how far it has been read now, the points since then, and whether there was anything else; None when records went by unseen."""
    follower: Any = store.follow(run_id, cut)
    try:
        found = follower.news()
    except GapError:
        return None
    finally:
        follower.close()
    return follower.cut, found.points, found.has_other


def _orders(store: LocalStore, run_ids: dict[str, int]) -> dict[str, Any]:
    """Return what was asked of runs since the offsets that are given with them: ``{run id: (orders, offset)}``."""
    found = {run_id: control.orders_since(store.folder, run_id, offset) for run_id, offset in run_ids.items()}
    return {run_id: each for run_id, each in found.items() if each[1] != run_ids[run_id]}


def _put_state(store: LocalStore, run_id: str, state: dict[str, Any] | None) -> None:
    """Keep what a run says of itself, for whoever looks at it; None when it has ended."""
    if state is None:
        control.clear(store.folder, run_id)
    elif len(json.dumps(state)) <= MAX_STATE:
        store.make_folder()
        control.write_state(store.folder, run_id, state)


def _post(store: ServedStore, run_id: str, order: Any) -> None:
    store.get_run(run_id)
    store.post_order(run_id, known_order(order))


def known_order(order: Any) -> control.Order:
    """Return an order as it is kept; raises ``InvalidValueError`` for what is none."""
    if not isinstance(order, dict) or not isinstance(order.get("do"), str):
        message = "An order is an object with 'do': stop, checkpoint, knob, note or interrupt."
        raise InvalidValueError(message)
    return control.new_order(order["do"], key=order.get("key"), value=order.get("value"), order_id=None)
