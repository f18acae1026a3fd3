"""Answers about params, comparisons and files for an exported page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbtrack.views.artifacts import rows, stored_questions
from nbtrack.views.compare_rows import SECTIONS
from nbtrack.views.where import where

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbtrack.exports.wanted import Entry, Wanted

MAX_METRICS = 4
"""Metrics whose params are weighed: a forest takes about a second."""
CAPTURED = "environment/"
"""Where runs keep what they captured about the machine and the working copy; it may say more than its owner means to share."""
ABOUT_THE_MACHINE = ("overview", "environment", "git")
"""Sections of a comparison that name host, packages, branch: they stay out with what is captured."""
MAX_LISTED_RUNS = 50


def importance(wanted: Wanted, state: dict[str, Any]) -> Iterator[Entry]:
    """Yield which params move each of the first metrics."""
    experiments = [str(int(each)) for each in dict.fromkeys(wanted.found.attributes["experiment_id"])]
    asked_where = where(str(state.get("filter") or ""), state.get("steps") or ())
    condition = " AND ".join(f"({term})" for term in (wanted.condition, asked_where) if term)
    statistics = state.get("statistics") or {}
    for key in [key for key in wanted.metrics if not key.startswith("system/")][:MAX_METRICS]:
        wanted.say(f"params that move {key}")
        question = {
            "what": "importance",
            "metric": key,
            "statistic": statistics.get(key, "last"),
            "where": asked_where,
            "experiments": experiments,
        }
        yield from wanted.ask({**question, "where": condition}, question)


def compare(wanted: Wanted, state: dict[str, Any]) -> Iterator[Entry]:
    """Yield the comparison, and the files of its runs that fit."""
    runs = [str(run) for run in state.get("runs") or wanted.run_ids[:2][::-1]]
    question = {"what": "compare", "runs": runs, "base": state.get("base") or ""}
    shown = SECTIONS if wanted.captured else [name for name in SECTIONS if name not in ABOUT_THE_MACHINE]
    yield from wanted.ask({**question, "sections": list(shown)}, question)
    room = wanted.artifacts
    for run in runs:
        for path, size, *_ in rows(wanted.store, run):
            if _is_wanted(wanted, path, size, room):
                room -= size
                yield from wanted.ask({"what": "compare_file", "run": run, "path": path})


def artifacts(wanted: Wanted, state: dict[str, Any]) -> Iterator[Entry]:
    """Yield the folders of runs and the first sight of their files, as many as fit, the chosen run first."""
    chosen = str(state.get("run_id") or "")
    runs = [run for run in [chosen, *wanted.run_ids] if run]
    room = wanted.artifacts
    for run in list(dict.fromkeys(runs))[:MAX_LISTED_RUNS]:
        sizes = {path: size for path, size, *_ in rows(wanted.store, run)}
        if not sizes and run != chosen:
            continue
        for question in stored_questions(wanted.store, run):
            path = question["path"]
            if question["what"] == "preview":
                if not _is_wanted(wanted, path, sizes.get(path, 0), room):
                    continue
                room -= sizes.get(path, 0)
            yield from wanted.ask(question)


def _is_wanted(wanted: Wanted, path: str, size: int, room: int) -> bool:
    if path.startswith(CAPTURED) and not wanted.captured:
        wanted.leave_out("What runs captured of their environment and git stays out; artifacts='all' puts it in.")
        return False
    if size > room:
        if wanted.artifacts:
            wanted.leave_out(f"Files beyond {wanted.artifacts:,} bytes stay out; artifacts=… allows more.")
        return False
    return True
