"""Which axes parallel coordinates have until a reader chooses. Twin of ``automaticAxes`` in ``js/src/parallel/axes.js``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nbtrack.views.goals import SYSTEM, goal_of

if TYPE_CHECKING:
    from nbtrack.store.protocol import RunColumns

MOST_AXES = 9
MOST_METRICS = 3
NEARLY_ALL = 0.9
MANY, SOME = 20, 4
"""Texts that are few in any case; more than this, one for every second run or more, are names: hashes, paths."""


def automatic_axes(found: RunColumns, metric: str | None = None) -> list[str]:
    """Return the params that differ between runs, and the metrics last: only `metric`, when that is asked for."""
    metrics = _metrics(found)
    shown = [key for key in metrics if key == metric] or [key for key in metrics if _varies(found, key)]
    params = [key for key in found.params if _differs(found, key) and not _is_name(found, key, MANY)]
    shown = shown[:1] if metric in shown else sorted(shown, key=lambda key: goal_of(key, found.goals) is None)
    shown = shown[: MOST_METRICS if params else MOST_AXES]
    room = MOST_AXES - len(shown)
    # where there are too many, texts that tell nearly every run apart go first
    telling = [key for key in params if not _is_name(found, key, SOME)] if len(params) > room else params
    return [*(f"params.{key}" for key in telling[:room]), *(f"metrics.{key}" for key in reversed(shown))]


def main_metric(found: RunColumns, metric: str | None = None) -> str | None:
    """Return the metric that a picture is about: the one asked for, else the first with a direction."""

    def rank(key: str) -> tuple[bool, bool, bool]:
        return key != metric, key not in found.goals, goal_of(key, found.goals) is None

    return min(_metrics(found), key=rank, default=None)


def _metrics(found: RunColumns) -> list[str]:
    return [key for key in found.metrics if not key.startswith(SYSTEM)]


def _varies(found: RunColumns, key: str) -> bool:
    metric = found.metrics[key]
    values = metric["last"][metric["count"] > 0]
    return len(np.unique(values)) > 1 or (len(found) == 1 and len(values) > 0)


def _differs(found: RunColumns, key: str) -> bool:
    texts = [text for text in found.params[key].tolist() if text is not None]
    # a param that only some runs have tells them apart, too
    return len(set(texts)) > 1 or len(found) == 1 or 0 < len(texts) <= NEARLY_ALL * len(found)


def _is_name(found: RunColumns, key: str, most: int) -> bool:
    texts = {text for text in found.params[key].tolist() if text is not None}
    present = sum(text is not None for text in found.params[key].tolist())
    return len(texts) > max(most, present / 2) and not all(map(_is_number, texts))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
