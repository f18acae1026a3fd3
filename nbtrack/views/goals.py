"""Which way a metric is better: what was said with ``set_goal``, else what its name says. Twin of ``js/src/runs/catalog.js``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_LOWER = """
    brier cer crossentropy deviance entropy err error errors fid latency logloss loss losses mae mape mse nll nrmse perplexity ppl
    regret rmse rmsle seconds wer
"""
_HIGHER = """
    acc accuracy ap auc auprc auroc bleu dice f1 fbeta fscore hits iou jaccard kappa map mcc miou mrr ndcg precision psnr r2 recall
    return reward roc rouge score scores sensitivity specificity ssim throughput
"""
_LOWER_WORDS, _HIGHER_WORDS = frozenset(_LOWER.split()), frozenset(_HIGHER.split())
_LOWER_ENDS, _HIGHER_ENDS = ("loss", "error"), ("accuracy", "score")
_CAMEL, _BETWEEN = re.compile(r"([a-z0-9])([A-Z])"), re.compile(r"[^a-z0-9]+")
_VALIDATION = re.compile(r"(?:^|[^a-z])(?:val|valid|validation|test|eval)(?:$|[^a-z])", re.IGNORECASE)
SYSTEM = "system/"
"""Metrics that nbtrack samples by itself begin with this."""


def goal_of(key: str, goals: Mapping[str, str]) -> str | None:
    """Return ``"max"`` or ``"min"``, or None when neither a goal nor the name says it."""
    if key in goals:
        return goals[key]
    if key.startswith(SYSTEM):
        return None
    words = _words(key)
    if any(word in _LOWER_WORDS or word.endswith(_LOWER_ENDS) for word in words):
        return "min"
    return "max" if any(word in _HIGHER_WORDS or word.endswith(_HIGHER_ENDS) for word in words) else None


def _words(key: str) -> list[str]:
    """Return the words of a name: ``valLoss`` has valloss, val and loss; of ``loss1`` and ``f1`` also loss and f."""
    found = [*_BETWEEN.split(key.lower()), *_BETWEEN.split(_CAMEL.sub(r"\1 \2", key).lower())]
    return found + [word.rstrip("0123456789") for word in found]


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
