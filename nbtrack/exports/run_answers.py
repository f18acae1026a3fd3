"""Answers about params, files and single runs for an exported page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbtrack.views.artifacts import stored_questions
from nbtrack.views.where import where

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbtrack.exports.wanted import Entry, Wanted

MAX_METRICS = 4
"""Metrics whose params are weighed: a forest takes about a second."""
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


def artifacts(wanted: Wanted, state: dict[str, Any]) -> Iterator[Entry]:
    """Yield the folders of runs and the first sight of their files, as many as fit, the chosen run first."""
    chosen = str(state.get("run_id") or "")
    runs = [run for run in dict.fromkeys([chosen, *(wanted.files if wanted.may_choose else ())]) if run]
    if len(runs) > MAX_LISTED_RUNS:
        wanted.leave_out(f"Files are listed for the newest {MAX_LISTED_RUNS} runs that have any.")
    room = wanted.artifacts
    for run in runs[:MAX_LISTED_RUNS]:
        sizes = dict(wanted.files.get(run, ()))
        for question in stored_questions(wanted.store, run):
            path = question["path"]
            if question["what"] == "preview":
                if not wanted.may_have(path, sizes.get(path, 0), room):
                    continue
                room -= sizes.get(path, 0)
            yield from wanted.ask(question)


def live(wanted: Wanted, state: dict[str, Any]) -> Iterator[Entry]:
    """Yield one run with its curves, as far as it is."""
    if state.get("run_id"):
        yield from wanted.ask({"what": "live", "run": str(state["run_id"])})


def saved_views(wanted: Wanted, _: dict[str, Any]) -> Iterator[Entry]:
    """Yield the views that people saved in the store, if any."""
    yield from (entry for entry in wanted.ask({"what": "saved-views"}) if entry[1]["views"])
