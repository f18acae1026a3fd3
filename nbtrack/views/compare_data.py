"""The datasets of several runs as rows: digest, rows, and what changed in each column."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from nbtrack.views.compare_row import CompareRow, Value

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_COLUMNS = 200
_PROFILE = (("type", "type"), ("missing", "missing"), ("min", "min"), ("max", "max"), ("mean", "mean"))


def dataset_rows(run_ids: Sequence[str], records: Sequence[Any]) -> list[CompareRow]:
    """Return the rows of the datasets."""
    facts: dict[str, dict[str, dict[str, Value]]] = {}
    for each in records:
        key = f"{each.name} ({each.about})" if each.about else str(each.name)
        of_run = facts.setdefault(key, {})
        if str(each.run_id) not in of_run:  # the first of a name: the same data logged twice says nothing new
            of_run[str(each.run_id)] = _facts(each.digest, each.source_type, each.source, each.schema, each.profile)
    rows = []
    for key, by_run in facts.items():
        names = dict.fromkeys(name for of_run in by_run.values() for name in of_run)
        for name in names:
            values = tuple(by_run.get(run_id, {}).get(name) for run_id in run_ids)
            rows.append(CompareRow("datasets", f"{key} · {name}", "number" if _are_numbers(values) else "text", values))
    return rows


def _facts(digest: str, source_type: str, source: str, schema: str, profile: str) -> dict[str, Value]:
    facts: dict[str, Value] = {"digest": str(digest)}
    uri = _json(source)
    place = next((str(uri[name]) for name in ("uri", "url") if uri.get(name)), "")
    if place:
        facts["source"] = place if source_type in ("local", "code") else f"{source_type}: {place}"
    known = _json(profile)
    if isinstance(known.get("num_rows"), (int, float)):
        facts["rows"] = float(known["num_rows"])
    for part in ("features_shape", "targets_shape"):
        if known.get(part) is not None:
            facts[part.replace("_", " ")] = json.dumps(known[part])
    types = {str(spec.get("name")): str(spec.get("type")) for spec in _list(_json(schema).get("mlflow_colspec"))}
    profiles = {str(column.get("name")): column for column in _list(known.get("columns"))}
    columns = list(dict.fromkeys([*types, *profiles]))
    if columns:
        facts["columns"] = float(known.get("num_columns") or len(columns))
    for column in columns[:MAX_COLUMNS]:
        facts |= _column_facts(column, types.get(column), profiles.get(column, {}))
    return facts


def _column_facts(column: str, kind: str | None, profile: dict[str, Any]) -> dict[str, Value]:
    found = {label: profile.get(key) for key, label in _PROFILE}
    if kind is not None:
        found["type"] = kind
    return {f"{column} {label}": _value(value) for label, value in found.items() if value is not None}


def _value(value: Any) -> Value:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)


def _are_numbers(values: Sequence[Value]) -> bool:
    known = [value for value in values if value is not None]
    return bool(known) and all(isinstance(value, float) for value in known)


def _json(text: Any) -> dict[str, Any]:
    try:
        found = json.loads(text) if isinstance(text, str) else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _list(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
