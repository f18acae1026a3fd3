"""Training metrics with MLflow's names and scikit-learn's values, from one prediction."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

PREFIX = "training_"
MOST_CLASSES = 50
"""Pairs of classes are compared for the ROC AUC: with more, it would take longer than many a training."""

Array = np.ndarray[Any, Any]


@dataclass
class Scores:
    """What a model makes of the data it was trained on.

    Attributes
    ----------
    metrics : dict
        With the prefix ``training_``.
    labels : list
        Classes, in their order; empty for a regression.
    confusion : ndarray, shape (n_classes, n_classes), optional
        True classes down, predicted ones across; weights added up.
    roc, precision_recall : tuple of two ndarray, optional
        Of two classes: false and true positive rate; recall and precision.
    """

    metrics: dict[str, float] = field(default_factory=dict)
    labels: list[Any] = field(default_factory=list)
    confusion: Array | None = None
    roc: tuple[Array, Array] | None = None
    precision_recall: tuple[Array, Array] | None = None

    def add(self, name: str, value: Any) -> None:
        """Keep a metric that is a number."""
        self.metrics[PREFIX + name] = float(value)


# -- classes -------------------------------------------------------------------------------------------------------------


def of_classes(y: Any, predicted: Any, weights: Any = None, pos_label: Any = None) -> Scores:
    """Compare classes: accuracy; precision, recall and F1 weighted by class, or those of `pos_label`."""
    true, found = np.asarray(y).ravel(), np.asarray(predicted).ravel()
    labels, codes = np.unique(np.concatenate([true, found]), return_inverse=True)
    n, k = len(true), len(labels)
    weight = None if weights is None else np.asarray(weights, dtype=float)
    confusion = np.bincount(codes[:n] * k + codes[n:], weights=weight, minlength=k * k).reshape(k, k).astype(float)
    scores = Scores(labels=labels.tolist(), confusion=confusion)
    right, support, named = np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0)
    precision, recall = _divided(right, named), _divided(right, support)
    f1 = _divided(2 * right, named + support)
    share = _divided(support, support.sum()) if pos_label is None else (labels == pos_label).astype(float)
    if pos_label is None or pos_label in scores.labels:
        for name, values in (("precision_score", precision), ("recall_score", recall), ("f1_score", f1)):
            scores.add(name, values @ share)
    scores.add("accuracy_score", right.sum() / support.sum())
    return scores


def add_probabilities(scores: Scores, y: Any, proba: Any, weights: Any = None) -> None:
    """Add log loss, ROC AUC and curves; `proba` has a column for each class of `y`, in order."""
    true, labels = np.asarray(y).ravel(), np.unique(np.asarray(y).ravel())
    chances = np.asarray(proba, dtype=float)
    if chances.ndim != 2 or chances.shape[1] != len(labels) or len(labels) < 2:  # noqa: PLR2004
        return
    codes = np.searchsorted(labels, true)
    tiny = np.finfo(np.asarray(proba).dtype).eps
    own = np.clip(chances[np.arange(len(codes)), codes], tiny, 1 - tiny)
    scores.add("log_loss", -np.average(np.log(own), weights=weights))
    if len(labels) == 2:  # noqa: PLR2004
        false_rate, true_rate, precision = curve(codes, chances[:, 1], weights)
        scores.add("roc_auc", _area(false_rate, true_rate))
        scores.roc, scores.precision_recall = (false_rate, true_rate), (true_rate, precision)
    elif weights is None and len(labels) <= MOST_CLASSES:
        scores.add("roc_auc", _one_against_one(codes, chances))


def curve(is_true: Array, score: Array, weights: Any = None) -> tuple[Array, Array, Array]:
    """Return false positive rate, true positive rate and precision at each threshold, from the highest on, beginning at nothing."""
    order = np.argsort(-score, kind="stable")
    hit, score = is_true[order].astype(float), score[order]
    weight = np.ones(len(hit)) if weights is None else np.asarray(weights, dtype=float)[order]
    last = np.append(np.flatnonzero(np.diff(score)), len(score) - 1)
    hits, misses = np.cumsum(hit * weight)[last], np.cumsum((1 - hit) * weight)[last]
    precision = np.append(1.0, _divided(hits, hits + misses))
    return _divided(np.append(0.0, misses), misses[-1]), _divided(np.append(0.0, hits), hits[-1]), precision


def _one_against_one(codes: Array, chances: Array) -> float:
    """Return scikit-learn's ROC AUC with ``multi_class="ovo", average="weighted"``."""
    total, parts = 0.0, 0.0
    n = chances.shape[1]
    for a in range(n):
        for b in range(a + 1, n):
            both = (codes == a) | (codes == b)
            is_a = codes[both] == a
            pair = (_auc(is_a, chances[both, a]) + _auc(~is_a, chances[both, b])) / 2
            total += pair * len(is_a)
            parts += len(is_a)
    return total / parts


def _auc(is_true: Array, score: Array) -> float:
    false_rate, true_rate, _ = curve(is_true, score)
    return _area(false_rate, true_rate)


def _area(x: Array, y: Array) -> float:
    return float(np.sum(np.diff(x) * (y[1:] + y[:-1])) / 2)


def _divided(above: Array, below: Array) -> Array:
    """Divide; nothing by nothing is 0."""
    below = np.broadcast_to(below, np.shape(above))
    found: Array = np.divide(above, below, out=np.zeros(np.shape(above)), where=below != 0)
    return found


# -- numbers -------------------------------------------------------------------------------------------------------------


def of_numbers(y: Any, predicted: Any, weights: Any = None) -> Scores:
    """Compare numbers, one or several a row: mean squared and absolute error, their root, and R2; targets count alike."""
    scores = Scores()
    true, found = (np.asarray(each, dtype=float) for each in (y, predicted))
    true, found = true.reshape(len(true), -1), found.reshape(len(found), -1)
    weight = None if weights is None else np.asarray(weights, dtype=float)
    off = true - found
    squared = np.average(off**2, axis=0, weights=weight)
    spread = np.average((true - np.average(true, axis=0, weights=weight)) ** 2, axis=0, weights=weight)
    explained = 1 - np.divide(squared, spread, out=(squared != 0).astype(float), where=spread != 0)
    scores.add("mean_squared_error", squared.mean())
    scores.add("mean_absolute_error", np.average(np.abs(off), axis=0, weights=weight).mean())
    if len(true) > 1:
        scores.add("r2_score", explained.mean())
    scores.add("root_mean_squared_error", np.sqrt(squared.mean()))
    return scores
