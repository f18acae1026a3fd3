"""Logged models as MLflow's clients know them, found by id or by a filter."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from nbtrack.entities import Metric
from nbtrack.errors import InvalidValueError
from nbtrack.registry.pages import Page, offset_of
from nbtrack.search.match import matches, ordered
from nbtrack.search.parser import parse_filter, parse_order_by
from nbtrack.tracking import logged_models
from nbtrack.wire import number_from_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from nbtrack.search.tree import Field
    from nbtrack.store.protocol import TrackingStore

    Datasets = Sequence[Mapping[str, str]]

PAGE = 100
_ONLY_NAME = re.compile(r"\s*(?:attributes\.)?name\s*=\s*'([\w\- ]+)'\s*", re.ASCII)
"""A filter by nothing but a name, as clients ask all the time: the records of other models need not be read for it."""


@dataclass(frozen=True, slots=True, repr=False)
class LoggedModel:
    """A model of a run, with MLflow's field names; times in milliseconds UTC. `source_run_id` is None when no run made it."""

    experiment_id: str
    model_id: str
    name: str
    artifact_location: str
    creation_timestamp: int
    last_updated_timestamp: int
    model_type: str = ""
    source_run_id: str | None = None
    status: str = "READY"
    tags: dict[str, str] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    metrics: list[Metric] = field(default_factory=list)

    @property
    def model_uri(self) -> str:
        """How to load it: ``models:/m-…``."""
        return f"models:/{self.model_id}"

    def to_dictionary(self) -> dict[str, Any]:
        """Return it as plain dictionaries."""
        return asdict(self)

    def __repr__(self) -> str:
        """Name the model in one line."""
        return f"<LoggedModel {self.name!r} {self.model_id} {self.status}>"


def get(store: TrackingStore, model_id: str) -> LoggedModel:
    """Return the model with this id. Raises ``NotFoundError``."""
    return _told(logged_models.find(store, model_id))


def search(
    store: TrackingStore,
    experiment_ids: Sequence[str],
    filter_string: str | None = None,
    datasets: Datasets | None = None,
    max_results: int | None = None,
    order_by: Sequence[Mapping[str, Any]] | None = None,
    page_token: str | None = None,
) -> Page[LoggedModel]:
    """Return a page of the models of some experiments that match, newest first unless ordered otherwise.

    Parameters
    ----------
    store : TrackingStore
    experiment_ids : sequence of str
    filter_string : str, optional
        Such as ``"metrics.auc > 0.9 AND params.depth = '3' AND name LIKE 'fraud%'"``.
    datasets : sequence of dict, optional
        ``{"dataset_name": …, "dataset_digest": …}``: metrics on these data sets count only.
    max_results : int, optional
        All by default.
    order_by : sequence of dict, optional
        ``{"field_name": "metrics.auc", "ascending": False, "dataset_name": …, "dataset_digest": …}``.
    """
    for term in order_by or ():
        if not isinstance(term, dict) or not term.get("field_name"):
            message = f'order_by has {term!r}; each is such as {{"field_name": "metrics.auc", "ascending": False}}.'
            raise InvalidValueError(message)
    offset = offset_of(page_token)
    found = matching(store, [int(i) for i in experiment_ids], filter_string or "", datasets or (), order_by or ())[
        offset:
    ]
    limit = len(found) if max_results is None else max_results
    return Page.of([_told(model) for model in found[: limit + 1]], limit, offset)


def matching(
    store: TrackingStore,
    experiment_ids: Sequence[int],
    filter_string: str,
    datasets: Datasets,
    order_by: Sequence[Mapping[str, Any]],
) -> list[logged_models.LoggedModel]:
    """Return all models of some experiments that match, in order; the words are those of :func:`search`."""
    node = parse_filter(filter_string, subject="logged model")
    orders = [_order(term, datasets) for term in order_by]
    only = _ONLY_NAME.fullmatch(filter_string)
    of_all = logged_models.of_experiments(store, experiment_ids, json.dumps(only[1]) if only else "")
    wanted = {str(i) for i in experiment_ids}
    found = [
        model
        for model in of_all
        if model.model_id
        and not model.is_deleted
        and model.experiment_id in wanted
        and matches(node, _values(model, datasets))
    ]
    return ordered(found, orders, lambda model: (-model.created_ms, model.model_id or ""))


def _told(model: logged_models.LoggedModel) -> LoggedModel:
    points = [Metric(key, number_from_json(value), ms, step) for key, value, ms, step, *_ in model.metrics]
    return LoggedModel(
        model.experiment_id,
        str(model.model_id),
        model.name,
        model.uri,
        model.created_ms,
        model.updated_ms,
        model.model_type,
        None if model.is_alone else model.run_id,
        model.status,
        model.tags,
        model.params,
        points,
    )


def _order(term: Mapping[str, Any], datasets: Datasets) -> tuple[Callable[[logged_models.LoggedModel], Any], bool]:
    (parsed,) = parse_order_by([term["field_name"]], subject="logged model")
    of = [term] if term.get("dataset_name") else datasets
    return (lambda model: _values(model, of)(parsed.field)), term.get("ascending") is False


def _values(model: logged_models.LoggedModel, datasets: Datasets) -> Callable[[Field], str | float | None]:
    """Return what a model has under each field."""
    own: dict[str, str | float | None] = {
        "name": model.name,
        "model_id": model.model_id,
        "model_type": model.model_type,
        "status": model.status,
        "experiment_id": model.experiment_id,
        "source_run_id": "" if model.is_alone else model.run_id,
        "creation_time": model.created_ms,
        "last_update_time": model.updated_ms,
    }

    def value_of(field: Field) -> str | float | None:
        match field.entity:
            case "params":
                return model.params.get(field.key)
            case "tags":
                return model.tags.get(field.key)
            case "metrics":
                return _last(model, field.key, datasets)
        return own[field.key]

    return value_of


def _last(model: logged_models.LoggedModel, key: str, datasets: Datasets) -> float | None:
    def counts(name: str | None, digest: str | None) -> bool:
        return not datasets or any(
            each.get("dataset_name") == name and each.get("dataset_digest") in (None, "", digest) for each in datasets
        )

    points = [(p[3], p[2], number_from_json(p[1])) for p in model.metrics if p[0] == key and counts(p[4], p[5])]
    return max(points)[2] if points else None
