"""Registered models as the registry panel shows them; five questions, all answered without loading a model.

==================  ====================================================================================================
``models``          every registered model in brief
``model``           ``name``: its versions with their metrics, aliases, gates and history
``model-version``   ``name``, ``version``: where it came from, its signature, size, requirements, how to load it
``model-move``      ``name``, ``version``, ``to`` (a version, or 0) and ``alias``: what would change, and what its gates say
``run-models``      ``run``: the versions that were registered from it
==================  ====================================================================================================
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValueError, NbtrackError, NotFoundError
from nbtrack.models import environment
from nbtrack.models.mlmodel import FILE, MLmodel
from nbtrack.names import RUN_NAME, is_run_id
from nbtrack.registry import history as past
from nbtrack.registry.lineage import lineage_of, lineages_of
from nbtrack.registry.remote import registry_of
from nbtrack.search.literals import literal
from nbtrack.store.registry_protocol import ModelQuery
from nbtrack.views.goals import goal_of, headlines, is_better
from nbtrack.wire import number_to_json

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from nbtrack.entities import ModelEvent, ModelVersion, RegisteredModel
    from nbtrack.models.signature import ModelSignature
    from nbtrack.registry.lineage import Lineage
    from nbtrack.store.protocol import TrackingStore
    from nbtrack.views.questions import Answer

MAX_MODELS = 1000
MAX_VERSIONS = 2000
MAX_EVENTS = 500
MAX_HOLDERS = 100
MAX_METRICS = 12
MAX_OF_RUN = 20
MAX_TEXT = 200_000
MAX_FILE = 1 << 20


def answer(store: TrackingStore, question: dict[str, Any]) -> Answer:
    """Answer a question of the panel. Raises ``NotFoundError``, ``InvalidValueError``."""
    what = question.get("what")
    if what == "models":
        return {"models": overview(store)}, []
    if what == "run-models":
        return {"versions": of_run(store, question.get("run"))}, []
    name = str(question.get("name"))
    if what == "model":
        return detail(store, name), []
    number = _number(question.get("version"), "version")
    if what == "model-version":
        return about_version(store, name, number), []
    return move(store, name, number, _number(question.get("to") or 0, "to"), str(question.get("alias") or "")), []


def overview(store: TrackingStore) -> list[dict[str, Any]]:
    """Return every registered model in brief, those changed last first."""
    found = store.registry.search(ModelQuery(order_by=("last_updated_timestamp DESC",), max_results=MAX_MODELS))
    return [brief(model) for model in found]


def state(models: list[dict[str, Any]], opened: dict[str, Any] | None = None) -> bytes:
    """Return what a panel is sent: all models in brief, and the open one where it is known."""
    return json.dumps({"models": models, "open": opened}).encode()


def of_run(store: TrackingStore, run: Any) -> list[dict[str, Any]]:
    """Return the versions that were registered from a run."""
    if not is_run_id(run):
        message = f"A run is named by its 32 hexadecimal digits; received {str(run)[:80]!r}."
        raise InvalidValueError(message)
    query = ModelQuery(f"run_id = {literal(str(run))}", ("name", "version_number"), MAX_OF_RUN)
    return [{"name": v.name, "version": v.version, "aliases": v.aliases} for v in store.registry.search_versions(query)]


def brief(model: RegisteredModel) -> dict[str, Any]:
    """Return what the list shows of a model."""
    return {
        "name": model.name,
        "versions": model.n_versions,
        "aliases": model.aliases,
        "tags": model.tags,
        "description": model.description[:MAX_TEXT],
        "user": model.user_id,
        "created": model.creation_timestamp,
        "updated": model.last_updated_timestamp,
    }


def detail(store: TrackingStore, name: str) -> dict[str, Any]:
    """Return a model with its versions, newest first, and what happened to it, newest first."""
    with store.one_look():
        model = store.registry.get(name)
        query = ModelQuery(f"name = {literal(name)}", ("version_number DESC",), MAX_VERSIONS)
        versions = store.registry.search_versions(query)
        values = store.registry.run_values([v.run_id for v in versions if v.run_id])
        goals = _goals(store)
        events = store.registry.history(name)
    metrics = headlines({key for found in values.values() for key in found["metrics"]}, goals)[:MAX_METRICS]
    return {
        "model": brief(model),
        "gates": [{"expression": g.expression, "alias": g.alias, "version": g.version} for g in model.gates],
        "metrics": [{"key": key, "goal": goal_of(key, goals)} for key in metrics],
        "versions": [_version(version, values.get(version.run_id or ""), metrics) for version in versions],
        "history": [_event(event) for event in reversed(events[-MAX_EVENTS:])],
        "holders": _holders(events),
        "back": _back(events, model.aliases, {version.version for version in versions}),
    }


def _holders(events: list[ModelEvent]) -> list[dict[str, Any]]:
    """Return what each alias pointed at and when, the oldest first."""
    aliases = dict.fromkeys(event.alias for event in events if event.op == "alias" and event.alias)
    return [
        {"alias": h.alias, "version": h.version, "since": h.since, "until": h.until}
        for alias in aliases
        for h in past.holders(events, alias)[-MAX_HOLDERS:]
    ]


def _back(events: list[ModelEvent], aliases: dict[str, int], there: set[int]) -> dict[str, int]:
    """Return where a rollback of each alias would lead, of those that have been elsewhere."""
    found = {alias: next((n for n in past.holders_before(events, alias) if n in there), None) for alias in aliases}
    return {alias: number for alias, number in found.items() if number is not None}


def versions_of(store: TrackingStore, names: list[str]) -> dict[str, list[dict[str, Any]]]:
    """Return when the versions of models came, the oldest first, in the order of `names`."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    query = ModelQuery(order_by=("creation_timestamp DESC",), max_results=MAX_VERSIONS)
    for v in reversed(store.registry.search_versions(query)):
        if v.name in found:
            found[v.name].append({"version": v.version, "created": v.creation_timestamp, "aliases": v.aliases})
    return found


def _version(version: ModelVersion, values: dict[str, Any] | None, metrics: list[str]) -> dict[str, Any]:
    logged = (values or {}).get("metrics", {})
    return {
        "version": version.version,
        "aliases": version.aliases,
        "stage": version.current_stage,
        "tags": version.tags,
        "description": version.description[:MAX_TEXT],
        "user": version.user_id,
        "created": version.creation_timestamp,
        "run_id": version.run_id,
        "run": (values or {}).get("tags", {}).get(RUN_NAME),
        "metrics": [_shown(logged.get(key)) for key in metrics],
    }


def _event(event: ModelEvent) -> dict[str, Any]:
    return {
        "time": event.timestamp,
        "user": event.user_id,
        "op": event.op,
        "version": event.version,
        "alias": event.alias,
        "stage": event.stage,
        "key": event.key,
        "before": _cut(event.before),
        "after": _cut(event.after),
        "comment": event.comment,
        "detail": event.detail,
    }


# -- one version ---------------------------------------------------------------------------------------------------------


def about_version(store: TrackingStore, name: str, number: int) -> dict[str, Any]:
    """Return where a version came from and what its folder says; reads ``MLmodel`` and ``requirements.txt``, loads nothing."""
    version = store.registry.version(name, number)
    return _about(lineage_of(store, version), _folder(store, version), _goals(store))


def about_versions(
    store: TrackingStore, wanted: Collection[tuple[str, int]]
) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """Yield what :func:`about_version` says of many versions, given as names and numbers, with few looks at the store."""
    goals = _goals(store)
    there = {(v.name, v.version): v for v in store.registry.search_versions(ModelQuery())}
    versions = [there[each] for each in wanted if each in there]
    folders: dict[tuple[str | None, str | None, str], dict[str, Any]] = {}
    for lineage in lineages_of(store, versions):
        version = lineage.version
        place = (
            version.run_id,
            version.path,
            version.source,
        )  # a version that was promoted is in the folder of the first
        if place not in folders:
            folders[place] = _folder(store, version)
        yield version.name, version.version, _about(lineage, folders[place], goals)


def _about(lineage: Lineage, folder: dict[str, Any], goals: dict[str, str]) -> dict[str, Any]:
    version = lineage.version
    return {
        "uri": version.uri,
        "source": version.source,
        "path": version.path,
        "run": None
        if lineage.run is None
        else {"id": lineage.run.info.run_id, "number": lineage.run.info.number, "name": lineage.run.info.run_name},
        "code": lineage.source,
        "cell": None if lineage.cell is None else lineage.cell[:MAX_TEXT],
        "datasets": [{"name": d.dataset.name, "digest": d.dataset.digest} for d in lineage.datasets],
        "metrics": [
            [key, _shown(lineage.metrics[key]), goal_of(key, goals)] for key in headlines(lineage.metrics, goals)
        ],
        "params": sorted(lineage.params.items()),
        "folder": folder,
        "load": _load_code(version),
    }


def _folder(store: TrackingStore, version: ModelVersion) -> dict[str, Any]:
    if not version.run_id or not version.path:
        return {"problem": f"Its files are kept elsewhere, at {version.source}."}
    try:
        text = _text(store, version, FILE)
        mlmodel = MLmodel.from_yaml(text)
        signature = mlmodel.get_signature()
    except (NbtrackError, OSError) as problem:
        return {"problem": str(problem)}
    try:
        requirements = _text(store, version, environment.REQUIREMENTS).splitlines()
    except (NbtrackError, OSError):
        requirements = []
    flavors = sorted(mlmodel.flavors)
    return {
        "flavors": flavors,
        "size": mlmodel.model_size_bytes,
        "created": mlmodel.utc_time_created,
        "requirements": [line for line in requirements if line.strip()][:200],
        "signature": _signature(signature),
        "metadata": mlmodel.metadata or {},
        "mlmodel": text[:MAX_TEXT],
    }


def _signature(signature: ModelSignature | None) -> dict[str, Any] | None:
    if signature is None:
        return None
    parts = {"inputs": signature.inputs, "outputs": signature.outputs, "params": signature.params}
    return {name: [] if found is None else found.to_dict() for name, found in parts.items()}


def _text(store: TrackingStore, version: ModelVersion, name: str) -> str:
    path = store.artifact_file(str(version.run_id), f"{version.path}/{name}")
    if path.stat().st_size > MAX_FILE:
        raise InvalidValueError(f"{name} is larger than {MAX_FILE >> 20} MiB.")
    return path.read_text(encoding="utf-8", errors="replace")


def _load_code(version: ModelVersion) -> str:
    at = f"@{version.aliases[0]}" if version.aliases else f"/{version.version}"
    uri = f"models:/{version.name}{at}"
    return f"import nbtrack\n\nmodel = nbtrack.pyfunc.load_model({uri!r})\nmodel.predict(data)\n"


# -- what a move would change --------------------------------------------------------------------------------------------


def move(store: TrackingStore, name: str, number: int, to: int, alias: str) -> dict[str, Any]:
    """Return how a version differs from another one, the present holder of an alias for 0, and whether gates let it have the alias."""
    registry = registry_of(store)
    candidate = store.registry.version(name, number)
    model = store.registry.get(name)
    other = to or (model.aliases.get(alias) if alias else None)
    found: dict[str, Any] = {"version": number, "before": other, "alias": alias, "verdicts": []}
    if alias:
        verdicts = registry.check(name, number, alias)
        found["verdicts"] = [{"gate": v.expression, "holds": v.holds, "reasons": list(v.reasons)} for v in verdicts]
    if other is None or other == number:
        return {**found, "metrics": [], "params": []}
    present = store.registry.version(name, other)
    values = store.registry.run_values([v.run_id for v in (candidate, present) if v.run_id])
    one, two = (values.get(v.run_id or "", {"metrics": {}, "params": {}}) for v in (present, candidate))
    return {**found, **_differences(one, two, _goals(store))}


def _differences(one: dict[str, Any], two: dict[str, Any], goals: dict[str, str]) -> dict[str, Any]:
    metrics = []
    for key in headlines({**one["metrics"], **two["metrics"]}, goals):
        before, after = _shown(one["metrics"].get(key)), _shown(two["metrics"].get(key))
        if before != after:
            change = after - before if isinstance(before, float) and isinstance(after, float) else None
            better = None if change is None else is_better(change, goal_of(key, goals))
            metrics.append({"key": key, "before": before, "after": after, "better": better})
    keys = sorted({**one["params"], **two["params"]})
    params = [
        {"key": key, "before": one["params"].get(key), "after": two["params"].get(key)}
        for key in keys
        if one["params"].get(key) != two["params"].get(key)
    ]
    return {"metrics": metrics, "params": params}


def _goals(store: TrackingStore) -> dict[str, str]:
    return {k.removeprefix("goal/"): v for k, v in store.settings().items() if k.startswith("goal/")}


def _shown(value: float | None) -> float | str | None:
    """Return a number; one that is not finite as text, which the page shows and never compares."""
    return None if value is None else number_to_json(float(value))


def _cut(text: str | None) -> str | None:
    return text if text is None or len(text) <= 2000 else f"{text[:2000]}…"  # noqa: PLR2004


def _number(value: Any, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise InvalidValueError(f"{what} is {value!r}; a version number is expected.")
    return value


def known(store: TrackingStore, name: str) -> str:
    """Return the name of a registered model; raises ``NotFoundError`` when there is none of it."""
    try:
        return store.registry.get(name).name
    except NotFoundError:
        names = [model.name for model in store.registry.search(ModelQuery(max_results=MAX_MODELS))]
        raise NotFoundError("Registered model", name, names) from None
