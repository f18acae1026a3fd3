"""A small scikit-learn model behind HTTP: latency and requests a second."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.crew import OURS
from benchmarks.findings import Findings, Row, middle
from benchmarks.servers import serving

if TYPE_CHECKING:
    from benchmarks.crew import Crew
    from benchmarks.servers import Server
    from benchmarks.sizes import Sizes

GROUP = "Real-time serving"
WHO = (OURS, "floor", "mlflow")
CONNECTIONS = (1, 8, 32)
TIMES = 3
"""How many times MLflow's requests a second."""
WARM = 50
FLOOR_IS = "starlette and uvicorn with `json.loads`, `DataFrame` and `model.predict`, in one thread, nothing checked"
NOTE = (
    "one row of 13 numbers, `dataframe_split`; a pipeline of StandardScaler and LogisticRegression; one worker each, MLflow's with "
    "`--env-manager local`; the load comes from a process of its own, which takes {:.2f} ms of a core for a request"
)

Answers = dict[str, list[dict[str, float]]]


def measure(crew: Crew, sizes: Sizes) -> Findings:
    """Serve one model folder with everybody, one worker each, and ask them in turn."""
    found = Findings()
    made = crew.ask(OURS, "serving_model")
    model, body = Path(made["folder"]), json.dumps(made["request"]).encode()
    with ExitStack() as stack:
        servers = {}
        for name in crew.present(*WHO):
            crew.progress.show(f"{name} starts")
            log = crew.folder / f"serving-{name}.log"
            servers[name] = stack.enter_context(serving(name, crew.python(name), crew.root, model, log))
        for n in CONNECTIONS:
            crew.progress.figure(f"serving, {n} connections")
            found.rows += _rows(n, _ask(crew, servers, body, sizes, n))
    return found


def _ask(crew: Crew, servers: dict[str, Server], body: bytes, sizes: Sizes, connections: int) -> Answers:
    answers: Answers = {name: [] for name in servers}
    for name, server in servers.items():
        crew.progress.show(f"{name} warms up")
        server.load(crew.root, body, WARM, connections)
    for turn in range(sizes.rounds):
        shift = turn % len(servers)
        for name in [*servers][shift:] + [*servers][:shift]:
            crew.progress.show(f"{name}, round {turn + 1} of {sizes.rounds}")
            answers[name].append(servers[name].load(crew.root, body, sizes.requests, connections))
    return answers


def _rows(connections: int, answers: Answers) -> list[Row]:
    many = f"{connections} connection{'s' if connections > 1 else ''}"

    def row(what: str, part: str, unit: str, scale: float = 1.0) -> Row:
        values = {name: middle(found, part, scale) for name, found in answers.items()}
        ours, floor = values.pop(OURS), values.pop("floor", None)
        return Row(GROUP, f"{many}: {what}", unit, ours, floor, FLOOR_IS, values)

    rate = row("requests a second", "rate", "requests/s")
    if "mlflow" in rate.peers:
        rate.target, rate.met = f">= {TIMES}x MLflow", rate.ours >= TIMES * rate.peers["mlflow"]
    rate.note = NOTE.format(middle(answers[OURS], "load_cpu", 1e3)) if connections == CONNECTIONS[0] else ""
    used = row("CPU time of the server for a request", "cpu", "ms", 1e3)
    return [rate, row("p50", "p50", "ms", 1e3), row("p99", "p99", "ms", 1e3), used]
