"""The nouns of tracking, as frozen dataclasses with MLflow's field names."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from enum import IntEnum, StrEnum
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbtrack.cells.found import MetricSlice

MOST_SHOWN = 4
"""Metrics, and params, in the one line that stands for a run."""


class RunStatus(StrEnum):
    """How a run stands."""

    RUNNING = "RUNNING"
    FINISHED = "FINISHED"
    FAILED = "FAILED"
    KILLED = "KILLED"


class LifecycleStage(StrEnum):
    """Whether something is in use or in the trash."""

    ACTIVE = "active"
    DELETED = "deleted"
    CARRIER = "carrier"
    """Of a run that no search shows: it keeps the files of a model that no run made."""


class ViewType(IntEnum):
    """Which lifecycle stages a search returns; numbers as in MLflow."""

    ACTIVE_ONLY = 1
    DELETED_ONLY = 2
    ALL = 3


@dataclass(frozen=True, slots=True)
class Metric:
    """One point of a metric: `timestamp` in milliseconds UTC, any int64 `step`."""

    key: str
    value: float
    timestamp: int = 0
    step: int = 0


@dataclass(frozen=True, slots=True)
class Param:
    """A setting of a run, kept as text."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class RunTag:
    """A label of a run that may change."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class MetricSummary:
    """What the store keeps ready of a metric: last value and its step, extremes without NaN, number of points and of NaNs."""

    key: str
    last: float
    step: int
    timestamp: int
    min: float
    max: float
    count: int
    nans: int


@dataclass(frozen=True, slots=True, repr=False)
class Experiment:
    """A named group of runs; times in milliseconds UTC."""

    experiment_id: str
    name: str
    lifecycle_stage: str = LifecycleStage.ACTIVE
    creation_time: int = 0
    last_update_time: int = 0
    tags: dict[str, str] = field(default_factory=dict)
    artifact_location: str = ""

    def __repr__(self) -> str:
        """Name the experiment in one line."""
        trash = " in the trash" if self.lifecycle_stage == LifecycleStage.DELETED else ""
        tags = f" · {', '.join(f'{key}={value}' for key, value in self.tags.items())}" if self.tags else ""
        return f"<Experiment {self.experiment_id or '(no id yet)'} {self.name!r}{trash}{tags}>"


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset used by a run; `schema`, `profile` and `source` are JSON texts, `digest` identifies the content."""

    name: str
    digest: str
    source_type: str = "code"
    source: str = "{}"
    schema: str = "{}"
    profile: str = "{}"


@dataclass(frozen=True, slots=True)
class DatasetInput:
    """A dataset with the context (``"training"``, ``"eval"``, …) in which a run used it."""

    dataset: Dataset
    context: str = ""
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ArtifactInfo:
    """A file (or folder) of a run: `path` relative with forward slashes, `file_size` in bytes or None for a folder."""

    path: str
    is_dir: bool
    file_size: int | None
    sha256: str | None = None
    mime: str | None = None


@dataclass(frozen=True, slots=True)
class RunInfo:
    """Who, when and how of a run; times in milliseconds UTC, `duration` in seconds."""

    run_id: str
    run_name: str
    number: int | None
    experiment_id: str
    experiment_name: str
    status: str
    start_time: int
    end_time: int | None = None
    duration: float | None = None
    lifecycle_stage: str = LifecycleStage.ACTIVE
    user_id: str = ""
    parent_run_id: str | None = None
    last_seen: int | None = None
    lost: int = 0

    @property
    def artifact_uri(self) -> str:
        """Where the run's files are, as ``runs:/<run id>``."""
        return f"runs:/{self.run_id}"


@dataclass(frozen=True, slots=True)
class RunData:
    """What was logged: last metric values, params and tags by key; `summaries` has min, max and counts too."""

    metrics: dict[str, float] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    summaries: dict[str, MetricSummary] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunInputs:
    """The datasets that a run used."""

    dataset_inputs: tuple[DatasetInput, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Run:
    """A recorded run, as ``get_run`` and ``search_runs(output_format="list")`` return it."""

    info: RunInfo
    data: RunData
    inputs: RunInputs = field(default_factory=RunInputs)

    def to_dictionary(self) -> dict[str, Any]:
        """Return the run as plain dictionaries, ready for JSON."""
        return asdict(self)

    def slice(self, metric: str) -> MetricSlice:
        """Return the cells of its notebook that produced a metric, as a script; see :meth:`nbtrack.tracking.run.ActiveRun.slice`."""
        found: MetricSlice = import_module("nbtrack.tracking.cells").slice_run(self, metric)  # a floor above
        return found

    def __repr__(self) -> str:
        """Say in one line which run it is and how it went; `info` and `data` have the rest."""
        metrics = [f"{key} {value:.4g}" for key, value in self.data.metrics.items() if not key.startswith("system/")]
        params = [f"{key}={value}" for key, value in self.data.params.items()]
        parts = [", ".join([*items[:MOST_SHOWN], *["…"] * (len(items) > MOST_SHOWN)]) for items in (metrics, params)]
        number = "" if self.info.number is None else f"#{self.info.number} "
        head = f"{number}{self.info.run_name!r} {self.info.status}"
        return f"<Run {' · '.join([head, *filter(None, parts)])}>"


class _Pairs:
    """What ``dict(version)`` makes a dict of, as in MLflow."""

    __slots__ = ()

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        """Yield name and value of each field."""
        for each in fields(self):  # type: ignore[arg-type]
            yield each.name, getattr(self, each.name)


@dataclass(frozen=True, slots=True, repr=False)
class ModelVersion(_Pairs):
    """A version of a registered model, with MLflow's field names; times in milliseconds UTC.

    `run_id` and `path` say where its files are: in the artifacts of that run; both are None for one that is kept elsewhere (`source`).
    """

    name: str
    version: int
    creation_timestamp: int
    last_updated_timestamp: int
    description: str = ""
    user_id: str = ""
    current_stage: str = "None"
    source: str = ""
    run_id: str | None = None
    path: str | None = None
    model_id: str | None = None
    run_link: str = ""
    status: str = "READY"
    tags: dict[str, str] = field(default_factory=dict)
    aliases: list[str] = field(default_factory=list)

    @property
    def uri(self) -> str:
        """How to load it: ``models:/<name>/<version>``."""
        return f"models:/{self.name}/{self.version}"

    @property
    def status_message(self) -> str:
        """Return what MLflow says of a version that is not ready; here each one is."""
        return ""

    def expect(self, expression: str, *, alias: str | None = None, comment: str = "") -> ModelGate:
        """Say what must hold before an alias moves to this version; see :func:`nbtrack.expect`."""
        verbs = import_module("nbtrack.tracking.registered")  # a floor above, where the store in use is known
        gate: ModelGate = verbs.expect_of(self, expression, alias=alias, comment=comment)
        return gate

    def __repr__(self) -> str:
        """Name the version in one line, with what points at it."""
        stage = [] if self.current_stage == "None" else [self.current_stage]
        marks = [*(f"@{alias}" for alias in self.aliases), *stage]
        return f"<ModelVersion {' · '.join([f'{self.name} {self.version}', *marks])}>"


@dataclass(frozen=True, slots=True, repr=False)
class RegisteredModel(_Pairs):
    """A name under which versions are registered; `latest_versions` has the newest of each stage, `aliases` version numbers."""

    name: str
    creation_timestamp: int
    last_updated_timestamp: int
    description: str = ""
    user_id: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, int] = field(default_factory=dict)
    latest_versions: list[ModelVersion] = field(default_factory=list)
    gates: list[ModelGate] = field(default_factory=list)
    n_versions: int = 0

    def __repr__(self) -> str:
        """Name the model in one line, with its aliases."""
        n_versions = f"{self.n_versions} version{'' if self.n_versions == 1 else 's'}"
        marks = [f"@{alias} → {version}" for alias, version in self.aliases.items()]
        return f"<RegisteredModel {' · '.join([repr(self.name), n_versions, *marks])}>"


@dataclass(frozen=True, slots=True)
class ModelEvent:
    """One change of the registry: who did what when, from what to what, and why.

    `op` is ``create``, ``rename``, ``describe``, ``delete``, ``tag``, ``untag``, ``comment`` of a model; ``version``, ``describe_version``,
    ``delete_version``, ``tag_version``, ``untag_version``, ``stage`` of a version; ``alias``, ``unalias``; ``expect``, ``unexpect`` of a
    gate. `before` and `after` are texts: of an alias, version numbers. `detail` says more, as which gates were overridden.
    """

    name: str
    timestamp: int
    user_id: str
    op: str
    version: int | None = None
    alias: str | None = None
    stage: str | None = None
    key: str | None = None
    before: str | None = None
    after: str | None = None
    comment: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class ModelGate:
    """What must hold before an alias moves to a version: of one `alias` or all (None), for one `version` or all (None)."""

    name: str
    expression: str
    alias: str | None = None
    version: int | None = None
    timestamp: int = 0
    user_id: str = ""

    def __repr__(self) -> str:
        """Say in one line what must hold before what moves where."""
        alias = "any alias" if self.alias is None else f"@{self.alias}"
        version = "" if self.version is None else f" to version {self.version}"
        return f"<ModelGate {self.name!r} · {alias} moves{version} when {self.expression}>"
