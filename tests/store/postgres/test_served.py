"""A database behind several servers: what one has acknowledged all others see, and nothing acknowledged is ever lost."""

from __future__ import annotations

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from nbtrack.errors import GateRefusedError, InvalidValueError, NotFoundError, UnreachableError
from nbtrack.journal.segments import list_segments
from nbtrack.names import new_run_id
from nbtrack.registry.registry import Registry
from nbtrack.store.moment import Moment, moment
from nbtrack.store.postgres import direct, served
from nbtrack.store.protocol import RunQuery
from nbtrack.store.registry_protocol import NewVersion
from tests.store.kit import end, start
from tests.store.remote.served import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nbtrack.store.postgres.served import ServedDatabase
    from nbtrack.store.postgres.store import PostgresStore
    from tests.store.postgres.cluster import Cluster

    Server = Callable[[str], ServedDatabase]


def begin(store: ServedDatabase, name: str = "fox") -> str:
    return start(store, name, holder="rest")  # type: ignore[arg-type]


class Heard:
    """A follower."""

    def __init__(self) -> None:
        self.kinds: list[str] = []

    def records(self, records: Any) -> None:
        self.kinds += [kind for kind, *_ in records]

    def points(self, _run_id: str, points: Any) -> None:
        self.kinds += ["m"] * len(points)


def test_servers_see_one_anothers_writes_at_once(server: Server):
    one, two = server("one"), server("two")
    run_id = begin(one)
    for step in range(5):
        before = two.mark()
        one.log_metrics(run_id, step, {"loss": 1.0 - step})
        assert two.metric_history(run_id, "loss")[2].tolist() == [1.0 - s for s in range(step + 1)]
        assert two.mark() != before
    before = one.mark(), two.mark()
    assert (one.mark(), two.mark()) == before, "nobody has written"
    one.log_metrics(run_id, 9, {"loss": 0.0})
    assert one.mark() == before[0], "nobody else has written"
    two.append(("tags", run_id, {"by": "two"}, None))
    assert one.get_run(run_id).data.tags["by"] == "two"
    experiment = two.create_experiment("vision")
    assert one.get_experiment(experiment).name == "vision"
    end(two, run_id)  # type: ignore[arg-type]
    assert one.get_run(run_id).info.status == "FINISHED"


def test_numbers_never_clash(server: Server):
    servers = [server("one"), server("two")]

    def work(i: int) -> tuple[int, int, int]:
        store = servers[i % 2]
        number = store.next_run_number()
        version = Registry(store).add_version("m", NewVersion("s3://x/y"), makes_model=True).version
        return number, int(store.create_experiment(f"e{i}")), version

    with ThreadPoolExecutor(8) as crowd:
        found = [*crowd.map(work, range(12))]
    for numbers in zip(*found, strict=True):
        assert sorted(numbers) == [*range(1, 13)]
    assert {store.experiment_id("shared") for store in servers} == {13}


def test_what_many_write_at_once_is_one_transaction(server: Server, cluster: Cluster):
    store, heard = server("one"), Heard()
    runs = [begin(store, str(i)) for i in range(16)]
    store.followers.append(heard)
    gate = threading.Barrier(16)

    def log(run_id: str) -> None:
        gate.wait()
        for step in range(20):
            store.log_together(run_id, [(step * 1000, step, {"x": float(step)})], [("tags", run_id, {"t": "1"}, None)])

    with ThreadPoolExecutor(16) as crowd:
        list(crowd.map(log, runs))
    assert sorted(heard.kinds) == ["m"] * 320 + ["tags"] * 320
    for run_id in runs:
        assert store.metric_history(run_id, "x")[2].tolist() == [float(n) for n in range(20)]
    name = store.uri.rpartition("/")[2]
    rows, writers = cluster.ask("SELECT count(*), count(DISTINCT writer) FROM nbtrack.journal", name)[0]
    assert rows < 16 + 320
    assert writers == 1


def test_what_a_server_writes_is_folded_in_its_own_copy_too(server: Server):
    store, other = server("one"), server("two")
    run_id = begin(store)
    store.log_metrics(run_id, 0, {"x": 1.0})
    for each in (store, other):
        assert len(each.search_runs(RunQuery())) == 1
        assert each.fold(timeout=10) is not None
        each.local.rotate()
    store.local._fold_quietly()
    waiting = [s for group in list_segments(store.local.folder / "w").values() for s in group if s.size > 400]
    assert waiting == []
    store.log_metrics(run_id, 1, {"x": 2.0})
    for each in (store, other):
        assert each.metric_history(run_id, "x")[2].tolist() == [1.0, 2.0]


def test_a_copy_that_is_deleted_comes_back_with_what_the_server_itself_wrote(server: Server):
    store = server("one")
    run_id = begin(store)
    for step in range(3):
        store.log_metrics(run_id, step, {"x": float(step)})
        shutil.rmtree(store.database.folder)
        store.log_metrics(run_id, step + 10, {"x": 0.0})
        assert len(store.metric_history(run_id, "x")[0]) == 2 * (step + 1)


def test_a_purge_elsewhere_takes_nothing_else_away(server: Server, machine: Callable[[str], PostgresStore]):
    store, other = server("one"), machine("laptop")
    kept, gone = begin(store, "kept"), begin(store, "gone")
    store.append(("state", gone, None, {"lifecycle_stage": "deleted"}))
    before = store.mark()
    assert other.purge()["runs"] == 1
    store.log_metrics(kept, 0, {"x": 1.0})
    assert store.mark() != before
    assert store.get_run(kept).data.metrics == {"x": 1.0}
    with pytest.raises(NotFoundError):
        store.get_run(gone)
    assert server("two").get_run(kept).data.metrics == {"x": 1.0}


def test_an_answer_that_never_came_costs_no_other_record(server: Server, monkeypatch: pytest.MonkeyPatch):
    """Nobody knows whether such a transaction was committed: its numbers are not given again."""
    store = server("one")
    run_id = begin(store)
    real = direct.Direct.do

    def lose(self: direct.Direct, action: Any) -> Any:
        real(self, action)
        raise UnreachableError("cut")

    with monkeypatch.context() as cut:
        cut.setattr(direct.Direct, "do", lose)
        with pytest.raises(UnreachableError):
            store.append(("tags", run_id, {"was": "written"}, None))
    store.append(("tags", run_id, {"and": "this"}, None))
    for each in (store, server("two")):
        assert {"was", "and"} <= each.get_run(run_id).data.tags.keys()


def test_a_database_that_is_gone_is_told_without_its_address(
    server: Server, cluster: Cluster, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    store = server("one")
    run_id = begin(store)
    monkeypatch.setattr(store._committer._direct, "_patience_s", 0.0)
    monkeypatch.setattr(store.database.puller.direct, "_patience_s", 0.0)
    monkeypatch.setattr(store.pool, "rest_s", 0.0)
    store.pool._open().timeout = 0.5
    seen = store.signature()
    cluster.stop()
    try:
        for ask in (
            lambda: store.log_metrics(run_id, 0, {"x": 1.0}),
            store.mark,
            store.next_run_number,
            lambda: store.last("a" * 32),
            lambda: store.create_experiment("e"),
        ):
            with pytest.raises(UnreachableError) as told:
                ask()
            assert str(told.value) == served.SILENCE
        assert store.signature() == seen
        assert str(cluster.port) in caplog.text
    finally:
        cluster.start()
    store.pool._open().timeout = 30.0
    store.log_metrics(run_id, 1, {"x": 2.0})
    assert store.metric_history(run_id, "x")[2].tolist() == [2.0]
    assert store.create_experiment("e") == "1"


def test_a_restart_of_the_database_is_waited_for(server: Server, cluster: Cluster):
    """Requests that come meanwhile take longer; none fails, and each that was answered is there, once."""
    store, other = server("one"), server("two")
    runs = [begin(store, str(i)) for i in range(4)]
    done, is_over = [0] * 4, threading.Event()

    def log(i: int) -> None:
        while not is_over.is_set():
            store.log_metrics(runs[i], done[i], {"x": float(done[i])})
            done[i] += 1

    with ThreadPoolExecutor(4) as crowd:
        writers = [crowd.submit(log, i) for i in range(4)]
        try:
            for mode in ("fast", "immediate"):
                so_far = min(done)
                wait_until(lambda so_far=so_far: min(done) > so_far + 20)
                cluster.stop(mode)
                cluster.start()
                assert len(other.metric_history(runs[0], "x")[0]) >= so_far
        finally:
            is_over.set()
        for each in writers:
            each.result()
    for i, run_id in enumerate(runs):
        assert other.metric_history(run_id, "x")[2].tolist() == [float(n) for n in range(done[i])]


def test_the_registry_keeps_its_rules(server: Server):
    one, two = Registry(server("one")), Registry(server("two"))
    run_id = begin(server("one"))
    server("one").log_metrics(run_id, 0, {"accuracy": 0.5})
    one.add_version("m", NewVersion("s3://x/y", run_id=run_id), makes_model=True)
    two.expect("m", "metrics.accuracy > 0.9", alias="champion")
    with pytest.raises(GateRefusedError):
        one.set_alias("m", "champion", 1)
    server("two").log_metrics(run_id, 1, {"accuracy": 0.95})
    one.set_alias("m", "champion", 1)
    assert two.get("m").aliases == {"champion": 1}


def test_verbs_of_others_see_the_store_only(server: Server, tmp_path: Path):
    store = server("one")
    run_id = begin(store)
    assert store.verb("sql")("SELECT name FROM runs")["name"].tolist() == ["fox"]
    for query in ("SELECT * FROM '/etc/passwd'", "DELETE FROM runs", f"COPY (SELECT 1) TO '{tmp_path}/x'"):
        with pytest.raises(InvalidValueError):
            store.verb("sql")(query)
    for name in ("append", "purge", "pool", "database", "registry.store", "__class__"):
        with pytest.raises(InvalidValueError, match="not known here"):
            store.verb(name)
    store.verb("put_state")(run_id, {"knobs": {}})
    assert store.verb("live_state")(run_id) == {"knobs": {}}
    store.verb("post_order")(run_id, {"do": "stop"})
    assert store.verb("orders")({run_id: 0})[run_id][0][0]["do"] == "stop"
    with pytest.raises(NotFoundError):
        store.verb("post_order")(new_run_id(), {"do": "stop"})


def test_a_request_is_answered_from_one_moment(server: Server):
    """A store is asked once for what is new however much a request asks, and sees what the request itself has done."""
    store, other = server("one"), server("two")
    run_id = begin(store)
    token = moment.set(Moment())
    try:
        store.mark()
        asked = store.database.puller._begun
        other.append(("tags", run_id, {"by": "other"}, None))
        for _ in range(3):
            store.mark()
            assert "by" not in store.get_run(run_id).data.tags
        store.append(("tags", run_id, {"own": "1"}, None))
        assert "own" in store.get_run(run_id).data.tags
        assert store.database.puller._begun == asked
        experiment = store.create_experiment("e")
        assert store.get_experiment(experiment).name == "e"
        assert "by" in store.get_run(run_id).data.tags
    finally:
        moment.reset(token)
    other.append(("tags", run_id, {"late": "1"}, None))
    assert "late" in store.get_run(run_id).data.tags
