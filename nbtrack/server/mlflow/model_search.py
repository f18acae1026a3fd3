"""``/logged-models/search``: the models of some experiments that match a filter, page by page."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from nbtrack.registry.pages import token_of
from nbtrack.server.mlflow import model_messages as m
from nbtrack.server.mlflow.desk import AtDesk
from nbtrack.server.mlflow.errors import required
from nbtrack.server.mlflow.logged_models import told
from nbtrack.server.mlflow.paging import limit_of, offset_of
from nbtrack.server.mlflow.replies import page
from nbtrack.tracking.model_search import matching

router = APIRouter(prefix="/logged-models", tags=["logged models"])

MAX_PAGE = 1000


@router.post("/search")
def search(desk: AtDesk, body: m.SearchLoggedModels) -> Response:
    """Return a page of the models that match, newest first unless ordered otherwise."""
    if not body.experiment_ids:
        raise required("experiment_ids")
    limit, offset = limit_of(body.max_results, 100, MAX_PAGE), offset_of(body.page_token)
    ids = [int(i) for i in body.experiment_ids if i.isascii() and i.isdigit() and len(i) < 19]  # noqa: PLR2004 - an int64
    datasets = [each.model_dump() for each in body.datasets or ()]
    orders = [each.model_dump() for each in body.order_by or ()]
    found = matching(desk.store, ids, body.filter or "", datasets, orders)[offset:]
    shown = [told(desk, model) for model in found[:limit]]
    return page("models", shown, token_of(offset + limit) if len(found) > limit else None)
