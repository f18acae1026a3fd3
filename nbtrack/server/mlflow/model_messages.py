"""Bodies of requests about logged models, registered models, webhooks and uploads in parts."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator

from nbtrack.server.mlflow.messages import Int64, KeyValue, Message, Search

MODEL_STATUSES = ("PENDING", "READY", "UPLOAD_FAILED")
"""In the order of MLflow's numbers, from 1."""
PREFIX = "LOGGED_MODEL_"


def _model_status(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= len(MODEL_STATUSES):
        return MODEL_STATUSES[value - 1]
    if isinstance(value, str) and value.removeprefix(PREFIX) in MODEL_STATUSES:
        return value.removeprefix(PREFIX)
    raise ValueError(f"It must be one of {', '.join(PREFIX + each for each in MODEL_STATUSES)}.")


def _number_text(value: Any) -> Any:
    """Take a version as a number too, as JSON of other clients may have it."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


VersionText = Annotated[str, BeforeValidator(_number_text)]


class CreateLoggedModel(Message):
    """A new model."""

    experiment_id: str
    name: str | None = None
    model_type: str | None = None
    source_run_id: str | None = None
    params: list[KeyValue] | None = None
    tags: list[KeyValue] | None = None


class FinalizeLoggedModel(Message):
    """Whether the files of a model have all come."""

    status: Annotated[str, BeforeValidator(_model_status)]


class ModelTags(Message):
    """Tags of a model."""

    tags: list[KeyValue] | None = None


class ModelParams(Message):
    """Params of a model."""

    params: list[KeyValue] | None = None


class OrderTerm(Message):
    """What models are sorted by."""

    field_name: str
    ascending: bool | None = True
    dataset_name: str | None = None
    dataset_digest: str | None = None


class DatasetFilter(Message):
    """Of which dataset the metrics are."""

    dataset_name: str
    dataset_digest: str | None = None


class SearchLoggedModels(Message):
    """Which models."""

    experiment_ids: list[str]
    filter: str | None = None
    datasets: list[DatasetFilter] | None = None
    max_results: Int64 | None = None
    order_by: list[OrderTerm] | None = None
    page_token: str | None = None


# -- registered models ---------------------------------------------------------------------------------------------------


class OfModel(Message):
    """Names a registered model."""

    name: str


class CreateModel(OfModel):
    """A new registered model."""

    tags: list[KeyValue] | None = None
    description: str | None = None


class RenameModel(OfModel):
    """Another name."""

    new_name: str


class UpdateModel(OfModel):
    """Another description."""

    description: str | None = None


class SetModelTag(OfModel):
    """A tag of a registered model."""

    key: str
    value: str | None = None


class DeleteModelTag(OfModel):
    """A tag that goes."""

    key: str


class LatestVersions(OfModel):
    """Which stages."""

    stages: list[str] | None = None


class OfAlias(OfModel):
    """Names an alias."""

    alias: str


class SetAlias(OfAlias):
    """Where an alias points."""

    version: VersionText


class OfVersion(OfModel):
    """Names a version."""

    version: VersionText


class CreateVersion(OfModel):
    """A new version."""

    source: str
    run_id: str | None = None
    model_id: str | None = None
    tags: list[KeyValue] | None = None
    run_link: str | None = None
    description: str | None = None


class UpdateVersion(OfVersion):
    """Another description."""

    description: str | None = None


class SetVersionTag(OfVersion):
    """A tag of a version."""

    key: str
    value: str | None = None


class DeleteVersionTag(OfVersion):
    """A tag that goes."""

    key: str


class TransitionStage(OfVersion):
    """Another stage."""

    stage: str
    archive_existing_versions: bool | None = False


class SearchModels(Search):
    """Which registered models, or versions."""


# -- webhooks ------------------------------------------------------------------------------------------------------------


class EventMessage(Message):
    """What a webhook is told of, such as ``MODEL_VERSION`` ``CREATED``."""

    entity: str
    action: str


class CreateWebhook(Message):
    """A new webhook; `secret` and `url` may name environment variables of the server as ``$NAME``."""

    name: str
    url: str
    events: list[EventMessage]
    description: str | None = None
    secret: str | None = None
    status: str | None = None


class UpdateWebhook(Message):
    """What changes of a webhook."""

    name: str | None = None
    url: str | None = None
    events: list[EventMessage] | None = None
    description: str | None = None
    secret: str | None = None
    status: str | None = None


class TestWebhook(Message):
    """Which event is tried."""

    event: EventMessage | None = None


# -- uploads in parts ----------------------------------------------------------------------------------------------------


class CreateUpload(Message):
    """A new upload."""

    path: str
    num_parts: Int64 | None = 1


class UploadPart(Message):
    """A part that was sent."""

    part_number: Int64
    etag: str | None = None
    url: str | None = None


class CompleteUpload(Message):
    """All parts."""

    path: str
    upload_id: str
    parts: list[UploadPart]


class AbortUpload(Message):
    """An upload that is given up."""

    path: str
    upload_id: str
