"""A server that is killed again and again while clients log to it, and the account of what they were told."""

from __future__ import annotations

import http.client
import json
import os
import random
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.names import new_run_id
from nbtrack.serving.threaded import listen
from tests.server.faults import training
from tests.server.faults.cuts import send_rest
from tests.store.kit import quiet_store

if TYPE_CHECKING:
    from nbtrack.store.local import LocalStore

JSON = {"content-type": "application/json"}
API = "/api/2.0/mlflow/"


def free_port() -> int:
    """Return a port that nobody has now."""
    found = listen("127.0.0.1", 0)
    port = int(found.getsockname()[1])
    found.close()
    return port


@dataclass
class Killable:
    """``nbtrack server`` as a process of its own, always at the same address."""

    store: str
    port: int
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> float:
        """Start it, and return after how many seconds it answered."""
        began = time.monotonic()
        command = [sys.executable, "-m", "nbtrack", "server", "--store", self.store, "--port", str(self.port)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        while not self._answers():
            assert self.process.poll() is None, "the server ended by itself"
            time.sleep(0.01)
        return time.monotonic() - began

    def kill(self) -> None:
        """``kill -9``."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().read() == b"OK"
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


@dataclass
class RestClient:
    """Logs over MLflow's REST for as long as it may, and keeps an account: what was acknowledged, and what may have been taken.

    Attributes
    ----------
    runs : dict
        For each run, the steps that were acknowledged; and the params that were.
    unsure : dict
        For each run, the steps that were sent and not answered.
    """

    port: int
    runs: dict[str, tuple[list[int], list[str]]] = field(default_factory=dict)
    unsure: dict[str, set[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._ends = threading.Event()
        self._connection: http.client.HTTPConnection | None = None
        self._thread = threading.Thread(target=self._log, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Stop."""
        self._ends.set()
        self._thread.join()

    @property
    def n(self) -> int:
        """How much was acknowledged."""
        return sum(len(steps) + len(params) + 1 for steps, params in self.runs.values())

    def _log(self) -> None:
        step = 0
        run_id = ""
        while not self._ends.is_set():
            step += 1
            if not run_id or step % 200 == 0:
                made = self._post("runs/create", experiment_id="0", start_time=1)
                if made is None:
                    continue
                run_id = made["run"]["info"]["run_id"]
                self.runs[run_id], self.unsure[run_id] = ([], []), set()
            steps, params = self.runs[run_id]
            if step % 10 == 0:
                if self._post("runs/log-parameter", run_id=run_id, key=f"p{step}", value="x") is not None:
                    params.append(f"p{step}")
            elif (
                self._post("runs/log-metric", run_id=run_id, key="x", value=float(step), timestamp=step, step=step)
                is None
            ):
                self.unsure[run_id].add(step)
            else:
                steps.append(step)

    def _post(self, path: str, **body: Any) -> Any:
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
            self._connection.request("POST", API + path, json.dumps(body), JSON)
            answer = self._connection.getresponse()
            said = answer.read()
            if answer.status == 200:
                return json.loads(said)
            assert answer.status == 503, (answer.status, said)
        except (OSError, http.client.HTTPException):
            if self._connection is not None:
                self._connection.close()
            self._connection = None
            time.sleep(0.01)
        return None


@dataclass
class Outcome:
    """What a campaign came to."""

    rounds: int = 0
    acknowledged: int = 0
    unanswered: int = 0
    points: int = 0
    lost: int = 0
    twice: int = 0
    restarts_s: list[float] = field(default_factory=list)


def campaign(
    folder: Path, rounds: int, *, n_rest: int, n_trainings: int, seed: int = 7, most_s: float = 1.0
) -> Outcome:
    """Kill a server so many times while clients of both kinds log to it, and compare what it has with their accounts."""
    dice, found = random.Random(seed), Outcome(rounds)
    server = Killable(str(folder / "team.duckdb"), free_port())
    trainings: list[subprocess.Popen[str]] = []
    try:
        server.start()
        clients = [RestClient(server.port) for _ in range(n_rest)]
        trainings += [_train(server.port, folder / "outbox") for _ in range(n_trainings)]
        for each in trainings:
            assert each.stdout is not None
            each.stdout.readline()  # it has begun
        for _ in range(rounds):
            time.sleep(0.1 + dice.random() * most_s)
            server.kill()
            found.restarts_s.append(server.start())
        for client in clients:
            client.end()
        told = [_end(each) for each in trainings]
        for outbox in sorted((folder / "outbox").glob("*")):
            send_rest(f"http://127.0.0.1:{server.port}", outbox)
    finally:
        for process in trainings:
            process.kill()
            process.wait()
        server.kill()
    store = quiet_store(folder / "team.duckdb")
    for client in clients:
        _compare_rest(store, client, found)
    for said in told:
        _compare(store, said["run"], set(range(said["steps"])), set(), found, "loss")
    store.close()
    return found


def _train(port: int, outbox: Path) -> subprocess.Popen[str]:
    """Start a training that goes on until its input ends."""
    environment = {**os.environ, "NBTRACK_OUTBOX": str(outbox / new_run_id()[-6:]), "PYTHONPATH": str(Path.cwd())}
    command = [sys.executable, training.__file__, f"http://127.0.0.1:{port}", "until-told"]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, text=True
    )


def _end(process: subprocess.Popen[str]) -> dict[str, Any]:
    told, _ = process.communicate(timeout=120)
    found: dict[str, Any] = json.loads(told)
    return found


def _compare_rest(store: LocalStore, client: RestClient, found: Outcome) -> None:
    for run_id, (steps, params) in client.runs.items():
        _compare(store, run_id, set(steps), client.unsure[run_id], found, "x")
        found.lost += len(set(params) - store.get_run(run_id).data.params.keys())
        found.acknowledged += len(params) + 1


def _compare(store: LocalStore, run_id: str, told: set[int], unsure: set[int], found: Outcome, key: str) -> None:
    steps = [] if not told and not unsure else store.metric_history(run_id, key)[0].tolist()
    found.acknowledged += len(told)
    found.unanswered += len(unsure)
    found.points += len(steps)
    found.lost += len(told - set(steps))
    found.twice += len(steps) - len(set(steps))
    assert set(steps) <= told | unsure, "nothing that nobody sent"
