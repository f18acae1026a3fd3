"""What two nbtracks say to one another over a network: which classes travel, what may be asked, and how errors come home."""

from __future__ import annotations

import json
from typing import Any

from nbtrack import entities, errors
from nbtrack.store import protocol, registry_protocol
from nbtrack.store.live import Curves
from nbtrack.wire.codec import Codec

VERSION = 1
"""Of the routes ``/api/nbtrack/v1/…``."""
BINARY = "application/octet-stream"
LINES = "application/x-ndjson"
READS = frozenset(
    {
        "curves",
        "get_experiment",
        "get_run",
        "list_artifacts",
        "live_state",
        "metric_buckets",
        "metric_curves",
        "metric_history",
        "resolve_run",
        "run_columns",
        "search_experiments",
        "search_runs",
        "settings",
        "sparks",
    }
)
"""Verbs of :class:`TrackingStore` that only look."""
CHANGES = frozenset(
    {
        "create_experiment",
        "delete_experiment",
        "delete_experiment_tag",
        "experiment_id",
        "next_run_number",
        "post_order",
        "rename_experiment",
        "restore_experiment",
        "set_experiment_tags",
    }
)
"""Verbs that give out a number or change what has one."""
REGISTRY_READS = frozenset(
    {
        "get",
        "history",
        "latest_versions",
        "run_values",
        "search",
        "search_versions",
        "version",
        "version_by_alias",
    }
)
"""Verbs of :class:`RegistryStore` that only look; each is asked for as ``registry.<verb>``, as are those below."""
REGISTRY_MOVES = frozenset({"take"})
"""Verbs of :class:`RegistryStore` that bring what happened elsewhere, as it was: for those who may do everything."""
REGISTRY_CHANGES = frozenset(
    {
        "add_version",
        "comment",
        "copy",
        "create",
        "delete",
        "delete_alias",
        "delete_tag",
        "describe",
        "expect",
        "promote",
        "rename",
        "rollback",
        "set_alias",
        "set_stage",
        "set_tags",
        "unexpect",
    }
)
"""Verbs of :class:`nbtrack.registry.registry.Registry`: the server asks the gates and tells the hooks."""

_ENTITIES = [
    each for each in vars(entities).values() if isinstance(each, type) and hasattr(each, "__dataclass_fields__")
]
CODEC = Codec(
    [
        *_ENTITIES,
        protocol.RunQuery,
        protocol.RunColumns,
        protocol.CurveQuery,
        protocol.CurveRows,
        registry_protocol.NewVersion,
        registry_protocol.ModelQuery,
        Curves,
    ]
)
"""Entities, queries and answers; nothing else is ever made from what came over a network."""

_ERRORS = {
    each.__name__: each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, Exception)
}


def error_text(error: errors.NbtrackError) -> str:
    """Return an error as JSON, with the facts that it keeps."""
    facts = {key: value for key, value in vars(error).items() if not key.startswith("_") and _is_plain(value)}
    message = error.args[0] if error.args else str(error)
    return json.dumps({"error": type(error).__name__, "message": str(message), "facts": facts})


def error_of(text: str | bytes, *, otherwise: str) -> errors.NbtrackError:
    """Return the error that a text of :func:`error_text` tells of; a :class:`RemoteError` that says `otherwise` when it is none."""
    try:
        said = json.loads(text)
        kind = _ERRORS[said["error"]]
        made = kind.__new__(kind)
        Exception.__init__(made, str(said["message"]))
        vars(made).update({key: value for key, value in said["facts"].items() if key.isidentifier()})
    except (ValueError, KeyError, TypeError, AttributeError):
        return errors.RemoteError(otherwise)
    return made if isinstance(made, errors.NbtrackError) else errors.RemoteError(otherwise)


def _is_plain(value: Any) -> bool:
    if isinstance(value, list):
        return all(_is_plain(each) for each in value)
    return value is None or isinstance(value, (str, int, float, bool))
