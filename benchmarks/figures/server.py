"""Tracking servers beside each other, all asked through the same unmodified MLflow client: in a file, and on PostgreSQL."""

from __future__ import annotations

import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks import server_material as stuff
from benchmarks.crew import CLIENT, OURS
from benchmarks.findings import Curve, Findings, Row, middle
from benchmarks.server_database import Postgres, analyze, insert, postgres
from benchmarks.server_process import Tracker, tracking

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.crew import Crew, Worker
    from benchmarks.sizes import Sizes

GROUPS = {
    "file": "Team server, in a file; MLflow on SQLite",
    "postgres": "Team server on PostgreSQL; MLflow on PostgreSQL",
}
MLFLOW, OWN, MS = "mlflow", "own", 1e3
CONNECTIONS = (1, 8, 32)
FOLD_S = 120.0
UNFOLDED = 1_000_000
"""Bytes of journals that may be left."""
PIECE = 5_000
SEARCH, MANY = 10.0, 100_000
"""How many times as fast a search is wanted in so many runs."""
NOTES = {
    "start": "from the command to the first answered /health, with a store that was made before; each as it starts by itself: nbtrack "
    "is one process, MLflow four workers and those of its jobs",
    "memory": "proportional set size of all processes together",
    "search": "10 params and 10 metrics a run; nbtrack's runs are delivered as journals, MLflow's are inserted into its tables with SQL",
    "few": "a point is logged before each search, so that nobody can remember an answer",
    "mixed": "of 20 requests 12 log a point, 3 log ten at once, 3 look at a run, 1 searches a small experiment, 1 reads a history",
    "batch": "of the client's time its own work is a part, the same for both",
    "json": "the same request of the same process, without the objects that MLflow's client makes of the answer, whoever gave it",
}


@dataclass(frozen=True, slots=True)
class Side:
    """One of two servers on the same kind of store."""

    name: str
    server: Tracker
    place: str
    folder: Path


Answers = dict[str, list[Any]]


class Match:
    """nbtrack's server and MLflow's on the same kind of store, asked in turns.

    Parameters
    ----------
    kind : str
        ``file`` or ``postgres``.
    client : Worker
        The MLflow client.
    """

    def __init__(self, kind: str, crew: Crew, sizes: Sizes, client: Worker, sides: list[Side]) -> None:
        self.kind, self._crew, self._sizes, self._client, self._sides = kind, crew, sizes, client, sides
        self.rows: list[Row] = []
        self.lines: dict[str, list[tuple[int, float]]] = {}

    # -- filling -----------------------------------------------------------------------------------------------------

    def grow(self, first: int, last: int) -> None:
        """Let both have so many runs."""
        for side in self._sides:
            self._crew.progress.show(f"{side.name}: runs {first:,} to {last:,}")
            if side.name == OURS:
                stuff.deliver_runs(side.server.url, first, last)
                self._settle(side, last)
                continue
            experiment = int(self._ask_of(side, "experiment", name=stuff.EXPERIMENT))
            for chunk in range(first, last, PIECE):
                insert(side.place, stuff.mlflow_tables(experiment, chunk, min(last, chunk + PIECE)))
            analyze(side.place)

    def lengthen(self, n: int) -> None:
        """Let both have a run of `n` points."""
        for side in self._sides:
            self._crew.progress.show(f"{side.name}: {n:,} points")
            if side.name == OURS:
                stuff.deliver_points(side.server.url, n)
                self._settle(side, self._sizes.server_runs[-1])
            else:
                experiment = int(self._ask_of(side, "experiment", name=stuff.LONG))
                insert(side.place, stuff.mlflow_points(experiment, n))
                analyze(side.place)

    def _settle(self, side: Side, size: int) -> None:
        """Wait until journals are folded, as those of yesterday are: a look brings what a database has, the rest comes by itself."""
        until = time.monotonic() + FOLD_S
        while time.monotonic() < until:
            self._ask_of(side, "get_run", n=1, of=size)
            if _unfolded(side.folder) < UNFOLDED:
                break
            time.sleep(0.5)

    # -- asking ------------------------------------------------------------------------------------------------------

    def before(self) -> None:
        """Note how servers that nobody has asked for anything are."""
        self._add("start", "s", {s.name: s.server.start for s in self._sides}, NOTES["start"])
        self._add("memory when nobody asks", "MB", {s.name: s.server.memory() for s in self._sides}, NOTES["memory"])

    def calls(self) -> None:
        """Time single calls."""
        n = self._sizes.server_calls
        for what, call, times in (
            ("begin a run", "create_run", n // 2),
            ("log a point", "log_metric", n),
            ("log 1,000 points at once", "log_batch", max(3, n // 10)),
            ("search a small experiment", "search_few", max(3, n // 10)),
        ):
            found = self._turns(call, self._sizes.rounds, n=times)
            note = NOTES.get({"log_batch": "batch", "search_few": "few"}.get(call, ""), "")
            self._add(
                f"{what}, median call", "ms", {name: middle(laps, "p50", MS) for name, laps in found.items()}, note
            )
        found = self._turns("registry", 1, n=max(3, n // 20))
        for part, what in (("model", "register a model"), ("version", "add a version"), ("alias", "set an alias")):
            self._add(f"{what}, median call", "ms", {name: one[0][part]["p50"] * MS for name, one in found.items()})

    def search(self, size: int) -> None:
        """Time searches among so many runs."""
        last = max(0, size - 1000)
        crowd = f"of {size:,} runs"
        for what, text, offset in (
            ("the first 1,000 that match", True, 0),
            ("the last 1,000 by a metric", False, last),
        ):
            rounds = 1 if size >= 10_000 else self._sizes.rounds
            asked = {"name": stuff.EXPERIMENT, "is_filtered": text, "offset": offset}
            found = self._turns("search", rounds, **asked)
            values = {name: middle(times, "wall", MS) for name, times in found.items()}
            self._add(f"{what} {crowd}", "ms", values, NOTES["search"], SEARCH if size >= MANY else 1.0)
            found = self._turns("search_json", rounds, **asked)
            alone = {name: middle(times, "wall", MS) for name, times in found.items()}
            self._add(f"{what} {crowd}, as JSON", "ms", alone, NOTES["json"])
            if text:
                for name, value in values.items():
                    self.lines.setdefault(name, []).append((size, value / MS))
        for call, tail, note in (("get_run", "", ""), ("get_json", ", as JSON", NOTES["json"])):
            laps = self._turns(call, self._sizes.rounds, n=max(5, self._sizes.server_calls // 5), of=size)
            values = {name: middle(each, "p50", MS) for name, each in laps.items()}
            self._add(f"look at one {crowd}, median{tail}", "ms", values, note)

    def history(self, n: int) -> None:
        """Time a long history."""
        found = self._turns("history", 1, run_id=stuff.LONG_RUN, n=n)
        self._add(
            f"history of {n:,} points",
            "s",
            {name: middle(times, "wall") for name, times in found.items()},
            NOTES["batch"],
        )

    def load(self) -> None:
        """Time many at once."""
        mixes = {side.name: _mixed(self._ask_of(side, "ids", name=stuff.EXPERIMENT)) for side in self._sides}
        for connections in CONNECTIONS:
            found: Answers = {side.name: [] for side in self._sides}
            for turn in range(self._sizes.rounds):
                for side in self._sides[:: 1 if turn % 2 else -1]:
                    self._crew.progress.show(f"{side.name}, {connections} clients")
                    requests = self._sizes.server_requests
                    found[side.name].append(side.server.load(self._crew.root, mixes[side.name], requests, connections))
            many = f"{connections} client{'s' if connections > 1 else ''}"
            rates = {name: middle(each, "rate") for name, each in found.items()}
            self._add(f"{many}: requests a second", "requests/s", rates, NOTES["mixed"])
            self._add(
                f"{many}: p99", "ms", {name: middle(each, "p99", MS) for name, each in found.items()}, wanted=None
            )
            used = {name: middle(each, "cpu", MS) for name, each in found.items()}
            self._add(f"{many}: CPU time of the server for a request", "ms", used, wanted=None)
        self._add("memory after all that", "MB", {s.name: s.server.memory() for s in self._sides}, NOTES["memory"])

    def own(self, worker: Worker) -> None:
        """Have nbtrack's own client do the same."""
        ours = next(side for side in self._sides if side.name == OURS)
        size, group = self._sizes.server_runs[-1], "Team server, asked by nbtrack's own client"
        _ask(worker, "use", url=ours.server.url)
        n = self._sizes.server_calls
        where = "" if self.kind == "file" else ", on PostgreSQL"
        points = self._sizes.server_points
        found = {"name": stuff.EXPERIMENT, "is_filtered": True, "offset": 0}
        for what, call, part, options in (
            ("log a point, median call", "log_metric", "p50", {"n": n * 10}),
            ("begin and end a run, median call", "create_run", "p50", {"n": n // 2}),
            (f"the first 1,000 that match of {size:,} runs", "search", "wall", found),
            (f"history of {points:,} points", "history", "wall", {"run_id": stuff.LONG_RUN, "n": points}),
        ):
            self.rows.append(Row(group, what + where, "ms", _ask(worker, call, **options)[part] * MS))

    # -- inside ------------------------------------------------------------------------------------------------------

    def _turns(self, call: str, rounds: int, **options: Any) -> Answers:
        found: Answers = {side.name: [] for side in self._sides}
        for turn in range(rounds):
            for side in self._sides[:: 1 if turn % 2 else -1]:
                self._crew.progress.show(f"{side.name}: {call}")
                found[side.name].append(self._ask_of(side, call, **options))
        return found

    def _ask_of(self, side: Side, call: str, **options: Any) -> Any:
        _ask(self._client, "use", url=side.server.url)
        return _ask(self._client, call, **options)

    def _add(self, what: str, unit: str, values: dict[str, float], note: str = "", wanted: float | None = 1.0) -> None:
        ours, theirs = values[OURS], values.get(MLFLOW)
        row = Row(GROUPS[self.kind], what, unit, ours, peers={} if theirs is None else {MLFLOW: theirs}, note=note)
        if theirs is not None and wanted is not None:
            ahead = ours / theirs if unit.endswith("/s") else theirs / ours
            row.target, row.met = ("ahead" if wanted == 1 else f">= {wanted:.0f}x MLflow"), ahead >= wanted
        self.rows.append(row)


def measure(crew: Crew, sizes: Sizes) -> Findings:
    """Measure servers whose stores are files."""
    return _findings("file", _measure("file", crew, sizes, None))


def measure_postgres(crew: Crew, sizes: Sizes) -> Findings:
    """Measure servers whose stores are databases."""
    with postgres(crew.root) as database:
        return _findings("postgres", _measure("postgres", crew, sizes, database))


def _findings(kind: str, match: Match) -> Findings:
    tail, where = ("", "in a file") if kind == "file" else ("-postgres", "on PostgreSQL")
    lines = {f"{name}{tail}": line for name, line in match.lines.items()}
    title = f"The first 1,000 runs that match, over REST, {where}"
    return Findings(
        sorted(match.rows, key=lambda row: row.group), [Curve(f"server-search{tail}", title, "runs", lines)]
    )


def _measure(kind: str, crew: Crew, sizes: Sizes, database: Postgres | None) -> Match:
    client, own = crew.another(CLIENT), crew.another(OWN)
    with ExitStack() as stack:
        names = [name for name in (OURS, MLFLOW) if name in crew.names]
        sides = []
        for name in names:
            crew.progress.figure(f"server, {kind}: {name} starts")
            sides.append(stack.enter_context(_begun(name, kind, crew, database)))
        match = Match(kind, crew, sizes, client, sides)
        match.before()
        crew.progress.figure(f"server, {kind}: calls")
        match.calls()
        before = 0
        for size in sizes.server_runs:
            crew.progress.figure(f"server, {kind}: {size:,} runs")
            match.grow(before, size)
            match.search(size)
            before = size
        crew.progress.figure(f"server, {kind}: {sizes.server_points:,} points")
        match.lengthen(sizes.server_points)
        match.history(sizes.server_points)
        crew.progress.figure(f"server, {kind}: many clients")
        match.load()
        match.own(own)
        return match


def _begun(name: str, kind: str, crew: Crew, database: Postgres | None) -> Any:
    return _Begun(name, kind, crew, database)


class _Begun:
    """A server with an empty store, as long as the block lasts."""

    def __init__(self, name: str, kind: str, crew: Crew, database: Postgres | None) -> None:
        self._folder = crew.folder / f"server-{kind}-{name}"
        at = {OURS: f"{self._folder}/runs.duckdb", MLFLOW: f"sqlite:///{self._folder}/mlflow.db"}[name]
        place = at if database is None else database.make(f"of_{name}")
        command = {
            OURS: ("nbtrack", "server", "--store", place),
            MLFLOW: (
                "mlflow",
                "server",
                "--backend-store-uri",
                place,
                "--artifacts-destination",
                f"{self._folder}/files",
            ),
        }[name]
        self._side = name, place
        log = crew.folder / f"server-{kind}-{name}.log"
        self._make = lambda: tracking(command, crew.python(name), self._folder, log)
        self._server = self._make()

    def __enter__(self) -> Side:
        """Start it, once to make the tables and once to measure."""
        with self._make():
            pass
        return Side(self._side[0], self._server.__enter__(), self._side[1], self._folder)

    def __exit__(self, *error: object) -> None:
        """End it."""
        self._server.__exit__(*error)  # type: ignore[arg-type]


def _ask(worker: Worker, call: str, **options: Any) -> Any:
    worker.ask(call, **options)
    return worker.answer()


def _unfolded(folder: Path) -> int:
    total = 0
    for path in folder.rglob("w/*.jnl"):
        with suppress(FileNotFoundError):  # a fold has taken it
            total += path.stat().st_size
    return total


def _mixed(ids: list[str]) -> list[tuple[str, str, Any]]:
    """Return twenty requests as clients send them while they train, and people while they look."""
    run, experiment, *others = ids
    api, now = "/api/2.0/mlflow", 1_790_000_000_000
    points = [{"key": f"k{k}", "value": 0.5, "timestamp": now, "step": k} for k in range(10)]
    log: tuple[str, str, Any] = (
        "POST", f"{api}/runs/log-metric", {"run_id": run, "key": "mixed", "value": 0.5, "timestamp": now, "step": 1},
    )  # fmt: skip
    batch = ("POST", f"{api}/runs/log-batch", {"run_id": run, "metrics": points})
    search = ("POST", f"{api}/runs/search", {"experiment_ids": [experiment], "max_results": 100})
    history = ("GET", f"{api}/metrics/get-history?run_id={others[0]}&metric_key=loss&max_results=1000", None)
    looks = [("GET", f"{api}/runs/get?run_id={other}", None) for other in others[:3]]
    return [*[log] * 4, batch, looks[0], *[log] * 4, batch, looks[1], search, *[log] * 4, batch, looks[2], history]
