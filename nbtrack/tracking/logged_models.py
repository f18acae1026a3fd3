"""The models of runs: which were logged, under which id, and where their files are.

What is known comes from records of kind ``model``, one for each model that was logged and one more when a newer model took its name.
The tag ``mlflow.log-model.history`` says the same in MLflow's way. Records without a path change or tell more about a model that is there:

``{model_id, set: {status, tags, untag, params, flavors, deleted}}`` · ``{model_id, metrics: [[key, value, ms, step, dataset, digest], …]}``
of the run that measured it · ``{model_id, used: "input" | "output", step}`` of the run that used or made it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.models.folder import check_relative
from nbtrack.names import check_key, check_number, check_step
from nbtrack.tracking import seals
from nbtrack.wire import number_to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd

    from nbtrack.models.mlmodel import MLmodel
    from nbtrack.store.protocol import Record, TrackingStore

HISTORY = "mlflow.log-model.history"
"""The tag in which MLflow 2 keeps the models of a run; `model_id` is added."""
KEPT = "models"
"""Folder of a run for models whose name was given to a newer one."""
_IDENT = re.compile("m-[0-9a-f]{32}")
RECORD = "model"
"""Kind of the journal records."""

_RECORDS = (
    "SELECT run_id, body, epoch_us(timestamp) // 1000 AS at, "
    "(SELECT max(r.experiment_id) FROM runs r WHERE r.run_id = events.run_id) AS experiment FROM events WHERE kind = 'model'"
)
_LINKS = (
    "SELECT run_id, json_extract_string(body, '$.o.used') AS used, json_extract_string(body, '$.o.model_id') AS model, "
    "coalesce(json_extract_string(body, '$.o.step')::BIGINT, 0) AS step FROM events WHERE kind = 'model' AND contains(body, '\"used\"')"
)
_IN_ORDER = "ORDER BY timestamp, writer, seq"
ANY_LINK = "SELECT 1 FROM events WHERE kind = 'model' AND contains(body, '\"used\"') LIMIT 1"
"""Finds out whether any run has used or made a model."""


@dataclass(frozen=True, slots=True)
class LoggedModel:
    """A model of a run: where its folder is among the run's files, and what is said about it.

    `metrics` are ``[key, value, milliseconds UTC, step, dataset name, dataset digest, run id]``. `is_alone` says that no run made it:
    the run that it is kept in has nothing else.
    """

    run_id: str
    path: str
    model_id: str | None
    flavors: dict[str, Any] = field(default_factory=dict)
    utc_time_created: str | None = None
    experiment_id: str = ""
    name: str = ""
    status: str = "READY"
    model_type: str = ""
    is_alone: bool = False
    is_deleted: bool = False
    created_ms: int = 0
    updated_ms: int = 0
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    metrics: tuple[tuple[Any, ...], ...] = ()
    seal: str | None = None

    def is_ours(self, files: Iterable[tuple[str, str]]) -> bool:
        """Say whether this user logged it, with these files (name and SHA-256) and no others."""
        return seals.is_ours(self.seal, self.run_id, self.model_id, files)

    @property
    def uri(self) -> str:
        """Return ``runs:/<run id>/<path>``."""
        return f"runs:/{self.run_id}/{self.path}"


def record(
    mlmodel: MLmodel,
    files: Iterable[tuple[str, str]],
    params: Mapping[str, str] | None = None,
    tags: Mapping[str, str] | None = None,
    model_type: str | None = None,
) -> Record:
    """Return the journal record of a model of these files (name and SHA-256), sealed as this user's own."""
    entry = _entry(mlmodel)
    body = {
        **{name: entry[name] for name in ("model_id", "utc_time_created", "flavors")},
        "path": entry["artifact_path"],
        "seal": seals.seal(str(mlmodel.run_id), mlmodel.model_id, files),
        **({"params": dict(params)} if params else {}),
        **({"tags": dict(tags)} if tags else {}),
        **({"model_type": str(model_type)} if model_type else {}),
    }
    return (RECORD, mlmodel.run_id, None, body)


def made_at(run_id: str, model_id: str, step: int) -> Record:
    """Return the journal record that says at which step of its training a run made a model."""
    return used(run_id, model_id, "output", step)


def used(run_id: str, model_id: str, side: str, step: int = 0) -> Record:
    """Return the journal record that says that a run used (``"input"``) or made (``"output"``) a model."""
    return (RECORD, run_id, None, {"model_id": model_id, "used": side, "step": check_step(step)})


def measured(run_id: str, model_id: str, metrics: Mapping[str, float], step: int, at_ms: int, dataset: Any) -> Record:
    """Return the journal record of metrics that a run found for a model, maybe on a data set (an object with name and digest)."""
    if not _IDENT.fullmatch(str(model_id)):
        raise InvalidValueError(f"model_id is {model_id!r}; use info.model_id of a logged model: m-<32 hex digits>.")
    about = [getattr(dataset, "name", None), getattr(dataset, "digest", None)]
    points = [
        [check_key(key, "Metric key"), number_to_json(check_number(value)), at_ms, step, *about]
        for key, value in metrics.items()
    ]
    return (RECORD, run_id, None, {"model_id": model_id, "metrics": points})


def moved(model: LoggedModel, path: str, seal: str | None = None) -> Record:
    """Return the journal record of a model that is at another path from now on, or has another seal."""
    body = {
        "model_id": model.model_id,
        "utc_time_created": model.utc_time_created,
        "flavors": model.flavors,
        "path": path,
        "seal": seal or model.seal,
    }
    return (RECORD, model.run_id, None, body)


def models_of(store: TrackingStore, run_id: str) -> list[LoggedModel]:
    """Return the models of a run, oldest first."""
    return _replayed_rows(store.sql(f"{_RECORDS} AND run_id = ? {_IN_ORDER}", [run_id]))


def find(store: TrackingStore, model_id: str) -> LoggedModel:
    """Return the model with this id, ``m-<32 hex digits>``; raises ``NotFoundError``."""
    for found in _replayed_rows(store.sql(f"{_RECORDS} AND contains(body, ?) {_IN_ORDER}", [model_id])):
        if found.model_id == model_id:
            return found
    raise NotFoundError("Model", model_id)


def at(store: TrackingStore, run_id: str, path: str) -> LoggedModel | None:
    """Return the model that is under this path of a run; None when none was logged there."""
    return next((found for found in models_of(store, run_id) if found.path == path), None)


def of_experiments(store: TrackingStore, experiment_ids: Sequence[int], mentions: str = "") -> list[LoggedModel]:
    """Return the models of the runs of some experiments, oldest first.

    `mentions` is a text that the name of each model contains; it saves reading the records of all others.
    """
    ident = "json_extract_string(body, '$.o.model_id')"
    which = "run_id IN (SELECT run_id FROM runs WHERE list_contains(?, experiment_id))"
    values: list[Any] = [list(experiment_ids)]
    if mentions:
        some = f"SELECT {ident} FROM events WHERE kind = 'model' AND contains(body, ?) AND {which}"  # noqa: S608
        which += f" AND {ident} IN ({some})"
        values = [*values, mentions, *values]
    # Runs of other experiments may have measured or used them: that is said in records of those.
    wanted = f"SELECT {ident} FROM events WHERE kind = 'model' AND {which}"  # noqa: S608
    rows = store.sql(f"{_RECORDS} AND {ident} IN ({wanted}) {_IN_ORDER}", values)
    return _replayed_rows(rows)


def _replayed_rows(rows: pd.DataFrame) -> list[LoggedModel]:
    return replayed(zip(rows["run_id"], rows["body"], rows["at"], rows["experiment"], strict=True))


def replayed(records: Iterable[tuple[Any, ...]]) -> list[LoggedModel]:
    """Return the models that records ``(run id, body)``, or with milliseconds and experiment id, make in their order."""
    models: dict[Any, LoggedModel] = {}
    for run_id, text, *more in records:
        body = json.loads(text).get("o") or {}
        at_ms, experiment = (int(more[0]), str(more[1])) if more else (0, "")
        ident = body.get("model_id")
        if "path" not in body:
            if ident in models:
                models[ident] = _told(models[ident], run_id, body, at_ms)
            continue
        try:
            path = check_relative(body.get("path"))
        except InvalidValueError:  # no nbtrack wrote that
            continue
        models = {
            key: found for key, found in models.items() if key == ident or (found.run_id, found.path) != (run_id, path)
        }
        models[ident] = replace(_placed(models.pop(ident, None), run_id, path, body, at_ms), experiment_id=experiment)
    return list(models.values())


def _placed(known: LoggedModel | None, run_id: str, path: str, body: dict[str, Any], at_ms: int) -> LoggedModel:
    """Return a model that is new, or at another path from now on."""
    flavors, created = body.get("flavors") or {}, body.get("utc_time_created")
    if known is not None and known.run_id == run_id:
        return replace(
            known,
            path=path,
            flavors=flavors or known.flavors,
            utc_time_created=created or known.utc_time_created,
            seal=body.get("seal") or known.seal,
        )
    return LoggedModel(
        run_id,
        path,
        body.get("model_id"),
        flavors,
        created,
        name=body.get("name") or path,
        status=body.get("status") or "READY",
        model_type=body.get("model_type") or "",
        is_alone=bool(body.get("alone")),
        created_ms=at_ms,
        updated_ms=at_ms,
        params=body.get("params") or {},
        tags=body.get("tags") or {},
        seal=body.get("seal"),
    )


def _told(known: LoggedModel, run_id: str, body: dict[str, Any], at_ms: int) -> LoggedModel:
    """Return a model of which a record tells more."""
    if "metrics" in body:
        return replace(known, metrics=(*known.metrics, *((*point, run_id) for point in body["metrics"])))
    change = body.get("set")
    if not isinstance(change, dict):
        return known
    gone = change.get("untag") or ()
    tags = {key: value for key, value in {**known.tags, **(change.get("tags") or {})}.items() if key not in gone}
    return replace(
        known,
        status=change.get("status", known.status),
        flavors=change.get("flavors", known.flavors),
        is_deleted=change.get("deleted", known.is_deleted),
        params={**known.params, **(change.get("params") or {})},
        tags=tags,
        updated_ms=at_ms if {"status", "deleted"} & change.keys() else known.updated_ms,
    )


@runtime_checkable
class Rows(Protocol):
    """A store that returns rows as plain values: who asks for few of them need not load pandas."""

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a query over the tables of the store."""


def links_of(store: Rows | TrackingStore, run_ids: Sequence[str]) -> dict[str, list[tuple[str, str, int]]]:
    """Return ``("input" | "output", model id, step)`` of the models that runs used and made, by run."""
    query, values = f"{_LINKS} AND run_id IN (SELECT unnest(?::VARCHAR[])) {_IN_ORDER}", [list(run_ids)]
    rows = store.rows(query, values) if isinstance(store, Rows) else store.sql(query, values).itertuples(index=False)
    found: dict[str, list[tuple[str, str, int]]] = {}
    for run_id, used, model, step in rows:
        link = (str(used), str(model), int(step))
        if used and link not in found.setdefault(run_id, []):
            found[run_id].append(link)
    return found


# -- MLflow's way of saying it -------------------------------------------------------------------------------------------


def history_of(store: TrackingStore, run_id: str) -> str | None:
    """Return the text of the tag; None when the run has none."""
    rows = store.sql("SELECT value FROM tags WHERE run_id = ? AND key = ?", [run_id, HISTORY])
    return None if rows.empty else str(rows["value"][0])


def with_entry(history: str | None, mlmodel: MLmodel) -> str:
    """Return the text of the tag with one model more; an older one of the same name is said to be where it was put."""
    entries = [found for found in _entries(history) if isinstance(found, dict)]
    for old in entries:
        if old.get("artifact_path") == mlmodel.artifact_path and old.get("model_id"):
            old["artifact_path"] = f"{KEPT}/{old['model_id']}"
    return json.dumps([*entries, _entry(mlmodel)], default=str)


def has_name(history: str | None, path: str) -> bool:
    """Say whether the tag names a model under a path."""
    return any(isinstance(found, dict) and found.get("artifact_path") == path for found in _entries(history))


def _entry(mlmodel: MLmodel) -> dict[str, Any]:
    flavors = {name: {k: v for k, v in conf.items() if k != "config"} for name, conf in mlmodel.flavors.items()}
    return {
        "run_id": mlmodel.run_id,
        "artifact_path": mlmodel.artifact_path,
        "utc_time_created": mlmodel.utc_time_created,
        "model_uuid": mlmodel.model_uuid,
        "model_id": mlmodel.model_id,
        "flavors": flavors,
    }


def _entries(text: str | None) -> list[Any]:
    try:
        found = json.loads(text or "[]")
    except ValueError:
        return []
    return found if isinstance(found, list) else []
