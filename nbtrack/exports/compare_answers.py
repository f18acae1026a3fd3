"""Comparisons for an exported page: the one that a view shows, and what it takes to compare any other runs of the page."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nbtrack.artifacts.kinds import kind_of
from nbtrack.views.compare import base_of, sentences_of
from nbtrack.views.compare_pack import header_of, pack, packed_sections
from nbtrack.views.compare_rows import MAX_RUNS, compare_runs
from nbtrack.views.compare_table import DEFAULT_ROWS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbtrack.exports.wanted import Entry, Wanted
    from nbtrack.views.compare_row import CompareRow
    from nbtrack.views.compare_rows import Comparison

MAX_POOLED = 2_000
"""Runs whose packages, data and files can be compared with those of any other; their params and metrics are in the table of runs."""
MAX_RUNS_OF_FILES = 50
IN_TABLE = ("overview", "params", "metrics", "system", "tags")
ABOUT_THE_MACHINE = ("environment", "git")
PERSONAL = (("overview", "user"), ("overview", "host"), ("overview", "notebook"), ("source", "file"))
"""Rows that stay out with what is captured of machine and working copy, as do the places of datasets."""


def compare(wanted: Wanted, state: dict[str, Any]) -> Iterator[Entry]:
    """Yield the comparison on view, its tables, and files that fit, those of its runs first."""
    runs = [str(run) for run in state.get("runs") or wanted.run_ids[:2][::-1]]
    found = _shared(wanted, compare_runs(wanted.store, runs))
    base = base_of(found, str(state.get("base") or ""))
    header = {"mode": "full", **header_of(found, base, sentences_of(wanted.store, found, base))}
    question = {"what": "compare", "runs": runs, "base": state.get("base") or ""}
    yield question, {}, [pack(header, packed_sections(found))]
    yield from _tables(wanted, found, base)
    room = wanted.artifacts
    others = list(wanted.files)[:MAX_RUNS_OF_FILES] if wanted.may_choose else []
    for run in dict.fromkeys([*runs, *others]):
        for path, size in wanted.files.get(run, ()):
            if wanted.may_have(path, size, room):
                room -= size
                yield from wanted.ask({"what": "compare_file", "run": run, "path": path})


def pools(wanted: Wanted, _: dict[str, Any]) -> Iterator[Entry]:
    """Yield what the table of runs does not have, of as many runs as one comparison may have, again and again."""
    runs = wanted.run_ids
    for begin in range(0, min(len(runs), MAX_POOLED), MAX_RUNS):
        wanted.say(f"comparisons, {begin:,} of {len(runs):,} runs")
        found = _shared(wanted, compare_runs(wanted.store, runs[begin : begin + MAX_RUNS]))
        found = replace(found, rows=tuple(row for row in found.rows if row.section not in IN_TABLE))
        if found.rows:
            blob = pack({"mode": "full", **header_of(found, "", {})}, packed_sections(found))
            yield {"what": "compare", "pool": begin}, {}, [blob]
    if len(runs) > MAX_POOLED:
        wanted.leave_out(f"Packages, data and files can be compared among the newest {MAX_POOLED:,} runs.")


def without_private(found: Comparison) -> Comparison:
    """Return a comparison without rows that nobody who gets the page needs to know."""
    return replace(found, rows=tuple(row for row in found.rows if not _is_private(row)))


def _shared(wanted: Wanted, found: Comparison) -> Comparison:
    return found if wanted.captured else without_private(found)


def _is_private(row: CompareRow) -> bool:
    is_place = row.section == "datasets" and row.key.endswith(" · source")
    return is_place or row.section in ABOUT_THE_MACHINE or (row.section, row.key) in PERSONAL


def _tables(wanted: Wanted, found: Comparison, base: str) -> Iterator[Entry]:
    """Yield which rows of a table differ between the base and each other run."""
    for row in found.of("artifacts"):
        if row.kind != "file" or kind_of(row.mime) != "table" or not wanted.artifacts:
            continue
        for column, run in enumerate(found.runs):
            before, after = row.values[found.place(base)], row.values[column]
            if run.run_id != base and before is not None and after is not None and before != after:
                pair = [base, run.run_id]
                yield from wanted.ask({"what": "compare_table", "runs": pair, "path": row.key, "limit": DEFAULT_ROWS})
