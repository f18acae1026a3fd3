"""Reading long histories, whole and thinned, and folding them."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from benchmarks.crew import EVERYONE, OURS, PEERS
from benchmarks.findings import Curve, Findings, Row, middle

if TYPE_CHECKING:
    from benchmarks.crew import Crew
    from benchmarks.sizes import Sizes

MS = 1e3
GROUP = "Long histories"
CPU = "cpu"
FOLD_FLOOR = "DuckDB bulk insert"
MILLION = 1_000_000
LIMITS = {"history": 0.120, "thinned": 0.060}

Line = list[tuple[int, float]]


def measure(crew: Crew, sizes: Sizes) -> Findings:
    """Make a run of each size, and read it."""
    lines: dict[str, dict[str, Line]] = {what: {} for what in ("history", "thinned", "fold", "tail")}
    for n in sizes.points:
        names = [name for name in crew.present(*EVERYONE) if n <= _largest(name, sizes)]
        crew.progress.figure(f"record and fold {n:,} points")
        _fold(crew, names, n, lines["fold"], sizes)
        crew.ask(OURS, "settle")
        crew.progress.figure(f"read {n:,} points, whole and thinned")
        for call in ("history", "thinned"):
            crew.in_turn([name for name in names if name not in PEERS], call, 1, n=n, name=f"points-{n}")
            rounds = {name: _rounds(name, n, sizes) for name in names}
            answers = crew.in_turn(names, call, rounds, n=n, name=f"points-{n}")
            for name, times in answers.items():
                lines[call].setdefault(name, []).append((n, middle(times, "wall")))
                if name == OURS:
                    lines[call].setdefault(CPU, []).append((n, middle(times, "cpu")))
    crew.progress.figure("read points that are not folded yet")
    for n in sizes.tail_points:
        answers_of = [
            crew.ask(OURS, "history_with_tail", n_tail=n, name="tail-points") for _ in range(min(2, sizes.rounds))
        ]
        lines["tail"].setdefault(OURS, []).append((n, median(answers_of)))
    rows = _rows(lines, sizes)
    for by_name in lines.values():
        by_name.pop(CPU, None)
    return Findings(rows, _curves(lines))


def _rounds(name: str, n: int, sizes: Sizes) -> int:
    if name not in PEERS:
        return sizes.read_rounds
    return sizes.rounds if n <= sizes.event_file_points else 1  # MLflow takes most of a minute for a million


def _largest(name: str, sizes: Sizes) -> int:
    if name == "tensorboard":
        return sizes.event_file_points
    return sizes.peer_points if name in PEERS else sizes.points[-1]


def _fold(crew: Crew, names: list[str], n: int, fold: dict[str, Line], sizes: Sizes) -> None:
    measured = [name for name in names if name in (OURS, "floor")]
    times: dict[str, list[float]] = {name: [] for name in measured}
    for turn in range(sizes.rounds if n <= sizes.fold_rounds_up_to else 1):
        for name in measured:
            store = f"points-{n}" if turn == 0 else f"points-{n}-again-{turn}"
            times[name].append(crew.ask(name, "add_points", n=n, name=store)["fold"])
    for name, found in times.items():
        fold.setdefault(FOLD_FLOOR if name == "floor" else name, []).append((n, median(found)))
    for name in names:
        if name not in measured:
            crew.ask(name, "add_points", n=n, name=f"points-{n}")


def _rows(lines: dict[str, dict[str, Line]], sizes: Sizes) -> list[Row]:
    size = MILLION if MILLION in sizes.points else sizes.points[-1]
    what = {
        "history": (f"history of {size:,} points", "numpy.fromfile of the three columns"),
        "thinned": ("the same thinned to 1,000, spikes kept", "numpy.fromfile and reduceat"),
    }
    rows = []
    for call, (text, floor_is) in what.items():
        at = {name: dict(line)[size] * MS for name, line in lines[call].items() if size in dict(line)}
        ours = at.pop(OURS)
        row = Row(GROUP, text, "ms", ours, at.pop("floor", None), floor_is, cpu=at.pop(CPU), peers=at)
        tensorboard = lines[call].get("tensorboard")
        if tensorboard and "tensorboard" not in at:
            n, took = tensorboard[-1]
            row.peers["tensorboard"] = took * MS * size / n
            row.note = f"TensorBoard: extrapolated from {n:,} points"
        if size == MILLION:
            row.target, row.met = f"<= {LIMITS[call] * MS:.0f} ms", ours <= LIMITS[call] * MS
            row.note += (
                "; MLflow and Trackio: one round"
                if call == "history"
                else "; MLflow and Trackio: one round; the peers sample, spikes are lost"
            )
        row.note = row.note.removeprefix("; ")
        rows.append(row)
    folds, floors = dict(lines["fold"][OURS]), dict(lines["fold"].get(FOLD_FLOOR, []))
    rows.append(Row(GROUP, f"fold {size:,} points", "ms", folds[size] * MS, floors.get(size, 0.0) * MS, FOLD_FLOOR))
    n, took = lines["tail"][OURS][-1]
    rows.append(Row(GROUP, f"history of {n:,} points that are not folded yet", "ms", took * MS))
    return rows


def _curves(lines: dict[str, dict[str, Line]]) -> list[Curve]:
    return [
        Curve("history", "History of one metric", "points", lines["history"], [(MILLION, LIMITS["history"])]),
        Curve("thinned", "History thinned to 1,000", "points", lines["thinned"], [(MILLION, LIMITS["thinned"])]),
        Curve("fold-points", "Fold points", "points folded", lines["fold"]),
        Curve("history-tail", "History, nothing of it folded", "unfolded points", lines["tail"]),
    ]
