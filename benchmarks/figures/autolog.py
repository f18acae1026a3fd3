"""What it adds to a training to be recorded by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.crew import OURS
from benchmarks.estimators import TRAININGS
from benchmarks.findings import Findings, Row, middle

if TYPE_CHECKING:
    from benchmarks.crew import Crew
    from benchmarks.sizes import Sizes

GROUP = "Autolog"
MS = 1e3
WHO = (OURS, "mlflow")
SHARE = 10
"""At most this part of what MLflow adds, as long as models are not logged."""
WORDS = {
    "pipeline": "a pipeline of scaler and logistic regression",
    "forest": "a forest of 30 trees",
    "search": "a grid search among 6 candidates, of which 5 become child runs",
}


def measure(crew: Crew, sizes: Sizes) -> Findings:
    """Train the same models with and without autolog, without and with their models being logged."""
    found = Findings()
    for has_models in (False, True):
        for kind in TRAININGS:
            crew.progress.figure(f"autolog of {kind}{' with models' if has_models else ''}")
            answers = crew.in_turn(WHO, "autolog", sizes.rounds, kind=kind, n=sizes.models, has_models=has_models)
            found.rows.append(_row(kind, answers, has_models=has_models))
    return found


def _row(kind: str, answers: dict[str, list[Any]], *, has_models: bool) -> Row:
    row = Row(
        GROUP,
        f"added to the fit of {WORDS[kind]}{', its model logged' if has_models else ''}",
        "ms",
        middle(answers[OURS], "wall", MS),
    )
    row.cpu = middle(answers[OURS], "cpu", MS)
    row.note = f"the fit alone: {middle(answers[OURS], 'bare', MS):.0f} ms; the first fit is not counted"
    if "mlflow" in answers:
        row.peers = {"mlflow": middle(answers["mlflow"], "wall", MS)}
        if not has_models:
            row.target = f"<= 1/{SHARE} of MLflow"
            row.met = row.ours <= row.peers["mlflow"] / SHARE
    return row
