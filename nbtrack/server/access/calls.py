"""The verbs of nbtrack's own routes: which role each needs, and what it touches."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from nbtrack.server.access.nouns import Nouns, UnclearError
from nbtrack.server.access.roles import Role
from nbtrack.server.native.verbs import ONLY_LOOKS
from nbtrack.store.protocol import CurveQuery, RunQuery
from nbtrack.store.registry_protocol import NewVersion
from nbtrack.store.traffic import CODEC

if TYPE_CHECKING:
    from nbtrack.server.access.judge import Judge
    from nbtrack.server.access.roles import User

RUIN = {
    "delete_experiment",
    "rename_experiment",
    "restore_experiment",
    "registry.delete",
    "registry.rename",
    "registry.take",
}
OFTEN = {"experiment_id", "next_run_number", "put_state"}
"""What programs ask for all the time, and what changes little."""
OF_RUN = {
    "artifact_digest",
    "curves",
    "get_run",
    "list_artifacts",
    "live_state",
    "metric_buckets",
    "metric_history",
    "news",
    "post_order",
    "put_state",
}
OF_RUNS = {"orders", "parquet", "registry.run_values", "sparks"}
OF_EXPERIMENT = {
    "delete_experiment",
    "delete_experiment_tag",
    "get_experiment",
    "restore_experiment",
    "set_experiment_tags",
}
OF_EXPERIMENT_NAME = {"create_experiment", "experiment_id"}
OF_MODEL = {
    "comment", "create", "delete", "delete_alias", "delete_tag", "describe", "expect", "get", "history", "latest_versions",
    "rollback", "set_alias", "set_stage", "set_tags", "unexpect", "version", "version_by_alias",
}  # fmt: skip
FREE = {"is_writer_alive", "next_run_number", "settings", "signature"}
FILTERED = {"search_experiments", "registry.search", "registry.search_versions"}
OF_QUERY = {"run_columns", "search_runs"}


def role_for(verb: str) -> Role:
    """Return the role that a verb needs."""
    return Role.ADMIN if verb in RUIN else Role.READ if verb in ONLY_LOOKS else Role.WRITE


def look_at(judge: Judge, verb: str, data: bytes) -> tuple[bytes, str]:
    """Return the question as it may be asked, and what of it the user may not use; raises :class:`UnclearError`."""
    try:
        arguments, options = CODEC.decode(data)
        first = arguments[0] if arguments else next(iter(options.values()), None)
    except (ValueError, TypeError, AttributeError):
        raise UnclearError from None
    if verb in FREE | FILTERED:
        return data, ""
    if verb in OF_QUERY and isinstance(first, RunQuery) and len(arguments) == 1:
        return CODEC.encode([[judge.narrowed(first, Role.READ)], options]), ""
    if verb == "sql":
        return data, "everything (SQL sees the whole store)"
    if not arguments:
        raise UnclearError  # named arguments could come in another order
    nouns = _nouns(verb, first, Nouns(role_for(verb)))
    refused = judge.refuses(nouns) if nouns else ""
    if verb == "registry.add_version":
        refused = refused or judge.refuses(_of_version(arguments, options))
    return data, refused


def _nouns(verb: str, first: Any, nouns: Nouns) -> Nouns:
    if verb in OF_RUN:
        nouns.runs.add(str(first))
    elif verb in OF_RUNS and isinstance(first, (list, tuple, dict, set)):
        nouns.runs |= set(map(str, first))
    elif verb == "metric_curves" and isinstance(first, CurveQuery):
        nouns.runs |= {str(run_id) for run_id, _ in first.series}
    elif verb in OF_EXPERIMENT:
        nouns.experiments.add(str(first))
    elif verb in OF_EXPERIMENT_NAME:
        nouns.experiment_names.add(str(first))
    elif verb == "registry.add_version" or (
        verb.removeprefix("registry.") in OF_MODEL and verb.startswith("registry.")
    ):
        if first is None:
            raise UnclearError
        nouns.models.add(str(first))
    else:
        raise UnclearError
    return nouns


def _of_version(arguments: list[Any], options: dict[str, Any]) -> Nouns:
    new = arguments[1] if len(arguments) > 1 else options.get("new")
    if not isinstance(new, NewVersion) or not new.run_id or not new.path:
        raise UnclearError
    return Nouns(Role.READ, runs={new.run_id}, logged={new.model_id} if new.model_id else set())


def without_names(data: bytes) -> bytes:
    """Return an error without the names of what is there: it would suggest some that the user may not see."""
    try:
        told = json.loads(data)
        facts = told["facts"]
    except (ValueError, LookupError, TypeError):
        return data
    if not isinstance(facts, dict) or "known" not in facts:
        return data
    facts["known"] = []
    told["message"] = f"{facts.get('what')} {facts.get('name')!r} is not in this store."
    return json.dumps(told).encode()


def filtered(user: User, verb: str, data: bytes) -> bytes:
    """Return an answer without what the user may not read."""
    found = CODEC.decode(data)
    kind = "experiment" if verb == "search_experiments" else "model"
    return CODEC.encode([each for each in found if user.may(Role.READ, **{kind: each.name})])
