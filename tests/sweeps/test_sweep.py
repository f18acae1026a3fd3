"""Sweeps in this process: what is recorded, what a failure, a prune and an interrupt leave, and what is done when called again."""

from __future__ import annotations

import json
from typing import Any

import pytest

import nbtrack
from nbtrack.errors import InvalidValueError, NbtrackWarning
from nbtrack.sweeps import ints, linear, log
from nbtrack.tracking import active

SPACE = {"x": linear(-3, 3), "kind": ["a", "b", "c"], "n": ints(1, 5)}


@pytest.fixture(autouse=True)
def _store(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    nbtrack.set_tracking_uri(tmp_path / "runs.duckdb")


def bowl(x, kind, n):
    return (x - 1) ** 2 + {"a": 0, "b": 1, "c": 2}[kind] + n / 10


def tried(found):
    return [(trial.params, trial.value, trial.pruned_at) for trial in found.trials]


def children(found):
    return nbtrack.search_runs(
        f"parent_run_id = '{found.parent.info.run_id}'", output_format="list", order_by=["number"]
    )


def test_each_trial_is_a_run_under_the_sweeps():
    def train(run, lr, depth):
        for step in range(3):
            nbtrack.log_metric("loss", lr * depth / (step + 1), step=step)
        return {"acc": lr * depth, "size": depth}

    news: list[Any] = []
    found = nbtrack.sweep(train, "lr=[0.1,0.2] depth=[2,4]", metric="acc", name="first look", listener=news.append)
    assert (found.params, found.value, found.executed, found.is_done) == ({"lr": 0.2, "depth": 4}, 0.8, 4, True)
    runs = found.runs
    assert runs["trial"].tolist() == [0, 1, 2, 3]
    assert runs["params.lr"].tolist() == ["0.1", "0.1", "0.2", "0.2"]
    assert runs["metrics.acc"].tolist() == pytest.approx([0.2, 0.4, 0.4, 0.8])
    assert runs["run_name"][3] == "lr=0.2 depth=4"
    assert set(runs["status"]) == {"FINISHED"}
    parent = found.parent
    assert (parent.info.run_name, parent.info.status) == ("first look", "FINISHED")
    assert parent.data.metrics == {"best/acc": 0.8}
    assert [run.info.parent_run_id for run in children(found)] == [parent.info.run_id] * 4
    assert children(found)[0].data.summaries["loss"].count == 3
    plan = json.loads(active.get_store().artifact_file(parent.info.run_id, "sweep/plan.json").read_bytes())
    assert (plan["method"], plan["n_trials"], "def train(run" in plan["source"]) == ("grid", 4, True)
    assert [n.kind for n in news] == ["begun", *["started", "ended"] * 4, "done"]
    assert [n.is_best for n in news if n.kind == "ended"] == [True, True, False, True]
    assert (news[2].standing.done, news[2].standing.total, news[2].standing.eta_s is not None) == (1, 4, True)
    assert "4 of 4 trials · best acc 0.8 with lr=0.2 depth=4" in repr(found)
    assert active.open_runs() == []


def test_a_sweep_that_is_done_is_not_done_again_and_can_be_continued():
    first = nbtrack.sweep(bowl, SPACE, method="random", n_trials=4, seed=3, direction="min")
    again = nbtrack.sweep(bowl, SPACE, method="random", n_trials=4, seed=3, direction="min")
    longer = nbtrack.sweep(bowl, SPACE, method="random", n_trials=6, seed=3, direction="min")
    turned = dict(reversed(SPACE.items()))
    more = nbtrack.sweep(bowl, turned, method="random", n_trials=6, seed=3, direction="min", resume=False)
    assert [first.executed, again.executed, more.executed, longer.executed] == [4, 0, 6, 2]
    assert tried(again) == tried(first)
    assert tried(longer) == tried(more)
    assert longer.parent.info.run_id == first.parent.info.run_id != more.parent.info.run_id
    other = nbtrack.sweep(bowl, SPACE, method="random", n_trials=4, seed=4, direction="min")
    assert other.executed == 4


def test_random_trials_without_a_seed_are_others_each_time_but_go_on_with_theirs():
    calls = []

    def train(x):
        calls.append(x)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return x

    space = {"x": linear(0, 1)}
    with pytest.raises(KeyboardInterrupt):
        nbtrack.sweep(train, space, method="random", n_trials=4)
    found = nbtrack.sweep(train, space, method="random", n_trials=4)
    assert found.executed == 2
    assert calls[2] == calls[3]
    assert [trial.params["x"] for trial in found.trials] == [*calls[:2], *calls[3:]]
    other = nbtrack.sweep(train, space, method="random", n_trials=4)
    assert other.executed == 4
    assert tried(other) != tried(found)


@pytest.mark.parametrize("method", ["grid", "tpe", "cmaes"])
def test_an_interrupted_sweep_ends_as_an_uninterrupted_one(method):
    stops_at = [5, 8]
    calls = []

    def train(x, y, kind):
        calls.append((x, y, kind))
        if stops_at and len(calls) == stops_at[0]:
            del stops_at[0]
            raise KeyboardInterrupt
        return (x - 1) ** 2 + (y + 1) ** 2 + "abc".index(kind)

    space = {"x": linear(-3, 3, 4), "y": linear(-3, 3, 1), "kind": ["a", "b", "c"]}
    options: dict[str, Any] = {"method": method, "n_trials": 12, "seed": 7, "direction": "min"}
    for done in (4, 6):
        with pytest.raises(KeyboardInterrupt) as raised:
            nbtrack.sweep(train, space, **options)
        assert f"{done} of 12 trials are done" in raised.value.__notes__[0]
        parent = nbtrack.search_runs("tags.`nbtrack.sweep` != ''", output_format="list")[0]
        assert (parent.info.status, parent.data.tags["nbtrack.sweep.state"]) == ("KILLED", "paused")
        statuses = nbtrack.search_runs("parent_run_id IS NOT NULL", order_by=["number"])["status"].tolist()
        assert statuses.count("FINISHED") == done
        assert statuses[-1] == "KILLED"
    found = nbtrack.sweep(train, space, **options)
    assert (found.executed, len(calls), found.parent.info.status) == (6, 14, "FINISHED")
    whole = nbtrack.sweep(train, space, **options, resume=False)
    assert tried(found) == tried(whole)
    assert len(nbtrack.search_runs("tags.`nbtrack.sweep` != ''")) == 2


def test_a_failed_trial_is_kept_and_tried_again_only_when_asked_for():
    broken = [True]

    def train(x):
        if x == 2 and broken:
            raise ValueError("no such thing, password=hunter2secret")
        if x == 3 and broken:
            raise SystemExit(2)
        return x

    with pytest.warns(NbtrackWarning, match="2 of 4 trials failed"):
        found = nbtrack.sweep(train, {"x": [1, 2, 3, 4]}, direction="max")
    assert [trial.status for trial in found.trials] == ["FINISHED", "FAILED", "FAILED", "FINISHED"]
    assert found.params == {"x": 4}
    run = nbtrack.get_run(found.failed[0].run_id)
    assert run.data.tags["nbtrack.error"].startswith("ValueError: no such thing")
    text = active.get_store().artifact_file(run.info.run_id, "error.txt").read_text()
    assert "in train" in text
    assert "hunter2secret" not in text + str(run.data.tags)
    assert nbtrack.sweep(train, {"x": [1, 2, 3, 4]}, direction="max").executed == 0
    broken.clear()
    found = nbtrack.sweep(train, {"x": [1, 2, 3, 4]}, direction="max", retry_failed=True)
    assert (found.executed, found.failed, len(children(found))) == (2, [], 6)
    assert found.runs["metrics.objective"].tolist() == [1, 2, 3, 4]


def test_a_sampler_hears_of_trials_that_were_tried_again():
    broken = [True]

    def train(x):
        if broken and 0 < x < 2:
            raise ValueError
        return x * x

    options: dict[str, Any] = {"method": "tpe", "seed": 1, "direction": "min"}
    with pytest.warns(NbtrackWarning, match="failed"):
        found = nbtrack.sweep(train, {"x": linear(-3, 3)}, n_trials=14, **options)
    n_failed = len(found.failed)
    broken.clear()
    found = nbtrack.sweep(train, {"x": linear(-3, 3)}, n_trials=16, **options, retry_failed=True)
    assert (found.executed, found.failed) == (n_failed + 2, [])
    longer = nbtrack.sweep(train, {"x": linear(-3, 3)}, n_trials=18, **options)
    assert longer.executed == 2
    assert tried(longer)[:16] == tried(found)


@pytest.mark.parametrize(("method", "pruner"), [("random", "median"), ("tpe", "hyperband")])
def test_a_pruner_gives_trials_up_and_goes_on_where_it_was(method, pruner):
    calls = []

    def train(run, x):
        calls.append(x)
        for step in range(9):
            if len(calls) == 9 and stops:
                stops.clear()
                raise KeyboardInterrupt
            run.report(abs(x) + 1 / (step + 1), step)

    options: dict[str, Any] = {"method": method, "n_trials": 20, "seed": 2, "metric": "loss", "pruner": pruner}
    stops = [9]
    with pytest.raises(KeyboardInterrupt):
        nbtrack.sweep(train, {"x": linear(-3, 3)}, **options)
    found = nbtrack.sweep(train, {"x": linear(-3, 3)}, **options)
    assert (found.executed, len(calls)) == (12, 21)
    assert 0 < found.standing.pruned < 20
    pruned = next(trial for trial in found.trials if trial.pruned_at is not None)
    run = nbtrack.get_run(pruned.run_id)
    assert (run.info.status, run.data.tags["nbtrack.sweep.pruned"]) == ("FINISHED", str(pruned.pruned_at))
    assert run.data.summaries["loss"].count == (pruned.pruned_at or 0) + 1
    assert found.best is not None
    assert found.best.pruned_at is None
    whole = nbtrack.sweep(train, {"x": linear(-3, 3)}, **options, resume=False)
    assert tried(found) == tried(whole)


def test_a_stop_of_the_sweep_pauses_it_and_one_of_a_trial_ends_that_one():
    def train(run, x):
        if x in stops:
            what = stops.pop(x)
            target = run if what == "trial" else next(r for r in active.open_runs() if r.id == run.parent_run_id)
            target.take({"do": "stop", "id": "1"})
        for step in range(3):
            run.log_metric("loss", x, step=step)

    stops = {2: "trial", 3: "sweep"}
    found = nbtrack.sweep(train, {"x": [1, 2, 3, 4]}, metric="loss")
    assert [(t.status, t.value) for t in found.trials] == [("FINISHED", 1), ("FINISHED", 2), ("KILLED", None)]
    assert (found.is_done, found.parent.info.status) == (False, "KILLED")
    found = nbtrack.sweep(train, {"x": [1, 2, 3, 4]}, metric="loss")
    assert (found.executed, found.value, found.is_done) == (2, 1, True)


def test_a_sweep_in_a_run_is_nested_and_so_are_runs_in_a_trial():
    def train(x):
        with nbtrack.start_run("inner"):
            nbtrack.log_metric("y", x)
        return x

    with nbtrack.start_run("outer") as outer:
        found = nbtrack.sweep(train, {"x": [1, 2]}, metric="y", direction="max")
        assert nbtrack.active_run() is outer
    assert found.parent.info.parent_run_id == outer.id
    assert len(nbtrack.search_runs("name = 'inner'")) == 2
    assert nbtrack.search_runs("name = 'inner'", output_format="list")[0].info.parent_run_id in {
        t.run_id for t in found.trials
    }


def test_who_listens_and_fails_does_not_stop_the_sweep():
    with pytest.warns(NbtrackWarning, match="listens to the sweep"):
        found = nbtrack.sweep(lambda x: x, {"x": [1, 2]}, direction="max", listener=lambda news: 1 / 0)
    assert found.is_done


def test_what_is_returned_and_logged_is_counted_once():
    def train(run, x):
        run.log_metric("acc", 0.5, step=4)
        return {"acc": 0.5, "other": 1, "bad": "word"} if x else {"acc": 0.7}

    with pytest.warns(NbtrackWarning, match="not recorded"):
        found = nbtrack.sweep(train, {"x": [1, 0]}, metric="acc")
    points = [nbtrack.metric_history(trial.run_id, "acc")[["step", "value"]].values.tolist() for trial in found.trials]
    assert points == [[[4, 0.5]], [[4, 0.5], [5, 0.7]]]


def test_params_that_move_the_metric_are_told(monkeypatch):
    monkeypatch.setattr(
        "nbtrack.views.importance.find_spec", lambda _: None
    )  # a forest takes its seconds, and has its own tests
    found = nbtrack.sweep(lambda x, y: 10 * x + y * 0, {"x": linear(0, 1, 6), "y": [1, 2, 3]}, direction="max")
    shares = found.importance()
    assert shares[0]["column"] == "params.x"
    assert [share["weak"] for share in shares] == [False, True]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"method": "best"}, "use grid, random, tpe"),
        ({"method": "random"}, "n_trials=50"),
        ({"method": "random", "n_trials": 0}, "whole number from 1"),
        ({"method": "tpe", "n_trials": 3}, "direction='max' or 'min'"),
        ({"direction": "up"}, "use 'max' or 'min'"),
        ({"pruner": "median"}, "say which: metric="),
        ({"pruner": "mean", "metric": "acc"}, "use median, percentile"),
        ({"jobs": 0}, "-1 for one job a processor"),
        ({"seed": "x"}, "Seed 'x'"),
    ],
)
def test_options_that_are_not_allowed_are_refused_before_anything_is_recorded(options, words):
    with pytest.raises(InvalidValueError, match=words):
        nbtrack.sweep(bowl, {"x": log(1, 2, 2), "kind": "a", "n": 1}, **options)
    assert len(nbtrack.search_runs()) == 0


def test_a_sweep_that_goes_on_elsewhere_is_not_taken_up():
    def train(x):
        if x == 1:
            nbtrack.sweep(train, {"x": [1, 2]}, direction="max")
        return x

    with pytest.warns(NbtrackWarning, match="is going on in run #1 'sweep of train'"):
        found = nbtrack.sweep(train, {"x": [1, 2]}, direction="max")
    assert [trial.status for trial in found.trials] == ["FAILED", "FINISHED"]
