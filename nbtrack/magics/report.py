"""The texts of ``%track status``, ``%track captured`` and ``%track forget``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from nbtrack.errors import NotFoundError
from nbtrack.magics.numbers import metric_text
from nbtrack.store.protocol import RunQuery
from nbtrack.tracking import active
from nbtrack.views.amounts import duration_text

if TYPE_CHECKING:
    from nbtrack.entities import ArtifactInfo, Run
    from nbtrack.magics.track import CellTracker
    from nbtrack.store.protocol import TrackingStore

CAPTURED = (
    "params from literal assignments, source, the cells before, output tail, figures, a last value that is a dict of numbers, errors,\n"
    "            notebook, git commit and diff, packages, Python, host, user; secrets are redacted"
)
LONGEST_VALUE = 60


def status(tracker: CellTracker) -> str:
    """Return the open run, the store, the experiment, and what is recorded."""
    store, current = active.get_store(), active.current_run()
    waiting = store.writer.waiting
    lines = [
        f"run         {_active_run_text(current)}",
        f"store       {store.uri}",
        f"experiment  {active.experiment_name()}",
        f"recording   {'%%track cells' if tracker.is_on else 'stopped by %track off; %track on resumes'}",
        f"captured    {CAPTURED}",
        f"unwritten   {waiting} records"
        + ("" if tracker.filing.flush(0) else ", files of the last cell are being written"),
    ]
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
    sizes = {file.path: bytes_text(file.file_size or 0) for file in files}
    lines += _section("files", sizes, sum(file.file_size or 0 for file in files))
    lines.append("%track forget NAME … removes params, tags and files.")
    return "\n".join(lines)


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
    """Remove params, tags and files of a run, and return what was removed.

    Raises
    ------
    NotFoundError
        A name is none of them; then nothing is removed.
    """
    run, paths = store.get_run(run_id), [file.path for file in all_files(store, run_id)]
    removed: dict[str, list[str]] = {"params": [], "tags": [], "artifacts": []}
    have = {"params": list(run.data.params), "tags": list(run.data.tags), "artifacts": paths}
    for name in names:
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
