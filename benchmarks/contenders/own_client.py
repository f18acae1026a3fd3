"""nbtrack's own client, against a server of nbtrack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import nbtrack

from benchmarks import material
from benchmarks.laps import Laps, Timed, time_calls, timed

if TYPE_CHECKING:
    from pathlib import Path

PAGE = 1000


class Contender:
    """Asks for what the MLflow client is asked for, too.

    Parameters
    ----------
    folder : Path
        Where records wait until the server has them.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def ready(self) -> dict[str, str]:
        """Say which client is used."""
        return {"nbtrack": nbtrack.__version__}

    def close(self) -> None:
        """Nothing is open."""

    def use(self, url: str) -> None:
        """Work with this server from now on."""
        import os

        os.environ["NBTRACK_OUTBOX"] = str(self._folder / "outbox")
        nbtrack.set_tracking_uri(url)

    def log_metric(self, n: int) -> Laps:
        """Log single points; they go to the server meanwhile, and all are there when the run has ended."""
        with nbtrack.start_run(experiment="own") as run:
            return time_calls(run.log_metric, [("loss", value, step) for step, value in enumerate(material.values(n))])

    def create_run(self, n: int) -> Laps:
        """Begin and end runs."""

        def empty() -> None:
            with nbtrack.start_run(experiment="own"):
                pass

        return time_calls(empty, [()] * n)

    def search(self, name: str, is_filtered: bool, offset: int) -> Timed:  # noqa: ARG002, FBT001
        """Return the first thousand runs that match, as a DataFrame."""
        found: list[Any] = []
        text = material.FILTER if is_filtered else ""
        took = timed(
            lambda: found.append(
                nbtrack.search_runs(text, order_by=[material.ORDER], experiment_names=[name], max_results=PAGE)
            )
        )
        assert 0 < len(found[0]) <= PAGE
        return took

    def history(self, run_id: str, n: int) -> Timed:
        """Return all points of a long run, as a DataFrame."""
        found: list[Any] = []
        took = timed(lambda: found.append(nbtrack.metric_history(run_id, "loss")))
        assert len(found[0]) == n
        return took
