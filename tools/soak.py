"""Long campaigns against a server, run by hand: ``python -m tools.soak [kills] [cuts] [sockets] [schema]``; ``make soak`` runs all.

The tests have a short version of each (tests/server/faults, tests/server/attacks). Here they take as long as the fault does.
"""

from __future__ import annotations

import argparse
import importlib.util
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from rich.console import Console
from rich.table import Table

from tests.server.faults import cuts, kills
from tests.server.faults.crowd import Crowd
from tests.server.faults.proxy import Wire
from tests.server.mlflow.conftest import Rest
from tests.store.kit import quiet_store

if TYPE_CHECKING:
    from collections.abc import Sequence

console = Console()


def run_kills(folder: Path, options: argparse.Namespace) -> bool:
    """``kill -9`` of the server, round after round, under load."""
    found = kills.campaign(folder, options.rounds, n_rest=3, n_trainings=2)
    times = sorted(found.restarts_s)
    _table(
        "kill -9 of the server under load",
        ("rounds", "acknowledged", "unanswered", "lost", "twice", "restart, median s", "restart, longest s"),
        [
            (
                found.rounds,
                found.acknowledged,
                found.unanswered,
                found.lost,
                found.twice,
                round(times[len(times) // 2], 2),
                round(times[-1], 2),
            )
        ],
    )
    return not (found.lost or found.twice)


def run_cuts(folder: Path, options: argparse.Namespace) -> bool:
    """Cut the network, for as long as `options.seconds`, during a training."""
    server = kills.Killable(str(folder / "team.duckdb"), kills.free_port())
    server.start()
    try:
        with Wire(server.port) as wire:
            told = cuts.train_through(wire, cuts.phases(options.seconds), folder / "outbox")
            cuts.send_rest(wire.url, folder / "outbox")
    finally:
        server.kill()
    _table(
        f"a training of {told['steps']:,} steps through a network that is cut",
        ("network", "what", "n", "median ms", "99 % ms", "longest ms"),
        cuts.table(told),
    )
    store = quiet_store(folder / "team.duckdb")
    cuts.check(store, told)
    store.close()
    return True


def run_sockets(folder: Path, options: argparse.Namespace) -> bool:
    """Open a thousand sockets that wait, and see how others are served."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    server = kills.Killable(str(folder / "team.duckdb"), kills.free_port())
    server.start()
    assert server.process is not None
    url, process = f"http://127.0.0.1:{server.port}", psutil.Process(server.process.pid)
    rest = Rest(url)
    rows = []
    try:
        path = f"0/{rest.run()}/artifacts/large.bin"
        assert rest.put(path, bytes(8 << 20)).status == 200

        def note(when: str, crowd: Crowd | None = None) -> None:
            times, rest = [], Rest(url)
            for _ in range(20):
                began = time.monotonic()
                rest.post("runs/search", experiment_ids=["0"])
                times.append((time.monotonic() - began) * 1000)
            rest.close()
            still = "" if crowd is None else " ".join(f"{kind}:{n}" for kind, n in crowd.n_open.items() if n)
            rss = round(process.memory_info().rss / 1e6)
            rows.append((when, process.num_fds(), rss, round(sorted(times)[10], 1), round(max(times), 1), still))

        note("before")
        with Crowd(
            "127.0.0.1", server.port, options.clients // 6 + 1, f"/api/2.0/mlflow-artifacts/artifacts/{path}", pause_s=2
        ) as crowd:
            began = time.monotonic()
            for when in (1, 10, 25, 50, 75, 100, 125):
                time.sleep(max(0.0, began + when - time.monotonic()))
                note(f"after {when} s", crowd)
        note("after all are gone")
        is_bounded = process.num_fds() < rows[0][1] + 20
    finally:
        rest.close()
        server.kill()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    _table(
        f"{len(crowd.clients):,} clients that wait",
        ("", "files", "MB", "a search, median ms", "longest ms", "still open"),
        rows,
    )
    console.print(f"the last one was hung up on after {crowd.slowest()} s")
    return is_bounded


def run_schema(folder: Path, options: argparse.Namespace) -> bool:
    """Ask every route for what the OpenAPI allows, and for what it does not: no answer is a fault of the server."""
    if importlib.util.find_spec("schemathesis") is None:
        console.print("schemathesis is not here: tools/pip_install schemathesis (68 MB with all that it needs)")
        return False
    server = kills.Killable(str(folder / "team.duckdb"), kills.free_port())
    server.start()
    url = f"http://127.0.0.1:{server.port}"
    begin = "from schemathesis.cli import schemathesis; schemathesis()"
    checks = ["--checks", "not_a_server_error", "--phases", "examples,coverage,fuzzing", "--continue-on-failure"]
    limits = [
        "--max-examples",
        str(options.examples),
        "--suppress-health-check",
        "all",
        "--warnings",
        "off",
        "--workers",
        "2",
    ]
    # what this server does not do is answered by 501, as MLflow does
    routes = ["--exclude-path-regex", "/presigned/"]
    command = [sys.executable, "-c", begin, "run", f"{url}/openapi.json", "--url", url, *checks, *limits, *routes]
    try:
        told = subprocess.run(command, check=False, capture_output=True, text=True).stdout
    finally:
        server.kill()
    console.print(told, markup=False, highlight=False)
    return "Test cases:" in told and "Failures:" not in told  # errors of the tool itself are none of the server


CAMPAIGNS = {"kills": run_kills, "cuts": run_cuts, "sockets": run_sockets, "schema": run_schema}


def _table(title: str, head: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> None:
    table = Table(title=title, title_justify="left")
    for each in head:
        table.add_column(each, justify="left" if each in ("", "network", "what", "still open") else "right")
    for row in rows:
        table.add_row(*(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row))
    console.print(table)


def main() -> int:
    """Run campaigns; 1 when one of them shows a fault."""
    parser = argparse.ArgumentParser(prog="python -m tools.soak", description=__doc__)
    parser.add_argument("campaign", nargs="*", help=f"which of {', '.join(CAMPAIGNS)}; all when none is named")
    parser.add_argument("--rounds", type=int, default=50, help="of kills")
    parser.add_argument("--seconds", type=float, default=60.0, help="of the longest cut")
    parser.add_argument("--clients", type=int, default=1000, help="that wait")
    parser.add_argument("--examples", type=int, default=100, help="for each route")
    options = parser.parse_args()
    is_fine = True
    for name in options.campaign or CAMPAIGNS:
        with tempfile.TemporaryDirectory(prefix=f"nbtrack-soak-{name}-") as folder:
            is_fine &= CAMPAIGNS[name](Path(folder), options)
    return 0 if is_fine else 1


if __name__ == "__main__":
    sys.exit(main())
