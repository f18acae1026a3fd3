"""Sentences about the runs of a comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbtrack.views.amounts import listed, number_text
from nbtrack.views.compare_files import source_lines
from nbtrack.views.compare_row import NotRecorded, Value
from nbtrack.views.compare_sentence import Facts, Part, sentence
from nbtrack.views.goals import goal_of, headlines

if TYPE_CHECKING:
    from nbtrack.store.protocol import TrackingStore
    from nbtrack.views.compare_row import CompareRow
    from nbtrack.views.compare_rows import Comparison

MOST_NAMED = 4
PAIR = 2


def run_sentence(store: TrackingStore, found: Comparison, run_id: str, base_id: str) -> list[Part]:
    """Return what one run changed against the base."""
    run, base = found.place(run_id), found.place(base_id)
    rows = [row for row in found.of("source") if row.kind == "file"]
    return sentence(facts_of(store, found, run, rows), facts_of(store, found, base, rows), found.goals)


def facts_of(store: TrackingStore, found: Comparison, column: int, code: list[CompareRow]) -> Facts:
    """Return what a sentence needs to know of one run."""
    head = found.runs[column]
    packages = {row.key: row.values[column] for row in found.of("environment") if row.kind == "package"}
    is_known = bool(packages) and not any(isinstance(value, NotRecorded) for value in packages.values())
    digests = {row.key.removesuffix(" · digest"): row for row in found.of("datasets") if row.key.endswith(" · digest")}
    return Facts(
        label=head.label,
        status=head.status,
        error=_text(found, "overview", "error", column),
        params=_texts({row.key: row.values[column] for row in found.of("params")}),
        metrics={
            row.key: float(value)
            for row in found.of("metrics")
            if row.stat == "last" and isinstance(value := row.values[column], float)
        },
        datasets=_texts({name: row.values[column] for name, row in digests.items()}),
        packages=_texts(packages) if is_known else None,
        code={
            row.key: source_lines(store, head.run_id, row.key, str(row.values[column]))
            for row in code
            if row.values[column] is not None
        },
        commit=_text(found, "git", "commit", column),
        duration=head.duration,
    )


def overview_sentence(found: Comparison, base_id: str) -> list[Part]:
    """Return what differs among all runs of a comparison, and who is best.

    ``5 runs: lr, dropout and model differ (9 params the same); acc best in #43 with 0.913 (#37: 0.901); code in 2 versions; data same.``
    """
    n_runs = len(found.runs)
    head = [Part(f"{n_runs} run{'s' if n_runs != 1 else ''}", "strong")]
    if n_runs < PAIR:
        return [*head, Part(": add another to see what differs.")]
    clauses: list[list[Part]] = [[*head, Part(f": {_params(found)}")]]
    base = found.place(base_id)
    best = next((parts for key in _headlines(found) if (parts := _best(found, key, base))), None)
    if best:
        clauses.append(best)
    source = [row for row in found.of("source") if row.kind == "file"]
    for noun, rows in (("code", source), ("data", [r for r in found.of("datasets") if r.key.endswith(" · digest")])):
        if rows:
            versions = len({tuple(row.values[column] for row in rows) for column in range(n_runs)})
            same = Part(f"{noun} same", "quiet")
            clauses.append([same if versions == 1 else Part(f"{noun} in {versions} versions")])
    ended = [run.label for run in found.runs if run.status in ("FAILED", "KILLED")]
    if ended:
        clauses.append([Part(f"{listed(ended, MOST_NAMED, 'run')} did not finish", "bad")])
    return [part for i, clause in enumerate(clauses) for part in ([Part("; ")] if i else []) + clause] + [Part(".")]


def _params(found: Comparison) -> str:
    rows = found.of("params")
    if not rows:
        return "no params"
    differing = [row.key for row in rows if not row.is_same]
    same = len(rows) - len(differing)
    if not differing:
        return f"all {same} params the same" if same > 1 else f"the same {rows[0].key}"
    rest = f" ({same} param{'s' if same > 1 else ''} the same)" if same else ""
    return f"{listed(differing, MOST_NAMED, 'param')} {'differs' if len(differing) == 1 else 'differ'}{rest}"


def _headlines(found: Comparison) -> list[str]:
    return headlines(dict.fromkeys(row.key for row in found.of("metrics")), found.goals)


def _best(found: Comparison, key: str, base: int) -> list[Part] | None:
    goal = goal_of(key, found.goals)
    row = next(row for row in found.of("metrics") if row.key == key and row.stat == "last")
    known = [(value, -place) for place, value in enumerate(row.values) if isinstance(value, float) and value == value]  # noqa: PLR0124
    if goal is None or len(known) < PAIR:
        return None
    value, place = max(known) if goal == "max" else min(known, key=lambda each: (each[0], -each[1]))
    before = row.values[base]
    against = (
        f" ({found.runs[base].label}: {number_text(before)})" if isinstance(before, float) and -place != base else ""
    )
    told = f"{key} best in {found.runs[-place].label} with {number_text(value)}"
    return [Part(told, "good"), Part(against, "quiet")] if against else [Part(told, "good")]


def _text(found: Comparison, section: str, key: str, column: int) -> str:
    value = next((row.values[column] for row in found.of(section) if row.key == key), None)
    return value if isinstance(value, str) else ""


def _texts(values: dict[str, Value]) -> dict[str, str]:
    return {key: value for key, value in values.items() if isinstance(value, str)}
