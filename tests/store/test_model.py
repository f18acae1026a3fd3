"""A store against a model of dicts: random lives of runs, with folds, crashes, rebuilds and a second process."""

from __future__ import annotations

import math
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    multiple,
    rule,
    run_state_machine_as_test,
)

from nbtrack.entities import ViewType
from nbtrack.errors import NbtrackWarning, NotFoundError
from nbtrack.store.history import history_files
from nbtrack.store.protocol import RunQuery
from nbtrack.store.rebuild import rebuild
from tests.effort import tries
from tests.store.kit import assert_same, crash, end, everything, fold_all, quiet_store, start

KEYS = st.sampled_from(["lr", "val/loss", "größe", "a b", "'; DROP TABLE runs; --"])
TEXTS = st.one_of(
    st.sampled_from(["", "0.1", "adam", "x" * 1000]), st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
)
# 0.0 added: Parquet, in which the history is kept, takes -0.0 for 0.0 where both are in one file.
VALUES = st.one_of(st.floats(), st.sampled_from([0.1, 1e308, 5e-324])).map(lambda value: value + 0.0)
STEPS = st.one_of(st.integers(-3, 10), st.sampled_from([-(2**63), 2**63 - 1]))
WHICH = st.integers(0, 1)


@dataclass
class Life:
    """What the model knows of a run."""

    name: str
    experiment: int
    writer: tuple[int, int]
    status: str = "RUNNING"
    stage: str = "active"
    parent: str | None = None
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    points: dict[str, list[tuple[int, int, float]]] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)


@dataclass
class Group:
    """What the model knows of an experiment."""

    name: str
    stage: str = "active"
    tags: dict[str, str] = field(default_factory=dict)


class StoreMachine(RuleBasedStateMachine):
    """Two handles on one store, as two processes have them, and dicts beside it."""

    runs = Bundle("runs")
    experiments = Bundle("experiments")

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="nbtrack-model-"))
        path = self.folder / "runs.duckdb"
        self.stores = [quiet_store(path), quiet_store(path)]
        self.generation = [0, 0]
        self.lives: dict[str, Life] = {}
        self.groups = {0: Group("Default")}
        self.settings: dict[str, str] = {}
        self.clock = 1_700_000_000_000_000

    def teardown(self) -> None:
        if not hasattr(self, "stores"):
            return
        self.same_as_the_model()
        overlay = everything(self.stores[0])
        fold_all(*self.stores)
        assert_same(overlay, everything(self.stores[1]), "after a fold")
        if history_files(self.stores[0].folder, "events"):
            rebuild(self.stores[0].path, self.stores[0].folder)
        assert_same(overlay, everything(self.stores[1]), "after a rebuild")
        for store in self.stores:
            store.writer.close()
        shutil.rmtree(self.folder)

    # -- runs --------------------------------------------------------------------------------------------------------

    @rule(target=runs, which=WHICH, experiment=st.one_of(st.just(0), experiments), name=TEXTS.filter(bool))
    def create(self, which: int, experiment: int, name: str) -> str:
        if experiment not in self.groups:
            experiment = 0
        run_id = start(self.stores[which], name, experiment_id=experiment, experiment=self.groups[experiment].name)
        self.lives[run_id] = Life(name, experiment, self.writer(which), tags={"mlflow.runName": name})
        return run_id

    @rule(which=WHICH, run_id=runs, key=KEYS, step=STEPS, value=VALUES)
    def log(self, which: int, run_id: str, key: str, step: int, value: float) -> None:
        self.clock += 1000
        self.stores[which].log_metrics(run_id, step, {key: value}, self.clock)
        if life := self.lives.get(run_id):
            life.points.setdefault(key, []).append((step, self.clock // 1000, value))

    @rule(which=WHICH, run_id=runs, params=st.dictionaries(KEYS, TEXTS, min_size=1, max_size=3))
    def param(self, which: int, run_id: str, params: dict[str, str]) -> None:
        self.stores[which].append(("params", run_id, params, None))
        if life := self.lives.get(run_id):
            life.params = {**params, **life.params}

    @rule(which=WHICH, run_id=runs, tags=st.dictionaries(KEYS, TEXTS, min_size=1, max_size=3))
    def tag(self, which: int, run_id: str, tags: dict[str, str]) -> None:
        self.stores[which].append(("tags", run_id, tags, None))
        if life := self.lives.get(run_id):
            life.tags.update(tags)

    @rule(which=WHICH, run_id=runs, key=KEYS)
    def untag(self, which: int, run_id: str, key: str) -> None:
        self.stores[which].append(("untag", run_id, None, {"keys": [key]}))
        if life := self.lives.get(run_id):
            life.tags.pop(key, None)

    @rule(which=WHICH, run_id=runs, name=TEXTS.filter(bool))
    def rename(self, which: int, run_id: str, name: str) -> None:
        self.stores[which].append(("tags", run_id, {"mlflow.runName": name}, None))
        if life := self.lives.get(run_id):
            life.name = life.tags["mlflow.runName"] = name

    @rule(which=WHICH, run_id=runs, parent=runs)
    def nest(self, which: int, run_id: str, parent: str) -> None:
        self.stores[which].append(("tags", run_id, {"mlflow.parentRunId": parent}, None))
        if life := self.lives.get(run_id):
            life.parent = life.tags["mlflow.parentRunId"] = parent

    @rule(which=WHICH, run_id=runs, stage=st.sampled_from(["active", "deleted"]))
    def trash(self, which: int, run_id: str, stage: str) -> None:
        self.stores[which].append(("state", run_id, None, {"lifecycle_stage": stage}))
        if life := self.lives.get(run_id):
            life.stage = stage

    @rule(which=WHICH, run_id=runs, path=st.sampled_from(["a.txt", "plots/b.png"]), data=st.binary(max_size=4))
    def keep_file(self, which: int, run_id: str, path: str, data: bytes) -> None:
        found = self.stores[which].add_artifact(run_id, path, data)
        if life := self.lives.get(run_id):
            life.files[path] = str(found.sha256)

    @rule(which=WHICH, run_id=runs, key=KEYS, path=st.sampled_from(["a.txt", "plots/b.png"]))
    def forget(self, which: int, run_id: str, key: str, path: str) -> None:
        self.stores[which].forget(run_id, params=[key], tags=[key], artifacts=[path])
        if life := self.lives.get(run_id):
            life.params.pop(key, None)
            life.tags.pop(key, None)
            life.files.pop(path, None)

    @rule(which=WHICH, run_id=runs, status=st.sampled_from(["FINISHED", "FAILED", "KILLED"]))
    def finish(self, which: int, run_id: str, status: str) -> None:
        end(self.stores[which], run_id, status)
        if life := self.lives.get(run_id):
            life.status = status

    @rule(which=WHICH, run_id=runs)
    def resume(self, which: int, run_id: str) -> None:
        self.stores[which].append(("resume", run_id, None, None))
        if life := self.lives.get(run_id):
            life.status, life.writer = "RUNNING", self.writer(which)

    # -- experiments and settings --------------------------------------------------------------------------------------

    @rule(
        target=experiments,
        which=WHICH,
        name=st.sampled_from(["digits", "wein", "c"]),
        tags=st.dictionaries(KEYS, TEXTS, max_size=2),
    )
    def create_experiment(self, which: int, name: str, tags: dict[str, str]):
        if name in self.names_in_use():
            return multiple()
        found = int(self.stores[which].create_experiment(name, tags))
        assert found not in self.groups
        self.groups[found] = Group(name, tags=dict(tags))
        return found

    @rule(which=WHICH, experiment=experiments, name=st.sampled_from(["digits", "wein", "c", "d"]))
    def rename_experiment(self, which: int, experiment: int, name: str) -> None:
        if experiment in self.groups and name not in self.names_in_use():
            self.stores[which].rename_experiment(str(experiment), name)
            self.groups[experiment].name = name

    @rule(which=WHICH, experiment=experiments)
    def delete_experiment(self, which: int, experiment: int) -> None:
        if experiment in self.groups:
            self.stores[which].delete_experiment(str(experiment))
            self.groups[experiment].stage = "deleted"

    @rule(which=WHICH, experiment=experiments)
    def restore_experiment(self, which: int, experiment: int) -> None:
        group = self.groups.get(experiment)
        if group and group.stage == "deleted" and group.name not in self.names_in_use():
            self.stores[which].restore_experiment(str(experiment))
            group.stage = "active"

    @rule(which=WHICH, experiment=experiments, key=KEYS, text=TEXTS)
    def tag_experiment(self, which: int, experiment: int, key: str, text: str) -> None:
        if experiment in self.groups:
            self.stores[which].experiments.set_tags(str(experiment), {key: text})
            self.groups[experiment].tags[key] = text

    @rule(which=WHICH, key=KEYS, goal=st.sampled_from(["min", "max", None]))
    def set_goal(self, which: int, key: str, goal: str | None) -> None:
        self.stores[which].append(("setting", None, None, {"name": f"goal/{key}", "value": goal}))
        self.settings.pop(f"goal/{key}", None)
        if goal:
            self.settings[f"goal/{key}"] = goal

    # -- what happens to stores ----------------------------------------------------------------------------------------

    @rule(which=WHICH)
    def fold(self, which: int) -> None:
        assert self.stores[which].fold(timeout=10) is not None

    @rule(which=WHICH)
    def die(self, which: int) -> None:
        self.stores[which] = crash(self.stores[which])
        self.generation[which] += 1

    @rule(which=WHICH)
    def lose_the_number_files(self, which: int) -> None:
        for name in ("counter", "names.json"):
            (self.stores[which].folder / name).unlink(missing_ok=True)

    @rule(which=WHICH, how=st.sampled_from(["garbage", "gone", "cut"]))
    def damage_the_file(self, which: int, how: str) -> None:
        path = self.stores[which].path
        if not path.exists() or not history_files(self.stores[which].folder, "events"):
            return
        if how == "gone":
            path.unlink()
        else:
            path.write_bytes(b"garbage" * 5000 if how == "garbage" else path.read_bytes()[:20_000])
        with pytest.warns(NbtrackWarning, match="made anew from its history"):
            self.stores[which].settings()

    @rule(which=WHICH)
    def purge(self, which: int) -> None:
        self.same_as_the_model()  # while all are there: a number given twice stays, unless one of the two is purged
        self.stores[which].purge()
        in_trash = {i for i, group in self.groups.items() if group.stage == "deleted"}
        self.groups = {i: group for i, group in self.groups.items() if i not in in_trash}
        self.lives = {
            run_id: life
            for run_id, life in self.lives.items()
            if life.stage == "active" and life.experiment not in in_trash
        }

    # -- what must hold --------------------------------------------------------------------------------------------------

    @rule()
    def same_as_the_model(self) -> None:
        found = {
            r.info.run_id: r
            for r in self.stores[0].search_runs(
                RunQuery(view=ViewType.ALL, experiment_ids=tuple(map(str, self.groups)))
            )
        }
        assert found.keys() == self.lives.keys()
        assert len({run.info.number for run in found.values()}) == len(found), "each has a number of its own"
        for run_id, life in self.lives.items():
            run = found[run_id]
            is_dead = life.status == "RUNNING" and life.writer not in (self.writer(0), self.writer(1))
            assert run.info.status == ("KILLED" if is_dead else life.status)
            assert (run.info.run_name, run.info.experiment_id) == (life.name, str(life.experiment))
            assert (run.info.lifecycle_stage, run.info.parent_run_id) == (life.stage, life.parent)
            assert run.info.experiment_name == self.groups[life.experiment].name
            assert (run.data.params, run.data.tags) == (life.params, life.tags)
            assert run.data.metrics.keys() == life.points.keys()
            for key, points in life.points.items():
                self.same_metric(run_id, key, points)
            files = {
                i.path: i.sha256
                for folder in ("", "plots")
                for i in self.stores[1].list_artifacts(run_id, folder)
                if not i.is_dir
            }
            assert files == life.files
        self.same_experiments()
        assert self.stores[1].settings() == self.settings

    def same_metric(self, run_id: str, key: str, points: list[tuple[int, int, float]]) -> None:
        step, timestamp, value = self.stores[1].metric_history(run_id, key)
        found = zip(step.tolist(), timestamp.astype("int64").tolist(), map(repr, value.tolist()), strict=True)
        assert list(found) == [(s, t, repr(v)) for s, t, v in sorted(points, key=lambda point: point[:2])]
        summary = self.stores[1].get_run(run_id).data.summaries[key]
        numbers = [v for _, _, v in points if not math.isnan(v)]
        last = max(points, key=lambda point: point[:2])[2]
        assert summary.last == last or (math.isnan(last) and math.isnan(summary.last))
        assert (summary.count, summary.nans) == (len(points), len(points) - len(numbers))
        if numbers:
            assert (summary.min, summary.max) == (min(numbers), max(numbers))

    def same_experiments(self) -> None:
        found = {int(e.experiment_id): e for e in self.stores[1].search_experiments(view=ViewType.ALL)}
        assert found.keys() == self.groups.keys(), (found, self.groups)
        for i, group in self.groups.items():
            assert (found[i].name, found[i].lifecycle_stage, found[i].tags) == (group.name, group.stage, group.tags)

    def names_in_use(self) -> set[str]:
        return {group.name for group in self.groups.values() if group.stage == "active"}

    def writer(self, which: int) -> tuple[int, int]:
        return which, self.generation[which]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_store_does_what_a_model_of_dicts_does() -> None:
    run_state_machine_as_test(
        StoreMachine,
        settings=settings(
            max_examples=tries(8),
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_a_run_that_is_not_there_is_told() -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.raises(NotFoundError, match="Run"):
        quiet_store(Path(folder) / "runs.duckdb").get_run("f" * 32)
