"""Pages of runs that a filter or an order has found: put together from texts that the database has written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from nbtrack.registry.pages import token_of
from nbtrack.server.mlflow.desk import as_json
from nbtrack.server.mlflow.known import KnownRun
from nbtrack.server.mlflow.replies import JSON, reply
from nbtrack.store import run_texts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbtrack.server.mlflow.desk import Desk
    from nbtrack.server.mlflow.known import Link
    from nbtrack.store.protocol import RunQuery
    from nbtrack.store.run_texts import RunTexts


def page_of(desk: Desk, query: RunQuery, limit: int, offset: int) -> Response:
    """Return a page of `limit` runs of a query that asks for one more."""
    desk.look()
    before = desk.changes
    with desk.store.reading() as reader:
        found = run_texts.texts(reader.con, query)
        links = desk.links([run.info.run_id for run in found], before) if found else {}
    if not found:
        return reply({})
    roots = desk.roots
    told = b",".join(_told(run, roots[run.info.experiment_id], links.get(run.info.run_id, ())) for run in found[:limit])
    token = b'],"next_page_token":' + as_json(token_of(offset + limit)) if len(found) > limit else b"]"
    return Response(b'{"runs":[' + told + token + b"}", media_type=JSON)


def _told(run: RunTexts, artifact_root: str, links: Sequence[Link]) -> bytes:
    """Return a run as MLflow tells it; see :meth:`KnownRun.told`."""
    known = KnownRun.without_data(run.info, run.inputs, links)
    parts = (("metrics", run.metrics), ("params", run.params), ("tags", run.tags))
    data = ",".join(f'"{name}":{text}' for name, text in parts if text)
    info, flow = as_json(known.info(artifact_root)), as_json(known.flow())
    return b'{"info":' + info + b',"data":{' + data.encode() + b"}," + flow[1:]
