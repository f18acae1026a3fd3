"""Searching many runs, all of them as a table, folding them, and the widget's data."""

from __future__ import annotations

import json
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.crew import OURS, PEERS
from benchmarks.findings import Curve, Findings, Row, middle

if TYPE_CHECKING:
    from benchmarks.crew import Crew
    from benchmarks.sizes import Sizes

MS = 1e3
GROUP = "Many runs"
FOLD_FLOOR = "DuckDB bulk insert"
CPU = "cpu"
LONG = 10_000
PAINT = "paint.json"
"""The browser tests may leave ``{"runs": 10000, "ms": 123}`` here, and the table shows it."""

Line = list[tuple[int, float]]


def measure(crew: Crew, sizes: Sizes) -> Findings:
    """Let stores grow, and ask the same at each size."""
    found = Findings()
    lines: dict[str, dict[str, Line]] = {what: {} for what in ("search", "frame", "fold", "tail")}
    names = crew.present(OURS, "floor", "mlflow", "trackio")
    before = 0
    for size in sizes.runs:
        _grow(crew, names, before, size, lines["fold"], sizes)
        crew.ask(OURS, "settle")
        crew.progress.figure(f"search in {size:,} runs")
        _ask(crew, names, "search", size, lines["search"], _slow(size, sizes.peer_runs), sizes)
        crew.progress.figure(f"{size:,} runs as a DataFrame")
        _ask(crew, names, "frame", size, lines["frame"], _slow(size, sizes.peer_frame_runs), sizes)
        if size == min(10_000, sizes.runs[-1]):
            found.rows += _widget(crew, size, sizes)
        before = size
    _tails(crew, sizes, lines["tail"])
    found.rows = _rows(lines, sizes) + found.rows
    for by_name in lines.values():
        by_name.pop(CPU, None)
    found.curves = _curves(lines)
    return found


def _slow(size: int, largest: int) -> tuple[str, ...]:
    return PEERS if size > largest else ()


def _grow(crew: Crew, names: list[str], before: int, size: int, fold: dict[str, Line], sizes: Sizes) -> None:
    crew.progress.figure(f"record and fold runs {before:,} to {size:,}")
    for name in names:
        if name in PEERS and size > sizes.peer_runs:
            continue
        answer = crew.ask(name, "add_runs", first=before, last=size)
        took = answer.get("fold", answer["populate"])
        if name == OURS:
            fold.setdefault(OURS, []).append((size - before, took))
        elif name == "floor":
            fold.setdefault(FOLD_FLOOR, []).append((size - before, took))


def _ask(
    crew: Crew, names: list[str], call: str, size: int, lines: dict[str, Line], without: tuple[str, ...], sizes: Sizes
) -> None:
    asked = [name for name in names if name not in without]
    is_long = {name: name in PEERS and (call == "frame" or size > LONG) for name in asked}
    crew.in_turn([name for name in asked if not is_long[name]], call, 1, n=size)  # caches are warm in every figure
    few = 1 if size > sizes.peer_frame_runs else sizes.rounds
    rounds = {name: few if is_long[name] else sizes.read_rounds for name in asked}
    for name, times in crew.in_turn(asked, call, rounds, n=size).items():
        lines.setdefault(name, []).append((size, middle(times, "wall")))
        if name == OURS:
            lines.setdefault(CPU, []).append((size, middle(times, "cpu")))


def _tails(crew: Crew, sizes: Sizes, lines: dict[str, Line]) -> None:
    base = 1000
    crew.progress.figure("search while runs are not folded yet")
    crew.ask(OURS, "add_runs", first=0, last=base, name="tails")
    crew.ask(OURS, "search", n=base, name="tails")
    for n in sizes.tail_runs:
        answers = [crew.ask(OURS, "search_with_tail", n_tail=n) for _ in range(sizes.rounds if n <= base else 1)]
        lines.setdefault(OURS, []).append((n, median(answers)))


def _widget(crew: Crew, size: int, sizes: Sizes) -> list[Row]:
    crew.progress.figure(f"nbtrack.runs() of {size:,} runs")
    answers = [crew.ask(OURS, "widget") for _ in range(sizes.rounds)]
    rows = [
        Row(GROUP, f"`nbtrack.runs()` of {size:,} runs, to the packed table", "ms", middle(answers, "seconds", MS)),
        Row(GROUP, f"`nbtrack.runs()` of {size:,} runs, sent to the page", "MB", middle(answers, "bytes", 1e-6)),
    ]
    paint = crew.folder.parent / PAINT
    if paint.exists():
        found: dict[str, Any] = json.loads(paint.read_text())
        rows.append(Row(GROUP, f"`nbtrack.runs()` of {found['runs']:,} runs, painted in the page", "ms", found["ms"]))
    return rows


def _rows(lines: dict[str, dict[str, Line]], sizes: Sizes) -> list[Row]:
    rows = []
    largest = sizes.runs[-1]
    one_table = "DuckDB, one wide table, open connection"
    for size, limit in ((10_000, 50), (100_000, 250)):
        if size <= largest:
            row = _row(f"filter and order {size:,} runs, 100 rows", size, lines["search"], limit)
            row.floor_is = one_table
            rows.append(row)
    if largest >= 10_000:
        row = _row("all 10,000 runs as a DataFrame", 10_000, lines["frame"], 400)
        row.floor_is = one_table
        rows.append(row)
    else:
        rows.append(_row(f"filter and order {largest:,} runs, 100 rows", largest, lines["search"], None))
    rows[
        0
    ].note = (
        "10 params and 10 metrics each; MLflow's and Trackio's runs are inserted into their databases; Trackio: SQL"
    )
    n, took = lines["fold"][OURS][-1]
    floor = dict(lines["fold"].get(FOLD_FLOOR, [])).get(n)
    rows.append(
        Row(GROUP, f"fold {n:,} runs", "ms", took * MS, floor and floor * MS, FOLD_FLOOR + " of one wide table")
    )
    n, took = lines["tail"][OURS][-1]
    rows.append(Row(GROUP, f"filter and order 1,000 folded and {n:,} unfolded runs", "ms", took * MS))
    return rows


def _row(what: str, size: int, lines: dict[str, Line], limit: float | None) -> Row:
    at = {name: dict(line)[size] * MS for name, line in lines.items() if size in dict(line)}
    ours = at.pop(OURS)
    row = Row(GROUP, what, "ms", ours, cpu=at.pop(CPU), floor=at.pop("floor", None), peers=at)
    if limit is not None:
        row.target, row.met = f"<= {limit} ms", ours <= limit
    return row


def _curves(lines: dict[str, dict[str, Line]]) -> list[Curve]:
    return [
        Curve(
            "search-runs",
            "Filter and order, 100 rows",
            "runs",
            lines["search"],
            [(10_000, 0.050), (100_000, 0.250)],
        ),
        Curve("runs-frame", "All runs as a DataFrame", "runs", lines["frame"], [(10_000, 0.400)]),
        Curve("fold-runs", "Fold runs", "runs folded", lines["fold"]),
        Curve("search-tail", "Search with an unfolded tail", "unfolded runs", lines["tail"]),
    ]
