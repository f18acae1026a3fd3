"""Bodies of requests about experiments, runs and metrics, as they stand in the OpenAPI. Fields that are not known are let be.

Text is text: a number where a text belongs is refused, in MLflow's words (``errors.py``).
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from nbtrack.entities import ViewType
from nbtrack.names import INT64_MAX, INT64_MIN
from nbtrack.server.mlflow.limits import LAST_MS

MAX_TEXT = 20_000_000
RUN_STATUSES = ("RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED")
"""In the order of MLflow's numbers, from 1."""


def _no_truth(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("Please specify value as a valid double (64-bit floating point)")  # noqa: TRY004 - pydantic's way
    return value


def _status(value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= len(RUN_STATUSES):
        return RUN_STATUSES[value - 1]
    if isinstance(value, str) and value in RUN_STATUSES:
        return value
    raise ValueError(f"It must be one of {', '.join(RUN_STATUSES)}.")


def _view(value: Any) -> Any:
    if isinstance(value, str) and value in ViewType.__members__:
        return ViewType[value]
    if isinstance(value, int) and not isinstance(value, bool) and value in (1, 2, 3):
        return ViewType(value)
    if value is None:
        return ViewType.ACTIVE_ONLY
    raise ValueError("It must be one of ACTIVE_ONLY, DELETED_ONLY, ALL.")


Int64 = Annotated[int, Field(ge=INT64_MIN, le=INT64_MAX), BeforeValidator(_no_truth)]
Milliseconds = Annotated[int, Field(ge=0, le=LAST_MS), BeforeValidator(_no_truth)]
Number = Annotated[float, BeforeValidator(_no_truth)]
"""Also ``"NaN"``, ``"Infinity"`` and ``"-Infinity"``, which JSON has no numbers for."""
RunStatusName = Annotated[str | None, BeforeValidator(_status)]
View = Annotated[ViewType, BeforeValidator(_view), Field(json_schema_extra={"enum": [*ViewType.__members__]})]


class Message(BaseModel):
    """The body of a request."""

    # With a limit, texts are read as Unicode: half a surrogate pair, which JSON can say and no file can keep, is refused.
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True, str_max_length=MAX_TEXT)


class KeyValue(Message):
    """A tag or param."""

    key: str
    value: str | None = None


class OfRun(Message):
    """Names a run; older clients say ``run_uuid``."""

    run_id: str
    run_uuid: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _either(cls, data: Any) -> Any:
        if isinstance(data, dict) and not data.get("run_id") and data.get("run_uuid"):
            return {**data, "run_id": data["run_uuid"]}
        return data


# -- experiments ---------------------------------------------------------------------------------------------------------


class CreateExperiment(Message):
    """A new experiment."""

    name: str
    artifact_location: str | None = None
    tags: list[KeyValue] | None = None


class OfExperiment(Message):
    """Names an experiment."""

    experiment_id: str


class UpdateExperiment(OfExperiment):
    """Another name."""

    new_name: str


class SetExperimentTag(OfExperiment):
    """A tag of an experiment."""

    key: str
    value: str | None = None


class DeleteExperimentTag(OfExperiment):
    """A tag that goes."""

    key: str


class Search(Message):
    """What every search takes."""

    filter: str | None = None
    max_results: Int64 | None = None
    order_by: list[str] | None = None
    page_token: str | None = None


class SearchExperiments(Search):
    """Which experiments."""

    view_type: View = ViewType.ACTIVE_ONLY


# -- runs ----------------------------------------------------------------------------------------------------------------


class CreateRun(Message):
    """A new run."""

    experiment_id: str | None = None
    user_id: str | None = None
    run_name: str | None = None
    start_time: Milliseconds | None = None
    tags: list[KeyValue] | None = None


class UpdateRun(OfRun):
    """Another status or name."""

    status: RunStatusName = None
    end_time: Milliseconds | None = None
    run_name: str | None = None


class LogMetric(OfRun):
    """One point of a metric."""

    key: str
    value: Number
    timestamp: Milliseconds
    step: Int64 | None = 0
    model_id: str | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None


class LogParam(OfRun):
    """One param."""

    key: str
    value: str | None = None


class SetTag(LogParam):
    """One tag."""


class DeleteTag(OfRun):
    """A tag that goes."""

    key: str


class Point(Message):
    """One point of a metric in a batch."""

    key: str
    value: Number
    timestamp: Milliseconds
    step: Int64 | None = 0
    model_id: str | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None


class LogBatch(OfRun):
    """Many metrics, params and tags."""

    metrics: list[Point] | None = None
    params: list[KeyValue] | None = None
    tags: list[KeyValue] | None = None


class DatasetMessage(Message):
    """A dataset; `source`, `schema` and `profile` are texts that hold JSON."""

    name: str
    digest: str
    source_type: str
    source: str
    schema_text: str | None = Field(None, alias="schema")
    profile: str | None = None


class DatasetInputMessage(Message):
    """A dataset that a run used."""

    dataset: DatasetMessage
    tags: list[KeyValue] | None = None


class ModelInput(Message):
    """A model that a run used."""

    model_id: str


class ModelOutput(ModelInput):
    """A model that a run made."""

    step: Int64 | None = 0


class LogInputs(OfRun):
    """Datasets and models that a run used."""

    datasets: list[DatasetInputMessage] | None = None
    models: list[ModelInput] | None = None


class LogOutputs(OfRun):
    """Models that a run made."""

    models: list[ModelOutput]


class LogModel(OfRun):
    """A model as MLflow 2 logs it: the text of ``MLmodel`` as JSON."""

    model_json: str


class SearchRuns(Search):
    """Which runs."""

    experiment_ids: list[str] | None = None
    run_view_type: View = ViewType.ACTIVE_ONLY
