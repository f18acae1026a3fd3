"""What every tracking store promises: subclass it, and give the store and the ways to bring it into another state."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from nbtrack.entities import ViewType
from nbtrack.errors import AlreadyExistsError, NotFoundError
from nbtrack.store.protocol import CurveQuery, RunQuery
from tests.store.kit import end, start

if TYPE_CHECKING:
    from nbtrack.store.local import LocalStore


class TrackingStoreContract:
    """Every verb of the Protocol; ``settle`` brings what was written into the state under test."""

    @pytest.fixture
    def store(self) -> LocalStore:
        raise NotImplementedError

    def settle(self, store: LocalStore) -> None:
        raise NotImplementedError

    def test_a_run_is_found_with_all_that_was_written(self, store: LocalStore):
        run_id = start(store, "fox")
        store.append(("params", run_id, {"lr": "0.1"}, None), ("tags", run_id, {"a": "b"}, None))
        store.log_metrics(run_id, 3, {"x": 0.5, "odd": math.nan}, 1_700_000_000_000_000)
        end(store, run_id)
        self.settle(store)
        run = store.get_run(run_id)
        assert (run.info.run_name, run.info.status, run.info.duration) == ("fox", "FINISHED", 0.1)
        assert run.data.params == {"lr": "0.1"}
        assert run.data.tags == {"a": "b", "mlflow.runName": "fox"}
        assert (run.data.metrics["x"], run.data.summaries["odd"].nans) == (0.5, 1)
        columns = store.run_columns(RunQuery())
        assert len(columns) == 1
        assert columns.metrics["x"]["last"].tolist() == [0.5]
        assert [store.resolve_run(n) for n in (run_id, 1, "#1", "fox", run_id[:20])] == [run_id] * 5
        with pytest.raises(NotFoundError):
            store.get_run("0" * 32)

    def test_runs_are_searched_ordered_cut_and_put_in_the_trash(self, store: LocalStore):
        ids = [start(store, name) for name in "abc"]
        for number, run_id in enumerate(ids):
            store.log_metrics(run_id, 0, {"x": float(number)})
            end(store, run_id)
        store.append(("state", ids[0], None, {"lifecycle_stage": "deleted"}))
        self.settle(store)

        def names(query: RunQuery) -> list[str]:
            return [run.info.run_name for run in store.search_runs(query)]

        assert names(RunQuery("metrics.x >= 1", order_by=("metrics.x DESC",))) == ["c", "b"]
        assert names(RunQuery(order_by=("number",), max_results=1, offset=1)) == ["c"]
        assert names(RunQuery(view=ViewType.DELETED_ONLY)) == ["a"]
        assert names(RunQuery(run_ids=(ids[0],), view=ViewType.ALL)) == ["a"]
        assert store.purge()["runs"] == 1
        assert names(RunQuery(view=ViewType.ALL, order_by=("number",))) == ["b", "c"]

    def test_a_history_is_whole_thinned_and_drawn(self, store: LocalStore):
        run_id = start(store)
        store.log_points(run_id, [(1_700_000_000_000_000 + i, i, {"x": 99.0 if i == 51 else 0.5}) for i in range(100)])
        end(store, run_id)
        self.settle(store)
        step, timestamp, value = store.metric_history(run_id, "x")
        assert step.tolist() == list(range(100))
        assert (value.max(), timestamp.dtype) == (99.0, np.dtype("datetime64[ms]"))
        buckets = store.metric_buckets(run_id, "x", 10)
        assert (buckets["max"].max(), buckets["count"].sum()) == (99.0, 100)
        assert store.sparks([run_id, "0" * 32], "x", 20).shape == (2, 20)

    def test_histories_of_many_runs_are_cut_into_buckets_that_lose_nothing(self, store: LocalStore):
        ids = [start(store, name) for name in "ab"]
        begun = 1_700_000_000_000_000
        for number, run_id in enumerate(ids):
            odd = {400: math.nan, 401: math.inf, 402: -math.inf, 777: 99.0}
            points = [(begun + i * 1_000_000, i, {"x": odd.get(i, 0.5 + number), "at": 2.0 * i}) for i in range(1000)]
            store.log_points(run_id, points)
            store.log_points(run_id, [(begun, -5 + 10 * i, {"few": float(i)}) for i in (2, 0, 1)])
            end(store, run_id)
        self.settle(store)
        series = tuple((run, key) for run in ids for key in ("x", "few", "none"))

        for x, ends in [
            ("step", (0, 999)),
            ("time", (begun / 1000, begun / 1000 + 999_000)),
            ("metrics.at", (0, 1998)),
        ]:
            found = store.metric_curves(CurveQuery((series[0], series[3]), 20, x))
            for slot, value in enumerate((0.5, 1.5)):
                part = slice(found.starts[slot], found.starts[slot + 1])
                assert 15 <= len(found.x[part]) <= 21
                assert (found.x[part][0], found.x[part][-1]) == ends
                assert (found.y[part][0], found.y[part][-1], found.low[part].min(), found.high[part].max()) == (
                    value,
                    value,
                    value,
                    99.0,
                )
                assert [v[part].sum() for v in (found.count, found.nans, found.ups, found.downs)] == [1000, 1, 1, 1]
                assert (np.diff(found.x[part]) > 0).all()

        found = store.metric_curves(CurveQuery(series, 20))
        assert np.diff(found.starts).tolist()[1:3] == [3, 0]
        few = slice(found.starts[1], found.starts[2])
        assert (found.x[few].tolist(), found.y[few].tolist()) == ([-5, 5, 15], [0, 1, 2])
        assert store.metric_curves(CurveQuery(())).starts.tolist() == [0]

        near = store.metric_curves(CurveQuery(series[:1], 20, "step", 770, 780))
        assert (near.x.tolist(), near.y.max()) == (list(range(770, 781)), 99.0)
        seconds = store.metric_curves(CurveQuery(series[:1], 2000, "relative"))
        assert np.allclose(np.diff(seconds.x), 1)

    def test_experiments_are_made_renamed_deleted_and_restored(self, store: LocalStore):
        experiment_id = store.create_experiment("digits", {"a": "b"})
        self.settle(store)
        assert store.experiment_id("digits") == int(experiment_id)
        with pytest.raises(AlreadyExistsError):
            store.create_experiment("digits")
        store.rename_experiment(experiment_id, "numbers")
        store.delete_experiment(experiment_id)
        self.settle(store)
        [found] = store.search_experiments(view=ViewType.DELETED_ONLY)
        assert (found.name, found.tags) == ("numbers", {"a": "b"})
        store.restore_experiment(experiment_id)
        self.settle(store)
        assert "numbers" in [e.name for e in store.search_experiments(order_by=["name"])]

    def test_files_and_settings_are_kept(self, store: LocalStore):
        run_id = start(store)
        store.add_artifact(run_id, "notes/a.txt", b"hello")
        store.append(("setting", None, None, {"name": "goal/x", "value": "min"}))
        end(store, run_id)
        self.settle(store)
        assert [(f.path, f.is_dir) for f in store.list_artifacts(run_id)] == [("notes", True)]
        assert store.artifact_file(run_id, "notes/a.txt").read_bytes() == b"hello"
        assert store.settings() == {"goal/x": "min"}

    def test_sql_and_the_signature_follow_what_is_written(self, store: LocalStore):
        before = store.signature()
        run_id = start(store)
        assert store.signature() != before
        end(store, run_id)
        self.settle(store)
        assert store.sql("SELECT run_id FROM runs WHERE number = ?", [1])["run_id"].tolist() == [run_id]
        assert store.next_run_number() == 2
        assert store.uri
        store.fold(timeout=10)
        store.close()
