"""``kill -9``: what was acknowledged is there once, whoever dies when."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

import pytest

from nbtrack.names import new_run_id
from nbtrack.store.connect import reading
from nbtrack.store.fold import fold
from nbtrack.store.rebuild import rebuild
from tests.store.kit import assert_same, everything_at, quiet_store
from tests.store.processes import Acknowledged, fold_for_ever, kill, log_and_acknowledge, quick, running

if TYPE_CHECKING:
    from pathlib import Path

    from nbtrack.store.local import LocalStore

OPENS_S = 2.0
POINTS = ["before_commit", "after_commit", "after_close", "mid_delete"]

pytestmark = [pytest.mark.timeout(600), pytest.mark.xdist_group("kills")]


def check(store: LocalStore, said: dict[str, Acknowledged]) -> int:
    """Compare the store with what its writers were told; return how many records were acknowledged."""
    with store.reading() as reader:
        total = 0
        for run_id, acknowledged in said.items():
            lines = acknowledged.lines()
            total += len(lines)
            points = [int(text) for text in lines if text.isdigit()]
            found = [s for (s,) in reader.con.execute("SELECT step FROM metrics WHERE run_id = ?", [run_id]).fetchall()]
            assert sorted(found)[: len(points)] == points, "each acknowledged point is there once"
            assert len(found) - len(points) in (0, 1), "one may have been written and not yet told"
            for table in ("tags", "params"):
                texts = {
                    k for (k,) in reader.con.execute(f"SELECT key FROM {table} WHERE run_id = ?", [run_id]).fetchall()
                }
                assert {f"{table[:-1]}{text.split()[1]}" for text in lines if text.startswith("texts")} <= texts
            runs = reader.con.execute(
                "SELECT status, number IS NOT NULL FROM runs WHERE run_id = ?", [run_id]
            ).fetchall()
            assert runs == ([("KILLED", True)] if lines else runs[:1])
    return total


def seconds_to_open(store: LocalStore) -> float:
    begin = time.process_time()  # this process's own: the machine may be busy with the other tests
    with store.reading():
        return time.process_time() - begin


def round_of_kills(path: Path, dice: random.Random, n_writers: int, folders: list[str]) -> dict[str, Acknowledged]:
    """Start writers and folders on a store; each is killed at a moment of its own, or dies at its crash point."""
    context = quick()
    said = {new_run_id(): Acknowledged() for _ in range(n_writers)}
    writers = [context.Process(target=log_and_acknowledge, args=(path, r, a.writer)) for r, a in said.items()]
    others = [context.Process(target=fold_for_ever, args=(path, point)) for point in folders]
    with running(*writers, *others) as started:
        for process in dice.sample(started, len(started)):
            time.sleep(dice.random() * 0.12)
            if process is not others[-1]:
                kill(process)
        others[-1].join(dice.choice([0.2, 1.0, 5.0]))
    return said


@pytest.mark.slow
def test_two_hundred_kills_lose_nothing_and_double_nothing(tmp_path: Path, record_property) -> None:
    path = tmp_path / "runs.duckdb"
    store = quiet_store(path)
    dice = random.Random(7)
    kills = records = 0
    slowest = 0.0
    for turn in range(34):
        said = round_of_kills(path, dice, 4, ["", POINTS[turn % 4]])
        kills += 6
        slowest = max(slowest, seconds_to_open(store))
        records += check(store, said)
    overlay = everything_at(path)
    assert store.fold(timeout=10) is not None
    assert_same(overlay, everything_at(path), "after a fold")
    rebuild(path, store.folder)
    assert_same(overlay, everything_at(path), "after a rebuild")
    assert kills >= 200
    assert slowest < OPENS_S
    assert list((store.folder / "quarantine").glob("*")) == []
    record_property("kills", kills)
    print(
        f"\n{kills} kills, {records} acknowledged records: 0 lost, 0 doubled; slowest opening {slowest * 1000:.0f} ms"
    )


@pytest.mark.parametrize("point", [*POINTS, "mid_compaction"])
def test_a_folder_that_dies_at_any_point_changes_nothing(
    tmp_path: Path, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "runs.duckdb"
    store = quiet_store(path)
    context = quick()
    before = None
    for turn in range(4):
        run_id = f"{turn:032x}"
        store.append(
            ("start", run_id, None, {"experiment_id": 0, "experiment": "Default", "name": "a", "number": turn + 1})
        )
        for step in range(100):
            store.log_metrics(run_id, step, {"x": 1.0, "y": float("nan")})
        store.append(("params", run_id, {"a": str(turn)}, None))
        store.writer.rotate()
        before = everything_at(path)
        with running(context.Process(target=fold_to_death, args=(path, point))) as (folder,):
            folder.join(60)
            assert folder.exitcode == -9
        assert_same(before, everything_at(path), f"after dying {point}")
    assert fold(path, store.folder, timeout=10) is not None
    assert before is not None
    assert_same(before, everything_at(path), "after the next fold")
    with reading(path) as base:
        assert base.con.execute(f"SELECT count(*), count(DISTINCT writer) FROM {base.prefix}_folded").fetchall() == [
            (1, 1)
        ]
    rebuild(path, store.folder)
    assert_same(before, everything_at(path), "after a rebuild")
    store.writer.close()


def fold_to_death(path: Path, point: str) -> None:
    """Fold until the crash point is reached; the history is merged each time, so that it has one too."""
    from nbtrack.store import history

    history.MAX_FILES = 0
    fold_for_ever(path, point)
