"""The texts of ``%track status``, ``%track captured`` and ``%track forget``."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from nbtrack.cells import log
from nbtrack.cells.staleness import FILE
from nbtrack.errors import NotFoundError
from nbtrack.magics.choices import choices
from nbtrack.magics.numbers import metric_text
from nbtrack.store.protocol import RunQuery
from nbtrack.tracking import active, cells
from nbtrack.tracking.variables import FOLDER
from nbtrack.views.amounts import duration_text
from nbtrack.views.stale import stale_marks

if TYPE_CHECKING:
    from nbtrack.entities import ArtifactInfo, DatasetInput, Run
    from nbtrack.magics.track import CellTracker
    from nbtrack.store.protocol import TrackingStore

CAPTURED = (
    "params from literal assignments, source, the cells before, output tail, figures, a last value that is a dict of numbers, errors,\n"
    "            notebook, own modules and data files by digest, data frames by shape and digest,\n"
    "            git commit and diff, packages, Python, host, user; secrets are redacted"
)
LONGEST_VALUE = 60
_GROUPS = {
    "cells": (log.FILE, f"{log.FOLDER}/", FILE),
    "variables": (f"{FOLDER}/",),
    "environment": ("environment/", "source/git.diff", "source/requirements.txt", "requirements"),
}


def status(tracker: CellTracker) -> str:
    """Return the open run, the store, the experiment, and what is recorded."""
    store, current = active.get_store(), active.current_run()
    waiting = store.writer.waiting
    last = current.id if current else tracker.last_run_id or active.last_run_id()
    lines = [
        f"run         {_active_run_text(current)}",
        f"store       {store.uri}",
        f"experiment  {active.experiment_name()}",
        f"recording   {'%%track cells' if tracker.is_on else 'stopped by %track off; %track on resumes'}",
        f"captured    {CAPTURED}",
        f"unwritten   {waiting} records"
        + ("" if tracker.filing.flush(0) else ", files of the last cell are being written"),
    ]
    if tracker.notes.watch.expressions:
        lines.append(f"watched     {', '.join(tracker.notes.watch.expressions)}")
    if choices().ignored:
        lines.append(f"ignored     {', '.join(sorted(choices().ignored))}")
    cells.settle()
    marks = stale_marks(active.last_store(), last) if last else []
    lines += [f"{'stale' if i == 0 else '':<11} {mark.text}" for i, mark in enumerate(marks)]
    return "\n".join(lines)


def captured(store: TrackingStore, run_id: str) -> str:
    """Return everything that is stored of a run, with sizes."""
    run, files = store.get_run(run_id), all_files(store, run_id)
    data = run.data
    lines = [f"Run #{run.info.number} {run.info.run_name} ({run.info.status}) in {run.info.experiment_name}"]
    lines += _section("params", {key: _short(value) for key, value in data.params.items()}, _text_bytes(data.params))
    counts = {key: summary.count for key, summary in data.summaries.items()}
    points = {key: f"{metric_text(value)}{_points_text(counts.get(key, 1))}" for key, value in data.metrics.items()}
    lines += _section("metrics", points, 16 * sum(counts.values()))
    lines += _section("tags", {key: _short(value) for key, value in data.tags.items()}, _text_bytes(data.tags))
    inputs = run.inputs.dataset_inputs
    shown = {each.dataset.name: _data_text(each) for each in inputs}
    lines += _section("data", shown, sum(_input_bytes(each) for each in inputs))
    for title, paths in groups_of([file.path for file in files]).items():
        sizes = {file.path: file.file_size or 0 for file in files if file.path in paths}
        lines += _section(title, {path: bytes_text(size) for path, size in sizes.items()}, sum(sizes.values()))
    lines.append(
        "%track forget NAME … removes params, tags, data and files; cells, variables, environment and data stand for all of their kind."
    )
    return "\n".join(lines)


def groups_of(paths: list[str]) -> dict[str, list[str]]:
    """Return the files of a run by what they are: its cells, its variables, its environment, and all others."""
    groups: dict[str, list[str]] = {"cells": [], "variables": [], "environment": [], "files": []}
    for path in paths:
        found = next((title for title, heads in _GROUPS.items() if path.startswith(heads)), "files")
        groups[found].append(path)
    return {title: found for title, found in groups.items() if found or title == "files"}


def running(store: TrackingStore) -> str:
    """Return the runs that are running, one a line, the newest first."""
    found = store.search_runs(RunQuery("status = 'RUNNING'", order_by=("start_time DESC",)))
    lines = [
        f"#{run.info.number} {run.info.run_name} in {run.info.experiment_name}, for "
        f"{duration_text(time.time() - run.info.start_time / 1000)}"
        for run in found
    ]
    return "\n".join(lines) or "none"


def forget(store: TrackingStore, run_id: str, names: list[str]) -> str:
    """Remove params, tags, data and files of a run, and return what was removed; ``cells`` and its like are all of a kind.

    Raises
    ------
    NotFoundError
        A name is none of them; then nothing is removed.
    """
    run, paths = store.get_run(run_id), [file.path for file in all_files(store, run_id)]
    removed: dict[str, list[str]] = {"params": [], "tags": [], "artifacts": [], "inputs": []}
    data = list(dict.fromkeys(each.dataset.name for each in run.inputs.dataset_inputs))
    have = {"params": list(run.data.params), "tags": list(run.data.tags), "artifacts": paths, "inputs": data}
    groups = groups_of(paths)
    for name in names:
        if name not in run.data.params and (name == "data" or (name in groups and name != "files")):
            removed["inputs" if name == "data" else "artifacts"] += data if name == "data" else groups[name]
            continue
        kinds = [kind for kind, known in have.items() for form in (name, _bare(name, kind)) if form in known]
        if not kinds:
            raise NotFoundError(
                "Param, tag or file", name, [k for known in have.values() for k in known], where=_run_text(run)
            )
        for kind in dict.fromkeys(kinds):
            removed[kind].append(name if name in have[kind] else _bare(name, kind))
    store.forget(run_id, **removed)
    current = active.current_run()
    if current is not None and current.id == run_id:
        for key in removed["params"]:
            current.params.pop(key, None)
        for key in removed["tags"]:
            current.tags.pop(key, None)
    shown = "; ".join(f"{kind} {', '.join(keys)}" for kind, keys in removed.items() if keys)
    return f"Removed of {_run_text(run)}: {shown}. `nbtrack.purge()` also removes it from the history."


def all_files(store: TrackingStore, run_id: str, folder: str = "") -> list[ArtifactInfo]:
    """Return the files of a run in all its folders."""
    files: list[ArtifactInfo] = []
    for item in store.list_artifacts(run_id, folder):
        files += all_files(store, run_id, item.path) if item.is_dir else [item]
    return files


def bytes_text(n_bytes: float) -> str:
    """Return a size: ``812 B``, ``3.4 kB``, ``12 MB``."""
    for unit in ("B", "kB", "MB"):
        if n_bytes < 1000:  # noqa: PLR2004
            return f"{n_bytes:.0f} {unit}" if unit == "B" or n_bytes >= 10 else f"{n_bytes:.1f} {unit}"  # noqa: PLR2004
        n_bytes /= 1000
    return f"{n_bytes:.1f} GB"


def _data_text(found: DatasetInput) -> str:
    """Return ``150 x 4, 3f2a…, used``."""
    try:
        profile = json.loads(found.dataset.profile)
    except ValueError:
        profile = {}
    size = (
        [profile["num_rows"], profile.get("num_columns", "?")]
        if "num_rows" in profile
        else profile.get("features_shape", "")
    )
    shape = " x ".join(map(str, size)) if isinstance(size, list) else ""
    return ", ".join(part for part in (shape, found.dataset.digest, found.context) if part)


def _input_bytes(found: DatasetInput) -> int:
    texts = (
        found.dataset.name,
        found.dataset.digest,
        found.dataset.source,
        found.dataset.schema,
        found.dataset.profile,
    )
    return sum(len(each.encode("utf-8", "replace")) for each in texts)


def _section(title: str, items: dict[str, str], n_bytes: float) -> list[str]:
    width = min(max(map(len, items), default=0), 40)
    return [
        f"{title} ({len(items)}, {bytes_text(n_bytes)})",
        *(f"  {key:<{width}}  {text}" for key, text in sorted(items.items())),
    ]


def _points_text(count: int) -> str:
    return "" if count == 1 else f"  ({count:,} points)"


def _bare(name: str, kind: str) -> str:
    """Return ``lr`` for ``params.lr``."""
    return name.removeprefix(f"{kind}.")


def _text_bytes(texts: dict[str, str]) -> int:
    return sum(len(key.encode()) + len(value.encode()) for key, value in texts.items())


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_VALUE else line[: LONGEST_VALUE - 1] + "…"


def _run_text(run: Run) -> str:
    return f"run #{run.info.number} {run.info.run_name}"


def _active_run_text(current: Any) -> str:
    if current is None:
        return "none is open"
    lost = f", {current.lost} calls not recorded" if current.lost else ""
    return f"#{current.number} {current.name} is open{lost}"
