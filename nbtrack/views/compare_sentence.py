"""What changed between two runs, in one sentence.

``#43 changed lr 0.001 → 3e-4 and added dropout 0.1 against #37; acc rose by 0.012 to 0.913 (better); code: cell "model" ±3 lines;
data same; 9 s faster.``
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from nbtrack.entities import RunStatus
from nbtrack.views.amounts import duration_text, listed, number_text, param_text
from nbtrack.views.goals import goal_of, headlines, is_better

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MOST_PARAMS = 4
MOST_METRICS = 3
MOST_NAMED = 2
MAX_LINES = 5000
LEAST_SHARE = 0.05
LEAST_S = 0.5
LONGEST_TITLE = 30
SHORT_COMMIT = 7
CELL = "source/cell.py"


@dataclass(frozen=True, slots=True)
class Facts:
    """What a sentence needs to know of a run.

    Attributes
    ----------
    label : str
        ``#43``.
    metrics : dict
        Last value by key.
    datasets : dict
        Digest by name.
    packages : dict or None
        Version by name; None when nobody recorded them.
    code : dict
        Lines of the source by path.
    """

    label: str
    status: str = "FINISHED"
    error: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    datasets: Mapping[str, str] = field(default_factory=dict)
    packages: Mapping[str, str] | None = None
    code: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    commit: str = ""
    duration: float | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a sentence; `tone` is ``good``, ``bad``, ``strong``, ``quiet`` or ""."""

    text: str
    tone: str = ""


def sentence(run: Facts, base: Facts, goals: Mapping[str, str] | None = None) -> list[Part]:
    """Return what `run` did differently from `base`, and what came of it; joined, the texts of the parts are the sentence.

    Parameters
    ----------
    run, base : Facts
    goals : mapping
        ``"min"`` or ``"max"`` by metric, where somebody has said so.
    """
    goals = goals or {}
    inside = [_code(run, base), _commit(run, base), _data(run, base), _packages(run, base)]
    changes = _params(run, base)
    is_repeat = not changes and all(parts is None or parts[0].tone == "quiet" for parts in inside)
    if changes:
        head = [*changes, Part(" against "), Part(base.label, "strong")]
    elif is_repeat:
        head = [Part(" repeats "), Part(base.label, "strong"), Part(_kept(run, base))]
    else:
        head = [Part(" keeps the params of " if run.params else " differs from "), Part(base.label, "strong")]
    clauses = [[Part(run.label, "strong"), *head], *_ending(run, base), *_metrics(run, base, goals)]
    clauses += [parts for parts in inside if parts is not None and not (is_repeat and parts[0].tone == "quiet")]
    clauses += [parts for parts in [_time(run, base)] if parts]
    joined = [part for index, clause in enumerate(clauses) for part in ([Part("; ")] if index else []) + clause]
    return [*joined, Part(".")]


def text_of(parts: Iterable[Part]) -> str:
    """Return a sentence as plain text."""
    return "".join(part.text for part in parts)


def line_changes(before: tuple[str, ...], after: tuple[str, ...]) -> tuple[int, int]:
    """Return how many lines were added and removed."""
    if len(before) + len(after) > MAX_LINES:  # difflib takes seconds there; whole lines, wherever they stand
        return len(set(after) - set(before)), len(set(before) - set(after))
    added = removed = 0
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag != "equal":
            added, removed = added + d - c, removed + b - a
    return added, removed


def cell_title(lines: tuple[str, ...]) -> str:
    """Return what a cell calls itself: its first comment, else the first thing that it defines."""
    for line in lines:
        text = line.strip()
        if text.startswith("#") and text.strip("#%-= "):
            return _short(text.strip("#%-= "))
        if text and not text.startswith(("%", "!", "import ", "from ")):
            break
    for line in lines:
        words = line.split("(")[0].split(":")[0].split()
        if len(words) == 2 and words[0] in ("def", "class"):  # noqa: PLR2004
            return _short(words[1])
    return ""


def _params(run: Facts, base: Facts) -> list[Part]:
    changed = [key for key in run.params if key in base.params and run.params[key] != base.params[key]]
    added = [key for key in run.params if key not in base.params]
    removed = [key for key in base.params if key not in run.params]
    verbs = []
    if changed:
        texts = [f"{key} {param_text(base.params[key])} → {param_text(run.params[key])}" for key in changed]
        verbs.append(f"changed {listed(texts, MOST_PARAMS, 'param')}")
    if added:
        verbs.append(f"added {listed([f'{key} {param_text(run.params[key])}' for key in added], MOST_PARAMS, 'param')}")
    if removed:
        verbs.append(f"dropped {listed(removed, MOST_PARAMS, 'param')}")
    return [Part(f" {' and '.join(verbs)}")] if verbs else []


def _kept(run: Facts, base: Facts) -> str:
    same = [
        *(["params"] if run.params else []),
        *(["code"] if run.code and base.code else []),
        *(["data"] if run.datasets and base.datasets else []),
    ]
    return f": same {listed(same, len(same), '')}" if same else ""


def _ending(run: Facts, base: Facts) -> list[list[Part]]:
    """Say how the run ended when it did not simply finish, or when only the base did not."""
    if run.status == RunStatus.FAILED:
        return [[Part(f"it failed{f' ({run.error})' if run.error else ''}", "bad")]]
    if run.status == RunStatus.KILLED:
        return [[Part("it was interrupted", "bad")]]
    if run.status == RunStatus.RUNNING:
        return [[Part("it still runs", "quiet")]]
    if base.status == RunStatus.FAILED:
        return [[Part("it finished", "good"), Part(f" where {base.label} failed")]]
    if base.status == RunStatus.KILLED:
        return [[Part("it finished", "good"), Part(f" where {base.label} was interrupted")]]
    return []


def _metrics(run: Facts, base: Facts, goals: Mapping[str, str]) -> list[list[Part]]:
    keys = headlines({*run.metrics, *base.metrics}, goals)
    both = [key for key in keys if key in run.metrics and key in base.metrics]
    moved = [key for key in both if not _same(run.metrics[key], base.metrics[key])]
    clauses = [_move(key, run.metrics[key], base.metrics[key], goal_of(key, goals)) for key in moved[:MOST_METRICS]]
    if len(moved) > MOST_METRICS:
        rest = len(moved) - MOST_METRICS
        clauses.append([Part(f"{rest} more metric{'s' if rest > 1 else ''} moved", "quiet")])
    if both and not moved:
        more = f" and {len(both) - 1} more" if len(both) > 1 else ""
        clauses.append([Part(f"{both[0]}{more} unchanged at {number_text(run.metrics[both[0]])}", "quiet")])
    new = [f"{key} {number_text(run.metrics[key])}" for key in keys if key not in base.metrics]
    gone = [f"{key} ({number_text(base.metrics[key])} in {base.label})" for key in keys if key not in run.metrics]
    if new:
        clauses.append([Part(f"new: {listed(new, MOST_NAMED, 'metric')}")])
    if gone:
        clauses.append([Part(f"no {listed(gone, MOST_NAMED, 'metric')}", "quiet")])
    return clauses


def _move(key: str, value: float, before: float, goal: str | None) -> list[Part]:
    if math.isnan(value):
        return [Part(f"{key} became NaN", "bad"), Part(f" from {number_text(before)}")]
    if math.isnan(before) or not math.isfinite(value - before):
        return [Part(f"{key} went from {number_text(before)} to {number_text(value)}")]
    change = value - before
    told = f"{key} {'rose' if change > 0 else 'fell'} by {number_text(abs(change), 2)} to {number_text(value)}"
    better = is_better(change, goal)
    if better is None:
        return [Part(told)]
    return [Part(told + " "), Part("(better)", "good") if better else Part("(worse)", "bad")]


def _code(run: Facts, base: Facts) -> list[Part] | None:
    if not run.code or not base.code:
        return None
    texts = []
    for path in dict.fromkeys([*run.code, *base.code]):
        before, after = base.code.get(path), run.code.get(path)
        if before == after:
            continue
        title = cell_title(after or before or ())
        name = f'cell "{title}"' if path == CELL and title else "cell" if path == CELL else path
        texts.append(f"{name} {_lines_text(before, after)}")
    return [Part(f"code: {listed(texts, MOST_NAMED, 'file')}")] if texts else [Part("code same", "quiet")]


def _lines_text(before: tuple[str, ...] | None, after: tuple[str, ...] | None) -> str:
    if before is None or after is None:
        return "is new" if before is None else "is gone"
    added, removed = line_changes(before, after)
    sign = "±" if added and removed else "+" if added else "−"  # noqa: RUF001
    count = max(added, removed)
    return f"{sign}{count} line{'s' if count != 1 else ''}" if count else "same lines"


def _commit(run: Facts, base: Facts) -> list[Part] | None:
    if not run.commit or not base.commit or run.commit == base.commit:
        return None
    return [Part(f"commit {base.commit[:SHORT_COMMIT]} → {run.commit[:SHORT_COMMIT]}")]


def _data(run: Facts, base: Facts) -> list[Part] | None:
    if not run.datasets or not base.datasets:
        return None
    changed = [name for name in run.datasets if run.datasets[name] != base.datasets.get(name, run.datasets[name])]
    added = [name for name in run.datasets if name not in base.datasets]
    removed = [name for name in base.datasets if name not in run.datasets]
    named = ((changed, "changed"), (added, "added"), (removed, "left out"))
    texts = [f"{listed(names, MOST_NAMED, 'dataset')} {verb}" for names, verb in named if names]
    return [Part(f"data: {', '.join(texts)}")] if texts else [Part("data same", "quiet")]


def _packages(run: Facts, base: Facts) -> list[Part] | None:
    if run.packages is None or base.packages is None:
        return None
    ours, theirs = run.packages, base.packages
    texts = [f"{name} {theirs[name]} → {ours[name]}" for name in ours if name in theirs and ours[name] != theirs[name]]
    texts += [f"{name} added" for name in ours if name not in theirs]
    texts += [f"{name} gone" for name in theirs if name not in ours]
    return [Part(f"packages: {listed(texts, MOST_NAMED, 'change')}")] if texts else None


def _time(run: Facts, base: Facts) -> list[Part] | None:
    is_done = run.status == base.status == RunStatus.FINISHED
    if not is_done or run.duration is None or base.duration is None:
        return None
    change = run.duration - base.duration
    if abs(change) < max(LEAST_S, LEAST_SHARE * base.duration):
        return None
    return [Part(f"{duration_text(abs(change))} {'slower' if change > 0 else 'faster'}", "quiet")]


def _same(a: float, b: float) -> bool:
    return a == b or (math.isnan(a) and math.isnan(b))


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_TITLE else text[: LONGEST_TITLE - 1] + "…"
