"""Which way a metric is better: what was said with ``set_goal``, else what its name says. Twin of ``js/src/runs/catalog.js``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_LOWER = re.compile(
    r"loss|err|mse|rmse|mae\b|mape|perplex|ppl|latency|seconds|_ms$|fid\b|wer\b|regret|deviance|nll", re.IGNORECASE
)
_HIGHER = re.compile(
    r"acc|auc|f1|f_?beta|precision|recall|r2|score|iou|dice|bleu|rouge|reward|return|map\b|throughput|hits",
    re.IGNORECASE,
)
_VALIDATION = re.compile(r"(?:^|[^a-z])(?:val|valid|validation|test|eval)(?:$|[^a-z])", re.IGNORECASE)
SYSTEM = "system/"
"""Metrics that nbtrack samples by itself begin with this."""


def goal_of(key: str, goals: Mapping[str, str]) -> str | None:
    """Return ``"max"`` or ``"min"``, or None when neither a goal nor the name says it."""
    if key in goals:
        return goals[key]
    if key.startswith(SYSTEM):
        return None
    if _LOWER.search(key):
        return "min"
    return "max" if _HIGHER.search(key) else None


def is_better(change: float, goal: str | None) -> bool | None:
    """Say whether a change is an improvement; None when there is none or nobody knows."""
    if goal is None or not abs(change) > 0:
        return None
    return (change > 0) == (goal == "max")


def headlines(keys: Iterable[str], goals: Mapping[str, str]) -> list[str]:
    """Return metrics, those first that people look at: with a stated goal, then with a known direction, validation before training."""

    def rank(key: str) -> tuple[bool, bool, bool, bool, str]:
        goal = goal_of(key, goals)
        return key not in goals, goal is None, not _VALIDATION.search(key), goal == "min", key

    return sorted((key for key in keys if not key.startswith(SYSTEM)), key=rank)
