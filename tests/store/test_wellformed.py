"""What comes over a network with a right checksum and wrong contents is refused, and what a store has is read as before."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from nbtrack.errors import InvalidValueError, NbtrackError
from nbtrack.journal.record import event_body, line
from nbtrack.names import new_run_id
from nbtrack.store.protocol import RunQuery
from nbtrack.store.receiving import Receiver
from nbtrack.store.wellformed import _BODIES, check
from tests.store.kit import everything, quiet_store, start

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RUN = "a" * 32
TIME = 1_700_000_000_000_000
FINE: dict[str, dict[str, Any]] = {
    "hdr": {"o": {"fmt": 1, "host": "h", "pid": 1, "user": "ada", "version": "0.1.0"}},
    "start": {"o": {"experiment_id": 0, "experiment": "Default", "name": "n", "number": None, "user": "ada",
                    "parent": None, "start_us": TIME}},
    "resume": {"o": {"holder": "rest"}},
    "end": {"o": {"status": "FINISHED", "end_us": TIME, "duration_us": 1, "lost": 0}},
    "params": {"p": {"lr": "1"}},
    "tags": {"p": {"a": "b"}},
    "untag": {"o": {"keys": ["a"]}},
    "state": {"o": {"lifecycle_stage": "active"}},
    "artifact": {"o": {"path": "a/b.txt", "sha256": "a" * 64, "size": 3, "mime": "text/plain"}},
    "input": {"o": {"name": "d", "digest": "x", "source_type": "s", "source": "s", "schema": "{}", "profile": None,
                    "context": "train", "tags": '{"a": "b"}'}},
    "setting": {"o": {"name": "goal/loss", "value": "min"}},
    "model": {"o": {"model_id": "m-" + "0" * 32, "path": "model", "flavors": {"sklearn": {}},
                    "utc_time_created": "2026-01-01", "step": 3, "params": {"a": "b"}}},
    "forget": {"o": {"params": ["lr"], "tags": ["a"], "artifacts": ["x"]}},
}  # fmt: skip
ODD: list[Any] = [True, -1, 1.5, 10**30, -(10**30), "\x00", "\ud800", [], [None], {}, {"a": 1}, "../../x", "é" * 3]
TEXTS = {"experiment", "name", "user", "host", "version", "holder", "status", "lifecycle_stage", "mime", "digest", "source_type", "source",
         "schema", "profile", "context", "value", "model_id", "utc_time_created", "used", "model_type"}  # fmt: skip


def test_what_is_written_here_is_well_formed():
    for kind, record in FINE.items():
        check(kind, {"t": TIME, **record})
    check("of a newer nbtrack", {"t": TIME, "o": 7})


CASES = [(kind, name) for kind, record in FINE.items() for name in record.get("o", {}) if name in _BODIES[kind]]


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_each_field_has_its_type(kind: str, name: str):
    told = {n: _refused(kind, name, odd) for n, odd in enumerate(ODD)}
    texts = [text for text in told.values() if text]
    assert len(texts) >= 8
    assert all(f"o.{name}" in text and text.isascii() for text in texts)
    if name not in TEXTS and name != "flavors":
        assert all(ODD[n] in ([], {}, "é" * 3, -1) for n, text in told.items() if not text)


def _refused(kind: str, name: str, value: Any) -> str:
    record = copy.deepcopy(FINE[kind])
    record["o"][name] = value
    try:
        check(kind, {"t": TIME, **record})
    except InvalidValueError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("kind", "record"),
    [
        ("tags", {}),
        ("tags", {"p": [1]}),
        ("params", {"p": {"a": None}}),
        ("end", {"t": None}),
        ("end", {"t": -(10**20)}),
        ("end", {"o": "x"}),
        ("artifact", {}),
        ("artifact", {"o": {"path": None}}),
        ("input", {"o": {"name": None}}),
        ("untag", {"o": {}}),
        ("artifact", {"o": {"path": "a", "sha256": "A" * 64}}),
        ("artifact", {"o": {"path": "/etc/passwd"}}),
        ("artifact", {"o": {"path": "a\\..\\b"}}),
        ("model", {"o": {"path": "../model"}}),
        ("model", {"o": {"step": "soon"}}),
        ("input", {"o": {"name": "d", "tags": "[" * 100_000}}),
    ],
)
def test_others_are_refused(kind: str, record: dict[str, Any]):
    with pytest.raises(InvalidValueError, match="must be"):
        check(kind, {"t": TIME, **record})


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    store = quiet_store(tmp_path / "team.duckdb")
    yield Receiver(store)
    store.close()


def test_a_poisoned_delivery_leaves_a_store_as_it_was(receiver: Receiver):
    store = receiver._store
    start(store, "good")
    before = everything(store)
    head, begin = event_body("hdr", 1, None, o={"user": "eve"}), {"name": "x", "start_us": TIME, "number": 1}
    poisons: list[tuple[str, dict[str, Any]]] = [
        ("start", {"o": {**begin, "number": "x"}}),
        ("untag", {"o": {"keys": True}}),
        ("artifact", {"o": {"path": "a", "size": "large"}}),
        ("input", {"o": {"name": "d", "tags": "no json"}}),
        ("end", {"o": {"lost": "many"}}),
        ("forget", {"o": {"params": 7}}),
        ("model", {"o": {"used": "input", "model_id": "m-1", "step": "x"}}),
    ]
    for n, (kind, record) in enumerate(poisons):
        run_id = new_run_id()
        bodies = [head, event_body("start", 2, run_id, o=begin), event_body(kind, 3, run_id, **record)]
        data = b"".join(line(q, each) for q, each in enumerate(bodies))
        with pytest.raises(NbtrackError, match="Nothing of the delivery"):
            receiver.receive(f"{n:032x}", data, after=-1, lease_s=0)
    assert [run.info.run_name for run in store.search_runs(RunQuery())] == ["good"]
    assert everything(store) == before
