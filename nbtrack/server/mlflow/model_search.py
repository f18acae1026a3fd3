"""``/logged-models/search``: filters and order over the models of some experiments; the one search that looks at each thing in Python."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter
from starlette.responses import Response

from nbtrack.search.match import matches, ordered
from nbtrack.search.parser import parse_filter, parse_order_by
from nbtrack.server.mlflow import model_messages as m
from nbtrack.server.mlflow.desk import AtDesk
from nbtrack.server.mlflow.errors import required
from nbtrack.server.mlflow.logged_models import told
from nbtrack.server.mlflow.paging import limit_of, offset_of, token
from nbtrack.server.mlflow.replies import page
from nbtrack.tracking import logged_models
from nbtrack.wire import number_from_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbtrack.search.tree import Field
    from nbtrack.tracking.logged_models import LoggedModel

router = APIRouter(prefix="/logged-models", tags=["logged models"])

MAX_PAGE = 1000
_ONLY_NAME = re.compile(r"\s*(?:attributes\.)?name\s*=\s*'([\w\- ]+)'\s*", re.ASCII)


@router.post("/search")
def search(desk: AtDesk, body: m.SearchLoggedModels) -> Response:
    """Return a page of the models that match, newest first unless ordered otherwise."""
    if not body.experiment_ids:
        raise required("experiment_ids")
    limit, offset = limit_of(body.max_results, 100, MAX_PAGE), offset_of(body.page_token)
    text = body.filter or ""
    node = parse_filter(text, subject="logged model")
    orders = [(_order(term, body), term.ascending is False) for term in body.order_by or ()]
    only = _ONLY_NAME.fullmatch(text)
    ids = [int(i) for i in body.experiment_ids if i.isascii() and i.isdigit() and len(i) < 19]  # noqa: PLR2004 - an int64
    of_all = logged_models.of_experiments(desk.store, ids, json.dumps(only[1]) if only else "")
    wanted = {str(i) for i in ids}
    found = [
        model
        for model in of_all
        if not model.is_deleted
        and model.model_id
        and (not only or model.name == only[1])
        and matches(node, _values(model, body.datasets or ()))
        and model.experiment_id in wanted
    ]
    found = ordered(found, orders, lambda model: (-model.created_ms, model.model_id or ""))[offset:]
    shown = [told(desk, model) for model in found[:limit]]
    return page("models", shown, token(offset + limit) if len(found) > limit else None)


def _values(model: LoggedModel, datasets: Any) -> Callable[[Field], str | float | None]:
    """Return what a model has under each field; metrics only of the given datasets, when there are any."""

    def value_of(field: Field) -> str | float | None:
        match field.entity:
            case "params":
                return model.params.get(field.key)
            case "tags":
                return model.tags.get(field.key)
            case "metrics":
                return _last(model, field.key, datasets)
        return _attribute(model, field.key)

    return value_of


def _attribute(model: LoggedModel, key: str) -> str | float | None:
    found: dict[str, Any] = {
        "name": model.name,
        "model_id": model.model_id,
        "model_type": model.model_type,
        "status": model.status,
        "experiment_id": model.experiment_id,
        "source_run_id": "" if model.is_alone else model.run_id,
        "creation_time": model.created_ms,
        "last_update_time": model.updated_ms,
    }
    value: str | float | None = found[key]
    return value


def _last(model: LoggedModel, key: str, datasets: Any) -> float | None:
    points = [
        (step, time, number_from_json(value))
        for name, value, time, step, dataset, digest, _ in model.metrics
        if name == key
        and (
            not datasets or any(d.dataset_name == dataset and d.dataset_digest in (None, "", digest) for d in datasets)
        )
    ]
    return max(points)[2] if points else None


def _order(term: m.OrderTerm, body: m.SearchLoggedModels) -> Callable[[LoggedModel], Any]:
    (parsed,) = parse_order_by([term.field_name], subject="logged model")
    field = parsed.field
    of = (
        [m.DatasetFilter(dataset_name=term.dataset_name, dataset_digest=term.dataset_digest)]
        if term.dataset_name
        else ()
    )

    def value_of(model: LoggedModel) -> Any:
        match field.entity:
            case "metrics":
                return _last(model, field.key, of or body.datasets or ())
            case "params":
                return model.params.get(field.key)
            case "tags":
                return model.tags.get(field.key)
        return _attribute(model, field.key)

    return value_of
