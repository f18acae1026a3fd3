"""The line under a tracked cell: ``#43 acc 0.913 ▲ +0.012 vs best #37 · lr 1e-3 → 3e-4 · 41 s``."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

from nbtrack.entities import RunStatus
from nbtrack.magics.numbers import change_text, metric_text, param_text
from nbtrack.views.amounts import duration_text
from nbtrack.views.goals import goal_of, headlines

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST_PARAMS = 3
MOST_INSIDE = 5


@dataclass(frozen=True, slots=True)
class Score:
    """What the line needs to know of a run."""

    run_id: str
    number: int | None
    name: str = ""
    status: str = RunStatus.FINISHED
    metrics: Mapping[str, float] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    duration: float = 0.0
    parent_run_id: str | None = None
    start_time: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the line: its text; ``good``, ``bad``, ``strong``, ``quiet`` or nothing; what it says on hover."""

    text: str
    meaning: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One line, as groups of parts that ``·`` stands between."""

    groups: tuple[tuple[Part, ...], ...]

    def text(self) -> str:
        """Return the line as plain text."""
        return " · ".join(" ".join(part.text for part in group) for group in self.groups)

    def html(self) -> str:
        """Return the line as HTML that reads well in light and dark, and where classes and style sheets are cut out."""
        groups = ' <span style="opacity:.5">·</span> '.join(" ".join(map(_part_html, group)) for group in self.groups)
        return f'<div class="nbtrack-outcome" style="font-size:90%;line-height:1.6">{groups}</div>'


def outcome(
    run: Score,
    others: Sequence[Score],
    goals: Mapping[str, str],
    *,
    error: str = "",
    notes: Sequence[str] = (),
) -> Outcome:
    """Return the line of a run that has ended.

    Parameters
    ----------
    run : Score
        The run.
    others : sequence of Score
        What is known of the experiment's other runs; its children among them are listed.
    goals : mapping
        ``"min"`` or ``"max"`` by metric, as the store keeps it.
    error : str
        ``"ValueError: …"`` when it failed.
    notes : sequence of str
        What could not be captured.
    """
    inside = [other for other in others if other.parent_run_id == run.run_id]
    earlier = [o for o in others if o.run_id != run.run_id and o not in inside and o.start_time <= run.start_time]
    groups = [_first_group(run, error)]
    key = headline(run.metrics, goals)
    if key is not None:
        best = best_run(earlier, key, goals)
        groups[0] = (*groups[0], *_metric_parts(key, run.metrics[key], best, goals))
        if best is not None and run.status == RunStatus.FINISHED:
            groups += [(Part(change),) for change in changed_params(best.params, run.params)]
    elif run.status == RunStatus.FINISHED and not inside and run.name:
        groups[0] = (*groups[0], Part(run.name))
    groups += _inside_groups(inside, goals)
    groups.append((Part(duration_text(run.duration), "quiet"),))
    groups += [(Part(note, "quiet"),) for note in notes]
    return Outcome(tuple(groups))


def headline(metrics: Mapping[str, float], goals: Mapping[str, str]) -> str | None:
    """Return the metric that stands for the run."""
    return next(iter(headlines(metrics, goals)), None)


def best_run(runs: Sequence[Score], key: str, goals: Mapping[str, str]) -> Score | None:
    """Return the finished run with the best value of a metric; without a known direction the latest run."""
    having = [r for r in runs if r.status == RunStatus.FINISHED and math.isfinite(r.metrics.get(key, math.nan))]
    goal = goal_of(key, goals)
    if goal is None:
        return max(having, key=lambda r: r.start_time, default=None)
    sign = 1 if goal == "max" else -1
    return max(having, key=lambda r: (sign * r.metrics[key], -r.start_time), default=None)


def changed_params(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Return ``["lr 1e-3 → 3e-4"]``: up to three params that differ, and how many more."""
    differing = [key for key in now if key in before and before[key] != now[key]]
    changes = [f"{key} {param_text(before[key])} → {param_text(now[key])}" for key in differing]
    more = len(changes) - MOST_PARAMS
    return changes[:MOST_PARAMS] + ([f"{more} more params differ"] if more > 0 else [])


def _first_group(run: Score, error: str) -> tuple[Part, ...]:
    number = Part(f"#{run.number}" if run.number is not None else run.name, "strong", run.name)
    if run.status == RunStatus.FAILED:
        return number, Part(f"failed: {error}" if error else "failed", "bad")
    if run.status == RunStatus.KILLED:
        return number, Part("interrupted", "bad")
    return (number,)


def _metric_parts(key: str, value: float, best: Score | None, goals: Mapping[str, str]) -> tuple[Part, ...]:
    shown = Part(f"{key} {metric_text(value)}", "strong")
    if best is None:
        return (shown,)
    change = value - best.metrics[key]
    goal = goal_of(key, goals)
    against = Part(f"vs {'best' if goal else 'last'} #{best.number}", "quiet", best.name)
    if change == 0 or not math.isfinite(change):
        return shown, Part("±0" if change == 0 else "?", "quiet"), against
    is_better = goal is not None and (change > 0) == (goal == "max")
    meaning = "" if goal is None else "good" if is_better else "bad"
    arrow = f"{'▲' if change > 0 else '▼'} {change_text(change)}"
    if goal == "min":
        arrow += " better" if is_better else " worse"
    return shown, Part(arrow, meaning, {"good": "better", "bad": "worse"}.get(meaning, "")), against


def _inside_groups(inside: Sequence[Score], goals: Mapping[str, str]) -> list[tuple[Part, ...]]:
    if not inside:
        return []
    groups: list[tuple[Part, ...]] = [(Part(f"{len(inside)} run{'s' if len(inside) > 1 else ''} inside", "quiet"),)]
    for child in sorted(inside, key=lambda c: c.number or 0)[:MOST_INSIDE]:
        key = headline(child.metrics, goals)
        status = "" if child.status == RunStatus.FINISHED else f" {child.status.lower()}"
        shown = f"{key} {metric_text(child.metrics[key])}" if key is not None else child.name
        groups.append((Part(f"#{child.number}", "strong", child.name), Part(f"{shown}{status}")))
    if len(inside) > MOST_INSIDE:
        groups.append((Part(f"{len(inside) - MOST_INSIDE} more", "quiet"),))
    return groups


_STYLES = {
    "good": "font-weight:600;color:var(--jp-success-color1,#238636)",
    "bad": "font-weight:600;color:var(--jp-error-color1,#d1453b)",
    "strong": "font-weight:600",
    "quiet": "opacity:.75",
}


def _part_html(part: Part) -> str:
    title = f' title="{escape(part.title)}"' if part.title else ""
    style = f' style="{_STYLES[part.meaning]}"' if part.meaning else ""
    text = escape(part.text)
    return f"<span{style}{title}>{text}</span>" if title or style else text
