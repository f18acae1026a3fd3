"""Writes RESULTS.md and results.json."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from benchmarks.book import FILE
from benchmarks.plots import draw
from benchmarks.words import LABELS, quantity, times

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.book import Book, Facts
    from benchmarks.findings import Findings, Row

INTRODUCTION = """# What nbtrack costs, beside its peers and the floor

Written by `make bench`; nothing here is edited by hand. All contenders of a figure are measured in the same run, in turns, each in a
process of its own; what counts is the median of the rounds. The machine may be shared, so read the ratios, not the times alone. In
brackets: how many times nbtrack's figure a peer's is. *Floor*: what the machine itself needs for the same, with no tracker around it.
"""

METHOD = """## How it is measured

* **nbtrack** through its public API, with its background thread (sync each second, fold each ten) at work. One thing is not
  public: a lock is held while runs and points are recorded for reading, so that folding happens when it is timed.
* **MLflow** with its SQLite store. Runs and long histories are inserted into its tables in bulk, which takes hours through its API.
* **Trackio** on this machine, without dashboard. It has no search: the figure is SQL in its file. Long histories are inserted in bulk.
* **TensorBoard**: written with tensorboardX, read with TensorBoard's `EventAccumulator`. It has no runs with params to search.
* Trackio and TensorBoard return before a point is written; the rows *visible to another process* and *points lost by kill -9* say
  what that means.
* **Serving**: `nbtrack models serve` and `mlflow models serve` have the same model folder; all servers run throughout and are asked in
  turns, by a process of its own that keeps its connections open. Where the cores are shared with it and with others, the CPU time of
  the server for a request says more than its latency.
* **Team servers** are all asked by one unmodified MLflow client, in turns; each starts as it does by itself, only store and port are said.
  nbtrack's stores are filled with journals, delivered as its clients deliver theirs, and MLflow's tables with SQL. The load of many clients
  comes from a process of its own. PostgreSQL is one server for both, with its settings as they come.
* **Batch**: each job in a fresh process, for its peak of memory; what is imported when it is needed has been before the clock starts.
* *Its CPU time* counts all cores together. Where others use the machine at the same time, it says more than the clock.
* Reading is timed with a warm disk cache. `thinned`: nbtrack keeps the smallest and largest value of each bucket; the peers take
  every so many-th point or a random sample.
"""


def write_report(folder: Path, book: Book) -> None:
    """Write the table, the values and the plots to `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    plots = draw(book.findings, folder / "plots")
    (folder / FILE).write_text(book.as_json())
    (folder / "RESULTS.md").write_text(_markdown(book, plots))


def verdicts(findings: Findings) -> list[str]:
    """Return one line for each target."""
    return [
        f"{'met   ' if row.met else 'MISSED'}  {row.group}: {row.what}: {quantity(row.ours, row.unit)}, target {row.target}"
        for row in findings.rows
        if row.met is not None
    ]


def _markdown(book: Book, plots: dict[str, str]) -> str:
    findings = book.findings
    judged = [row for row in findings.rows if row.met is not None]
    parts = [INTRODUCTION]
    parts.append(f"**{sum(row.met is True for row in judged)} of {len(judged)} targets are met.**\n")
    parts += [_picture(name, alt) for name, alt in plots.items() if name == "ratios"]
    for group, rows in groupby(findings.rows, key=lambda row: row.group):
        parts.append(f"## {group}\n\n{_table(list(rows))}")
    parts.append(
        "## How it grows\n\n" + "".join(_picture(name, alt) for name, alt in plots.items() if name != "ratios")
    )
    parts += [METHOD, _when(book)]
    return "\n".join(parts)


def _picture(name: str, alt: str) -> str:
    dark, light = f"plots/{name}-dark.svg", f"plots/{name}-light.svg"
    return (
        f'<picture><source media="(prefers-color-scheme: dark)" srcset="{dark}">'
        f'<img alt="{alt}" src="{light}"></picture>\n\n'
    )


def _table(rows: list[Row]) -> str:
    peers = [name for name in LABELS if any(name in row.peers for row in rows)]
    has_floor = any(row.floor is not None for row in rows)
    has_cpu = any(row.cpu is not None for row in rows)
    head = [
        "",
        "target",
        "**nbtrack**",
        *(["its CPU time"] if has_cpu else []),
        *(["floor", "x floor"] if has_floor else []),
        *(LABELS[p] for p in peers),
        "met",
    ]
    lines = [_line(head), _line(["---"] * len(head))]
    notes: list[str] = []
    for row in rows:
        what = row.what
        note = "; ".join(part for part in (row.note, row.floor_is and f"floor: {row.floor_is}") if part)
        if note:
            notes += [note] if note not in notes else []
            what += f" [{notes.index(note) + 1}]"
        cells = [what, row.target, f"**{quantity(row.ours, row.unit)}**"]
        if has_cpu:
            cells.append("" if row.cpu is None else quantity(row.cpu, row.unit))
        if has_floor:
            cells += _floor_cells(row)
        cells += [_peer_cell(row, name) for name in peers]
        lines.append(_line([*cells, {True: "yes", False: "**no**", None: ""}[row.met]]))
    below = [f"[{index}] {note}.  " for index, note in enumerate(notes, 1)]
    return "\n".join(lines) + "\n\n" + "\n".join(below) + "\n"


def _floor_cells(row: Row) -> list[str]:
    if row.floor is None:
        return ["", ""]
    ratio = times(row.ours / row.floor) if row.floor else ""
    return [quantity(row.floor, row.unit) if row.floor or row.unit == "points" else "", ratio]


def _peer_cell(row: Row, name: str) -> str:
    if name not in row.peers:
        return ""
    text = quantity(row.peers[name], row.unit)
    return f"{text} ({times(row.peers[name] / row.ours)})" if row.ours else text


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _when(book: Book) -> str:
    """Say of each figure when, and of what, it was measured."""
    head = ["figure", "measured", "nbtrack", "minutes", "load before, after", "waiting for a core"]
    lines = ["## When, and on what\n", _line(head), _line(["---"] * len(head))]
    lines += [_line(_cells(name, facts)) for name, facts in book.facts.items()]
    lines.append(
        "\n*Waiting for a core*: part of the time in which some process, ours or another, had to. "
        "*At priority*: of every contender (nice), as others used the machine.\n"
    )
    machines = {", ".join(f"{what}: {text}" for what, text in facts.machine.items()) for facts in book.facts.values()}
    versions: dict[str, set[str]] = {}
    for facts in book.facts.values():
        for name, version in facts.versions.items():
            versions.setdefault(name, set()).add(version)
    lines += [f"* {text}" for text in sorted(machines)]
    lines.append("* " + ", ".join(f"{name} {' and '.join(sorted(found))}" for name, found in sorted(versions.items())))
    return "\n".join(lines) + "\n"


def _cells(name: str, facts: Facts) -> list[str]:
    return [
        name,
        facts.date + (f", at priority {facts.nice}" if facts.nice else ""),
        facts.revision,
        f"{facts.minutes:.1f}",
        f"{facts.load_before:.1f}, {facts.load_after:.1f}",
        "" if facts.pressure is None else f"{facts.pressure:.0%}",
    ]
