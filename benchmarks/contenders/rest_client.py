"""The unmodified MLflow client, against whichever server it is told."""
# mypy: disable-error-code="import-not-found"

from __future__ import annotations

import base64
import json
import logging
import os
import random
import time
from typing import TYPE_CHECKING, Any

import mlflow
import requests
from mlflow.entities import Metric

from benchmarks import material
from benchmarks.laps import Laps, Timed, time_calls, timed

if TYPE_CHECKING:
    from pathlib import Path

PAGE = 1000


class Contender:
    """Asks one server after the other for the same.

    Parameters
    ----------
    folder : Path
        Not needed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._client: Any = None
        self._run = ""
        self._experiment = ""
        self._known: dict[str, tuple[str, str]] = {}
        self._session = requests.Session()
        self._url = ""
        os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] = "true"
        # By default it gives up after two minutes and asks again while the server still works on the first: here it waits.
        os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] = "1800"
        os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "0"
        logging.getLogger("mlflow").setLevel(logging.ERROR)

    def ready(self) -> dict[str, str]:
        """Say which client is used."""
        return {"mlflow": mlflow.__version__}

    def close(self) -> None:
        """Nothing is open."""

    def use(self, url: str) -> None:
        """Work with this server from now on, in an experiment of its own."""
        self._url = url
        mlflow.set_tracking_uri(url)
        self._client = mlflow.MlflowClient()
        if url not in self._known:
            experiment = self._client.create_experiment(f"logging {time.time_ns()}")
            self._known[url] = experiment, self._client.create_run(experiment).info.run_id
        self._experiment, self._run = self._known[url]

    def experiment(self, name: str) -> str:
        """Return the id of an experiment that may be new."""
        found = self._client.get_experiment_by_name(name)
        return str(found.experiment_id if found else self._client.create_experiment(name))

    def ids(self, name: str) -> list[str]:
        """Return ids for requests: the run that is logged into, its experiment, a few runs of another."""
        some = self._client.search_runs([self.experiment(name)], max_results=50)
        return [self._run, self._experiment, *(run.info.run_id for run in some)]

    # -- logging -----------------------------------------------------------------------------------------------------

    def create_run(self, n: int) -> Laps:
        """Begin runs."""
        return time_calls(self._client.create_run, [(self._experiment,)] * n)

    def log_metric(self, n: int) -> Laps:
        """Log single points."""
        calls = [(self._run, "loss", value, None, step) for step, value in enumerate(material.values(n))]
        return time_calls(self._client.log_metric, calls)

    def log_batch(self, n: int) -> Laps:
        """Log a thousand points at once, again and again."""
        batches = [
            [
                Metric(f"m{k % 10}", value, material.FIRST_MS + i, i * 100 + k // 10)
                for k, value in enumerate(material.values(1000))
            ]
            for i in range(n)
        ]
        return time_calls(self._client.log_batch, [(self._run, batch) for batch in batches])

    # -- reading -----------------------------------------------------------------------------------------------------

    def get_run(self, n: int, of: int) -> Laps:
        """Look at runs, each another one, nobody knows which."""
        from benchmarks.server_ids import run_id

        dice = random.Random(time.time_ns())
        return time_calls(self._client.get_run, [(run_id(i),) for i in dice.sample(range(of), n)])

    def search(self, name: str, is_filtered: bool, offset: int) -> Timed:  # noqa: FBT001
        """Return a page of a thousand runs, ordered by a metric: the first that match, or one far behind."""
        experiment = self.experiment(name)
        token = base64.b64encode(json.dumps({"offset": offset}).encode()).decode() if offset else None
        found: list[Any] = []
        text = material.FILTER if is_filtered else ""
        took = timed(
            lambda: found.append(
                self._client.search_runs(
                    [experiment], text, max_results=PAGE, order_by=[material.ORDER], page_token=token
                )
            )
        )
        assert 0 < len(found[0]) <= PAGE
        return took

    def search_json(self, name: str, is_filtered: bool, offset: int) -> Timed:  # noqa: FBT001
        """Ask for the same page, without making objects of it."""
        body: dict[str, Any] = {
            "experiment_ids": [self.experiment(name)],
            "max_results": PAGE,
            "order_by": [material.ORDER],
        }
        body |= {"filter": material.FILTER} if is_filtered else {}
        body |= {"page_token": base64.b64encode(json.dumps({"offset": offset}).encode()).decode()} if offset else {}
        found: list[bytes] = []
        ask = self._session.post
        took = timed(lambda: found.append(ask(f"{self._url}/api/2.0/mlflow/runs/search", json=body).content))
        assert 0 < len(json.loads(found[0])["runs"]) <= PAGE
        return took

    def get_json(self, n: int, of: int) -> Laps:
        """Look at runs, without making objects of them."""
        from benchmarks.server_ids import run_id

        dice = random.Random(time.time_ns())
        urls = [f"{self._url}/api/2.0/mlflow/runs/get?run_id={run_id(i)}" for i in dice.sample(range(of), n)]
        return time_calls(lambda url: self._session.get(url).content, [(url,) for url in urls])

    def search_few(self, n: int) -> Laps:
        """Search the experiment that is logged into, which has few runs, each time after a point was logged."""
        times = []
        for step in range(n):
            self._client.log_metric(self._run, "few", 1.0, step=step)
            times.append(timed(lambda: self._client.search_runs([self._experiment], max_results=100))["wall"])
        from benchmarks.laps import laps_of

        return laps_of(times)

    def history(self, run_id: str, n: int) -> Timed:
        """Return all points of a long run."""
        found: list[Any] = []
        took = timed(lambda: found.append(self._client.get_metric_history(run_id, "loss")))
        assert len(found[0]) == n
        return took

    # -- registry ----------------------------------------------------------------------------------------------------

    def registry(self, n: int) -> dict[str, Laps]:
        """Make models, versions and aliases."""
        names = [f"model {time.time_ns()} {i}" for i in range(n)]
        made = time_calls(self._client.create_registered_model, [(name,) for name in names])
        sources = [(name, "s3://bucket/model") for name in names]
        versions = time_calls(lambda *each: self._client.create_model_version(*each, await_creation_for=None), sources)
        aliases = time_calls(self._client.set_registered_model_alias, [(name, "champion", "1") for name in names])
        return {"model": made, "version": versions, "alias": aliases}
