"""The view of a sweep, seen from Python: orders while its cell runs, and what stands for it."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from typing import TYPE_CHECKING, Any

import pytest

import nbtrack
from nbtrack.magics.sweep_view import axes_of, facts
from nbtrack.sweeps.space import space_of
from nbtrack.sweeps.sweep import sweep
from nbtrack.tracking import active
from nbtrack.tracking.stop import StopRun
from nbtrack.views.watcher import watch
from nbtrack.widgets.sweep import Sweep

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbtrack.sweeps.result import SweepResult
    from tests.stores import Recorded

SPACE = "lr=log(1e-3,1e-1,3) depth=[2,4] kind=tree"


def loss(lr: float, depth: int, kind: str) -> dict[str, float]:
    if depth == 4 and lr == 0.1:
        raise ValueError(kind)
    return {"loss": lr + depth}


@pytest.fixture
def done(recorded: Recorded) -> SweepResult:
    found: list[SweepResult] = []
    with pytest.warns(match="Trial 5 failed"):
        recorded(lambda: found.append(sweep(loss, SPACE, metric="loss")))
    return found[0]


@pytest.fixture
def view(done: SweepResult) -> Iterator[Sweep]:
    shown = opened(done, "done")
    yield shown
    shown.close()
    watch(shown._store).close()


def opened(found: SweepResult, state: str) -> Sweep:
    info = found.parent.info
    standing = {"number": info.number, **facts(found.standing, state)}
    return Sweep(active.get_store(), info, axes_of(found.plan.space), standing)


def test_the_view_has_the_trials_of_its_sweep_alone(view: Sweep) -> None:
    with nbtrack.start_run(params={"lr": 9}):
        pass
    assert len(view.df) == 6
    assert len(view.on_view()) == 6
    assert view.axes == ["params.lr", "params.depth", "metrics.loss"]
    assert view.axis_kinds == {"params.lr": "log"}
    assert json.dumps(view._sweep)


def test_a_summary_stands_for_it(view: Sweep) -> None:
    html, text = view.summary()
    assert "done · 6 of 6 trials · 1 failed · ★ best loss 2.001 (lr 0.001, depth 2, kind tree)" in text
    assert html.count("★") == 2  # in the line and in the table
    found = re.search(r'base64,([^"]+)"', html)
    assert found is not None
    assert "★" in b64decode(found[1]).decode()
    assert html.count("<tr>") == 6


def test_nothing_is_a_summary_too(view: Sweep) -> None:
    view._sweep = {**view._sweep, "metric": None, "best": None, "done": 0, "state": "running"}
    html, text = view.summary()
    assert "0 of 6 trials" in html
    assert "<img" not in html
    assert "running" in text


def test_orders_are_taken_early_and_once(recorded: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    with nbtrack.start_run("a sweep") as run:
        standing: dict[str, Any] = {"state": "running", "number": run.number, "total": 9, "done": 0}
        shown = Sweep(active.get_store(), run.info, {"lr": ""}, standing)
        sent: list[Any] = []
        monkeypatch.setattr(shown, "send", lambda content, buffers=None: sent.append(content))
        stop = {"kind": "order", "id": 1, "order": "a", "do": "stop"}
        shown.hear_early(stop)
        shown._receive(shown, stop, [])
        shown.hear_early({"kind": "order", "id": 2, "order": "b", "do": "knob"})
        assert [(each["id"], each["ok"]) for each in sent] == [(1, True), (2, False)]
        assert "it knows stop, interrupt" in sent[1]["error"]
        with pytest.raises(StopRun):
            run.progress(1, 9)
    shown.tell({**standing, "state": "paused"})
    shown.hear_early({**stop, "id": 3})
    assert len(sent) == 2  # in the usual way, now that the kernel is free
    shown._receive(shown, {**stop, "id": 3}, [])
    assert "does not go on here any more" in sent[2]["error"]
    shown.close()


def test_constants_have_no_axis() -> None:
    assert axes_of(space_of(SPACE)) == {"lr": "log", "depth": ""}
