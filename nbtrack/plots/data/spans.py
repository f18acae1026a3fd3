"""When each run began and ended, children under their parents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from nbtrack.plots.data.chosen import Chosen


def timeline(chosen: Chosen, now: pd.Timestamp | None = None) -> pd.DataFrame:
    """Return one row a run, in the order of a Gantt chart: by start, children right under their parents.

    Parameters
    ----------
    chosen : Chosen
    now : Timestamp, optional
        Where runs end that are running; this moment by default.

    Returns
    -------
    DataFrame
        ``run_id, label, status, start, end`` (UTC), ``seconds`` (between them), ``depth`` (0 = no parent among these runs), ``is_open``.
        A run without a start is left out.
    """
    frame = chosen.frame
    needed = ["run_id", "start_time"]
    if any(name not in frame for name in needed) or frame.empty:
        return pd.DataFrame(
            {name: [] for name in ("run_id", "label", "status", "start", "end", "seconds", "depth", "is_open")}
        )
    end = frame["end_time"] if "end_time" in frame else pd.Series(pd.NaT, index=frame.index)
    table = pd.DataFrame(
        {
            "run_id": frame["run_id"].astype(str),
            "label": chosen.labels,
            "status": frame.get("status", pd.Series("FINISHED", index=frame.index)),
            "start": frame["start_time"],
            "end": end.fillna(now or pd.Timestamp.now("UTC")),
            "is_open": end.isna(),
        }
    ).dropna(subset=["start"])
    table["end"] = table[["start", "end"]].max(axis=1)  # clocks of two machines may differ
    table["seconds"] = (table["end"] - table["start"]).dt.total_seconds()
    depth = _nested(table, _parents(chosen))
    table["depth"] = pd.Series(depth)
    return table.loc[list(depth)].reset_index(drop=True)


def _parents(chosen: Chosen) -> dict[str, str]:
    if chosen.found is None:
        return {}
    parents = chosen.found.attributes["parent_run_id"]
    return {run_id: str(parent) for run_id, parent in zip(chosen.ids, parents, strict=True) if parent}


def _nested(table: pd.DataFrame, parents: dict[str, str]) -> dict[int, int]:
    """Return the depth by row, in the order of drawing."""
    rows = table.sort_values("start", kind="stable")
    numbered = list(zip(rows.index.tolist(), rows["run_id"], strict=True))
    row_of = {run_id: row for row, run_id in numbered}
    children: dict[int | None, list[int]] = {}
    for row, run_id in numbered:
        children.setdefault(row_of.get(parents.get(run_id, "")), []).append(row)
    depth: dict[int, int] = {}
    waiting = [(row, 0) for row in reversed(children.get(None, []))]
    while waiting:
        row, level = waiting.pop()
        depth[row] = level
        waiting += [(child, level + 1) for child in reversed(children.get(row, []))]
    return depth | {row: 0 for row, _ in numbered if row not in depth}  # parents in a circle
