"""Judges an expectation: whether it holds, whether it fails by no more than seeds make a difference, and against which run."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from html import escape
from itertools import product
from typing import TYPE_CHECKING, Any

from nbtrack.errors import NotFoundError
from nbtrack.expectations.others import Others
from nbtrack.expectations.reading import BASELINE, BEST, PREVIOUS, Expected, read
from nbtrack.registry.verdicts import Logged, Verdict, judge
from nbtrack.views.amounts import number_text
from nbtrack.views.compare_sentence import Facts, sentence, text_of

if TYPE_CHECKING:
    from nbtrack.entities import Run
    from nbtrack.store.protocol import Store, TrackingStore

HELD, NOISE, NEW, FAILED = "held", "noise", "new", "failed"
TAG, ALL_TAG = "nbtrack.expect", "nbtrack.expectations"
CELL = "source/cell.py"
MOST_METRICS = 4
MOST_KEPT = 50
_RANK = (FAILED, NOISE, NEW, HELD)
_SIGNS = {HELD: "✓", NOISE: "≈", NEW: "·", FAILED: "✗"}
_COLOURS = {
    HELD: "var(--jp-success-color1,#238636)",
    NOISE: "var(--jp-warn-color1,#9a6700)",
    NEW: "inherit",
    FAILED: "var(--jp-error-color1,#d1453b)",
}


@dataclass(frozen=True, slots=True, repr=False)
class Outcome:
    """How an expectation came out.

    Attributes
    ----------
    expression : str
    status : str
        ``held``; ``noise``: it does not hold, by no more than repeated seeds differ; ``new``: there is nothing yet to measure
        against; ``failed``.
    reasons : tuple of str
        Each comparison with its numbers.
    run_id, run : str
        Which run, and ``#43``.
    against : str
        ``best #37``, or "".
    difference : str
        What the run changed against that one, in one sentence.
    """

    expression: str
    status: str
    reasons: tuple[str, ...]
    run_id: str = ""
    run: str = ""
    against: str = ""
    difference: str = ""

    def __bool__(self) -> bool:
        """Say whether all is well: only a failed one is not."""
        return self.status != FAILED

    def __repr__(self) -> str:
        """Say it as text."""
        return self.text()

    def text(self) -> str:
        """Return sign, expectation and numbers in one line, and the difference in the next."""
        head = f"{_SIGNS[self.status]} {self._who()}expected {self.expression}: {'; '.join(self.reasons)}"
        return f"{head}\n  {self.difference}" if self.difference else head

    def html(self) -> str:
        """Return the same as HTML that needs no style sheet."""
        sign = f'<b style="color:{_COLOURS[self.status]}">{_SIGNS[self.status]} {escape(self.status)}</b>'
        told = (
            f"{escape(self._who())}expected <code>{escape(self.expression)}</code>: {escape('; '.join(self.reasons))}"
        )
        more = f'<div style="opacity:.75">{escape(self.difference)}</div>' if self.difference else ""
        return f'<div class="nbtrack-expect" style="font-size:90%;line-height:1.6">{sign} {told}{more}</div>'

    def _who(self) -> str:
        return f"{self.run} " if self.run else ""

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "expression": self.expression,
            "status": self.status,
            "reasons": list(self.reasons),
            "run_id": self.run_id,
            "run": self.run,
            "against": self.against,
            "difference": self.difference,
        }


def judge_run(store: TrackingStore, run: Run, expression: str, *, baseline: str | None = None) -> Outcome:
    """Judge an expectation of a run.

    Raises
    ------
    InvalidValueError, SearchSyntaxError, NotFoundError
        It cannot be read, or names a baseline that is not there.
    """
    expected = read(expression)
    others = Others(store, run, baseline)
    known = {alias: _run_of(others, alias, expected) for alias in sorted(expected.aliases)}
    verdict = _verdict(expected, _logged(run), known)
    status = HELD if verdict.holds else FAILED
    reasons = verdict.reasons
    base = next((found for found in known.values() if found is not None), None)
    if verdict.holds and known and base is None:
        status, reasons = NEW, tuple(f"{alias} is no run yet" for alias in known)
    elif not verdict.holds:
        status, reasons = _against_noise(expected, run, known, others, verdict)
    against = next((f"{alias} {_label(found)}" for alias, found in known.items() if found is not None), "")
    if base is None and not known:
        base = others.best(expected.key, expected.direction)
        against = "" if base is None else f"best {_label(base)}"
    return Outcome(
        expression=expected.text,
        status=status,
        reasons=reasons,
        run_id=run.info.run_id,
        run=_label(run),
        against=against,
        difference="" if base is None else _difference(store, run, base, others.goals),
    )


def record(store: Store, run: Run, outcome: Outcome) -> None:
    """Keep an outcome as tags of its run: the worst of all as a word, and each as JSON."""
    found = [item for item in _recorded(run) if item.get("expression") != outcome.expression]
    kept = [*found, outcome.to_dict()][-MOST_KEPT:]
    worst = min((str(item.get("status")) for item in kept), key=lambda s: _RANK.index(s) if s in _RANK else len(_RANK))
    tags = {TAG: worst, ALL_TAG: json.dumps(kept, ensure_ascii=False)}
    store.append(("tags", run.info.run_id, tags, None))
    run.data.tags.update(tags)


def _recorded(run: Run) -> list[dict[str, Any]]:
    try:
        found = json.loads(run.data.tags.get(ALL_TAG, "[]"))
    except ValueError:
        return []
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _run_of(others: Others, alias: str, expected: Expected) -> Run | None:
    if alias == BEST:
        return others.best(expected.key, expected.direction)
    if alias == PREVIOUS:
        return others.previous()
    return others.baseline() if alias == BASELINE else others.holder(alias)


def _verdict(expected: Expected, logged: Logged, known: dict[str, Run | None]) -> Verdict:
    holders = {alias: None if run is None else _logged(run) for alias, run in known.items()}
    return judge(expected.text, logged, holders.get, expected.tree)


def _against_noise(
    expected: Expected, run: Run, known: dict[str, Run | None], others: Others, verdict: Verdict
) -> tuple[str, tuple[str, ...]]:
    """Say whether it would hold if each metric were better by as much as equal runs differ by their seeds."""
    keys = sorted(key for key in expected.metrics if key in run.data.metrics)[:MOST_METRICS]
    bases = [found for found in known.values() if found is not None]
    bands = {key: others.noise(key, run, *bases) for key in keys}
    moving = [key for key in keys if bands[key][0] > 0]
    for signs in product((1, -1), repeat=len(moving)) if moving else ():
        moved = {key: run.data.metrics[key] + sign * bands[key][0] for key, sign in zip(moving, signs, strict=True)}
        logged = _logged(run)
        if _verdict(expected, replace(logged, metrics={**logged.metrics, **moved}), known).holds:
            told = [
                f"within the noise of {bands[key][1]} seeds ({key} ±{number_text(bands[key][0], 2)})" for key in moving
            ]
            return NOISE, (*verdict.reasons, *told)
    return FAILED, verdict.reasons


def _logged(run: Run) -> Logged:
    return Logged(0, run.data.metrics, run.data.params, run.data.tags, _label(run))


def _label(run: Run) -> str:
    return f"#{run.info.number}" if run.info.number is not None else run.info.run_name


def _difference(store: TrackingStore, run: Run, base: Run, goals: dict[str, str]) -> str:
    return text_of(sentence(_facts(store, run), _facts(store, base), goals))


def _facts(store: TrackingStore, run: Run) -> Facts:
    return Facts(
        label=_label(run),
        status="FINISHED" if run.info.status == "RUNNING" else str(run.info.status),
        params=run.data.params,
        metrics={key: value for key, value in run.data.metrics.items() if not key.startswith("system/")},
        datasets={used.dataset.name: used.dataset.digest for used in run.inputs.dataset_inputs},
        code=_code(store, run),
        commit=run.data.tags.get("mlflow.source.git.commit", ""),
    )


def _code(store: TrackingStore, run: Run) -> dict[str, tuple[str, ...]]:
    try:
        text = store.artifact_file(run.info.run_id, CELL).read_text(encoding="utf-8", errors="replace")
    except (NotFoundError, OSError):
        return {}
    return {CELL: tuple(text.splitlines())}
