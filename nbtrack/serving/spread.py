"""Parts of a scoring job on a Dask cluster: each worker loads the model once and writes the parts it is given."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from nbtrack.deps import require
from nbtrack.serving.batch import Job, Piece, score_piece

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

RETRIES = 2


def over_dask(
    store_uri: str, scheduler: str | None = None, *, trust: bool = False
) -> Callable[[Job, Sequence[Piece], Callable[[int], None]], None]:
    """Return an engine that spreads pieces over a Dask cluster.

    Parameters
    ----------
    store_uri : str
        The store that has the model; all workers must see it.
    scheduler : str, optional
        ``tcp://host:8786``; the client of this process, or a cluster on this machine for as long as the job goes on, when not given.
    trust : bool
        The model's code may run although this user did not log it.
    """
    distributed = require("distributed", "to spread predictions over a cluster", package="dask[distributed]")

    def engine(job: Job, pieces: Sequence[Piece], advanced: Callable[[int], None]) -> None:
        client, is_ours = _client(distributed, scheduler)
        try:
            waiting = client.map(
                lambda piece: score_remote(job, piece, store_uri, trust=trust), pieces, pure=False, retries=RETRIES
            )
            for done in distributed.as_completed(waiting):
                advanced(done.result())
        finally:
            if is_ours:
                client.close()
                if client.cluster is not None:
                    client.cluster.close()

    return engine


def score_remote(job: Job, piece: Piece, store_uri: str, *, trust: bool) -> int:
    """Make one part in a worker; returns its rows."""
    return score_piece(_model(store_uri, job.model, trust), job, piece)


@lru_cache(maxsize=2)
def _model(store_uri: str, key: str, trust: bool) -> Any:  # noqa: FBT001 - a key of the cache
    from nbtrack.tracking import active, models  # noqa: PLC0415

    active.set_tracking_uri(store_uri)
    return models.load_pyfunc(key, trust=trust)


def _client(distributed: Any, scheduler: str | None) -> tuple[Any, bool]:
    """Return a client, and whether it is to be closed after the job."""
    if scheduler is not None:
        return distributed.Client(scheduler), True
    try:
        return distributed.default_client(), False
    except ValueError:
        # Without an address, Dask takes port 8787 for its HTTP server, and warns when somebody has that.
        return distributed.Client(dashboard_address="127.0.0.1:0"), True
