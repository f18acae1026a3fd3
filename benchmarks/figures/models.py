"""What logging and loading a scikit-learn model of 1 MB costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.crew import OURS
from benchmarks.estimators import FORMS
from benchmarks.findings import Findings, Row, middle

if TYPE_CHECKING:
    from benchmarks.crew import Crew
    from benchmarks.sizes import Sizes

GROUP = "Models"
MS = 1e3
WHO = (OURS, "floor", "mlflow")
SHARES = {"given": 20, "inferred": 3, "load": 5}
"""At most this part of MLflow's time."""
WORDS = {
    "given": "`log_model`, requirements given",
    "inferred": "`log_model`, requirements inferred",
    "load": "`load_model`",
}


def measure(crew: Crew, sizes: Sizes) -> Findings:
    """Log and load a model that is one large array, and one of many trees."""
    found = Findings()
    for kind, form in FORMS.items():
        for part in SHARES:
            crew.progress.figure(f"{kind} model, {part}")
            n = 1 if part == "inferred" else sizes.models
            call, values = ("load_model", {}) if part == "load" else ("log_model", {"is_inferred": part == "inferred"})
            answers = crew.in_turn(WHO, call, sizes.rounds, kind=kind, form=form, n=n, **values)
            found.rows.append(_row(kind, form, part, answers))
    return found


def _row(kind: str, form: str, part: str, answers: dict[str, list[Any]]) -> Row:
    row = Row(GROUP, f"{WORDS[part]}, {kind}", "ms", middle(answers[OURS], "wall", MS))
    row.cpu = middle(answers[OURS], "cpu", MS)
    row.floor = middle(answers["floor"], "wall", MS)
    row.floor_is = f"{form} alone, {'read' if part == 'load' else 'written and synced'}"
    if "mlflow" in answers:
        row.peers = {"mlflow": middle(answers["mlflow"], "wall", MS)}
        wanted = row.peers["mlflow"] / SHARES[part]
        row.target = f"<= 1/{SHARES[part]} of MLflow" + (", which is below the floor" if wanted < row.floor else "")
        row.met = row.ours <= wanted
    row.note = "linear: one array of 130,000 coefficients, in skops; forest: 30 trees, in cloudpickle; the first call is not counted"
    return row
